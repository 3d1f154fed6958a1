"""Models and examples of the answers about groups, incidents and public works, for OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from api.shapes import Shape


class SimilarReason(Shape):
    reason: str
    title: str
    points: int


class SimilarOrder(Shape):
    number: str
    place: str
    category_title: str
    stage: str
    stage_title: str
    submitted_at: datetime
    description: str
    score: int
    reasons: list[SimilarReason]


class SimilarOrders(Shape):
    items: list[SimilarOrder]


class Incident(Shape):
    """`reports` is how many open orders follow it."""

    id: str
    community_id: str
    kind: str
    kind_title: str
    title: str
    text: str
    categories: list[str]
    building_ids: list[str]
    takes_emergencies: bool
    open: bool
    opened_at: datetime
    closed_at: datetime | None
    reports: int
    gathered: list[str] | None = None


class Incidents(Shape):
    items: list[Incident]


class PublicWork(Shape):
    """`joined` counts neighbours and merged reports. `photos` show the result, never what was reported."""

    number: str
    category: str
    category_title: str
    place: str
    stage: str
    stage_title: str
    submitted_at: datetime
    next_deadline: datetime | None
    joined: int
    joined_by_me: bool
    mine: bool
    photos: list[dict[str, Any]]


class PublicWorks(Shape):
    items: list[PublicWork]
    next_cursor: str | None


class SimilarPublicWork(PublicWork):
    score: int
    reasons: list[SimilarReason]


class SimilarPublicWorks(Shape):
    items: list[SimilarPublicWork]
    incident: dict[str, Any] | None


REASONS: Final = [
    {"reason": "same_category", "title": "同一类别", "points": 20},
    {"reason": "same_spot", "title": "同一位置", "points": 30},
    {"reason": "within_an_hour", "title": "1小时内", "points": 15},
]
SIMILAR: Final = {
    "number": "BX20261122-00018",
    "place": "2栋 电梯",
    "category_title": "电梯",
    "stage": "submitted",
    "stage_title": "待派单",
    "submitted_at": "2026-11-22T09:00:00+00:00",
    "description": "电梯停在3层不动",
    "score": 65,
    "reasons": REASONS,
}
INCIDENT: Final = {
    "id": "inc_7h2k9m",
    "community_id": "com_7h2k9m",
    "order_kind": "repair",
    "kind": "power_cut",
    "kind_title": "停电",
    "title": "2栋停电",
    "text": "2栋因配电故障停电，电工已到场，预计20点前恢复。",
    "categories": ["electric"],
    "building_ids": ["bld_7h2k9m"],
    "takes_emergencies": False,
    "open": True,
    "opened_at": "2026-11-22T09:00:00+00:00",
    "closed_at": None,
    "reports": 3,
}
PUBLIC_WORK: Final = {
    "number": "BX20261122-00018",
    "category": "lift",
    "category_title": "电梯",
    "place": "2栋 电梯",
    "stage": "in_progress",
    "stage_title": "处理中",
    "submitted_at": "2026-11-22T09:00:00+00:00",
    "next_deadline": "2026-11-22T13:00:00+00:00",
    "joined": 3,
    "joined_by_me": False,
    "mine": False,
    "photos": [],
}
