"""Who an account is, and photos on their way to the finaliser."""

from __future__ import annotations

from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.domain.people import Role
from models.repositories import people, photos
from models.repositories.engines import single_statements
from tests.repositories.rows import rows


def test_an_account_acts_with_its_roles_and_scope(engine: Engine) -> None:
    with engine.connect() as conn:
        found = people.staff_by_account(conn, "tech")
        assert found is not None
        actor, _ = found
        assert (actor.id, actor.roles, actor.communities) == ("stf_tech", (Role.TECHNICIAN,), ("com_a",))
        assert people.staff_by_account(conn, "nobody") is None
        conn.execute(text("DELETE FROM staff_scopes WHERE staff_id = 'stf_tech'"))
        nowhere = people.staff_by_account(conn, "tech")
        assert nowhere is not None
        assert nowhere[0].communities == ()
        conn.execute(text("UPDATE staff SET firm_wide = true WHERE account = 'tech'"))
        firm_wide = people.staff_by_account(conn, "tech")
        assert firm_wide is not None
        assert firm_wide[0].communities == people.EVERYWHERE
        conn.execute(text("UPDATE staff SET active = false WHERE account = 'tech'"))
        assert people.staff_by_account(conn, "tech") is None
        conn.rollback()


async def test_a_photo_is_uploaded_once_and_by_its_owner(async_engine: AsyncEngine, engine: Engine) -> None:
    async with single_statements(async_engine).connect() as conn:
        await photos.expect(
            conn,
            "pho_1",
            owner_kind="resident",
            owner_id="res_owner",
            content_type="image/png",
            size=10,
            upload_key="upload/pho_1",
        )
        assert not await photos.uploaded(conn, "pho_1", "staff", "res_owner")
        assert not await photos.uploaded(conn, "pho_1", "resident", "res_other")
        assert await photos.uploaded(conn, "pho_1", "resident", "res_owner")
        assert not await photos.uploaded(conn, "pho_1", "resident", "res_owner")
    with engine.connect() as conn:
        assert [tuple(row) for row in rows(conn, "SELECT id, action, body FROM outbox")] == [
            ("pho_1", "photo", {"photo": "pho_1"})
        ]
