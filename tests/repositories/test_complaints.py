"""Whom a complaint is kept from in the database, and how news finds the resident behind an alias."""

from __future__ import annotations

from sqlalchemy import Engine, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.domain.people import Role
from models.repositories import complaints, delivery, notices, reading
from models.repositories.direct import Direct
from models.repositories.engines import single_statements
from models.repositories.intake import Words
from models.tables.notices import NoticeRow
from tests.repositories.rows import filing, minute, take_in

ALIAS = "anon_1"


async def test_a_roles_notice_passes_by_whom_the_order_is_kept_from(
    direct: Direct, engine: Engine, number: str
) -> None:
    order = filing(number)
    await take_in(direct, order.model_copy(update={"excluded": ("stf_tech",)}))
    row = {"id": f"{number}-r", "number": number, "version": 1, "kind": "breached", "facts": {}}
    with engine.begin() as conn:
        conn.execute(insert(NoticeRow), [row | {"to_kind": "role", "to_id": "technician"}])
        told = notices.members(conn, f"{number}-r", [Role.TECHNICIAN])
    assert [one.id for one in told] == ["stf_tech2"]


async def test_news_for_an_alias_finds_the_resident(
    direct: Direct, engine: Engine, async_engine: AsyncEngine, number: str
) -> None:
    order = filing(number)
    hidden = order.model_copy(update={"reporter": order.reporter.model_copy(update={"id": ALIAS})})
    await take_in(direct, hidden, Words(place_label="甲小区", description="晚上太吵", alias_of="res_owner"))
    row = {"id": f"{number}-a", "number": number, "version": 1, "kind": "answered", "facts": {}}
    with engine.begin() as conn:
        conn.execute(insert(NoticeRow), [row | {"to_kind": "resident", "to_id": ALIAS, "template": "review_result"}])
        letter = delivery.letter(conn, f"{number}-a")
    assert letter is not None
    assert letter.mini_openid == "o-1"
    found = await reading.messages(direct, "resident", "res_owner", limit=50)
    assert f"{number}-a" in [one["id"] for one in found]
    async with single_statements(async_engine).connect() as conn_:
        assert await notices.mark_read(conn_, f"{number}-a", "resident", "res_owner", minute(1))
    listed = await reading.orders_of_resident(direct, "res_owner", limit=100)
    assert number in [one["number"] for one in listed]
    detail = await reading.order_detail(direct, number, "res_owner")
    assert detail is not None
    assert detail["speaks_as"] == ALIAS


async def test_who_reports_to_whom_to_the_last(direct: Direct, engine: Engine) -> None:
    """Also where two are said to report to each other."""
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET reports_to = 'stf_tech' WHERE id = 'stf_tech2'"))
        conn.execute(text("UPDATE staff SET reports_to = 'stf_tech2' WHERE id = 'stf_dispatcher'"))
        conn.execute(text("UPDATE staff SET reports_to = 'stf_dispatcher' WHERE id = 'stf_tech'"))
    found = await complaints.complained_of(direct, "tech", "com_a")
    assert found is not None
    assert set(found.excluded) == {"stf_tech", "stf_tech2", "stf_dispatcher"}
    assert await complaints.complained_of(direct, "tech", "com_b") is None
    with engine.begin() as conn:
        conn.execute(text("UPDATE staff SET reports_to = NULL"))
