"""Filing a wrongly cancelled order again: the same words, place and photos under a new number, linked to the old."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.numbers import format_number
from models.domain.order import Filing, OrderState, new_order
from models.domain.sequels import Follows, Sequel
from models.repositories.intake import INTAKE_STATEMENT, Words, as_filed
from models.tables.base import new_id

_EARLIER: Final = text(
    """
    SELECT place_label, description, answers, contact_name, contact_phone_sealed, state
    FROM work_orders WHERE number = :number FOR UPDATE
    """
).columns(answers=JSONB, state=JSONB)

_FOLLOWER: Final = text(
    "SELECT number FROM work_orders WHERE follows = :number AND stage NOT IN ('cancelled', 'rejected')"
)
_NEXT: Final = text("SELECT nextval('order_number')")

_INTAKE: Final = text(INTAKE_STATEMENT).bindparams(bindparam("all", type_=JSONB))

_PHOTOS: Final = text("SELECT id FROM photos WHERE number = :number AND used_as = 'report' AND status = 'ready'")
_COPY_PHOTO: Final = text(
    """
    INSERT INTO photos (id, number, owner_kind, owner_id, content_type, declared_size, upload_key, final_key,
        thumbnail_key, status, sha256, width, height, created_at, audience, used_as)
    SELECT :copy, :number, owner_kind, owner_id, content_type, declared_size, upload_key, final_key,
        thumbnail_key, status, sha256, width, height, created_at, audience, used_as
    FROM photos WHERE id = :photo
    """
)
"""The picture itself is the same one in the store."""


def file_again(conn: Connection, number: str, now: datetime) -> str:
    """The number of the order that goes on with a cancelled one; filed now, unless it has been filed before."""
    earlier = conn.execute(_EARLIER, {"number": number}).one()
    before = conn.execute(_FOLLOWER, {"number": number}).scalar_one_or_none()
    if before is not None:
        return str(before)
    order = new_order(_filing(OrderState.model_validate(earlier.state), _number(conn, now), now))
    said = Words(
        place_label=earlier.place_label,
        description=earlier.description,
        answers=earlier.answers,
        contact_name=earlier.contact_name,
        contact_phone_sealed=earlier.contact_phone_sealed,
    )
    conn.execute(_INTAKE, {"all": [as_filed(order, said, update_id=f"again-{number}", digest=number)]})
    _show_photos_again(conn, number, order.number)
    return order.number


def _show_photos_again(conn: Connection, earlier: str, number: str) -> None:
    """What was reported with the earlier order stays with it, and is seen on the one that goes on with it."""
    for photo in conn.execute(_PHOTOS, {"number": earlier}).scalars().all():
        conn.execute(_COPY_PHOTO, {"photo": photo, "copy": new_id("pho"), "number": number})


def _number(conn: Connection, now: datetime) -> str:
    """A block of numbers is taken for one order, which is rare, and gaps are fine."""
    return format_number("repair", now, conn.execute(_NEXT).scalar_one())


def _filing(earlier: OrderState, number: str, now: datetime) -> Filing:
    """Everything as it was, the promises too: they begin again, because nobody has worked on it."""
    return Filing(
        number=number,
        kind=earlier.kind,
        community_id=earlier.community_id,
        place=earlier.place,
        category=earlier.category,
        priority=earlier.priority,
        levels=earlier.levels,
        terms=earlier.terms,
        reporter=earlier.reporter,
        charge=earlier.charge,
        vacant=earlier.vacant,
        follows=Follows(number=earlier.number, why=Sequel.OBJECTION),
        call_back_share=earlier.call_back_share,
        at=now,
    )
