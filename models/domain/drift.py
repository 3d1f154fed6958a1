"""Whether Postgres and an order's workflow tell the same story, and if not, what is wrong and what mends it.

Pure: the doctor and the operator's page bring what both sides say, and read the same findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from models.domain.order import OrderState

START_PATIENCE: Final = timedelta(minutes=2)
"""A healthy relay starts an order within a second; after this long something keeps it from it."""


class Trouble(StrEnum):
    """The causes, the gravest first: of one order the first that holds is what has to be mended."""

    WAITING = "waiting"
    """Filed a while ago and not started."""
    LOST = "lost"
    """Temporal has no running workflow, and the order has not ended."""
    ENDED = "ended"
    """The workflow has come to its end, and Postgres does not know."""
    FAILING = "failing"
    """The workflow's task fails, again and again."""
    SILENT = "silent"
    """No worker answers for it."""
    REFUSED = "refused"
    """Postgres refused a publish for good."""
    BEHIND = "behind"
    """The row shows another step than the workflow has reached."""
    ROW = "row"
    """The row's columns contradict the state that stands beside them, or that state the workflow's."""
    TASKS = "tasks"
    """The open rows of its tasks are not the tasks of its state."""


class Remedy(StrEnum):
    """What is safe to do. Each may be done twice, and none decides anything about the order."""

    START = "start"
    """Let the relay start it now."""
    RESTART = "restart"
    """Start the workflow anew from the row's state; one whose own step fails for good is broken off first."""
    ADOPT = "adopt"
    """Write down the state with which the workflow ended."""
    RETRY = "retry"
    """Try the failing step again now, from the last point at which all was well."""
    REPUBLISH = "republish"
    """Have the workflow publish its whole state."""


REMEDIES: Final[Mapping[Trouble, Remedy | None]] = {
    Trouble.WAITING: Remedy.START,
    Trouble.LOST: Remedy.RESTART,
    Trouble.ENDED: Remedy.ADOPT,
    Trouble.FAILING: Remedy.RETRY,
    Trouble.SILENT: None,
    Trouble.REFUSED: Remedy.REPUBLISH,
    Trouble.BEHIND: Remedy.REPUBLISH,
    Trouble.ROW: Remedy.REPUBLISH,
    Trouble.TASKS: Remedy.REPUBLISH,
}
"""SILENT has none: with a worker it goes away by itself."""

COLUMNS: Final = ("version", "issued_at", "stage", "open", "priority", "assignee_id", "urged")
"""Columns of the row that repeat what its state says, as lists and rights read them."""


class Mark(BaseModel):
    """How far a workflow's history had come when nothing was under way in it: while that stays, so does its state."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    history_length: int


class Agreement(BaseModel):
    """Both sides as they were when they last told the same story."""

    model_config = ConfigDict(frozen=True)

    mark: Mark
    fingerprint: str


class Laid(BaseModel):
    """Where an open task lies in the boxes."""

    model_config = ConfigDict(frozen=True)

    holder: str | None
    rank: int


class Kept(BaseModel):
    """What Postgres says about one order."""

    model_config = ConfigDict(frozen=True)

    number: str
    community_id: str
    submitted_at: datetime
    started: bool
    ended: bool
    """Whether the workflow has said that it is over; from then on there is nothing to compare."""
    refused: str | None
    """Why Postgres refused its last publish."""
    columns: dict[str, Any]
    """By the names of `COLUMNS`."""
    state: OrderState | None
    """None where the row's document is no state any more."""
    tasks: dict[str, Laid]
    """The open ones by id."""
    fingerprint: str = ""
    """Of all that is compared; the same as long as nobody has touched the row or its open tasks."""
    agreed: Agreement | None = None


class Life(StrEnum):
    """How Temporal knows the workflow."""

    RUNNING = "running"
    COMPLETED = "completed"
    BROKEN = "broken"
    """Terminated, cancelled, timed out or failed from outside: no order of ours ends like that."""
    UNKNOWN = "unknown"


class Said(BaseModel):
    """What Temporal says about the same order."""

    model_config = ConfigDict(frozen=True)

    life: Life
    order: OrderState | None = None
    """The workflow's own state; None where nobody could ask for it."""
    failure: str | None = None
    """Why its task fails."""
    step_fails: bool = False
    """Whether it is the workflow's own code that fails, again and again, and not its worker that is away."""


class Found(BaseModel):
    """One trouble of one order. `detail` is for whoever has to understand the cause, in English and without names."""

    model_config = ConfigDict(frozen=True)

    trouble: Trouble
    detail: str = ""

    @property
    def remedy(self) -> Remedy | None:
        return REMEDIES[self.trouble]


def remedies_of(found: Found | None, said: Said | None) -> list[Remedy]:
    """What an operator may choose, the usual one first. A whole publish is harmless wherever a workflow runs; only one
    that fails by itself may be broken off.
    """
    runs = said is not None and said.life is Life.RUNNING
    fails = said is not None and said.step_fails and found is not None and found.trouble is Trouble.FAILING
    possible = [
        found.remedy if found else None,
        Remedy.RESTART if fails else None,
        Remedy.REPUBLISH if runs else None,
    ]
    return list(dict.fromkeys(remedy for remedy in possible if remedy is not None))


def breaks_off(remedy: Remedy, said: Said | None) -> bool:
    """Whether a remedy ends what still runs, which has to be confirmed."""
    return remedy is Remedy.RESTART and said is not None and said.life is Life.RUNNING


def trouble_of(kept: Kept, said: Said | None, now: datetime) -> Found | None:
    """The gravest thing that is wrong; None while all agree. `said` is None for an order that nobody has started."""
    if kept.ended and not kept.columns["open"]:
        return None
    if not kept.started:
        waited = now - kept.submitted_at
        return Found(trouble=Trouble.WAITING, detail=f"for {waited}") if waited > START_PATIENCE else None
    if said is None or said.life in (Life.BROKEN, Life.UNKNOWN):
        return Found(trouble=Trouble.LOST, detail=f"workflow {said.life if said else Life.UNKNOWN}")
    if said.life is Life.COMPLETED:
        return Found(trouble=Trouble.ENDED, detail="workflow completed")
    if said.failure is not None:
        return Found(trouble=Trouble.FAILING, detail=said.failure)
    if said.order is None:
        return Found(trouble=Trouble.SILENT, detail="no worker answered")
    if kept.refused is not None:
        return Found(trouble=Trouble.REFUSED, detail=kept.refused)
    return _difference(kept, said.order)


def _difference(kept: Kept, order: OrderState) -> Found | None:
    if kept.state is None:
        return Found(trouble=Trouble.ROW, detail="the state cannot be read")
    if (kept.state.issued_at, kept.state.version) != (order.issued_at, order.version):
        detail = f"row at version {kept.state.version}, workflow at {order.version}"
        return Found(trouble=Trouble.BEHIND, detail=detail)
    differing = [name for name, value in shown(order).items() if kept.columns[name] != value]
    differing += _differing_fields(kept.state, order)
    if differing:
        return Found(trouble=Trouble.ROW, detail=", ".join(differing))
    tasks = {task.id: Laid(holder=task.holder, rank=order.rank) for task in order.tasks.values()}
    if kept.tasks != tasks:
        wrong = sorted(number for number, _ in kept.tasks.items() ^ tasks.items())
        return Found(trouble=Trouble.TASKS, detail=", ".join(dict.fromkeys(wrong)))
    return None


def shown(order: OrderState) -> dict[str, Any]:
    """What the columns must say of a state."""
    return {
        "version": order.version,
        "issued_at": order.issued_at,
        "stage": order.stage,
        "open": order.open,
        "priority": order.priority.value,
        "assignee_id": order.assignee,
        "urged": order.urges.count,
    }


def _differing_fields(kept: OrderState, order: OrderState) -> list[str]:
    """`handled_updates` is left out: it belongs to one history, and a new one begins at zero without a publish."""
    if kept == order:
        return []
    names = [name for name in OrderState.model_fields if name != "handled_updates"]
    return [f"state.{name}" for name in names if getattr(kept, name) != getattr(order, name)]
