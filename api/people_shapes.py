"""Models of the answers about staff, for OpenAPI, with their examples."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from api.shapes import Shape, Task


class AbsenceShape(Shape):
    id: str
    since: date
    until: date
    now: bool
    deputy: str | None
    deputy_name: str | None
    deputy_active: bool | None


class LeavingShape(Shape):
    """`moved` of `tasks` have left the person's hands; `failing` ones wait for an operator."""

    tasks: int
    moved: int
    failing: int
    left_at: datetime
    deputy: str | None


class ScopeShape(Shape):
    community_id: str
    buildings: list[str]


class Colleague(Shape):
    account: str
    name: str
    team: str
    roles: list[str]
    skills: list[str]
    cap: int | None
    active: bool
    firm_wide: bool
    scopes: list[ScopeShape]
    on_duty: bool
    absent: bool
    open_orders: int
    open_tasks: int
    absences: list[AbsenceShape]
    leaving: LeavingShape | None


class Colleagues(Shape):
    items: list[Colleague]


class Duty(Shape):
    on_duty: bool
    absent: bool


class OwnPhoneShape(Shape):
    """Whole it is never shown again."""

    phone_masked: str | None


class Turn(Shape):
    """Of a person (`account`), or of a team of a community."""

    id: str
    account: str | None
    name: str | None
    team: str | None
    community_id: str | None
    starts_at: datetime
    ends_at: datetime


class Roster(Shape):
    items: list[Turn]


class Planned(Shape):
    planned: list[str]


class Dropped(Shape):
    dropped: str


class Visit(Task):
    appointment: dict[str, Any] | None
    held_until: datetime | None
    later: bool


class Day(Shape):
    items: list[Visit]
    later: list[Visit]


class Outcome(Shape):
    """What became of one order: `code` and `detail` say why it was refused."""

    number: str
    ok: bool
    stage: str | None = None
    code: str | None = None
    detail: str | None = None


class Bulk(Shape):
    items: list[Outcome]
    done: int
    refused: int


COLLEAGUE: Final[dict[str, Any]] = {
    "account": "tech1",
    "name": "周强",
    "team": "engineering",
    "roles": ["technician"],
    "skills": ["water", "leak"],
    "cap": None,
    "active": False,
    "firm_wide": False,
    "scopes": [{"community_id": "com_4d8w1x", "buildings": []}],
    "on_duty": False,
    "absent": False,
    "open_orders": 1,
    "open_tasks": 1,
    "absences": [],
    "leaving": {
        "tasks": 4,
        "moved": 3,
        "failing": 0,
        "left_at": "2026-11-22T09:00:00+00:00",
        "deputy": "tech2",
        "deputy_name": "吴勇",
    },
}

TURN: Final[dict[str, Any]] = {
    "id": "sft_2m4n6p",
    "account": "tech1",
    "name": "周强",
    "team": None,
    "community_id": None,
    "starts_at": "2026-11-23T00:00:00+00:00",
    "ends_at": "2026-11-23T10:00:00+00:00",
}

BULK: Final[dict[str, Any]] = {
    "items": [
        {"number": "BX20261122-00017", "ok": True, "stage": "dispatched", "code": None, "detail": None},
        {
            "number": "BX20261122-00018",
            "ok": False,
            "stage": None,
            "code": "illegal_transition",
            "detail": "当前步骤不能取消",
        },
    ],
    "done": 1,
    "refused": 1,
}
