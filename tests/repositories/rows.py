"""The people, places and orders that these tests write about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from models.domain.forms import Window
from models.domain.lifecycles.repair import LEVELS
from models.domain.order import Filing, OrderState, Priority, Reporter, new_order
from models.domain.people import Actor, Role
from models.domain.places import Place
from models.repositories import intake
from models.repositories.direct import Direct
from models.tables.catalog import Category
from models.tables.people import Resident, Staff, StaffScope, Tie
from models.tables.places import Building, Community, House

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)

TECH = Actor(kind="staff", id="stf_tech", roles=(Role.TECHNICIAN,), communities=("com_a",))
TECH2 = Actor(kind="staff", id="stf_tech2", roles=(Role.TECHNICIAN,), communities=("com_a",))
DISPATCHER = Actor(kind="staff", id="stf_dispatcher", roles=(Role.DISPATCHER,), communities=("com_a",))
STRANGER = Actor(kind="staff", id="stf_stranger", roles=(Role.DISPATCHER,), communities=("com_b",))
OWNER = Actor(kind="resident", id="res_owner")
STAFF = {"tech": TECH, "tech2": TECH2, "dispatcher": DISPATCHER, "stranger": STRANGER}


def minute(count: float) -> datetime:
    """So many minutes after the order was filed."""
    return START + timedelta(minutes=count)


def world(conn: Connection) -> None:
    """Two communities; one house with an owner; four members of staff."""
    conn.execute(
        insert(Community),
        [
            {"id": "com_a", "code": "a", "name": "甲小区", "duty_phone": "400"},
            {"id": "com_b", "code": "b", "name": "乙小区", "duty_phone": "401"},
        ],
    )
    conn.execute(insert(Building), [{"id": "bld_1", "community_id": "com_a", "name": "1栋", "units": 1, "floors": 6}])
    conn.execute(
        insert(House),
        [
            {"id": "hse_1", "community_id": "com_a", "building_id": "bld_1", "label": "1栋1单元101室"},
            {"id": "hse_2", "community_id": "com_a", "building_id": "bld_1", "label": "1栋1单元102室"},
        ],
    )
    conn.execute(insert(Resident), [{"id": "res_owner", "openid": "o-1", "name": "王芳"}])
    conn.execute(insert(Tie), [{"resident_id": "res_owner", "house_id": "hse_1", "kind": "owner", "since": START}])
    conn.execute(
        insert(Staff),
        [
            {
                "id": actor.id,
                "account": account,
                "name": account,
                "password_hash": "-",
                "team": "engineering",
                "roles": [role.value for role in actor.roles],
                "skills": [],
                "active": True,
                "on_duty": True,
            }
            for account, actor in STAFF.items()
        ],
    )
    conn.execute(
        insert(StaffScope),
        [
            {"staff_id": actor.id, "community_id": community}
            for actor in STAFF.values()
            for community in actor.communities
        ],
    )
    conn.execute(insert(Category), [{"kind": "repair", "code": "water", "title": "水暖", "skill": "water"}])


def filing(number: str, priority: Priority = Priority.NORMAL, appointment: Window | None = None) -> OrderState:
    return new_order(
        Filing(
            number=number,
            kind="repair",
            community_id="com_a",
            place=Place(house_id="hse_1", building_id="bld_1"),
            category="water",
            priority=priority,
            levels=LEVELS[priority],
            reporter=Reporter(kind="resident", id="res_owner"),
            appointment=appointment,
            at=START,
        )
    )


WORDS = intake.Words(place_label="1栋1单元101室", description="厨房水管漏水")


async def take_in(
    db: Direct, state: OrderState, words: intake.Words = WORDS, key: str | None = None, digest: str = "d"
) -> intake.Taken:
    return await intake.take_in(db, state, words, update_id=key or f"new-{state.number}", digest=digest)


def rows(conn: Connection, sql: str, **values: Any) -> Sequence[Any]:
    return conn.execute(text(sql), values).all()
