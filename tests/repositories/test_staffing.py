"""Who may have work, as the real database says it: duty, days away, scope, caps under races, leaving."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from models.domain.assignment import Choice, Why
from models.domain.errors import IllegalTransition, NotFound, ValidationFailed
from models.domain.numbers import CHINA
from models.domain.order import OrderState, Priority
from models.domain.people import Role
from models.domain.step import Published, Step
from models.repositories import absences, choosing, colleagues, leaving, publish, sessions, staffing
from models.repositories.direct import Direct
from models.repositories.people import staff_by_account
from tests.repositories.rows import DISPATCHER, TECH, TECH2, filing, rows, take_in
from tests.repositories.test_publish import accepted, assigned, filed, step_by_step

NOW = datetime.now(UTC)
TODAY = NOW.astimezone(CHINA).date()
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clean(engine: Engine) -> None:
    """Everybody is back, on duty, without plans, and holds nothing."""
    with engine.begin() as conn:
        for statement in (
            "UPDATE staff SET active = true, on_duty = true, duty_switched_at = NULL, cap = NULL, skills = '{water}'",
            "UPDATE staff_scopes SET buildings = '{}'",
            "UPDATE tasks SET closed_at = now() WHERE closed_at IS NULL",
            "DELETE FROM absences",
            "DELETE FROM departures",
            "DELETE FROM duty_turns",
            "DELETE FROM policies",
            "DELETE FROM outbox",
        ):
            conn.execute(text(statement))


def change(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as conn:
        conn.execute(text(statement), values)


def facts(conn: Connection, order: OrderState, cap: int = 30) -> dict[str, Any]:
    return {one.account: one for one in staffing.candidates(conn, staffing.facts_about(order, cap))}


# -- duty --------------------------------------------------------------------------------------------------------------


def turn(start: timedelta, end: timedelta) -> tuple[datetime, datetime]:
    return NOW + start, NOW + end


@pytest.mark.parametrize(
    ("switch", "switched", "turns", "on_duty"),
    [
        (True, None, [], True),
        (False, None, [], False),
        (False, None, [turn(-HOUR, HOUR)], True),
        (True, None, [turn(-3 * HOUR, -HOUR)], False),
        (True, timedelta(minutes=-5), [turn(-3 * HOUR, -HOUR)], True),
        (False, timedelta(minutes=-5), [turn(-HOUR, HOUR)], False),
        (False, -2 * HOUR, [turn(-HOUR, HOUR)], True),
        (True, None, [turn(HOUR, 2 * HOUR)], True),
    ],
)
@pytest.mark.parametrize("team", [False, True])
def test_on_duty_is_what_roster_or_switch_said_last(
    engine: Engine, switch: bool, switched: timedelta | None, turns: list[Any], on_duty: bool, team: bool
) -> None:
    change(
        engine,
        "UPDATE staff SET on_duty = :on, duty_switched_at = :at WHERE id = :id",
        on=switch,
        at=NOW + switched if switched else None,
        id=TECH.id,
    )
    whose: dict[str, Any] = {"team": "engineering", "community": "com_a"} if team else {"staff": TECH.id}
    with engine.begin() as conn:
        if turns:
            absences.plan(conn, turns, DISPATCHER.id, **whose)
        assert facts(conn, filing("BX20261121-90000"))["tech"].on_duty is on_duty


def test_a_team_of_another_community_has_another_roster(engine: Engine) -> None:
    with engine.begin() as conn:
        absences.plan(conn, [turn(-2 * HOUR, -HOUR)], DISPATCHER.id, team="engineering", community="com_b")
        assert facts(conn, filing("BX20261121-90000"))["tech"].on_duty


# -- days away ---------------------------------------------------------------------------------------------------------


def test_an_absentee_is_known_to_all_and_the_deputy_carries_them(engine: Engine) -> None:
    with engine.begin() as conn:
        absence = absences.record(conn, TECH.id, TECH2.id, TODAY, TODAY + DAY, DISPATCHER.id, NOW)
        told = facts(conn, filing("BX20261121-90000"))
        assert (told["tech"].absent, told["tech"].on_duty, told["tech2"].absent) == (True, False, False)
        found = staff_by_account(conn, "tech2")
        assert found is not None
        (absentee,) = found[0].deputises
        assert (absentee.id, absentee.roles) == (TECH.id, (Role.TECHNICIAN,))
        assert found[0].acts_for(TECH.id)
        absences.end(conn, absence, TECH.id, NOW)
        with pytest.raises(NotFound):
            absences.end(conn, absence, TECH.id, NOW)
        assert not facts(conn, filing("BX20261121-90000"))["tech"].absent


def test_a_deputy_acts_on_the_dates_only(engine: Engine) -> None:
    with engine.begin() as conn:
        absences.record(conn, TECH.id, TECH2.id, TODAY + DAY, TODAY + 2 * DAY, DISPATCHER.id, NOW)
        found = staff_by_account(conn, "tech2")
        assert found is not None
        assert found[0].deputises == ()


@pytest.mark.parametrize(
    ("deputy", "why"),
    [("stf_tech", "deputy_unfit"), ("stf_stranger", "deputy_unfit"), ("stf_tech2", "deputy_away")],
)
def test_not_everybody_can_be_a_deputy(engine: Engine, deputy: str, why: str) -> None:
    with engine.begin() as conn:
        absences.record(conn, TECH2.id, None, TODAY, TODAY, DISPATCHER.id, NOW)
        with pytest.raises(ValidationFailed) as refusal:
            absences.record(conn, TECH.id, deputy, TODAY, TODAY + DAY, DISPATCHER.id, NOW)
        assert refusal.value.reason == why
        with pytest.raises(ValidationFailed) as refusal:
            absences.record(conn, TECH2.id, None, TODAY - DAY, TODAY, DISPATCHER.id, NOW)
        assert refusal.value.reason == "absence_overlaps"


# -- an order that assigns itself --------------------------------------------------------------------------------------


async def test_an_order_finds_whoever_fits_and_has_the_least_to_do(engine: Engine, direct: Direct, number: str) -> None:
    change(
        engine, "INSERT INTO policies (community_id, version, settings) VALUES ('com_a', 1, '{\"auto_assign\": true}')"
    )
    await take_in(direct, filing(number))
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) == Choice(staff=TECH.id, open_orders=0, among=2)
    other = await filed(direct, number[:-1] + "x")
    step_by_step(engine, assigned(other, 1))
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) == Choice(staff=TECH2.id, open_orders=0, among=2)
    change(engine, "UPDATE staff SET skills = '{}' WHERE id = :id", id=TECH2.id)
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) == Choice(staff=TECH.id, open_orders=1, among=1)
    change(engine, "UPDATE staff_scopes SET buildings = '{bld_9}' WHERE staff_id = :id", id=TECH.id)
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) is None


async def test_an_emergency_waits_for_a_dispatcher_only_while_one_is_on_duty(
    engine: Engine, direct: Direct, number: str
) -> None:
    await take_in(direct, filing(number, Priority.EMERGENCY))
    await take_in(direct, filing(number[:-1] + "y"))
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) is None
    change(engine, "UPDATE staff SET on_duty = false WHERE id = :id", id=DISPATCHER.id)
    with engine.connect() as conn:
        assert choosing.choice_for(conn, number) == Choice()
        assert choosing.choice_for(conn, number[:-1] + "y") is None


# -- the last word of a publish ----------------------------------------------------------------------------------------


async def test_the_cap_holds_when_many_orders_are_assigned_at_once(engine: Engine, direct: Direct, number: str) -> None:
    """Eight steps in eight threads give one technician work; with a cap of three, three keep it."""
    change(engine, "UPDATE staff SET cap = 3 WHERE id = :id", id=TECH.id)
    steps = [await filed(direct, f"{number}{letter}") for letter in "abcdefgh"]
    batches = [assigned(step, 1) for step in steps]
    together = threading.Barrier(len(batches))
    answers: list[Published] = []

    def give(batch: Any) -> None:
        together.wait()
        answers.append(step_by_step(engine, batch))

    threads = [threading.Thread(target=give, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(len(answer.ineligible) for answer in answers) == [0] * 3 + [1] * 5
    assert {answer.reasons.get(TECH.id) for answer in answers if answer.ineligible} == {Why.AT_CAP}


async def test_an_emergency_and_work_one_has_already_ask_for_no_room(
    engine: Engine, direct: Direct, number: str
) -> None:
    change(engine, "UPDATE staff SET cap = 1 WHERE id = :id", id=TECH.id)
    first, urgent = await filed(direct, number), await filed(direct, number + "e", Priority.EMERGENCY)
    batch = assigned(first, 1)
    assert step_by_step(engine, batch).ineligible == []
    assert step_by_step(engine, batch).ineligible == [], "the same step again is no second order"
    assert step_by_step(engine, assigned(urgent, 1)).ineligible == []
    assert step_by_step(engine, accepted(first, 2)).ineligible == []


async def test_an_absence_recorded_while_an_order_is_given_is_seen(engine: Engine, direct: Direct, number: str) -> None:
    step = await filed(direct, number)
    batch = assigned(step, 1)
    with engine.begin() as conn:
        absences.record(conn, TECH.id, TECH2.id, TODAY, TODAY, DISPATCHER.id, NOW)
    answer = step_by_step(engine, batch)
    assert (answer.ineligible, answer.reasons) == ([TECH.id], {TECH.id: Why.ABSENT})


async def test_whoever_goes_away_keeps_what_they_have(engine: Engine, direct: Direct, number: str) -> None:
    step = await filed(direct, number)
    step_by_step(engine, assigned(step, 1))
    with engine.begin() as conn:
        absences.record(conn, TECH.id, None, TODAY, TODAY, DISPATCHER.id, NOW)
    assert step_by_step(engine, accepted(step, 2)).ineligible == []


# -- leaving -----------------------------------------------------------------------------------------------------------


async def held(engine: Engine, direct: Direct, number: str) -> Step:
    step = await filed(direct, number)
    step_by_step(engine, assigned(step, 1))
    return step


async def test_leaving_is_one_transaction_with_a_wish_for_every_task(
    engine: Engine, direct: Direct, number: str
) -> None:
    steps = [await held(engine, direct, f"{number}{letter}") for letter in "ab"]
    change(
        engine,
        "INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at) VALUES (:t, :id, :now, :later)",
        t=number,
        id=TECH.id,
        now=NOW,
        later=NOW + DAY,
    )
    with engine.begin() as conn:
        absences.plan(conn, [turn(HOUR, 2 * HOUR)], DISPATCHER.id, staff=TECH.id)
        departure = leaving.leave(conn, TECH.id, TECH2.id, DISPATCHER.id, NOW)
    assert departure.tasks == 2
    assert await sessions.staff_of_session(direct, number, NOW) is None
    with engine.connect() as conn:
        wishes = rows(conn, "SELECT number, body FROM outbox WHERE action = 'command' ORDER BY number")
        assert rows(conn, "SELECT id FROM duty_turns") == []
    assert [wish.number for wish in wishes] == [step.state.number for step in steps]
    for wish, step in zip(wishes, steps, strict=True):
        (task,) = step.state.tasks
        assert wish.body == {
            "update": "hand_over",
            "body": {"task_id": task, "holder": TECH.id, "staff": TECH2.id},
        }
    assert (await leaving.progress(direct, [TECH.id]))[TECH.id]["moved"] == 0
    change(engine, "UPDATE tasks SET holder_id = :to WHERE id = :id", to=TECH2.id, id=next(iter(steps[0].state.tasks)))
    told = (await leaving.progress(direct, [TECH.id]))[TECH.id]
    assert (told["moved"], told["tasks"], told["deputy"]) == (1, 2, "tech2")
    with engine.begin() as conn, pytest.raises(IllegalTransition):
        leaving.leave(conn, TECH.id, None, DISPATCHER.id, NOW)


async def test_what_the_deputy_may_not_hold_goes_to_the_pool(engine: Engine, direct: Direct, number: str) -> None:
    await held(engine, direct, number)
    with engine.begin() as conn:
        leaving.leave(conn, TECH.id, DISPATCHER.id, DISPATCHER.id, NOW)
        (wish,) = rows(conn, "SELECT body FROM outbox WHERE action = 'command'")
    assert wish.body["body"]["staff"] is None


async def test_a_step_that_races_a_leaver_has_its_task_counted_or_finds_them_gone(
    engine: Engine, direct: Direct, number: str
) -> None:
    """Many leavings and assignments at once: no open task is left with a leaver and without a wish."""
    for n in range(8):
        step = await filed(direct, f"{number}{n}")
        batch = assigned(step, 1)
        answers: list[Published] = []
        thread = threading.Thread(target=lambda b=batch, a=answers: a.append(step_by_step(engine, b)))  # type: ignore[misc]
        thread.start()
        with engine.begin() as conn:
            departure = leaving.leave(conn, TECH.id, None, DISPATCHER.id, NOW)
        thread.join(30)
        assert (departure.tasks == 1) != (answers[0].ineligible == [TECH.id])
        with engine.begin() as conn:
            conn.execute(text("UPDATE tasks SET closed_at = now() WHERE closed_at IS NULL"))
            leaving.rejoin(conn, TECH.id, NOW)


async def test_coming_back_stops_what_has_not_moved(engine: Engine, direct: Direct, number: str) -> None:
    await held(engine, direct, number)
    with engine.begin() as conn:
        leaving.leave(conn, TECH.id, None, DISPATCHER.id, NOW)
        leaving.rejoin(conn, TECH.id, NOW)
        assert rows(conn, "SELECT id FROM outbox WHERE action = 'command'") == []
        assert not facts(conn, filing(number))["tech"].on_duty
        with pytest.raises(IllegalTransition):
            leaving.rejoin(conn, TECH.id, NOW)
    assert await leaving.progress(direct, [TECH.id]) == {}


async def test_losing_a_role_moves_the_tasks_that_needed_it(engine: Engine, direct: Direct, number: str) -> None:
    await held(engine, direct, number)
    values = {"roles": ["guard"], "team": "order", "skills": [], "cap": 2, "firm_wide": False}
    try:
        with engine.begin() as conn:
            colleagues.appoint(conn, TECH.id, values, [{"community_id": "com_a", "buildings": ["bld_1"]}])
            assert leaving.give_up_unfit(conn, TECH.id, ["guard"], NOW) == 1
            assert leaving.give_up_unfit(conn, TECH.id, ["technician"], NOW) == 0
        row = await colleagues.by_account(direct, "tech")
        assert row is not None
        assert row["scopes"] == [{"community_id": "com_a", "buildings": ["bld_1"]}]
    finally:
        values |= {"roles": ["technician"], "team": "engineering", "cap": None}
        with engine.begin() as conn:
            colleagues.appoint(conn, TECH.id, values, [{"community_id": "com_a", "buildings": []}])


async def test_the_day_goes_by_appointment_then_by_time_left(engine: Engine, direct: Direct, number: str) -> None:
    tomorrow = datetime.combine(TODAY + DAY, datetime.min.time(), CHINA)
    plans = {"a": None, "b": tomorrow - HOUR, "c": tomorrow + HOUR, "d": tomorrow - 2 * HOUR}
    for letter, start in plans.items():
        step = await held(engine, direct, number + letter)
        if start is not None:
            window = {"from": start.isoformat(), "to": (start + HOUR).isoformat()}
            change(
                engine,
                "UPDATE work_orders SET state = state || jsonb_build_object('appointment', CAST(:w AS jsonb))"
                " WHERE number = :number",
                w=publish._json(window),
                number=step.state.number,
            )
    day = await colleagues.day_of(direct, [TECH.id], tomorrow, 50)
    assert [row["number"][-1] for row in day] == ["d", "b", "a", "c"]
