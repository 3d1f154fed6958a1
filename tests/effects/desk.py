"""Puts orders, notices and photos into a database, and reads what has become of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, text

from models.domain.order import OrderState, Priority
from models.repositories.direct import Direct
from models.tables.notices import NoticeRow, WechatCredit
from models.tables.photos import Photo
from models.tables.plumbing import OutboxRow
from tests.repositories.rows import filing, take_in

OWNER = "res_owner"
OWNER_OPENID = "o-1"

_numbers = itertools.count(1)


class Desk:
    def __init__(self, engine: Engine, direct: Direct) -> None:
        self.engine = engine
        self.direct = direct

    async def order(self, priority: Priority = Priority.NORMAL) -> OrderState:
        """A repair, as intake writes it. Its number is not used by any other test, since they share one Temporal."""
        state = filing(f"BX20261122-{next(_numbers):05d}", priority)
        await take_in(self.direct, state)
        return state

    def notice(self, order: OrderState, kind: str = "accepted", **changed: Any) -> str:
        """A notice of the order's, by default one to its owner that spends a credit of `progress`."""
        notice = {
            "id": f"{order.number}-n{next(_numbers)}",
            "number": order.number,
            "version": 1,
            "kind": kind,
            "to_kind": "resident",
            "to_id": OWNER,
            "template": "progress",
            "facts": {"staff": "stf_tech"},
            "urgent": False,
            "delivery": "pending",
            "created_at": datetime.now(UTC),
            **changed,
        }
        with self.engine.begin() as conn:
            conn.execute(insert(NoticeRow), [notice])
        return str(notice["id"])

    def wish(self, notice_id: str, number: str, **changed: Any) -> None:
        """The outbox row of a notice."""
        row = {
            "id": notice_id,
            "action": "notice",
            "number": number,
            "version": 1,
            "rank": 3,
            "body": {"notice": notice_id},
            "created_at": datetime.now(UTC),
            "not_before": datetime.now(UTC) - timedelta(seconds=1),
            "attempts": 0,
            **changed,
        }
        with self.engine.begin() as conn:
            conn.execute(insert(OutboxRow), [row])

    def photo(self, status: str = "uploaded", **changed: Any) -> str:
        photo_id = f"pho_{next(_numbers)}"
        row = {
            "id": photo_id,
            "owner_kind": "resident",
            "owner_id": OWNER,
            "content_type": "image/jpeg",
            "declared_size": 1,
            "upload_key": f"upload/{photo_id}",
            "status": status,
            "created_at": datetime.now(UTC),
            "audience": "reporter",
            **changed,
        }
        with self.engine.begin() as conn:
            conn.execute(insert(Photo), [row])
        return photo_id

    def credits(self, template: str, count: int) -> None:
        with self.engine.begin() as conn:
            conn.execute(insert(WechatCredit), [{"openid": OWNER_OPENID, "template": template, "credits": count}])

    def say(self, sql: str, **values: Any) -> None:
        with self.engine.begin() as conn:
            conn.execute(text(sql), values)

    def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        with self.engine.connect() as conn:
            return conn.execute(text(sql), values).all()

    def one(self, sql: str, **values: Any) -> Any:
        (row,) = self.rows(sql, **values)
        return row

    def delivery(self, notice_id: str) -> tuple[str, str | None]:
        """How a notice stands, and by which channel it went."""
        row = self.one("SELECT delivery, channel FROM notices WHERE id = :id", id=notice_id)
        return row.delivery, row.channel

    def credits_left(self, template: str) -> int:
        row = self.one("SELECT credits FROM wechat_credits WHERE template = :template", template=template)
        return int(row.credits)
