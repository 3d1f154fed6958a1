"""Delivering one notice: which channel, which credit, and what happens when WeChat refuses, fails or falls silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.exceptions import ApplicationError

from activities import notices as deliveries
from activities.notices import Notices
from activities.settling import settle_round
from models.domain.numbers import CHINA
from models.domain.order import OrderState
from models.repositories import delivery, plates
from tests.effects.desk import OWNER_OPENID, Desk
from tests.wechat.playground import Playground

SUBSCRIBE = "/cgi-bin/message/subscribe/send"
TEMPLATE = "/cgi-bin/message/template/send"
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


def allow(phone: Playground, desk: Desk, count: int = 1, template: str = "progress") -> None:
    """The owner presses 允许 so often, and we know of it."""
    phone.login(OWNER_OPENID)
    for _ in range(count):
        phone.tap("subscribe", openid=OWNER_OPENID, template_ids=[f"tmpl_{template}"])
    desk.credits(template, count)


def follow(phone: Playground, desk: Desk, table: str = "residents", who: str = "res_owner") -> str:
    """The person follows the service account, and we know their openid there."""
    column = "service_openid" if table == "residents" else "openid"
    openid: str = phone.tap("follow", openid=f"{who.replace('_', '-')}")["openid"]
    desk.say(f"UPDATE {table} SET {column} = :openid WHERE id = :who", openid=openid, who=who)  # noqa: S608
    return openid


def received(phone: Playground, openid: str = OWNER_OPENID) -> list[Any]:
    messages: list[Any] = phone.look("messages", openid=openid)
    return messages


# -- residents ---------------------------------------------------------------------------------------------------------


async def test_a_credit_sends_one_message_and_is_spent(notices: Notices, desk: Desk, phone: Playground) -> None:
    allow(phone, desk, 2)
    order = await desk.order()
    notice = desk.notice(order)
    assert notices.deliver(notice) == "sent"
    assert desk.delivery(notice) == ("sent", "mini")
    assert desk.credits_left("progress") == 1
    (message,) = received(phone)
    assert order.number in str(message)
    assert "1栋1单元101室" in str(message)
    assert notices.deliver(notice) == "sent"
    assert len(received(phone)) == 1, "a delivered notice is never sent again"


async def test_without_credit_it_goes_by_the_service_account(notices: Notices, desk: Desk, phone: Playground) -> None:
    openid = follow(phone, desk)
    notice = desk.notice(await desk.order())
    assert notices.deliver(notice) == "sent"
    assert desk.delivery(notice) == ("sent", "service")
    assert len(received(phone, openid)) == 1


async def test_a_credit_that_wechat_denies_is_struck_and_the_next_channel_tried(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    phone.login(OWNER_OPENID)
    desk.credits("progress", 3)
    openid = follow(phone, desk)
    notice = desk.notice(await desk.order())
    assert notices.deliver(notice) == "sent"
    assert desk.delivery(notice) == ("sent", "service")
    assert desk.credits_left("progress") == 0
    assert len(received(phone, openid)) == 1


async def test_who_can_be_reached_nowhere_finds_it_in_the_message_centre(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    phone.login(OWNER_OPENID)
    desk.credits("progress", 1)
    phone.tap("follow", openid=follow(phone, desk), following=False)
    notice = desk.notice(await desk.order())
    assert notices.deliver(notice) == "centre_only"
    why = desk.one("SELECT error FROM notices WHERE id = :id", id=notice).error
    assert "43101" in why
    assert "43004" in why
    unasked = desk.notice(await desk.order(), "dispatched", template=None)
    assert notices.deliver(unasked) == "centre_only"
    assert desk.one("SELECT error FROM notices WHERE id = :id", id=unasked).error is None


async def test_a_follower_hears_of_their_plate_without_the_plate(
    notices: Notices, desk: Desk, engine: Engine, phone: Playground
) -> None:
    openid = follow(phone, desk)
    desk.say(
        "INSERT INTO vehicles (id, community_id, plate_sealed, plate_hash, resident_id, house_id, registered_at)"
        " VALUES ('car_1', 'com_a', 'x', 'x', 'res_owner', 'hse_1', now())"
    )
    with engine.begin() as conn:
        plates.tell(conn, ["car_1"], "plate_ended", datetime.now(UTC))
        plates.tell(conn, ["car_1"], "plate_ended", datetime.now(UTC))
    (wish,) = desk.rows("SELECT body->>'notice' AS notice FROM outbox WHERE action = 'notice'")
    assert notices.deliver(wish.notice) == "sent"
    (message,) = received(phone, openid)
    assert message["data"]["thing1"] == "车牌登记"
    assert message["data"]["phrase2"] == "停止登记"


# -- trouble -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"kind": "busy"}, {"kind": "quota"}, {"kind": "outage"}])
async def test_an_outage_delays_and_loses_nothing(
    notices: Notices, desk: Desk, phone: Playground, fault: dict[str, str]
) -> None:
    allow(phone, desk)
    notice = desk.notice(await desk.order())
    phone.fault(path=SUBSCRIBE, count=2, **fault)
    for _ in range(2):
        with pytest.raises(ApplicationError) as later:
            notices.deliver(notice)
        assert not later.value.non_retryable
        assert desk.delivery(notice)[0] == "pending"
    assert notices.deliver(notice) == "sent"
    assert len(received(phone)) == 1
    assert desk.credits_left("progress") == 0


async def test_a_lost_answer_is_never_sent_again(notices: Notices, desk: Desk, phone: Playground) -> None:
    allow(phone, desk, 2)
    notice = desk.notice(await desk.order())
    phone.fault("reset", SUBSCRIBE)
    assert notices.deliver(notice) == "uncertain"
    assert notices.deliver(notice) == "uncertain"
    assert len(received(phone)) == 1
    assert desk.one("SELECT error FROM notices WHERE id = :id", id=notice).error


async def test_what_a_dead_attempt_left_behind_is_not_sent_again(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    allow(phone, desk)
    notice = desk.notice(await desk.order(), delivery="sending", sending_since=LONG_AGO)
    assert notices.deliver(notice) == "uncertain"
    assert received(phone) == []


# -- what still holds --------------------------------------------------------------------------------------------------


async def test_a_reminder_of_a_task_that_is_done_is_withdrawn(notices: Notices, desk: Desk, phone: Playground) -> None:
    allow(phone, desk)
    order = await desk.order()
    stale = desk.notice(order, "new_task", while_task=f"{order.number}.1")
    fresh = desk.notice(order, "new_task", while_task=f"{order.number}.1")
    assert notices.deliver(fresh) == "sent"
    desk.say("UPDATE tasks SET closed_at = now() WHERE number = :n", n=order.number)
    assert notices.deliver(stale) == "withdrawn"
    assert len(received(phone)) == 1


async def test_a_reminder_of_a_visit_that_was_moved_is_withdrawn(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    allow(phone, desk, 2, "your_turn")
    order = await desk.order()
    first = {"from": "2026-11-23T10:00:00+08:00", "to": "2026-11-23T12:00:00+08:00"}
    later = {"from": "2026-11-24T10:00:00+08:00", "to": "2026-11-24T12:00:00+08:00"}
    stale, fresh = (
        desk.notice(order, "visit_today", template="your_turn", facts={"visit": visit}) for visit in (first, later)
    )
    agreed = "UPDATE work_orders SET state = jsonb_set(state, '{appointment}', CAST(:visit AS jsonb)) WHERE number = :n"
    desk.say(agreed, visit=json.dumps(later), n=order.number)
    assert notices.deliver(stale) == "withdrawn"
    assert notices.deliver(fresh) == "sent"
    assert len(received(phone)) == 1


async def test_after_the_end_nobody_is_pressed(notices: Notices, desk: Desk, phone: Playground) -> None:
    openid = follow(phone, desk, "staff", "stf_tech")
    allow(phone, desk)
    order = await desk.order()
    desk.say("UPDATE work_orders SET open = false WHERE number = :n", n=order.number)
    breach = desk.notice(order, "breached", to_kind="staff", to_id="stf_tech", template="task")
    overtaken = desk.notice(order, "accepted")
    news = desk.notice(order, "cancelled")
    assert notices.deliver(breach) == "withdrawn"
    assert notices.deliver(overtaken) == "centre_only"
    assert notices.deliver(news) == "sent"
    assert received(phone, openid) == []
    assert len(received(phone)) == 1
    assert notices.deliver("forgotten-with-its-step") == "forgotten"


async def test_at_night_only_reminders_to_residents_wait(
    notices: Notices, desk: Desk, phone: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(phone, desk, 3)
    night = datetime(2026, 11, 22, 23, 0, tzinfo=CHINA)

    class Night(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return night.astimezone(tz)

    monkeypatch.setattr(deliveries, "datetime", Night)
    order = await desk.order()
    reminder, news = desk.notice(order, "reminder"), desk.notice(order, "accepted")
    assert notices.deliver(news) == "sent"
    assert notices.deliver(reminder) == "held_back"
    assert notices.deliver(reminder) == "held_back"
    assert desk.delivery(reminder)[0] == "pending"
    again = desk.one("SELECT id, not_before FROM outbox WHERE body->>'notice' = :id AND done_at IS NULL", id=reminder)
    assert again.id != reminder, "Temporal would refuse the same id"
    morning = datetime(2026, 11, 23, 8, 0, tzinfo=CHINA)
    assert morning <= again.not_before < morning + timedelta(minutes=10)
    night = again.not_before
    assert notices.deliver(reminder) == "sent"


# -- staff -------------------------------------------------------------------------------------------------------------


async def test_a_role_s_notice_becomes_one_for_each_member_in_scope(
    notices: Notices, desk: Desk, engine: Engine, phone: Playground
) -> None:
    order = await desk.order()
    notice = desk.notice(order, "new_task", to_kind="role", to_id="technician", template="task", facts={})
    assert notices.deliver(notice) == "spread"
    assert notices.deliver(notice) == "spread"
    told = desk.rows("SELECT to_id FROM notices WHERE number = :n AND to_kind = 'staff' ORDER BY to_id", n=order.number)
    assert [row.to_id for row in told] == ["stf_tech", "stf_tech2"]
    wishes = desk.rows("SELECT id FROM outbox WHERE number = :n AND action = 'notice'", n=order.number)
    assert len(wishes) == 2


def off_duty(desk: Desk, *staff: str) -> None:
    desk.say("UPDATE staff SET on_duty = false, duty_switched_at = now() WHERE id = ANY(:staff)", staff=list(staff))


def turn(desk: Desk, staff: str, begins: datetime) -> None:
    desk.say(
        "INSERT INTO duty_turns (id, staff_id, starts_at, ends_at, planned_by, created_at)"
        " VALUES (:id, :staff, :begins, :ends, :staff, now())",
        id=f"sft_{staff}_{begins:%m%d%H%M}",
        staff=staff,
        begins=begins,
        ends=begins + timedelta(hours=8),
    )


def wish_for(desk: Desk, notice: str) -> Any:
    return desk.one("SELECT * FROM outbox WHERE body->>'notice' = :id AND done_at IS NULL", id=notice)


async def test_off_duty_an_emergency_rings_at_once_and_all_else_when_duty_begins(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    openid = follow(phone, desk, "staff", "stf_tech")
    off_duty(desk, "stf_tech")
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    turn(desk, "stf_tech", begins)
    order = await desk.order()
    said = {"to_kind": "staff", "to_id": "stf_tech", "template": "task"}
    emergency = desk.notice(order, "new_task", **said, urgent=True)
    usual = desk.notice(order, "new_task", **said)
    assert notices.deliver(emergency) == "sent"
    assert "紧急" in str(received(phone, openid))
    assert notices.deliver(usual) == "held_back"
    assert wish_for(desk, usual).not_before == begins
    desk.say("UPDATE duty_turns SET starts_at = now() - interval '1 minute'")
    desk.say("UPDATE staff SET duty_switched_at = now() - interval '1 hour'")
    assert notices.deliver(usual) == "sent"
    assert len(received(phone, openid)) == 2


async def test_whoever_switches_on_is_told_at_once_of_what_waited(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    follow(phone, desk, "staff", "stf_tech")
    off_duty(desk, "stf_tech")
    order = await desk.order()
    said = {"to_kind": "staff", "to_id": "stf_tech", "template": "task"}
    waiting = desk.notice(order, "new_task", **said)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    later = desk.notice(order, "appointment_soon", **said, not_before=tomorrow)
    desk.wish(later, order.number, not_before=tomorrow)
    assert notices.deliver(waiting) == "held_back"
    assert wish_for(desk, waiting).not_before > datetime.now(UTC)
    with desk.engine.begin() as conn:
        delivery.look_again(conn, staff="stf_tech")
    wishes = desk.rows("SELECT not_before FROM outbox WHERE body->>'notice' = :id ORDER BY 1", id=waiting)
    assert [wish.not_before <= datetime.now(UTC) for wish in wishes] == [True, False]
    assert wish_for(desk, later).not_before == tomorrow, "a reminder has a time of its own"
    assert notices.deliver(waiting) == "held_back", "and nothing is lost when the duty was none"
    assert [
        row.id for row in desk.rows("SELECT id FROM outbox WHERE not_before > now() AND id LIKE :n", n=f"{waiting}@%")
    ]


async def test_what_is_no_news_when_duty_begins_stays_in_the_inbox(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    follow(phone, desk, "staff", "stf_tech")
    off_duty(desk, "stf_tech")
    order = await desk.order()
    said: dict[str, Any] = {"to_kind": "staff", "to_id": "stf_tech", "template": "task"}
    old = desk.notice(order, "urged", **said, created_at=datetime.now(UTC) - timedelta(days=4))
    soon = {"from": (datetime.now(UTC) + timedelta(minutes=50)).isoformat()}
    desk.say("UPDATE work_orders SET state = state || jsonb_build_object('appointment', CAST(:visit AS jsonb))"
             " WHERE number = :n", visit=json.dumps(soon), n=order.number)  # fmt: skip
    visit = desk.notice(order, "appointment_soon", **said, facts={"visit": soon})
    assert notices.deliver(old) == "centre_only"
    turn(desk, "stf_tech", datetime.now(UTC) + timedelta(hours=1))
    assert notices.deliver(visit) == "centre_only", "the visit will have begun"


@pytest.mark.parametrize(
    ("kind", "role", "off", "urgent", "told"),
    [
        ("new_task", "technician", ["stf_tech"], False, ["stf_tech2"]),
        ("new_task", "technician", ["stf_tech"], True, ["stf_tech", "stf_tech2"]),
        ("new_task", "technician", ["stf_tech", "stf_tech2"], False, ["stf_tech", "stf_tech2"]),
        ("low_rating", "lead", ["stf_lead"], False, ["stf_lead"]),
        ("breached", "lead", ["stf_lead"], False, ["stf_lead", "stf_manager"]),
        ("breached", "lead", [], False, ["stf_lead"]),
        ("breached", "lead", ["stf_lead", "stf_manager"], False, ["stf_lead"]),
    ],
)
async def test_a_role_s_notice_goes_to_those_on_duty(
    notices: Notices, desk: Desk, phone: Playground, kind: str, role: str, off: list[str], urgent: bool, told: list[str]
) -> None:
    desk.say(
        "INSERT INTO staff (id, account, name, password_hash, team, roles, skills, active, on_duty)"
        " SELECT 'stf_' || r, r, r, '', 'service', ARRAY[r], '{}', true, true FROM unnest(ARRAY['lead', 'manager']) r"
    )
    desk.say("INSERT INTO staff_scopes SELECT 'stf_' || r, 'com_a' FROM unnest(ARRAY['lead', 'manager']) r")
    off_duty(desk, *off)
    order = await desk.order()
    notice = desk.notice(order, kind, to_kind="role", to_id=role, template="task", facts={}, urgent=urgent)
    assert notices.deliver(notice) == "spread"
    copies = desk.rows("SELECT to_id FROM notices WHERE number = :n AND to_kind = 'staff' ORDER BY 1", n=order.number)
    assert [row.to_id for row in copies] == told


# -- days away ---------------------------------------------------------------------------------------------------------


def away(desk: Desk, staff: str, deputy: str | None, **changed: Any) -> None:
    today = datetime.now(CHINA).date()
    row = {"id": f"abs_{staff}", "staff": staff, "deputy": deputy, "since": today, "until": today, **changed}
    desk.say(
        "INSERT INTO absences (id, staff_id, deputy_id, since, until, recorded_by, created_at)"
        " VALUES (:id, :staff, :deputy, :since, :until, :staff, now())",
        **row,
    )


def to_deputy(desk: Desk, order: OrderState) -> list[str]:
    rows = desk.rows("SELECT id FROM notices WHERE number = :n AND to_id = 'stf_tech2' ORDER BY id", n=order.number)
    return [row.id for row in rows]


@pytest.mark.parametrize("urgent", [False, True])
async def test_whoever_acts_for_an_absentee_is_rung_about_their_task(
    notices: Notices, desk: Desk, phone: Playground, urgent: bool
) -> None:
    openid = follow(phone, desk, "staff", "stf_tech2")
    own = follow(phone, desk, "staff", "stf_tech")
    away(desk, "stf_tech", "stf_tech2")
    order = await desk.order()
    desk.say("UPDATE tasks SET holder_id = 'stf_tech' WHERE number = :n", n=order.number)
    task = f"{order.number}.1"
    said = {"to_kind": "staff", "to_id": "stf_tech", "template": "task", "while_task": task, "urgent": urgent}
    notice = desk.notice(order, "new_task", **said, facts={"task_kind": "accept"})
    assert notices.deliver(notice) == ("sent" if urgent else "held_back"), "an emergency rings at the absentee too"
    assert len(received(phone, own)) == urgent
    notices.deliver(notice)
    (copy,) = to_deputy(desk, order)
    assert wish_for(desk, copy).rank == (1 if urgent else 3)
    assert notices.deliver(copy) == "sent"
    (message,) = received(phone, openid)
    assert "代办" in str(message)
    desk.say("UPDATE tasks SET closed_at = now() WHERE number = :n", n=order.number)
    late = desk.notice(order, "warned", **said)
    assert notices.deliver(late) == "withdrawn"
    assert to_deputy(desk, order) == [copy], "what no longer holds is told to nobody"


async def test_a_deputy_is_rung_by_their_own_duty_and_in_their_own_right(
    notices: Notices, desk: Desk, phone: Playground
) -> None:
    follow(phone, desk, "staff", "stf_tech2")
    away(desk, "stf_tech", "stf_tech2")
    said: dict[str, Any] = {"to_kind": "staff", "to_id": "stf_tech", "template": "task"}

    async def told(about: str = "warned", **changed: Any) -> list[str]:
        order = await desk.order()
        desk.say("UPDATE tasks SET kind = 'accept', holder_id = :holder WHERE number = :n", n=order.number,
                 holder=changed.pop("holder", "stf_tech"))  # fmt: skip
        if changed.pop("excluded", False):
            desk.say("UPDATE work_orders SET excluded = '{stf_tech2}' WHERE number = :n", n=order.number)
        notice = desk.notice(order, about, **said, while_task=f"{order.number}.1")
        with desk.engine.begin() as conn:
            settle_round(conn, [notice], datetime.now(UTC), has_sms=False)
        return to_deputy(desk, order)

    assert await told(holder=None) == [], "work out of the pool is no deputy's by another's role"
    assert await told(excluded=True) == [], "nor what is kept from them"
    off_duty(desk, "stf_tech2")
    (copy,) = await told()
    assert notices.deliver(copy) == "held_back"
    away(desk, "stf_tech2", "stf_dispatcher")
    assert notices.deliver(copy) == "held_back"
    assert desk.rows("SELECT 1 FROM notices WHERE to_id = 'stf_dispatcher'") == [], (
        "a deputy's deputy has no such right"
    )
    desk.say("UPDATE absences SET ended_at = now() WHERE staff_id = 'stf_tech'")
    assert await told() == []
