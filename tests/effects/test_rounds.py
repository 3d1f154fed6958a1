"""Rounds on a real Temporal: Schedules that follow Postgres, walks that begin once, leads who hear of missed ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine, insert
from temporalio.client import Client, ScheduleDescription
from temporalio.service import RPCError

from activities.notices import Notices
from activities.rounds import Rounds
from models.domain.numbers import CHINA
from models.domain.rounds import Firing, Rhythm
from models.domain.words import SPOTS
from models.repositories import sweeping
from models.tables.rounds import Round
from tests.effects.desk import Desk
from tests.effects.test_notices import away, follow, off_duty, received
from tests.wechat.playground import Playground
from tests.workflows.server import start_time_skipping
from workers.schedules import CATCH_UP, OVERLAP, PREFIX, Schedules
from workers.temporal import effects_worker, orders_worker
from workflows import names
from workflows.patrol import PatrolWorkflow

HOURLY = [f"{hour:02d}:00" for hour in range(24)]
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


def plan(engine: Engine, round_id: str = "rnd_pump", **changed: Any) -> str:
    row = {
        "id": round_id,
        "community_id": "com_a",
        "title": "水泵房巡检",
        "spot": "pump_room",
        "category": "water",
        "checks": ["水泵运行正常", "地面无积水"],
        "weekdays": EVERY_DAY,
        "times": HOURLY,
        "duty_role": "technician",
        "planned_by": "stf_dispatcher",
        "planned_at": datetime.now(UTC) - timedelta(days=1),
        **changed,
    }
    with engine.begin() as conn:
        conn.execute(insert(Round), [row])
    return round_id


@pytest.fixture
def rounds(engine: Engine) -> Rounds:
    return Rounds(engine, lambda: None)


@pytest_asyncio.fixture(loop_scope="session")
async def schedules(engine: Engine, client: Client) -> AsyncIterator[Schedules]:
    """Leaves no Schedule of this test's behind."""
    yield Schedules(engine, client)
    with engine.begin() as conn:
        conn.exec_driver_sql("TRUNCATE rounds CASCADE")
    await Schedules(engine, client).compare()


async def described(client: Client, round_id: str) -> ScheduleDescription:
    return await client.get_schedule_handle(PREFIX + round_id).describe()


def walks(desk: Desk, round_id: str = "rnd_pump") -> Sequence[Any]:
    return desk.rows("SELECT * FROM patrols WHERE round_id = :id ORDER BY scheduled_at", id=round_id)


# -- Schedules ---------------------------------------------------------------------------------------------------------


async def test_a_schedule_fires_at_the_planned_times_of_china(
    engine: Engine, client: Client, schedules: Schedules
) -> None:
    plan(engine, weekdays=[1, 7], times=["07:30", "20:00"])
    await schedules.follow()
    found = await described(client, "rnd_pump")
    rhythm = Rhythm(weekdays=(1, 7), times=("07:30", "20:00"))  # type: ignore[arg-type]
    fires = found.info.next_action_times
    assert fires == rhythm.between(datetime.now(UTC), fires[-1] + timedelta(minutes=1))
    assert found.schedule.spec.time_zone_name == CHINA.key
    assert (found.schedule.policy.overlap, found.schedule.policy.catchup_window) == (OVERLAP, CATCH_UP)


async def test_schedules_follow_the_rounds_whatever_happened_to_them(
    engine: Engine, client: Client, schedules: Schedules, desk: Desk
) -> None:
    plan(engine)
    plan(engine, "rnd_lift", paused=True)
    await schedules.compare()
    assert [(await described(client, name)).schedule.state.paused for name in ("rnd_pump", "rnd_lift")] == [False, True]

    desk.say("UPDATE rounds SET times = '{09:15}', version = version + 1 WHERE id = 'rnd_pump'")
    await schedules.follow()
    (calendar,) = (await described(client, "rnd_pump")).schedule.spec.calendars
    assert (calendar.hour[0].start, calendar.minute[0].start) == (9, 15)
    assert desk.one("SELECT applied_version FROM rounds WHERE id = 'rnd_pump'").applied_version == 2

    await client.get_schedule_handle(PREFIX + "rnd_pump").pause(note="somebody was curious")
    await client.get_schedule_handle(PREFIX + "rnd_lift").delete()
    await healed(schedules, client, "rnd_pump")
    await healed(schedules, client, "rnd_lift", paused=True)

    desk.say("DELETE FROM rounds WHERE id = 'rnd_lift'")
    await schedules.compare()
    with pytest.raises(RPCError):
        await described(client, "rnd_lift")


async def healed(schedules: Schedules, client: Client, round_id: str, paused: bool = False) -> None:
    """A listing may lag behind by a moment; the next comparison sees it."""
    for _ in range(50):
        await schedules.compare()
        try:
            if (await described(client, round_id)).schedule.state.paused == paused:
                return
        except RPCError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError(f"{round_id} was not healed")


async def test_an_older_plan_never_replaces_a_newer_one(
    engine: Engine, client: Client, schedules: Schedules, desk: Desk
) -> None:
    plan(engine, version=3)
    await schedules.follow()
    desk.say("UPDATE rounds SET version = 2, applied_version = 0, paused = true")
    await schedules.follow()
    assert not (await described(client, "rnd_pump")).schedule.state.paused


async def test_a_firing_opens_a_walk_with_its_items(
    engine: Engine, client: Client, schedules: Schedules, rounds: Rounds, desk: Desk
) -> None:
    plan(engine)
    await schedules.follow()
    async with (
        orders_worker(client, [rounds.open, rounds.give_up]),
        effects_worker(client, [rounds.tell_leads]),
    ):
        await client.get_schedule_handle(PREFIX + "rnd_pump").trigger()
        walk = await opened_walk(desk)
    assert datetime.now(UTC) < walk.due_at <= datetime.now(UTC) + timedelta(hours=1)
    items = desk.rows("SELECT position, title, result FROM patrol_items WHERE patrol_id = :id ORDER BY 1", id=walk.id)
    assert [tuple(item) for item in items] == [(1, "水泵运行正常", None), (2, "地面无积水", None)]


async def opened_walk(desk: Desk) -> Any:
    for _ in range(100):
        found = [walk for walk in walks(desk) if walk.status == "open"]
        if found:
            return found[0]
        await asyncio.sleep(0.1)
    raise AssertionError("no walk was opened")


# -- one walk ----------------------------------------------------------------------------------------------------------


def on_the_hour(hours: float = 0) -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)


def test_a_walk_is_opened_once_however_often_its_time_fires(engine: Engine, rounds: Rounds, desk: Desk) -> None:
    plan(engine, planned_at=on_the_hour())
    firing = Firing(round_id="rnd_pump", at=on_the_hour())
    first = rounds.open(firing)
    assert first.patrol_id is not None
    assert rounds.open(firing) == first
    assert len(walks(desk)) == 1
    assert desk.one("SELECT count(*) AS items FROM patrol_items").items == 2


def test_what_an_outage_swallowed_is_written_down_as_missed(engine: Engine, rounds: Rounds, desk: Desk) -> None:
    plan(engine, planned_at=on_the_hour(5))
    rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(4)))
    opened = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour()))
    assert [walk.status for walk in walks(desk)] == ["missed"] * 4 + ["open"]
    assert opened.missed == [walk.id for walk in walks(desk)[1:4]]
    late = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(2)))
    assert late.patrol_id is None, "its time was over before anybody came to open it"
    assert late.missed == [], "and its leads have heard of it"


def test_a_walk_whose_workflow_was_lost_ends_all_the_same(engine: Engine, rounds: Rounds, desk: Desk) -> None:
    plan(engine, planned_at=on_the_hour(1))
    rounds.open(Firing(round_id="rnd_pump", at=on_the_hour()))
    desk.say("UPDATE patrols SET scheduled_at = scheduled_at - interval '2 h', due_at = due_at - interval '2 h'")
    opened = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour()))
    assert [walk.status for walk in walks(desk)] == ["missed", "open"]
    assert opened.missed == [walks(desk)[0].id]


def test_a_paused_or_forgotten_round_opens_nothing(engine: Engine, rounds: Rounds, desk: Desk) -> None:
    plan(engine, paused=True)
    for round_id in ("rnd_pump", "rnd_gone"):
        assert rounds.open(Firing(round_id=round_id, at=on_the_hour())).patrol_id is None
    assert walks(desk) == []


@pytest.mark.parametrize("finished", [True, False])
async def test_a_walk_is_over_when_the_next_begins(
    engine: Engine, rounds: Rounds, notices: Notices, desk: Desk, phone: Playground, finished: bool
) -> None:
    """On the time-skipping server with the real activities: the hour passes at once."""
    plan(engine, planned_at=on_the_hour())
    desk.say("UPDATE staff SET roles = '{lead}' WHERE id = 'stf_tech2'")
    openid = follow(phone, desk, "staff", "stf_tech2")
    env = await start_time_skipping()
    try:
        async with (
            orders_worker(env.client, [rounds.open, rounds.give_up]),
            effects_worker(env.client, [rounds.tell_leads]),
        ):
            handle = await env.client.start_workflow(
                PatrolWorkflow.run, "rnd_pump", id="round-rnd_pump", task_queue=names.ORDERS
            )
            await opened_walk(desk)
            if finished:
                desk.say("UPDATE patrols SET status = 'done', ended_at = now()")
            assert await handle.result() == ("done" if finished else "missed")
    finally:
        await env.shutdown()
    (walk,) = walks(desk)
    assert walk.status == ("done" if finished else "missed")
    deliver_all(notices, desk)
    messages = received(phone, openid)
    assert ["巡检未完成：水泵房巡检" in str(message) for message in messages] == ([] if finished else [True])


def deliver_all(notices: Notices, desk: Desk) -> list[str]:
    """How each wish ends, as the relay would carry them out."""
    wishes = desk.rows("SELECT body->>'notice' AS notice FROM outbox WHERE action = 'notice' ORDER BY created_at, id")
    return [notices.deliver(wish.notice) for wish in wishes]


def test_the_lead_of_the_team_is_told_and_nobody_elses(
    engine: Engine, rounds: Rounds, notices: Notices, desk: Desk, phone: Playground
) -> None:
    plan(engine, planned_at=on_the_hour(2))
    desk.say("UPDATE staff SET roles = '{lead}' WHERE id IN ('stf_tech2', 'stf_dispatcher', 'stf_stranger')")
    desk.say("UPDATE staff SET team = 'order' WHERE id = 'stf_dispatcher'")
    openids = {who: follow(phone, desk, "staff", who) for who in ("stf_tech2", "stf_dispatcher", "stf_stranger")}
    missed = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(2))).missed
    assert len(missed) == 1
    assert rounds.tell_leads(missed) == 1
    assert rounds.tell_leads(missed) == 1
    assert deliver_all(notices, desk) == ["sent"], "an attempt that is repeated writes nothing"
    assert {who: len(received(phone, openid)) for who, openid in openids.items()} == {
        "stf_tech2": 1,
        "stf_dispatcher": 0,
        "stf_stranger": 0,
    }


def test_leads_are_told_of_missed_walks_when_they_are_on_duty(
    engine: Engine,
    rounds: Rounds,
    notices: Notices,
    desk: Desk,
    phone: Playground,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices, "_console", "https://desk.example")
    plan(engine, planned_at=on_the_hour(4))
    desk.say("UPDATE staff SET roles = '{lead}' WHERE id IN ('stf_tech', 'stf_tech2')")
    openids = {who: follow(phone, desk, "staff", who) for who in ("stf_tech", "stf_tech2")}
    off_duty(desk, "stf_tech")
    missed = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(2))).missed
    assert rounds.tell_leads(missed) == 1, "a colleague is on duty"
    assert deliver_all(notices, desk) == ["sent"]
    (message,) = received(phone, openids["stf_tech2"])
    assert f"{len(missed)}次巡检未完成：水泵房巡检" in str(message)
    assert f"甲小区 {SPOTS['pump_room']}" in str(message)
    assert "/console/rounds?show=missed" in str(message)

    off_duty(desk, "stf_tech2")
    desk.say("DELETE FROM outbox")
    more = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(1))).missed
    assert rounds.tell_leads(more) == 2
    assert deliver_all(notices, desk) == ["held_back", "held_back"]
    desk.say("UPDATE outbox SET done_at = now() WHERE id NOT LIKE '%@%'")
    with engine.begin() as conn:
        dead = sweeping.waiting(conn, datetime.now(UTC) + timedelta(minutes=1))
    assert dead == [], "what waits for its time is not taken for dead"
    desk.say("UPDATE staff SET on_duty = true WHERE id = 'stf_tech'")
    desk.say("DELETE FROM outbox WHERE id LIKE '%stf_tech2%' OR id NOT LIKE '%@%'")
    assert deliver_all(notices, desk) == ["sent"], "as soon as their duty begins"
    assert len(received(phone, openids["stf_tech"])) == 1


def test_whoever_acts_for_a_lead_on_days_away_is_told_too(
    engine: Engine, rounds: Rounds, notices: Notices, desk: Desk, phone: Playground
) -> None:
    plan(engine, planned_at=on_the_hour(3))
    desk.say("UPDATE staff SET roles = '{lead}' WHERE id = 'stf_tech'")
    openid = follow(phone, desk, "staff", "stf_tech2")
    away(desk, "stf_tech", "stf_tech2")
    missed = rounds.open(Firing(round_id="rnd_pump", at=on_the_hour(2))).missed
    assert rounds.tell_leads(missed) == 1
    deliver_all(notices, desk)
    deliver_all(notices, desk)
    assert len(received(phone, openid)) == 1
