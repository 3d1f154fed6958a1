"""Examples for OpenAPI: one repair, as its owner sees it and as the inbox shows its task."""

from __future__ import annotations

from typing import Any, Final

NUMBER: Final = "BX20261122-00017"

TASK: Final[dict[str, Any]] = {
    "id": f"{NUMBER}.1",
    "kind": "dispatch",
    "title": "派单",
    "order": {"number": NUMBER, "kind": "repair", "stage": "submitted", "summary": "水暖 · 1栋1单元101室"},
    "holder": None,
    "candidates": ["dispatcher"],
    "due_at": "2026-11-22T09:30:00+00:00",
    "overdue": False,
    "created_at": "2026-11-22T09:00:00+00:00",
    "claimable": True,
    "on_behalf": False,
    "outcomes": [
        {
            "outcome": "assigned",
            "title": "指派",
            "form": {
                "type": "object",
                "properties": {"staff": {"type": "string", "format": "staff", "title": "人员"}},
                "required": ["staff"],
            },
        }
    ],
}

ITEM: Final[dict[str, Any]] = {
    "number": NUMBER,
    "id": NUMBER,
    "kind": "repair",
    "stage": "accepted",
    "stage_title": "已接单",
    "open": True,
    "priority": "normal",
    "place": "1栋1单元101室",
    "category": "water",
    "summary": "水暖 · 1栋1单元101室",
    "submitted_at": "2026-11-22T09:00:00+00:00",
    "due_at": "2026-11-22T13:00:00+00:00",
    "overdue": False,
    "holder": "张师傅",
    "urged": 0,
    "following": False,
}

ORDER: Final[dict[str, Any]] = {
    **{name: value for name, value in ITEM.items() if name not in ("due_at", "overdue", "urged", "place", "following")},
    "place": {"label": "1栋1单元101室", "public": False, "house_id": "hse_7h2k9m"},
    "description": "厨房水龙头一直滴水，关不紧",
    "next_deadline": {"clock": "arrive", "title": "上门", "due_at": "2026-11-22T13:00:00+00:00", "overdue": False},
    "waiting": None,
    "bulletin": {
        "where": "师傅已接单，待上门",
        "who": "张师傅",
        "next": "张师傅上门",
        "by": "2026-11-22T13:00:00+00:00",
        "by_words": "上门时限 11月22日 21:00",
        "late": False,
        "waiting_for": "等张师傅上门",
        "urged": None,
    },
    "group": None,
    "visit": None,
    "urges": {"count": 0, "here": 0, "last_at": None},
    "temporary": False,
    "follows": None,
    "followed_by": None,
    "may_rework": None,
    "referral": None,
    "vacant": False,
    "entry": None,
    "charge": "paid",
    "appointment_status": None,
    "quote": {
        "lines": [{"item": "角阀", "quantity": 2, "price": 4500, "amount": 9000}],
        "note": None,
        "total": 9000,
        "status": "open",
        "status_title": "待确认",
        "at": "2026-11-22T10:00:00+00:00",
        "answered_at": None,
    },
    "settlement": {"approved": 0, "due": 0, "received": 0, "wechat_pay": False},
    "rating": None,
    "photos": [],
    "timeline": [
        {
            "id": "1.0",
            "kind": "submitted",
            "title": "提交工单",
            "at": "2026-11-22T09:00:00+00:00",
            "by": {"kind": "resident", "name": "我"},
            "audience": "reporter",
            "stage": "submitted",
            "facts": {},
        }
    ],
    "tasks": [],
    "actions": [{"action": "urge"}, {"action": "cancel"}, {"action": "comment"}],
}

TROUBLED: Final[dict[str, Any]] = {
    "number": NUMBER,
    "stage": "accepted",
    "stage_title": "已接单",
    "community": "幸福里",
    "submitted_at": "2026-11-22T09:00:00+00:00",
    "trouble": "lost",
    "title": "流程缺失",
    "cause": "流程引擎中没有这张工单的运行流程：可能被人终止，或引擎数据丢失。",
    "detail": "workflow broken",
    "remedies": [{"remedy": "restart", "title": "从工单重新启动流程", "breaks_off": False}],
}

OPERATIONS: Final[dict[str, Any]] = {
    "engine": {"up": True, "down_since": None, "relay_at": "2026-11-22T09:00:00+00:00", "relay_alive": True},
    "outbox": {"waiting": 0, "starts": 0, "failing": 0, "oldest": None},
    "comparison": {"at": "2026-11-21T19:30:00+00:00", "compared": 1204, "left": 0},
    "unknown_years": [2027],
    "orders": [TROUBLED],
    "effects": [],
    "acts": [],
}

TAKINGS: Final[dict[str, Any]] = {
    "date": "2026-11-22",
    "items": [
        {
            "number": NUMBER,
            "place": "1栋1单元101室",
            "category": "water",
            "at": "2026-11-22T11:00:00+00:00",
            "outcome": "received",
            "amount": 9000,
            "total": 9000,
            "method": "cash",
            "receipt_no": "SJ-0017",
            "by": "cashier",
        }
    ],
    "totals": [{"method": "cash", "title": "现金", "count": 1, "amount": 9000}],
    "received": 9000,
    "outstanding": [],
}
