"""What a person may ask of an order, and the sealed envelope it travels in.

An envelope's proof is an HMAC over workflow id, update name and the rest of the envelope. It shows that our gateway
looked the actor up; a raw update from the Temporal CLI or UI has none and is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from models.domain.clocks import Levels
from models.domain.errors import Unauthenticated
from models.domain.following import Fate
from models.domain.forms import Form, OnBehalf, OrderRef, Photos, Reason, StaffRef, Stated, parse
from models.domain.order import Audience, Charge, HoldReason, Priority
from models.domain.people import Actor
from models.domain.places import Place
from models.domain.terms import Terms
from models.domain.visit_forms import Consent

ENVELOPE_LIFE: Final = timedelta(minutes=2)
"""Long enough for the gateway's time-out, one retry and an unsteady clock; short enough that a captured envelope is
worthless.
"""


class Claim(Form):
    task_id: str


class Release(Form):
    task_id: str


class Reassign(Form):
    task_id: str
    staff: StaffRef
    reason: Reason


class HandOver(Form):
    """A person leaves, or loses the role: what they hold goes to their deputy, else back to the pool."""

    task_id: str
    holder: str
    """Who is expected to hold the task; if somebody else does by now, nothing happens."""
    staff: str | None = None


class Complete(Form):
    task_id: str
    outcome: str
    form: dict[str, Any] = Field(default_factory=dict)
    on_behalf: OnBehalf | None = None


class PutOnHold(Form):
    task_id: str
    reason: HoldReason
    note: str | None = Field(default=None, title="说明", max_length=200)
    until: AwareDatetime = Field(title="恢复时间")


class Resume(Form):
    task_id: str


class Urge(Form):
    """Also what a clerk sends when the reporter phones."""


class Cancel(Form):
    reason: str | None = Field(default=None, title="原因", max_length=200)


class Comment(Form):
    text: str = Field(title="内容", min_length=1, max_length=500)
    photo_ids: Photos = ()
    audience: Audience | None = Field(default=None, title="谁能看到")


class RecordConsent(Consent):
    """Before a vacant home is entered. Residents say it themselves; staff write down how they heard it."""


class Amend(Form):
    """What staff correct after looking closer. The gateway adds what follows from it: the new levels, who pays."""

    category: str | None = Field(default=None, title="类别", min_length=1, max_length=40)
    place: Place | None = Field(default=None, title="位置")
    priority: Priority | None = Field(default=None, title="紧急程度")
    reason: Reason
    """The reporter reads it."""
    contact: bool = False
    """Whom to ask for at the door has changed too; who that is stays in Postgres."""
    levels: Levels | None = None
    charge: Charge | None = None
    vacant: bool | None = None


class RefreshPolicy(Form):
    """Today's levels, calendar and ladder, for an order that was promised by earlier ones. Sent by the system."""

    levels: Levels
    terms: Terms


class Join(Form):
    """One more resident waits for the same car. Only the system says it, after intake has settled who joins whom."""

    resident: str


class ReplyToRating(Form):
    """The firm's one answer to the stars; the reporter reads it."""

    text: str = Field(title="回复内容", min_length=2, max_length=500)


class Rate(Stated):
    """Completing the rate task is the same act."""


class Merge(Form):
    """Follow a primary order or an incident: exactly one of the two."""

    primary: OrderRef | None = Field(default=None, title="主单单号")
    incident: str | None = Field(default=None, title="大面积故障", max_length=64)

    @model_validator(mode="after")
    def _one_leader(self) -> Self:
        if (self.primary is None) == (self.incident is None):
            raise ValueError("请填写主单单号")
        return self


class Unmerge(Form):
    reason: Reason


class Wake(Form, Fate):
    """Something has come of what the order follows. Sent empty, by the system alone; the workflow asks the database
    what it is.
    """


Command = (
    Merge
    | Unmerge
    | Wake
    | Claim
    | Release
    | Reassign
    | HandOver
    | Complete
    | PutOnHold
    | Resume
    | Urge
    | Cancel
    | Join
    | Comment
    | RecordConsent
    | Amend
    | RefreshPolicy
    | ReplyToRating
    | Rate
)

COMMANDS: Final[dict[str, type[Form]]] = {
    "claim": Claim,
    "release": Release,
    "reassign": Reassign,
    "hand_over": HandOver,
    "complete": Complete,
    "hold": PutOnHold,
    "resume": Resume,
    "urge": Urge,
    "cancel": Cancel,
    "join": Join,
    "comment": Comment,
    "consent": RecordConsent,
    "amend": Amend,
    "refresh_policy": RefreshPolicy,
    "reply_to_rating": ReplyToRating,
    "rate": Rate,
    "merge": Merge,
    "unmerge": Unmerge,
    "wake": Wake,
}
"""Update name → what its envelope carries."""


class Fact(BaseModel):
    """Something that has already happened, told by a machine of ours. A fact may be told twice: `id` is its own."""

    model_config = ConfigDict(frozen=True)

    id: str
    at: datetime
    proof: str = ""

    def sealed(self, key: bytes, workflow_id: str, name: str) -> Self:
        return self.model_copy(update={"proof": self._proof(key, workflow_id, name)})

    def proved(self, keys: Sequence[bytes], workflow_id: str, name: str) -> bool:
        """Whether one of our machines told it; old keys count as well, so that they can be rotated."""
        return any(hmac.compare_digest(self._proof(key, workflow_id, name), self.proof) for key in keys)

    def _proof(self, key: bytes, workflow_id: str, name: str) -> str:
        said = json.dumps([workflow_id, name, self.id, self.at.isoformat()])
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


class ToldFact(BaseModel):
    """A fact as it reached an order, under the name of its signal."""

    model_config = ConfigDict(frozen=True)

    number: str
    name: str
    fact: Fact


class Envelope(BaseModel):
    """The one argument of every Update. Everything but `actor` and `body` is the gateway's business."""

    model_config = ConfigDict(frozen=True)

    actor: Actor
    expires_at: datetime
    digest: str
    """SHA-256 of the request's body, so that a key used twice with different words is noticed."""
    body: dict[str, Any]
    proof: str = ""

    def sealed(self, key: bytes, workflow_id: str, update: str) -> Self:
        return self.model_copy(update={"proof": self._proof(key, workflow_id, update)})

    def verify(self, keys: Sequence[bytes], workflow_id: str, update: str, now: datetime) -> None:
        """Raises Unauthenticated. Several keys are accepted, so that they can be rotated without a pause."""
        proofs = [self._proof(key, workflow_id, update) for key in keys]
        if not sum(hmac.compare_digest(proof, self.proof) for proof in proofs):
            raise Unauthenticated("unproved")
        if now > self.expires_at:
            raise Unauthenticated("expired_command")

    def open(self, update: str) -> Command:
        """The typed command inside. Raises ValidationFailed naming each wrong field."""
        return parse(COMMANDS[update], self.body, "")  # type: ignore[return-value]

    def _proof(self, key: bytes, workflow_id: str, update: str) -> str:
        rest = self.model_dump(mode="json", exclude={"proof"})
        said = json.dumps([workflow_id, update, rest], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def update_id(key: bytes, caller: str, number: str, action: str, idempotency_key: str) -> str:
    """The id under which Temporal and Postgres know one request, however often it is sent."""
    said = json.dumps([caller, number, action, idempotency_key])
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()[:40]
