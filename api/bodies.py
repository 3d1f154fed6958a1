"""What clients send, typed. The forms of tasks are the rules' own (`models.domain.forms`); here is everything else."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.domain.forms import OnBehalf, PhotoRef, Reason, Window
from models.domain.order import Charge, Priority, Source
from models.domain.places import Spot
from models.domain.policy import Policy

Id = Annotated[str, Field(min_length=1, max_length=64)]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 -]{5,19}$", examples=["13800138000"])]
Photos = Annotated[list[PhotoRef], Field(default_factory=list, max_length=9)]


def meaningful(text: str) -> str:
    """Raises ValueError for blanks."""
    if len(text.strip()) < SHORTEST_DESCRIPTION:
        raise ValueError(f"至少填写 {SHORTEST_DESCRIPTION} 个字")
    return text


SHORTEST_DESCRIPTION = 5
LONGEST_DESCRIPTION = 500
"""`lifecycles.md` §1."""

Description = Annotated[
    str,
    Field(min_length=SHORTEST_DESCRIPTION, max_length=LONGEST_DESCRIPTION, examples=["厨房水龙头一直滴水，关不紧"]),
    AfterValidator(meaningful),
]


class Body(BaseModel):
    """Unknown fields are refused, so that a misspelt one is never silently lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OwnerLogin(Body):
    code: str = Field(min_length=1, max_length=200, description="From wx.login; good once and for five minutes.")


class StaffLogin(Body):
    account: str = Field(min_length=1, max_length=64, examples=["dispatcher"])
    password: str = Field(min_length=1, max_length=200)


class Area(Body):
    """A public place, as exactly as the reporter knows it."""

    community_id: Id
    building_id: Id | None = None
    unit: str | None = Field(default=None, max_length=10)
    floor: int | None = Field(default=None, ge=-10, le=200)
    spot: Spot


class Contact(Body):
    """Whom to ask for at the door, when it is not the reporter."""

    name: str = Field(min_length=1, max_length=20)
    phone: Phone


class RepairWords(Body):
    """What both an owner and a clerk say about a repair: exactly one of `house_id` and `area`."""

    house_id: Id | None = None
    area: Area | None = None
    category: str = Field(min_length=1, max_length=40, examples=["water"])
    description: Description
    photo_ids: Photos
    answers: dict[str, str] = Field(default_factory=dict, max_length=20, examples=[{"burst": "no"}])
    contact: Contact | None = None
    appointment: Window | None = None


class Repair(RepairWords):
    """An owner's report."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "house_id": "hse_7h2k9m",
                    "category": "water",
                    "description": "厨房水龙头一直滴水，关不紧",
                    "photo_ids": [],
                }
            ]
        }
    )


class Rework(Body):
    """What is wrong again. Place, category and reporter are those of the earlier order."""

    description: Description
    photo_ids: Photos
    contact: Contact | None = None
    appointment: Window | None = None


class KnownReporter(Body):
    resident_id: Id


class GuestReporter(Body):
    """Somebody without an account who phoned or came."""

    house_id: Id
    name: str = Field(min_length=1, max_length=20)
    phone: Phone


class StaffFiling(RepairWords):
    """On behalf of somebody, or `self` for what staff found."""

    kind: Literal["repair"] = "repair"
    reporter: KnownReporter | GuestReporter | Literal["self"]
    source: Source | None = Field(default=None, description="Default: `patrol` for `self`, else `phone`.")

    @model_validator(mode="before")
    @classmethod
    def _house_of_guest(cls, data: Any) -> Any:
        """A guest reports about the house that they were named with, unless another place is given."""
        if isinstance(data, dict) and isinstance(data.get("reporter"), dict):
            house = data["reporter"].get("house_id")
            if house and not data.get("house_id") and not data.get("area"):
                return {**data, "house_id": house}
        return data


class NewPlace(Body):
    """Exactly one of a house and a public spot, in the order's own community."""

    house_id: Id | None = None
    building_id: Id | None = None
    unit: str | None = Field(default=None, max_length=10)
    floor: int | None = Field(default=None, ge=-10, le=200)
    spot: Spot | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.house_id is None) == (self.spot is None):
            raise ValueError("请选择房屋或公共区域其中之一")
        return self


class Amendment(Body):
    """What turned out to be otherwise; what is left out stays. Clocks are reckoned anew from the submission."""

    category: str | None = Field(default=None, title="类别代码", min_length=1, max_length=40, examples=["leak"])
    place: NewPlace | None = None
    priority: Priority | None = Field(default=None, title="紧急程度")
    contact: Contact | None = Field(default=None, title="联系人")
    charge: Charge | None = Field(
        default=None,
        title="收费方式",
        description="By a dispatcher or lead. Another place brings its own answer along instead.",
    )
    reason: Reason

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"priority": "normal", "reason": "已电话确认，关了总阀，不急"}]}
    )


class SentPolicy(Policy):
    """A misspelt setting is refused here; only what the database holds may be of another version."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyChange(Body):
    """All settings as they shall be; one that is left out goes back to its default."""

    version: int = Field(ge=0, description="Of the settings that were changed, so that nobody undoes another unseen.")
    settings: SentPolicy


class PhotoSlip(Body):
    content_type: str = Field(max_length=40, examples=["image/jpeg"])
    size: int = Field(description="Bytes, at most 10 MB.", examples=[180_000])


class TaskOutcome(Body):
    outcome: str = Field(min_length=1, max_length=40, examples=["finished"])
    form: dict[str, Any] = Field(default_factory=dict, examples=[{"report": "更换阀芯，已试水", "photo_ids": []}])


class StaffTaskOutcome(TaskOutcome):
    on_behalf: OnBehalf | None = None


class SubscriptionAnswers(Body):
    """What the person answered to the prompt: template id → accept, reject, ban, filter."""

    answers: dict[str, Literal["accept", "reject", "ban", "filter", "acceptWithAudio", "acceptWithAlert"]] = Field(
        max_length=10, examples=[{"tmpl_progress": "accept"}]
    )


class Mending(Body):
    """`break_off` confirms that a restart may end the workflow that still runs, and fails."""

    break_off: bool = False


class Nothing(Body):
    """An empty object, or no body at all."""
