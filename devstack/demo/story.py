"""One order told step by step through the product's own rules, and the rows that it leaves behind.

What the workflow does between the acts (entering stages, opening tasks) is done here in the same order, so a workflow
that is started with the last state goes on as if it had told the story itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.domain import acts, appointments, commands, quotes, visits
from models.domain.clocks import ClockName
from models.domain.forms import Window, as_json
from models.domain.lifecycles.repair import (
    ACCEPT,
    APPROVE_QUOTE,
    CARRY_OUT,
    CONFIRM,
    DISPATCH,
    RATE,
    SECOND_ATTEMPT,
    SETTLE,
)
from models.domain.lifecycles.visits import FOLLOW_UP, REBOOK
from models.domain.order import Filing, new_order
from models.domain.people import Actor
from models.domain.quotes import Parties
from models.domain.step import Step
from models.repositories.intake import first_event
from models.repositories.rows_of import (
    RANK_EMERGENCY,
    RANK_START,
    closed_task_row,
    event_rows,
    notice_outbox_row,
    notice_rows,
    open_task_row,
    order_columns,
)

_AWAITED = {"channel": None, "delivered_at": None}


class Story:
    def __init__(self, filing: Filing, words: Mapping[str, Any]) -> None:
        self.step = Step(new_order(filing))
        self.number = filing.number
        self._filed_at = filing.at
        self._words = dict(words)
        self._finished_at: datetime | None = None
        self._last_at = filing.at
        self._events = event_rows(self.number, 1, [first_event(self.step.state)])
        self._tasks = {task.id: open_task_row(self.step.state, task, 1) for task in self.step.state.tasks.values()}
        self._notices: list[dict[str, Any]] = []

    # -- what people do ------------------------------------------------------------------------------------------------

    def assign(self, by: Actor, technician: str, at: datetime) -> None:
        moved = self._complete(by, "dispatch", "assigned", at, staff=technician)
        self._give_to(technician, moved, at)

    def pool(self, by: Actor, at: datetime) -> None:
        moved = self._complete(by, "dispatch", "pool", at)
        self._give_to(None, moved, at)

    def accept(self, by: Actor, at: datetime, appointment: tuple[datetime, datetime] | None = None) -> None:
        form = {"appointment": {"from": appointment[0], "to": appointment[1]}} if appointment else {}
        moved = self._complete(by, "accept", "accepted", at, **form)
        self.step.state.assignee = by.id
        if "appointment" in moved.form:
            appointments.agree(self.step.state, Window.model_validate(moved.form["appointment"]))
        self.step.enter("accepted", at, moved.event)
        self.step.open(CARRY_OUT, at, by.id, CARRY_OUT.roles)
        self._rest(at)

    def hand_back(self, by: Actor, reason: str, at: datetime) -> None:
        task = "accept" if self.step.state.task_of("accept") else "carry_out"
        moved = self._complete(by, task, "handed_back", at, reason=reason)
        self.step.state.assignee = None
        self.step.enter("submitted", at, moved.event)
        self.step.open(DISPATCH, at, None, DISPATCH.roles)
        self._rest(at)

    def arrive(self, by: Actor, at: datetime) -> None:
        moved = self._complete(by, "carry_out", "arrived", at)
        self.step.enter("in_progress", at, moved.event)
        self.step.open(CARRY_OUT, at, by.id, CARRY_OUT.roles)
        self._rest(at)

    def finish(self, by: Actor, report: str, at: datetime) -> None:
        moved = self._complete(by, "carry_out", "finished", at, report=report)
        self.step.enter("finished", at, moved.event)
        self._finished_at = at
        if quotes.outstanding(self.step.state):
            self.step.open(SETTLE, at, None, SETTLE.roles)
        self._ask_reporter(CONFIRM, at)
        self._rest(at)

    def refer(self, by: Actor, party: str, firm: str, follow_up: datetime, at: datetime) -> None:
        moved = self._complete(by, "dispatch", "referred", at, party=party, contact=firm, follow_up=follow_up)
        visits.refer(self.step.state, moved)
        self.step.enter("referred", at, moved.event)
        self.step.open(FOLLOW_UP, at, None, FOLLOW_UP.roles)
        self._rest(at)

    def find_nobody(self, by: Actor, note: str, at: datetime) -> None:
        """At the door the first time: the reporter is asked for another time. The demo has no photos to show."""
        moved = self._complete(by, "carry_out", "no_access", at, note=note, photo_ids=["none"])
        said = moved.event.model_copy(update={"facts": {"task": moved.closed.task.id, "note": note}})
        self.step.events[self.step.events.index(moved.event)] = moved.event = said
        visits.lock_out(self.step, moved, at)
        self._ask_reporter(REBOOK, at)
        self._rest(at)

    def quote(self, by: Actor, lines: Sequence[Mapping[str, Any]], at: datetime, parties: Parties) -> None:
        moved = self._complete(by, "carry_out", "needs_quote", at, lines=[dict(line) for line in lines])
        quotes.put_quote(self.step.state, moved.form, by.id, parties, at)
        self.step.enter("quoting", at, moved.event)
        quote = self.step.state.quote
        self.step.open(APPROVE_QUOTE, at, quote.asked if quote else None, ())
        self._rest(at)

    def approve(self, by: Actor, at: datetime) -> None:
        moved = self._complete(by, "approve_quote", "approved", at)
        quotes.answer_quote(self.step.state, "approved", by.id, at)
        self.step.enter("in_progress", at, moved.event)
        self.step.open(CARRY_OUT, at, self.step.state.assignee, CARRY_OUT.roles)
        self._rest(at)

    def receive(self, by: Actor, amount: int, method: str, receipt_no: str, at: datetime) -> None:
        moved = self._complete(by, "settle", "received", at, amount=amount, method=method, receipt_no=receipt_no)
        quotes.settle(self.step.state, "received", moved.form)
        self._rest(at)

    def confirm(self, by: Actor, at: datetime, rating: Mapping[str, Any] | None = None) -> None:
        """Without stars a resident is asked for them."""
        moved = self._complete(by, "confirm", "fixed", at, **({"rating": dict(rating)} if rating else {}))
        self.step.enter("closed", at, moved.event)
        if self.step.state.reporter.kind == "resident" and rating is None:
            self.step.state.asked_to_rate = True
            self._ask_reporter(RATE, at)
        self._rest(at)

    def not_fixed(self, by: Actor, reason: str, at: datetime) -> None:
        moved = self._complete(by, "confirm", "not_fixed", at, reason=reason)
        state = self.step.state
        state.reopened += 1
        self._finished_at = None
        self.step.enter("in_progress", at, moved.event)
        acts.restart_clock(state, ClockName.FINISH, at, share=SECOND_ATTEMPT)
        self.step.open(CARRY_OUT, at, state.assignee, CARRY_OUT.roles)
        self._rest(at)

    def leave_unrated(self, at: datetime) -> None:
        """Silence is no five stars: the question for them has run out."""
        task = self.step.state.task_of("rate")
        assert task is not None  # noqa: S101 - the story asked for it
        acts.expire(self.step, task, at)
        self._rest(at)

    def reject(self, by: Actor, reason: str, at: datetime) -> None:
        moved = self._complete(by, "dispatch", "rejected", at, reason=reason)
        self.step.enter("rejected", at, moved.event)
        self._rest(at)

    def cancel(self, by: Actor, at: datetime, reason: str | None = None) -> None:
        acts.cancel(self.step, by, commands.Cancel(reason=reason), at)
        self._rest(at)

    def hold(self, by: Actor, reason: str, note: str, until: datetime, at: datetime) -> None:
        task = self.step.state.task_of("carry_out")
        assert task is not None  # noqa: S101 - only work is held
        said = commands.PutOnHold.model_validate({"task_id": task.id, "reason": reason, "note": note, "until": until})
        acts.hold(self.step, by, said, at)
        self._rest(at)

    def merge(self, by: Actor, primary: str, at: datetime) -> None:
        acts.merge(self.step, by, commands.Merge(primary=primary), at)
        self._rest(at)

    def urge(self, by: Actor, at: datetime) -> None:
        acts.urge(self.step, by, commands.Urge(), at)
        self._rest(at)

    def comment(self, by: Actor, text: str, at: datetime, audience: str | None = None) -> None:
        acts.comment(self.step, by, commands.Comment.model_validate({"text": text, "audience": audience}), at)
        self._rest(at)

    def ring(self, at: datetime) -> None:
        """What the clocks have to say by then."""
        acts.ring_clocks(self.step, at)
        if self.step:
            self._rest(at)

    # -- what the workflow does ----------------------------------------------------------------------------------------

    def _complete(self, by: Actor, kind: str, outcome: str, at: datetime, **form: Any) -> acts.Moved:
        task = self.step.state.task_of(kind)
        assert task is not None, (self.number, kind)  # noqa: S101 - the story is told in the wrong order
        command = commands.Complete(task_id=task.id, outcome=outcome, form=form)
        return acts.complete(self.step, by, command, at)

    def _give_to(self, technician: str | None, moved: acts.Moved, at: datetime) -> None:
        self.step.state.assignee = technician
        self.step.enter("dispatched", at, moved.event)
        self.step.open(ACCEPT, at, technician, ACCEPT.roles)
        self._rest(at)

    def _ask_reporter(self, spec: Any, at: datetime) -> None:
        reporter = self.step.state.reporter
        if reporter.kind == "resident":
            self.step.open(spec, at, reporter.id, ())
        else:
            self.step.open(spec, at, None, spec.roles)

    def _rest(self, at: datetime) -> None:
        batch = self.step.batch(at)
        state = self.step.state
        self._events += event_rows(self.number, batch.version, batch.events)
        self._notices += notice_rows(self.number, batch.version, at, batch.notices)
        for task in state.tasks.values():
            row = open_task_row(state, task, batch.version)
            opened = self._tasks.get(task.id, row)["opened_version"]
            self._tasks[task.id] = row | {"opened_version": opened}
        for closed in batch.closed:
            row = closed_task_row(state, closed, batch.version)
            before = self._tasks.get(closed.task.id, row)
            self._tasks[closed.task.id] = row | {name: before[name] for name in ("opened_version", "due_at")}
        self._last_at = at

    # -- what it leaves behind -----------------------------------------------------------------------------------------

    def order_row(self) -> dict[str, Any]:
        state = self.step.state
        ended = not state.open and not state.tasks
        return order_columns(state) | {
            "number": self.number,
            "kind": state.kind,
            "community_id": state.community_id,
            "house_id": state.place.house_id,
            "building_id": state.place.building_id,
            "category": state.category,
            "reporter_kind": state.reporter.kind,
            "reporter_id": state.reporter.id,
            "source": state.reporter.source.value,
            "filed_by": state.reporter.filed_by,
            "follows": state.follows.number if state.follows else None,
            "submitted_at": self._filed_at,
            "finished_at": self._finished_at,
            "closed_at": None if state.open else state.entered_at,
            "touched_at": self._last_at,
            "started_at": self._filed_at if ended else None,
            "workflow_ended_at": self._last_at if ended else None,
            "state": as_json(state),
            **self._words,
        }

    def timeline(self) -> list[dict[str, Any]]:
        return self._events

    def tasks(self) -> list[dict[str, Any]]:
        return list(self._tasks.values())

    def notices(self, now: datetime) -> list[dict[str, Any]]:
        """What is over and done lies in the message centre; a reminder still to come waits for its time."""
        return [
            notice | (_AWAITED if self._to_come(notice, now) else _in_the_centre(notice))
            for notice in self._notices
            if notice["to_kind"] != "role" and (notice["not_before"] is None or self._to_come(notice, now))
        ]

    def outbox(self, now: datetime) -> list[dict[str, Any]]:
        """The start of the workflow, for an order that still lives, and its reminders."""
        state = self.step.state
        if not state.open and not state.tasks:
            return []
        start = {
            "id": self.number,
            "action": "start",
            "number": self.number,
            "version": state.version,
            "rank": RANK_EMERGENCY if state.priority == "emergency" else RANK_START,
            "body": {},
            "created_at": now,
            "not_before": now,
        }
        return [start] + [notice_outbox_row(n, now) for n in self._notices if self._to_come(n, now)]

    def _to_come(self, notice: dict[str, Any], now: datetime) -> bool:
        awaited = notice["while_task"] in self.step.state.tasks
        return notice["not_before"] is not None and notice["not_before"] > now and awaited


def _in_the_centre(notice: dict[str, Any]) -> dict[str, Any]:
    return {"delivery": "centre_only", "channel": "centre", "delivered_at": notice["created_at"]}
