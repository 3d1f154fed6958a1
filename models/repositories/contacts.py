"""Whom to ask for at the door. Names and phones stay in Postgres; the workflow only hears that they have changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain import rights
from models.domain.commands import Amend
from models.domain.errors import NotFound
from models.domain.order import OrderState
from models.domain.people import Actor

_LOCK: Final = text("SELECT state FROM work_orders WHERE number = :number FOR UPDATE").columns(state=JSONB)
_CHANGE: Final = text("""
    UPDATE work_orders SET contact_name = :name, contact_phone_sealed = :phone, touched_at = now()
    WHERE number = :number
""")


def change(
    conn: Connection, number: str, actor: Actor, command: Amend, name: str, phone_sealed: bytes, now: datetime
) -> None:
    """Under the row's lock and the rules of the amendment that it belongs to. Raises NotFound, Refusal."""
    row = conn.execute(_LOCK, {"number": number}).one_or_none()
    if row is None:
        raise NotFound("order_not_found")
    rights.may_amend(OrderState.model_validate(row.state), actor, command, now)
    conn.execute(_CHANGE, {"number": number, "name": name, "phone": phone_sealed})
