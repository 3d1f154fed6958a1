"""A week of the guards' roster, and an inspector who is away with a deputy."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from devstack.demo.people import staff_id
from models.domain.numbers import CHINA

DAYS: Final = 7
TURNS: Final = (("guard", time(8), timedelta(hours=12)), ("guard2", time(20), timedelta(hours=12)))
AWAY_FOR: Final = timedelta(days=4)


def turn_rows(now: datetime) -> list[dict[str, Any]]:
    """Day and night at the gate, beginning with today's."""
    today = now.astimezone(CHINA).date()
    planned_by = staff_id("lead-order")
    return [
        {
            "id": f"sft_demo_{account}_{day}",
            "staff_id": staff_id(account),
            "starts_at": (start := datetime.combine(today + timedelta(days=day), begins, CHINA)),
            "ends_at": start + length,
            "planned_by": planned_by,
        }
        for day in range(DAYS)
        for account, begins, length in TURNS
    ]


def absence_rows(now: datetime) -> list[dict[str, Any]]:
    today = now.astimezone(CHINA).date()
    return [
        {
            "id": "abs_demo_inspector2",
            "staff_id": staff_id("inspector2"),
            "deputy_id": staff_id("inspector1"),
            "since": today,
            "until": today + AWAY_FOR,
            "recorded_by": staff_id("manager"),
        }
    ]
