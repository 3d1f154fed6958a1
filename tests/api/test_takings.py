"""A day's takings are those of that day in China, from its first moment until before the next one's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import insert

from models.domain.numbers import CHINA
from models.tables.orders import TaskRow
from tests.api.conftest import Api

DAY: Final = date(2026, 3, 1)
A_MOMENT: Final = timedelta(microseconds=1)


def settled(api: Api, number: str, at: datetime, receipt: str) -> None:
    claim = {
        "id": f"{number}.{receipt}",
        "number": number,
        "community_id": "com_a",
        "order_kind": "repair",
        "kind": "settle",
        "roles": ["cashier"],
        "also_seen_by": [],
        "opened_at": at,
        "opened_version": 1,
        "closed_at": at,
        "closed_version": 1,
        "outcome": "received",
        "closed_by": "stf_tech1",
        "form": {"amount": 100, "method": "cash", "receipt_no": receipt},
    }
    with api.engine.begin() as conn:
        conn.execute(insert(TaskRow), [claim])


def test_date_filter_uses_the_right_bound(api: Api) -> None:
    """Named for a filter that took the end of the range for its beginning (HC). Midnight in China is 16:00 of UTC."""
    number = api.owner().report()["number"]
    midnight = datetime.combine(DAY, time(), CHINA)
    following = midnight + timedelta(days=1)
    moments = {
        "the day before": midnight - A_MOMENT,
        "first": midnight,
        "noon": midnight + timedelta(hours=12),
        "last": following - A_MOMENT,
        "the day after": following,
    }
    for receipt, at in moments.items():
        settled(api, number, at, receipt)
    by_day = {
        day: [item["receipt_no"] for item in api.staff("manager").read("/staff/settlements", date=day)["items"]]
        for day in (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))
    }
    assert list(by_day.values()) == [["the day before"], ["first", "noon", "last"], ["the day after"]]
    assert api.staff("manager").read("/staff/settlements", date=DAY)["received"] == 300
