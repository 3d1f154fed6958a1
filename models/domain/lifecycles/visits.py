"""Tasks and rules of a repair's visits: passed to another firm, nobody at home, a vacant home (`lifecycles.md` §1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from models.domain.errors import IllegalTransition, ValidationFailed
from models.domain.forms import Because, parse
from models.domain.people import Role
from models.domain.tasks import TaskSpec
from models.domain.visit_forms import CalledOff, Done, Postponed, Rebooked, Referred

if TYPE_CHECKING:
    from models.domain.commands import Complete
    from models.domain.order import OrderState

REBOOK_WITHIN: Final = timedelta(days=3)
"""A reporter who names no new time for so long is telephoned."""

REBOOK_REMINDERS: Final = (timedelta(days=1), timedelta(days=2))

CALL_WITHIN: Final = timedelta(days=1)
"""When a clerk should have telephoned whoever was not at home."""

CALL_AFTER_VISITS: Final = 2
"""After the second visit for nothing a clerk asks for the next time, not a message (`lifecycles.md` §1)."""

FOLLOW_UP_AT_MOST: Final = timedelta(days=365)

FOLLOW_UP: Final = TaskSpec(
    kind="follow_up",
    roles=(Role.DISPATCHER,),
    outcomes={"done": Done, "postponed": Postponed, "taken_back": Because},
    due=lambda order: order.referral.follow_up if order.referral else None,
)
REBOOK: Final = TaskSpec(
    kind="rebook",
    of_reporter=True,
    outcomes={"rebooked": Rebooked, "called_off": CalledOff},
    gives_up_after=REBOOK_WITHIN,
    reminders=REBOOK_REMINDERS,
    notice="no_access",
)
CALL_REPORTER: Final = TaskSpec(
    kind="call_reporter",
    roles=(Role.CLERK,),
    outcomes={"rebooked": Rebooked, "called_off": CalledOff},
    due=lambda order: order.hold.until if order.hold else None,
)


def fits(order: OrderState, command: Complete, now: datetime) -> None:
    """What the forms of a visit cannot know. Raises a Refusal."""
    match command.outcome:
        case "referred" | "postponed":
            _is_ahead(command, now)
        case "no_access":
            if order.place.is_public:
                raise IllegalTransition("no_access_at_homes_only")
        case "arrived":
            if order.vacant and order.entry is None:
                raise IllegalTransition("consent_needed")
        case "forced_entry":
            _may_be_forced(order, command)


def _is_ahead(command: Complete, now: datetime) -> None:
    form = parse(Referred if command.outcome == "referred" else Postponed, command.form)
    if not now < form.follow_up <= now + FOLLOW_UP_AT_MOST:  # type: ignore[attr-defined]
        raise ValidationFailed("follow_up_time", field="form.follow_up")


def _may_be_forced(order: OrderState, command: Complete) -> None:
    """Only into a vacant home without consent; two others see it (`lifecycles.md` §1)."""
    if order.stage != "accepted":
        raise IllegalTransition("already_arrived")
    if not order.vacant:
        raise IllegalTransition("home_is_lived_in")
    if order.entry is not None:
        raise IllegalTransition("consent_given")
    present = [command.form.get("first_witness"), command.form.get("second_witness")]
    present.append(order.tasks[command.task_id].holder)
    if len(set(present)) < len(present):
        raise ValidationFailed("two_witnesses", field="form.second_witness")
