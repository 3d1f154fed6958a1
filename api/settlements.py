"""收费: what came in on a day and what is still to come. The JSON interface and the console both ask here."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from api.sessions import StaffMember
from api.state import State
from models.domain import words
from models.domain.errors import Forbidden
from models.domain.money import plain_yuan
from models.domain.numbers import CHINA
from models.domain.people import Role
from models.repositories import quoting

Json = dict[str, Any]

READERS: Final = (Role.CASHIER, Role.FINANCE, Role.LEAD, Role.MANAGER)

COLUMNS: Final = (
    "时间",
    "单号",
    "位置",
    "类别",
    "结果",
    "收款方式",
    "金额（元）",
    "报价（元）",
    "收据号",
    "经办人",
    "原因",
)
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is reckoned by a spreadsheet instead of being shown."""


def today() -> date:
    return datetime.now(UTC).astimezone(CHINA).date()


async def of_day(state: State, member: StaffMember, day: date) -> Json:
    """`{date, items, totals, received, outstanding}` in the member's communities. Raises Forbidden."""
    if not member.actor.has(*READERS):
        raise Forbidden("finance_only")
    begin = datetime.combine(day, time(), CHINA)
    end = begin + timedelta(days=1)
    communities = member.actor.communities
    titles = await state.catalog.titles(state.direct)
    settled = await quoting.settled(state.direct, communities, begin, end)
    items = [_item(row, titles) for row in settled]
    outstanding = [_item(row, titles) for row in await quoting.outstanding(state.direct, communities)]
    return {
        "date": day,
        "items": items,
        "totals": totals(items),
        "received": sum(item["amount"] for item in items),
        "outstanding": outstanding,
    }


def totals(items: Sequence[Mapping[str, Any]]) -> list[Json]:
    """How often and how much by each method, the methods in their own order; all of them, so that a day's sheet always
    has the same lines.
    """
    answer = []
    for method, title in words.PAYMENT_METHODS.items():
        amounts = [item["amount"] for item in items if item["method"] == method]
        answer.append({"method": method, "title": title, "count": len(amounts), "amount": sum(amounts)})
    return answer


def as_csv(found: Json) -> str:
    """The day's list for a spreadsheet, with the mark by which it knows the encoding."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for item in found["items"]:
        writer.writerow([_plain(cell) for cell in _cells(item)])
    return "\ufeff" + sheet.getvalue()


def _cells(item: Json) -> tuple[str, ...]:
    at = datetime.fromisoformat(item["at"]) if isinstance(item["at"], str) else item["at"]
    return (
        f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}",
        item["number"],
        item["place"],
        item["category_title"],
        item["outcome_title"],
        item["method_title"] or "",
        plain_yuan(item["amount"]),
        plain_yuan(item["total"]),
        item["receipt_no"] or "",
        item["by_name"] or "",
        item["reason"] or "",
    )


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def _item(row: Mapping[str, Any], titles: Mapping[tuple[str, str], str]) -> Json:
    """One claim: settled, or with an amount still to come as `total`."""
    outcome, method = row["outcome"], row["method"]
    return {
        "number": row["number"],
        "community_id": row["community_id"],
        "place": row["place_label"],
        "category": row["category"],
        "category_title": titles.get((row["kind"], row["category"]), row["category"]),
        "at": row["at"],
        "outcome": outcome,
        "outcome_title": words.OUTCOMES[outcome] if outcome else None,
        "amount": row["amount"] or 0,
        "total": row["total"] or 0,
        "method": method,
        "method_title": words.PAYMENT_METHODS.get(method, method) if method else None,
        "receipt_no": row["receipt_no"],
        "reason": row["reason"],
        "by": row["by_account"],
        "by_name": row["by_name"],
    }
