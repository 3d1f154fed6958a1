"""Complaints that wait for a repair: the repair's end wakes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from models.domain.order import OrderState
from models.repositories.accompanying import command
from models.repositories.prepared import Prepared

WAITS_FOR: Final = "waits_for"
"""Why a complaint and a repair are linked, when the one waits for the other."""

_WAITING: Final = Prepared(
    "awaiting_order",
    """
    SELECT w.number, t.id AS task_id FROM order_links l
    JOIN work_orders w ON w.number IN (l.number, l.other) AND w.number <> :number
    JOIN tasks t ON t.number = w.number AND t.kind = 'handle' AND t.closed_at IS NULL
    WHERE l.why = :why AND (l.number = :number OR l.other = :number) AND w.stage = 'on_hold'
    """,
)


def may_be_awaited(order: OrderState) -> bool:
    """Whether its work is over and of a kind that others wait for."""
    return order.kind == "repair" and order.stage in order.lifecycle.after_work


def wake(conn: Connection, order: OrderState) -> None:
    """Once the work on an order is over, whoever waits for it goes on. Said twice, it is one command."""
    if not may_be_awaited(order):
        return
    for row in _WAITING.run(conn, {"number": order.number, "why": WAITS_FOR}).all():
        command(conn, [row.number], "resume", {"task_id": row.task_id}, order.number)
