"""Working time, corrections and new settings under living orders; the pitfalls that such systems are known for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from integrations.holidays import announced
from models.domain.calendar import calendar_of
from models.domain.clocks import ClockName, Level, Levels
from models.domain.forms import as_json
from models.domain.lifecycles.repair import LEVELS
from models.domain.numbers import CHINA
from models.domain.people import SYSTEM, Role
from models.domain.policy import WEEK, Policy, terms_for
from models.domain.terms import Terms
from tests.workflows.desk import CLERK, DISPATCHER, GUARD, OWNER, STRANGER, TECH, Desk
from tests.workflows.test_clocks import said

SLACK = timedelta(minutes=1)
"""The server's clock moves a little by itself between two commands."""


def working(now: datetime, known_until: date | None = None) -> Terms:
    terms = terms_for(Policy(), announced(), since=now, now=now)
    assert terms.calendar is not None
    if known_until is None:
        return terms
    return terms.model_copy(update={"calendar": terms.calendar.model_copy(update={"known_until": known_until})})


def opening_in(now: datetime, hours: int) -> Terms:
    """A community that is closed now and opens, every day alike, some hours from now."""
    opens = (now + timedelta(hours=hours)).astimezone(CHINA)
    begin = opens.hour * 60
    day = ((begin, begin + 60),)
    far = date(now.year + 1, 12, 31)
    calendar = calendar_of((day,) * 7, announced(), frozenset(), frozenset(), far, far)  # type: ignore[arg-type]
    return Terms(calendar=calendar, read_at=now)


async def levels_of(desk: Desk, **hours: float) -> dict[str, object]:
    """Another level for some clocks, as the gateway adds it to an amendment."""
    changed: Levels = dict((await desk.state()).levels)
    for name, amount in hours.items():
        changed[ClockName(name)] = Level(limit=timedelta(hours=amount), around_the_clock=True)
    return {name.value: as_json(level) for name, level in changed.items()}


async def test_midnight_reminders(desk: Desk) -> None:
    """Pitfall (zammad #4432). Closed hours are no part of the promise, so nobody is pressed in them."""
    now = await desk.now()
    order = await desk.file(terms=opening_in(now, hours=5))
    assert order.clocks[ClockName.ACCEPT].due_at.astimezone(CHINA).minute == 30
    await desk.sleep(hours=3)
    assert said(desk) == []
    await desk.sleep(hours=3)
    assert ("warned", "accept", None) in said(desk)


async def test_an_emergency_counts_around_the_clock(desk: Desk) -> None:
    await desk.file(priority="emergency", terms=opening_in(await desk.now(), hours=10))
    await desk.sleep(minutes=5, seconds=1)
    assert ("breached", "accept", "lead") in said(desk)


async def test_pause_lost_when_the_level_changes(desk: Desk) -> None:
    """Pitfall (glpi #6902, #15605)."""
    order = await desk.at("in_progress")
    await desk.hold(hours=30)
    await desk.sleep(hours=30, seconds=1)
    await desk.send(CLERK, "amend", priority="high", reason="孕妇在家", levels=await levels_of(desk, finish=40))
    clock = (await desk.state()).clocks[ClockName.FINISH]
    assert abs(clock.due_at - order.submitted_at - timedelta(hours=70)) < SLACK
    await desk.sleep(hours=31)
    assert said(desk) == []
    await desk.sleep(hours=10)
    assert said(desk)[-1] == ("breached", "finish", "lead")


async def test_a_level_that_changes_during_a_pause_counts_that_pause(desk: Desk) -> None:
    order = await desk.at("in_progress")
    await desk.hold(hours=30)
    await desk.sleep(hours=10)
    await desk.send(CLERK, "amend", priority="high", reason="孕妇在家", levels=await levels_of(desk, finish=40))
    assert (await desk.state()).clocks[ClockName.FINISH].paused_at is not None
    await desk.sleep(hours=20, seconds=1)
    clock = (await desk.state()).clocks[ClockName.FINISH]
    assert abs(clock.due_at - order.submitted_at - timedelta(hours=70)) < SLACK


async def test_update_clock_overrules_first_response(desk: Desk) -> None:
    """Pitfall (zammad #5177). A change of one promise leaves the others as they were, kept ones most of all."""
    await desk.at("accepted")
    before = (await desk.state()).clocks
    await desk.send(CLERK, "amend", category="leak", reason="是渗水", levels=await levels_of(desk, finish=100))
    after = (await desk.state()).clocks
    assert after[ClockName.ACCEPT] == before[ClockName.ACCEPT]
    assert after[ClockName.ACCEPT].stopped_at is not None
    assert after[ClockName.ARRIVE].due_at == before[ClockName.ARRIVE].due_at
    assert after[ClockName.FINISH].due_at > before[ClockName.FINISH].due_at


async def test_overdue_while_waiting_for_the_owner(desk: Desk) -> None:
    """Pitfall (osTicket #1684)."""
    await desk.at("finished")
    await desk.sleep(days=6)
    assert said(desk) == []
    now, state = await desk.now(), await desk.state()
    assert not any(clock.overdue(now) for clock in state.clocks.values())


@pytest.mark.parametrize("end", ["cancelled", "rejected"])
async def test_what_has_ended_never_escalates(desk: Desk, end: str) -> None:
    await desk.at(end)
    assert (await desk.handle.result()) == end
    assert said(desk) == []


async def test_a_paused_order_never_escalates(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.hold(hours=70)
    await desk.sleep(hours=69)
    assert said(desk) == []


async def test_a_breach_that_a_correction_brings_is_told_at_once(desk: Desk) -> None:
    await desk.at("in_progress")
    await desk.sleep(hours=5)
    levels = await levels_of(desk, finish=3)
    await desk.send(DISPATCHER, "amend", priority="emergency", reason="已影响楼下", levels=levels)
    await desk.eventually(lambda: said(desk) and said(desk)[-1] == ("breached", "finish", "manager"))
    assert [notice.to_id for notice in desk.shelf.notices("amended")] == [TECH.id]


async def test_the_reporter_reads_why_others_come_first(desk: Desk) -> None:
    await desk.file(priority="high")
    levels = {name.value: as_json(level) for name, level in LEVELS["normal"].items()}
    await desk.send(CLERK, "amend", priority="normal", reason="已电话确认不急", levels=levels)
    event = next(event for event in desk.shelf.events if event.kind == "amended")
    assert event.facts == {"priority": ["high", "normal"], "reason": "已电话确认不急"}
    assert event.audience == "reporter"
    assert [notice.to_id for notice in desk.shelf.notices("lowered")] == [OWNER.id]
    assert (await desk.state()).levels == LEVELS["normal"]


async def test_who_may_correct_an_order(desk: Desk) -> None:
    await desk.file()
    await desk.refused(GUARD, "amend", "amend_role", category="leak", reason="是渗水")
    await desk.refused(OWNER, "amend", "amend_role", category="leak", reason="是渗水")
    await desk.refused(STRANGER, "amend", "order_not_found", category="leak", reason="是渗水")
    await desk.refused(CLERK, "amend", "nothing_to_change", reason="是渗水")
    assert "amend" in await desk.buttons(CLERK)
    assert "amend" not in await desk.buttons(TECH)
    await desk.walk_to("finished")
    await desk.refused(CLERK, "amend", "too_late_to_amend", category="leak", reason="是渗水")


async def test_running_orders_keep_their_terms_until_an_admin_applies_new_ones(desk: Desk) -> None:
    order = await desk.file()
    now = await desk.now()
    levels = {**LEVELS["normal"], ClockName.ACCEPT: Level(limit=timedelta(hours=2), around_the_clock=True)}
    body = {
        "levels": {name.value: as_json(level) for name, level in levels.items()},
        "terms": as_json(Terms(warn_at=0.5, read_at=now)),
    }
    await desk.refused(CLERK, "refresh_policy", "settings_role", **body)
    await desk.send(SYSTEM, "refresh_policy", **body)
    clock = (await desk.state()).clocks[ClockName.ACCEPT]
    assert (clock.due_at, clock.warn_at) == (
        order.submitted_at + timedelta(hours=2),
        order.submitted_at + timedelta(hours=1),
    )
    stale = {**body, "terms": as_json(Terms(warn_at=0.9, read_at=now - timedelta(days=1)))}
    await desk.send(SYSTEM, "refresh_policy", **stale)
    assert (await desk.state()).clocks[ClockName.ACCEPT] == clock, "settings that were overtaken on the way"


async def test_a_promise_beyond_the_announced_holidays_learns_of_them(desk: Desk) -> None:
    now = await desk.now()
    yesterday = now.astimezone(CHINA).date() - timedelta(days=1)
    order = await desk.file(terms=working(now, known_until=yesterday))
    closed = frozenset(now.astimezone(CHINA).date() + timedelta(days=n) for n in range(30))
    far = date(now.year + 1, 12, 31)
    holidays = announced().model_copy(update={"known_until": far})
    calendar = calendar_of(WEEK, holidays, closed, frozenset(), now.astimezone(CHINA).date(), far)
    desk.shelves.terms = Terms(calendar=calendar, read_at=now + timedelta(days=7))
    asked = len(desk.shelves.terms_wanted)
    await desk.sleep(days=6)
    assert len(desk.shelves.terms_wanted) == asked
    await desk.sleep(days=1, minutes=1)
    assert len(desk.shelves.terms_wanted) == asked + 1
    assert (await desk.state()).clocks[ClockName.FINISH].due_at > order.clocks[ClockName.FINISH].due_at
    assert (await desk.state()).clocks[ClockName.FINISH].due_at > now.astimezone(UTC) + timedelta(days=30)
    assert "terms_changed" in desk.shelf.kinds
    await desk.sleep(days=8)
    assert len(desk.shelves.terms_wanted) == asked + 1, "what is known needs no asking"


@pytest.mark.parametrize("role", Role)
async def test_the_ladder_is_the_communitys_own(desk: Desk, role: Role) -> None:
    """Whomever an admin has put on it hears of the breach, at the share that was set."""
    terms = Policy.model_validate({"ladder": [{"share": 0.2, "role": role}]})
    await desk.file(terms=Terms(ladder=terms.ladder))
    await desk.sleep(minutes=35)
    assert [rung for _, clock, rung in said(desk) if clock == "accept"] == [None]
    await desk.sleep(minutes=2)
    assert ("breached", "accept", role) in said(desk)
    assert [notice.to_id for notice in desk.shelf.notices("breached")] == [role]
