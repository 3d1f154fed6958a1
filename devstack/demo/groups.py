"""One incident under way, and neighbours who met the lift fault too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, insert, text

from devstack.demo.people import owner_id, staff_id
from devstack.demo.places import XFL
from models.tables.groups import Incident, PublicJoin

DOORS_DOWN: Final = "inc_demo_doors"

NEIGHBOURS: Final = (14, 15, 16)
"""The owners who pressed 我也遇到."""


def write_incident(conn: Connection, building: str, now: datetime) -> None:
    """The doors of building 3, where none of the demo's owners lives: what they report stays their own."""
    conn.execute(
        insert(Incident),
        [
            {
                "id": DOORS_DOWN,
                "community_id": XFL,
                "order_kind": "repair",
                "kind": "no_network",
                "title": "3栋门禁中断",
                "text": "3栋门禁控制器故障，厂家正在更换，预计今晚恢复；期间大堂门常开，秩序员值守。",
                "categories": ["access_control"],
                "building_ids": [building],
                "takes_emergencies": False,
                "opened_by": staff_id("clerk"),
                "opened_at": now - timedelta(minutes=40),
            }
        ],
    )


def write_neighbours(conn: Connection, now: datetime) -> None:
    """After the orders, which they refer to."""
    followed = text("SELECT primary_number FROM work_orders WHERE primary_number IS NOT NULL")
    lift = conn.execute(followed).scalars().one()
    joined = [
        {"number": lift, "resident_id": owner_id(number), "joined_at": now - timedelta(minutes=number)}
        for number in NEIGHBOURS
    ]
    conn.execute(insert(PublicJoin), joined)
    conn.execute(text("UPDATE work_orders SET accompanied = true WHERE number = :number"), {"number": lift})
