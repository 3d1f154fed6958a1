"""Delivery's guarded steps, a role's notice spread over its members, read marks and credits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.domain.duty import Member
from models.domain.people import Role
from models.repositories import notices
from models.repositories.direct import Direct
from models.repositories.engines import single_statements
from models.tables.notices import NoticeRow
from tests.repositories.rows import filing, minute, rows, take_in


async def notice(
    direct: Direct, engine: Engine, number: str, to_kind: str = "resident", to_id: str = "res_owner"
) -> str:
    await take_in(direct, filing(number))
    row = {"id": f"{number}-n1-9-x", "number": number, "version": 1, "kind": "new_task"}
    with engine.begin() as conn:
        conn.execute(insert(NoticeRow), [row | {"to_kind": to_kind, "to_id": to_id, "facts": {"task": "t"}}])
    return row["id"]  # type: ignore[return-value]


def state(engine: Engine, name: str) -> tuple[str, str | None]:
    with engine.connect() as conn:
        (row,) = rows(conn, "SELECT delivery, channel FROM notices WHERE id = :id", id=name)
    return row.delivery, row.channel


async def test_only_one_attempt_begins(direct: Direct, engine: Engine, number: str) -> None:
    name = await notice(direct, engine, number)

    def begin(_: int) -> bool:
        with engine.begin() as conn:
            return notices.begin_sending(conn, name, minute(1))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(begin, range(4))) == 1
    with engine.begin() as conn:
        assert notices.back_to_pending(conn, name, "WeChat is away")
        assert not notices.back_to_pending(conn, name, "again")
        assert notices.begin_sending(conn, name, minute(2))
        assert notices.finish(conn, name, "sent", minute(2), channel="mini")
        assert not notices.begin_sending(conn, name, minute(3))
        assert not notices.finish(conn, name, "centre_only", minute(3), channel="centre")
        assert not notices.back_to_pending(conn, name, "too late")
    assert state(engine, name) == ("sent", "mini")


async def test_what_is_left_behind_is_uncertain_for_good(direct: Direct, engine: Engine, number: str) -> None:
    name = await notice(direct, engine, number)
    with engine.begin() as conn:
        notices.begin_sending(conn, name, minute(1))
        assert notices.mark_left_behind(conn, minute(1)) == []
        assert notices.mark_left_behind(conn, minute(1.1)) == [name]
        assert not notices.begin_sending(conn, name, minute(2))
    assert state(engine, name) == ("uncertain", None)


async def test_a_roles_notice_reaches_each_active_member_in_scope_once(
    direct: Direct, engine: Engine, number: str
) -> None:
    name = await notice(direct, engine, number, "role", "dispatcher")
    with engine.begin() as conn:
        (member,) = notices.members(conn, name, [Role.DISPATCHER])
        assert member == Member(id="stf_dispatcher", roles=(Role.DISPATCHER,), on_duty=True)
        assert notices.spread(conn, name, [member.id], minute(1)) == 1
        assert notices.spread(conn, name, [member.id], minute(2)) == 0
        found = rows(conn, "SELECT id, to_kind, to_id, facts, delivery FROM notices WHERE number = :n", n=number)
        # The dispatcher of the other community hears nothing.
        assert {(row.to_kind, row.to_id, row.delivery) for row in found} == {
            ("role", "dispatcher", "spread"),
            ("staff", "stf_dispatcher", "pending"),
        }
        assert {tuple(row.facts.items()) for row in found} == {(("task", "t"),)}
        wishes = rows(conn, "SELECT id, body FROM outbox WHERE number = :n AND action = 'notice'", n=number)
        assert [(wish.id, wish.body) for wish in wishes] == [
            (f"{name}-stf_dispatcher", {"notice": f"{name}-stf_dispatcher"})
        ]
        conn.execute(text("UPDATE staff SET active = false WHERE id = 'stf_tech2'"))
    other = await notice(direct, engine, number.replace("1121", "1120"), "role", "technician")
    with engine.begin() as conn:
        assert [member.id for member in notices.members(conn, other, [Role.TECHNICIAN])] == ["stf_tech"]
        conn.execute(text("UPDATE staff SET active = true"))


async def test_read_marks_are_ones_own(direct: Direct, async_engine: AsyncEngine, engine: Engine, number: str) -> None:
    name = await notice(direct, engine, number)
    async with single_statements(async_engine).connect() as conn:
        assert not await notices.mark_read(conn, name, "resident", "res_other", minute(1))
        assert await notices.mark_read(conn, name, "resident", "res_owner", minute(2))
        assert await notices.mark_read(conn, name, "resident", "res_owner", minute(3))
    with engine.connect() as conn:
        (row,) = rows(conn, "SELECT read_at FROM notices WHERE id = :id", id=name)
    assert row.read_at == minute(2)


async def test_credits_are_granted_spent_and_never_negative(
    direct: Direct, async_engine: AsyncEngine, engine: Engine
) -> None:
    async with single_statements(async_engine).connect() as conn:
        await notices.grant_credits(conn, "o-9", ["progress", "finished", "progress"])
        await notices.grant_credits(conn, "o-9", ["progress"])
        await notices.refuse_credits(conn, "o-9", ["progress", "your_turn"], minute(1))
        assert await notices.credits_of(conn, "o-9") == {
            "progress": (2, minute(1)),
            "finished": (1, None),
            "your_turn": (0, minute(1)),
        }
    with engine.begin() as conn:
        assert [notices.spend_credit(conn, "o-9", "progress") for _ in range(3)] == [True, True, False]
        notices.zero_credits(conn, "o-9", "finished")
        assert not notices.spend_credit(conn, "o-9", "finished")
