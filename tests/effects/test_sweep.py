"""The sweep brings to an end what nobody else would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from integrations.storage import Storage
from tests.effects.desk import Desk
from tests.effects.test_relay import until
from workers.errands import Errands
from workers.sweep import Sweep
from workers.temporal import effects_worker
from workflows import names

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(minutes=5)


@pytest.fixture
def sweep(engine: Engine, client: Client, storage: Storage) -> Sweep:
    return Sweep(engine, client, storage)


async def test_a_send_left_behind_becomes_uncertain(desk: Desk, sweep: Sweep) -> None:
    order = await desk.order()
    old = desk.notice(order, delivery="sending", sending_since=LONG_AGO)
    fresh = desk.notice(order, delivery="sending", sending_since=NOW)
    await sweep.once(NOW)
    assert desk.delivery(old)[0] == "uncertain"
    assert desk.delivery(fresh)[0] == "sending"


async def test_notices_that_nobody_delivers_any_more_go_to_the_message_centre(
    desk: Desk, sweep: Sweep, client: Client
) -> None:
    @activity.defn(name=names.DELIVER_NOTICE)
    def gives_up(notice_id: str) -> str:
        raise ApplicationError("will never work", non_retryable=True)

    order = await desk.order()
    unknown, dead, waiting, young = (desk.notice(order) for _ in range(4))
    for notice in (unknown, dead, waiting):
        desk.wish(notice, order.number, done_at=LONG_AGO)
    desk.wish(young, order.number, done_at=NOW)
    async with effects_worker(client, [gives_up]):
        await start(client, desk, dead)
        await until(lambda: desk.rows("SELECT 1"))
        with pytest.raises(Exception, match="failed"):
            await client.get_activity_handle(dead).result()
    await start(client, desk, waiting)
    await sweep.once(NOW)
    assert desk.delivery(unknown) == ("centre_only", "centre")
    assert desk.delivery(dead) == ("centre_only", "centre")
    assert "failed" in desk.one("SELECT error FROM notices WHERE id = :id", id=dead).error
    assert desk.delivery(waiting)[0] == "pending"
    assert desk.delivery(young)[0] == "pending"
    await client.get_activity_handle(waiting).terminate()


async def start(client: Client, desk: Desk, notice_id: str) -> None:
    row = desk.one("SELECT * FROM outbox WHERE id = :id", id=notice_id)
    await Errands(client, None).carry_out(row, None)


async def test_a_notice_held_back_over_night_is_not_taken_for_dead(desk: Desk, sweep: Sweep) -> None:
    order = await desk.order()
    notice = desk.notice(order)
    desk.wish(notice, order.number, done_at=LONG_AGO, created_at=LONG_AGO)
    desk.wish(f"{notice}@1", order.number, body={"notice": notice}, not_before=NOW + timedelta(hours=8))
    await sweep.once(NOW)
    assert desk.delivery(notice)[0] == "pending"


async def test_uploads_that_nobody_completed_are_removed(desk: Desk, sweep: Sweep, storage: Storage) -> None:
    yesterday = NOW - timedelta(hours=25)
    abandoned, kept = desk.photo("awaiting", created_at=yesterday), desk.photo("uploaded", created_at=yesterday)
    young = desk.photo("awaiting")
    storage.put(f"upload/{abandoned}", b"never completed", "image/jpeg")
    await sweep.once(NOW)
    assert {row.id for row in desk.rows("SELECT id FROM photos")} == {kept, young}
    assert storage.head(f"upload/{abandoned}", 1) is None


async def test_old_keys_are_forgotten_and_young_ones_kept(desk: Desk, sweep: Sweep) -> None:
    order = await desk.order()
    insert = "INSERT INTO handled_requests (update_id, digest, version, at) VALUES (:id, 'd', 1, :at)"
    desk.say(insert, id="old", at=NOW - timedelta(days=7, minutes=1))
    desk.say(insert, id="young", at=NOW - timedelta(days=6))
    desk.say("UPDATE handled_requests SET at = :at WHERE number = :n", at=NOW, n=order.number)
    contact = "INSERT INTO pending_contacts VALUES (:id, 'd', '王五', :phone, :at)"
    desk.say(contact, id="old", phone=b"sealed", at=NOW - timedelta(days=7, minutes=1))
    desk.say(contact, id="young", phone=b"sealed", at=NOW - timedelta(days=6))
    await sweep.once(NOW)
    left = {row.update_id for row in desk.rows("SELECT update_id FROM handled_requests")}
    assert left == {"young", f"new-{order.number}"}
    assert [row.update_id for row in desk.rows("SELECT update_id FROM pending_contacts")] == ["young"]


async def test_a_start_that_was_lost_is_wished_for_again(desk: Desk, sweep: Sweep) -> None:
    lost, marked, waiting = [await desk.order() for _ in range(3)]
    desk.say("UPDATE work_orders SET submitted_at = :at", at=LONG_AGO)
    desk.say("DELETE FROM outbox WHERE number = :n", n=lost.number)
    desk.say("UPDATE outbox SET done_at = now() WHERE number = :n", n=marked.number)
    before = desk.one("SELECT * FROM outbox WHERE id = :n", n=waiting.number)
    await sweep.once(NOW)
    due = desk.rows("SELECT id FROM outbox WHERE action = 'start' AND done_at IS NULL AND leased_until IS NULL")
    assert {row.id for row in due} == {lost.number, marked.number, waiting.number}
    assert desk.one("SELECT * FROM outbox WHERE id = :n", n=waiting.number) == before


async def test_one_job_that_fails_holds_up_no_other(desk: Desk, engine: Engine, client: Client) -> None:
    order = await desk.order()
    stuck = desk.notice(order, delivery="sending", sending_since=LONG_AGO)
    abandoned = desk.photo("awaiting", created_at=NOW - timedelta(hours=25))
    desk.say("DELETE FROM outbox")
    desk.say("UPDATE work_orders SET submitted_at = :at", at=LONG_AGO)
    nowhere = Storage("http://127.0.0.1:9", "key", "secret", "none")
    await Sweep(engine, client, nowhere).once(NOW)
    assert desk.delivery(stuck)[0] == "uncertain"
    assert desk.rows("SELECT id FROM photos WHERE id = :id", id=abandoned)
    assert desk.rows("SELECT id FROM outbox WHERE id = :id", id=order.number)
