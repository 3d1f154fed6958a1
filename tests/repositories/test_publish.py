"""Publishing a step: once, whatever is repeated, forgotten or late, and the rows always equal the state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.projection import Projection
from models.domain import acts, commands
from models.domain.lifecycles.repair import ACCEPT, CARRY_OUT, CONFIRM
from models.domain.order import Audience, OrderState, Priority
from models.domain.step import Batch, Handled, Published, Step
from models.repositories.direct import Direct
from models.repositories.publish import OrderRowMissing, mark_ended, publish, publish_at_once
from models.tables.base import metadata
from models.tables.photos import Photo
from tests.repositories.rows import DISPATCHER, OWNER, START, TECH, TECH2, filing, minute, take_in


async def filed(direct: Direct, number: str, priority: Priority = Priority.NORMAL) -> Step:
    state = filing(number, priority)
    await take_in(direct, state)
    return Step(state)


def assigned(step: Step, at: float, tech: str = TECH.id, key: str = "k") -> Batch:
    """The dispatcher gives the order to a technician, as the lifecycle does it."""
    task = step.state.task_of("dispatch")
    assert task is not None
    command = commands.Complete(task_id=task.id, outcome="assigned", form={"staff": tech})
    moved = acts.complete(step, DISPATCHER, command, minute(at))
    step.enter("dispatched", minute(at), moved.event)
    step.state.assignee = tech
    step.open(ACCEPT, minute(at), tech, ACCEPT.roles)
    step.handled.append(Handled(update_id=f"{step.state.number}-{key}", digest="d"))
    return step.batch(minute(at))


def accepted(step: Step, at: float) -> Batch:
    task = step.state.task_of("accept")
    assert task is not None
    moved = acts.complete(step, TECH, commands.Complete(task_id=task.id, outcome="accepted"), minute(at))
    step.enter("accepted", minute(at), moved.event)
    step.open(CARRY_OUT, minute(at), TECH.id, CARRY_OUT.roles)
    return step.batch(minute(at))


def commented(step: Step, at: float, words: str, photos: tuple[str, ...] = (), key: str = "") -> Batch:
    acts.comment(step, OWNER, commands.Comment(text=words, photo_ids=photos), minute(at))
    if key:
        step.handled.append(Handled(update_id=key, digest="d"))
    return step.batch(minute(at))


async def send(direct: Direct, engine: Engine, batch: Batch) -> Published:
    """At once if that is possible, as the worker does."""
    return await publish_at_once(direct, batch) or step_by_step(engine, batch)


def step_by_step(engine: Engine, batch: Batch) -> Published:
    with engine.begin() as conn:
        return publish(conn, batch)


def table(engine: Engine, name: str, number: str, order: str = "1") -> list[Any]:
    with engine.connect() as conn:
        columns = metadata.tables[name]
        return list(conn.execute(select(columns).where(columns.c.number == number).order_by(text(order))).all())


def everything(engine: Engine, number: str) -> dict[str, list[Any]]:
    names = ("work_orders", "timeline_events", "tasks", "notices", "outbox", "handled_requests", "forgotten_steps")
    return {name: table(engine, name, number, "1, 2, 3") for name in names}


def agrees(engine: Engine, state: OrderState) -> None:
    """The row and its open tasks are what the state says."""
    (order,) = table(engine, "work_orders", state.number)
    assert OrderState.model_validate(order.state) == state
    assert (order.stage, order.version, order.assignee_id) == (state.stage, state.version, state.assignee)
    tasks = [task for task in table(engine, "tasks", state.number) if task.closed_at is None]
    found = {task.id: (task.holder_id, task.rank) for task in tasks}
    assert found == {task.id: (task.holder, state.rank) for task in state.tasks.values()}


async def test_a_step_is_written_and_its_repetition_changes_nothing(
    direct: Direct, engine: Engine, number: str
) -> None:
    step = await filed(direct, number)
    batch = assigned(step, 1)
    assert await send(direct, engine, batch) == Published()
    agrees(engine, step.state)
    dispatch, accept = table(engine, "tasks", number)
    assert (dispatch.outcome, dispatch.closed_by, dispatch.closed_version) == ("assigned", DISPATCHER.id, 2)
    assert dispatch.due_at == step.state.clocks["accept"].due_at  # Kept, to judge later whether it was in time.
    assert (accept.holder_id, accept.roles, accept.opened_version) == (TECH.id, ["technician"], 2)
    notices = {notice.to_id: notice for notice in table(engine, "notices", number)}
    assert set(notices) == {"res_owner", TECH.id}
    wishes = {wish.id for wish in table(engine, "outbox", number) if wish.action == "notice"}
    assert wishes == {notices[TECH.id].id}
    assert notices["res_owner"].delivery == "centre_only"
    requests = {request.update_id: request.version for request in table(engine, "handled_requests", number)}
    assert requests[f"{number}-k"] == 2

    before = everything(engine, number)
    assert await send(direct, engine, batch) == Published()
    assert everything(engine, number) == before


async def test_a_forgotten_step_is_replaced_and_kept_for_the_auditor(
    direct: Direct, engine: Engine, number: str
) -> None:
    step = await filed(direct, number)
    with engine.begin() as conn:
        photo = {"owner_kind": "resident", "owner_id": "res_owner", "content_type": "image/png", "declared_size": 1}
        conn.execute(insert(Photo), [photo | {"id": f"p-{number}", "upload_key": "u", "status": "ready"}])
    forgetful = step.state.model_copy(deep=True)
    lost = Step(step.state)
    await send(direct, engine, commented(lost, 0.5, "你好", (f"p-{number}",)))
    await send(direct, engine, assigned(lost, 1, key="lost"))
    with engine.begin() as conn:
        # An effect added an event meanwhile; it has really happened and stays.
        conn.execute(
            text(
                "INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, facts)"
                " VALUES (:n, 3, 1000, 'photo_failed', now(), 'system', 'system', 'reporter', '{}')"
            ),
            {"n": number},
        )
        # One of the lost step's notices is on its way already: it can no more be taken back.
        conn.execute(
            text("UPDATE notices SET delivery = 'sent' WHERE number = :n AND to_id = 'stf_tech'"), {"n": number}
        )

    kept = Step(forgetful)
    batch = assigned(kept, 2, TECH2.id, key="kept")
    assert (batch.prev_version, batch.version) == (1, 2)
    assert await send(direct, engine, batch) == Published()
    agrees(engine, kept.state)
    assert [task.opened_version for task in table(engine, "tasks", number, "id")] == [1, 2]
    events = [(e.version, e.seq, e.kind) for e in table(engine, "timeline_events", number, "version, seq")]
    assert events == [(1, 0, "submitted"), (2, 0, "assigned"), (3, 1000, "photo_failed")]
    told = sorted((notice.to_id, notice.delivery) for notice in table(engine, "notices", number))
    assert told == [("res_owner", "centre_only"), ("stf_tech", "sent"), ("stf_tech2", "pending")]
    requests = {request.update_id for request in table(engine, "handled_requests", number)}
    assert f"{number}-lost" not in requests
    assert f"{number}-kept" in requests
    (forgotten,) = table(engine, "forgotten_steps", number)
    assert (forgotten.version, forgotten.replaced_by) == (3, 2)
    assert [event["kind"] for event in forgotten.rows["timeline"]] == ["commented", "assigned"]
    assert {task["holder_id"] for task in forgotten.rows["tasks"]} == {TECH.id}
    assert table(engine, "photos", number) == []
    unsent = {wish.id for wish in table(engine, "outbox", number) if wish.action == "notice"}
    assert unsent >= {n.id for n in table(engine, "notices", number) if n.delivery == "pending"}


async def test_a_task_closed_by_a_forgotten_step_is_open_again(direct: Direct, engine: Engine, number: str) -> None:
    step = await filed(direct, number)
    forgetful = Step(step.state.model_copy(deep=True))
    await send(direct, engine, assigned(step, 1))
    batch = commented(forgetful, 2, "请快一点")
    await send(direct, engine, batch)
    agrees(engine, forgetful.state)
    (task,) = table(engine, "tasks", number)
    assert (task.kind, task.closed_at, task.outcome, task.closed_by, task.form) == ("dispatch", None, None, None, {})


async def test_late_words_of_an_overtaken_worker_change_nothing(direct: Direct, engine: Engine, number: str) -> None:
    step = await filed(direct, number)
    old = Step(step.state.model_copy(deep=True))
    lost = [commented(old, 1, "一"), commented(old, 1.5, "二")]
    await send(direct, engine, lost[0])
    new = assigned(step, 2)
    await send(direct, engine, new)
    before = everything(engine, number)
    assert await send(direct, engine, lost[1]) == Published()
    assert everything(engine, number) == before


async def test_an_older_row_asks_for_the_whole_state_and_is_healed_by_it(
    direct: Direct, engine: Engine, number: str
) -> None:
    step = await filed(direct, number)
    assigned(step, 1)  # Never arrives, as after a restored backup.
    batch = accepted(step, 2)
    before = everything(engine, number)
    assert await send(direct, engine, batch) == Published(behind=True)
    assert everything(engine, number) == before

    whole = step.batch(minute(3), whole=True)
    assert await send(direct, engine, whole) == Published()
    agrees(engine, step.state)
    tasks = {task.kind: task for task in table(engine, "tasks", number)}
    assert tasks["dispatch"].outcome == "withdrawn"
    assert tasks["carry_out"].holder_id == TECH.id


async def test_whoever_has_left_is_named(direct: Direct, engine: Engine, number: str) -> None:
    step = await filed(direct, number)
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET active = false WHERE id = 'stf_tech2'"))
    batch = assigned(step, 1, TECH2.id)
    assert (await send(direct, engine, batch)).ineligible == [TECH2.id]
    assert (await send(direct, engine, batch)).ineligible == [TECH2.id]  # The first answer may have been lost.
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET active = true, roles = '{guard}' WHERE id = 'stf_tech2'"))
    assert (await send(direct, engine, batch)).ineligible == [TECH2.id]
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET roles = '{technician}' WHERE id = 'stf_tech2'"))
    assert (await send(direct, engine, batch)).ineligible == []


async def test_due_times_follow_the_promise_that_counts(direct: Direct, engine: Engine, number: str) -> None:
    step = await filed(direct, number)

    def due() -> dict[str, Any]:
        return {task.kind: task.due_at for task in table(engine, "tasks", number) if task.closed_at is None}

    await send(direct, engine, assigned(step, 1))
    assert due() == {"accept": minute(30)}
    await send(direct, engine, accepted(step, 2))
    assert due() == {"carry_out": START + timedelta(hours=4)}

    task = step.state.task_of("carry_out")
    assert task is not None
    until = minute(60)
    acts.hold(step, TECH, commands.PutOnHold(task_id=task.id, reason="parts", until=until), minute(3))
    await send(direct, engine, step.batch(minute(3)))
    assert due() == {"carry_out": None}
    assert table(engine, "work_orders", number)[0].next_due_at is None
    acts.resume(step, TECH, None, minute(13))
    await send(direct, engine, step.batch(minute(13)))
    assert due() == {"carry_out": START + timedelta(hours=4, minutes=10)}

    moved = acts.complete(step, TECH, commands.Complete(task_id=task.id, outcome="arrived"), minute(14))
    step.enter("in_progress", minute(14), moved.event)
    work = step.open(CARRY_OUT, minute(14), TECH.id, CARRY_OUT.roles)
    await send(direct, engine, step.batch(minute(14)))
    assert due() == {"carry_out": START + timedelta(days=3, minutes=10)}

    form = {"report": "换了垫圈", "photo_ids": []}
    moved = acts.complete(step, TECH, commands.Complete(task_id=work.id, outcome="finished", form=form), minute(20))
    step.enter("finished", minute(20), moved.event)
    confirm = step.open(CONFIRM, minute(20), OWNER.id, ())
    await send(direct, engine, step.batch(minute(20)))
    assert due() == {"confirm": confirm.gives_up_at}
    (order,) = table(engine, "work_orders", number)
    assert (order.finished_at, order.closed_at, order.open) == (minute(20), None, True)

    stars = {"rating": {"result": 5, "speed": 4, "manner": 3, "text": "好"}}
    moved = acts.complete(step, OWNER, commands.Complete(task_id=confirm.id, outcome="fixed", form=stars), minute(30))
    step.enter("closed", minute(30), moved.event)
    await send(direct, engine, step.batch(minute(30)))
    (order,) = table(engine, "work_orders", number)
    assert (order.finished_at, order.closed_at, order.open) == (minute(20), minute(30), False)
    assert (order.rating_result, order.rating_speed, order.rating_manner, order.rating_text) == (5, 4, 3, "好")
    agrees(engine, step.state)


async def test_open_tasks_keep_the_rank_of_their_order(direct: Direct, engine: Engine, number: str) -> None:
    """From its filing on; when it is urged, given another priority, put on hold."""
    step = await filed(direct, number, Priority.HIGH)

    def ranks() -> list[int]:
        return [task.rank for task in table(engine, "tasks", number) if task.closed_at is None]

    assert ranks() == [3]
    acts.urge(step, OWNER, commands.Urge(), minute(1))
    await send(direct, engine, step.batch(minute(1)))
    assert ranks() == [2]
    acts.amend(step, DISPATCHER, commands.Amend(priority="emergency", reason="水漫过门槛"), minute(2))
    await send(direct, engine, step.batch(minute(2)))
    assert ranks() == [0]
    agrees(engine, step.state)
    acts.amend(step, DISPATCHER, commands.Amend(priority="normal", reason="已关总阀"), minute(3))
    await send(direct, engine, step.batch(minute(3)))
    await send(direct, engine, assigned(step, 4))
    await send(direct, engine, accepted(step, 5))
    (task,) = step.state.tasks.values()
    acts.hold(step, TECH, commands.PutOnHold(task_id=task.id, reason="parts", until=minute(60)), minute(6))
    await send(direct, engine, step.batch(minute(6)))
    assert ranks() == [4]
    agrees(engine, step.state)


async def test_photos_of_a_comment_become_the_orders(direct: Direct, engine: Engine, number: str) -> None:
    step = await filed(direct, number)
    with engine.begin() as conn:
        photo = {"owner_kind": "resident", "owner_id": "res_owner", "content_type": "image/png", "declared_size": 1}
        conn.execute(insert(Photo), [photo | {"id": f"p-{number}", "upload_key": "u", "status": "ready"}])
    await send(direct, engine, commented(step, 1, "看照片", (f"p-{number}",)))
    (kept,) = table(engine, "photos", number)
    assert (kept.id, kept.used_as, kept.audience) == (f"p-{number}", "comment", "reporter")
    # Staff who show it among themselves do not take it away from whom it has been shown to.
    among_staff = commands.Comment(text="内部看看", photo_ids=(f"p-{number}",), audience=Audience.STAFF)
    acts.comment(step, DISPATCHER, among_staff, minute(2))
    await send(direct, engine, step.batch(minute(2)))
    (still,) = table(engine, "photos", number)
    assert (still.used_as, still.audience) == ("comment", "reporter")


async def test_what_contradicts_the_database_is_final_and_shown_to_the_operator(
    direct: Direct, engine: Engine, number: str
) -> None:
    step = await filed(direct, number)
    nudged: list[str] = []
    projection = Projection(engine, direct, lambda: nudged.append("relay"))
    environment = ActivityEnvironment()
    bad = assigned(step, 1, "stf_nobody")
    with pytest.raises(IntegrityError):
        await send(direct, engine, bad)
    with pytest.raises(ApplicationError) as refused:
        await environment.run(projection.publish, bad)
    assert (refused.value.type, refused.value.non_retryable) == ("projection_integrity", True)
    (order,) = table(engine, "work_orders", number)
    assert order.version == 1
    assert "ForeignKeyViolation" in order.projection_error

    good = Step(filing(number))
    assert await environment.run(projection.publish, assigned(good, 2)) == Published()
    (order,) = table(engine, "work_orders", number)
    assert order.projection_error is None
    assert nudged == ["relay"]
    await environment.run(projection.end, number)
    (ended,) = table(engine, "work_orders", number)
    with engine.begin() as conn:
        mark_ended(conn, number, minute(10_000_000))
    assert table(engine, "work_orders", number)[0].workflow_ended_at == ended.workflow_ended_at is not None
    await projection.close()


async def test_an_order_without_a_row_is_for_the_operator(direct: Direct, engine: Engine) -> None:
    step = Step(filing("BX20261122-77777"))
    with pytest.raises(OrderRowMissing):
        await send(direct, engine, commented(step, 1, "有人吗"))


async def test_a_notice_that_holds_while_a_task_is_open_goes_with_it(
    direct: Direct, engine: Engine, number: str
) -> None:
    step = await filed(direct, number)
    await send(direct, engine, assigned(step, 1))
    task = step.state.task_of("accept")
    assert task is not None
    step.record("accepted", TECH, step.state.issued_at)
    step.close(task, "accepted", TECH, step.state.issued_at)
    await send(direct, engine, step.batch(step.state.issued_at))
    (stale,) = [notice for notice in table(engine, "notices", number) if notice.while_task == task.id]
    (wish,) = [wish for wish in table(engine, "outbox", number) if wish.id == stale.id]
    assert stale.delivery == "withdrawn"
    assert wish.done_at is not None


async def test_a_usual_step_is_one_statement_and_any_other_is_left_alone(
    direct: Direct, engine: Engine, number: str
) -> None:
    """Also left alone: whatever the row shows to be unusual, of which the step itself knows nothing."""
    step = await filed(direct, number)

    async def left_alone(batch: Batch) -> None:
        before = everything(engine, number)
        assert await publish_at_once(direct, batch) is None
        assert everything(engine, number) == before

    def say(sql: str) -> None:
        with engine.begin() as conn:
            conn.execute(text(sql), {"n": number, "other": other.state.number})

    given = assigned(step, 1)
    await left_alone(given)  # Whether the technician may have it, only a lock on their row can tell.
    step_by_step(engine, given)
    batch = accepted(step, 2)
    assert await publish_at_once(direct, batch) == Published()
    agrees(engine, step.state)
    await left_alone(batch)  # It is written already.
    asked = commented(step, 3, "几点来？", key=f"{number}-asked")
    assert await publish_at_once(direct, asked) == Published()
    assert f"{number}-asked" in [row.update_id for row in table(engine, "handled_requests", number)]

    other = await filed(direct, f"{number}-b")
    later = commented(step, 4, "还在吗")
    say("UPDATE work_orders SET version = version + 1 WHERE number = :n")
    await left_alone(later)  # Temporal has forgotten a step.
    say("UPDATE work_orders SET version = version - 2 WHERE number = :n")
    await left_alone(later)  # The row is older than it should be.
    say("UPDATE work_orders SET version = version + 1, accompanied = true WHERE number = :n")
    await left_alone(later)  # Somebody follows it, and hears of it too.
    say("UPDATE work_orders SET accompanied = false WHERE number = :n")
    await left_alone(later.model_copy(update={"whole": True}))
    assert await publish_at_once(direct, later) == Published()

    say("INSERT INTO order_links (number, other, why, at, by_id) VALUES (:n, :other, 'waits_for', now(), 'x')")
    task = next(iter(step.state.tasks.values()))
    done = commands.Complete(task_id=task.id, outcome="finished", form={"report": "更换阀芯，已试水。"})
    moved = acts.complete(step, TECH, done, minute(5))
    step.enter("in_progress", minute(5), moved.event)
    assert await publish_at_once(direct, step.batch(minute(5))) == Published()
    step.enter("finished", minute(6))
    await left_alone(step.batch(minute(6)))  # Its end may wake whoever waits for it.
