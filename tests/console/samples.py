"""Orders and tasks in the shape of the real views, made by the real rules, for pages that need no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api import views as api_views
from api.reader import Reader
from api.sessions import StaffMember
from models.domain.lifecycles.repair import LEVELS
from models.domain.order import Filing, OrderState, Priority, Reporter, Source, new_order
from models.domain.people import Actor, Role, Team
from models.domain.places import Place

NOW: Final = datetime.now(UTC).replace(microsecond=0)
TITLES: Final = {("repair", "water"): "水暖", ("repair", "electric"): "电路", ("repair", "lift"): "电梯"}
STAFF: Final = {
    "stf_d": {"account": "dispatcher", "name": "陈静", "roles": ["dispatcher"]},
    "stf_t": {"account": "tech1", "name": "张强", "roles": ["technician"]},
    "stf_c": {"account": "clerk", "name": "李婷", "roles": ["clerk"]},
}
DISPATCHER: Final = Actor(
    kind="staff", id="stf_d", roles=(Role.DISPATCHER, Role.LEAD), team=Team.ENGINEERING, communities=("com_x",)
)
TECHNICIAN: Final = Actor(
    kind="staff", id="stf_t", roles=(Role.TECHNICIAN,), team=Team.ENGINEERING, communities=("com_x",)
)
CLERK: Final = Actor(kind="staff", id="stf_c", roles=(Role.CLERK,), team=Team.SERVICE, communities=("com_x",))


def state(serial: int = 17, priority: str = "normal", ago: timedelta = timedelta(minutes=12)) -> OrderState:
    """A new repair in a home."""
    return new_order(
        Filing(
            number=f"BX20261122-{serial:05d}",
            kind="repair",
            community_id="com_x",
            place=Place(house_id="hse_1", building_id="bld_1", unit="1", floor=11),
            category="water",
            priority=Priority(priority),
            levels=LEVELS[priority],
            reporter=Reporter(kind="resident", id="res_1", source=Source.PHONE, filed_by="stf_c"),
            at=NOW - ago,
        )
    )


def event(version: int, kind: str, by: str, minutes: int, audience: str = "reporter", **facts: Any) -> dict[str, Any]:
    stage = facts.pop("stage", None)
    return {
        "version": version,
        "seq": 0,
        "kind": kind,
        "at": (NOW - timedelta(minutes=minutes)).isoformat(),
        "by_id": by,
        "by_kind": "system" if by == "system" else "staff" if by.startswith("stf") else "resident",
        "audience": audience,
        "stage": stage,
        "facts": facts,
    }


def bundle(order: OrderState, events: list[dict[str, Any]] | None = None, **columns: Any) -> dict[str, Any]:
    """The rows behind an order, as `reading.order_detail` brings them."""
    tasks = [
        {"id": task.id, "due_at": (NOW + timedelta(minutes=23)).isoformat()}
        for task in order.tasks.values()
        if order.hold is None
    ]
    return {
        "number": order.number,
        "state": order.model_dump(mode="json"),
        "community_id": "com_x",
        "community_name": "幸福里",
        "duty_phone": "0571-8800 1234",
        "place_label": "1栋1单元1101室",
        "description": "厨房洗菜盆下面的水管一直渗水，柜子底板已经泡软了，麻烦师傅带角阀来看看。",
        "answers": {"burst": "no", "main_valve": "yes"},
        "category": "water",
        "source": "phone",
        "filed_by": "stf_c",
        "contact_name": "王秀兰",
        "contact_phone_sealed": b"sealed",
        "reporter_kind": "resident",
        "reporter_id": "res_1",
        "submitted_at": order.submitted_at,
        "finished_at": None,
        "closed_at": None,
        "rating_result": None,
        "rating_speed": None,
        "rating_manner": None,
        "rating_text": None,
        "started_at": order.submitted_at,
        "workflow_ended_at": None,
        "projection_error": None,
        "version": order.version,
        "events": events or [event(1, "filed", "stf_c", 12)],
        "tasks": tasks,
        "photos": [
            {
                "id": f"pho_{serial}",
                "status": "ready",
                "audience": "reporter",
                "used_as": "report",
                "owner_kind": "resident",
                "owner_id": "res_1",
                "final_key": f"photo/pho_{serial}",
                "thumbnail_key": f"thumb/pho_{serial}",
            }
            for serial in range(3)
        ],
        "staff": STAFF,
        "residents": {"res_1": "王秀兰"},
        "shares_house": False,
        **columns,
    }


def view(order: OrderState, actor: Actor, events: list[dict[str, Any]] | None = None, **columns: Any) -> dict[str, Any]:
    return api_views.order(bundle(order, events, **columns), Reader(actor), NOW, TITLES)


def task_row(serial: int, kind: str = "accept", left: int | None = 23, **columns: Any) -> dict[str, Any]:
    """A row of the inbox. `left` is in minutes."""
    return {
        "id": f"BX20261122-{serial:05d}.2",
        "number": f"BX20261122-{serial:05d}",
        "kind": kind,
        "order_kind": "repair",
        "holder_id": None,
        "roles": ["technician"],
        "opened_at": NOW - timedelta(minutes=10),
        "due_at": None if left is None else NOW + timedelta(minutes=left),
        "gives_up_at": None,
        "stage": "dispatched",
        "priority": "normal",
        "urged": 0,
        "category": "water",
        "place_label": "1栋1单元1101室",
        "description": "厨房洗菜盆下面的水管一直渗水，柜子底板已经泡软了",
        "community_id": "com_x",
        "submitted_at": NOW - timedelta(minutes=40),
        "next_due_at": None,
        "started_at": NOW,
        "holder_account": None,
        "holder_name": None,
        "sort_rank": 1,
        "sort_urged": 1,
        "sort_due": "infinity",
        **columns,
    }


MEMBER: Final = StaffMember(
    actor=Actor(
        kind="staff",
        id="stf_d",
        roles=(Role.DISPATCHER, Role.TECHNICIAN),
        team=Team.ENGINEERING,
        communities=("com_x",),
    ),
    account="dispatcher",
    name="陈静",
    team="engineering",
    on_duty=True,
    wechat_bound=False,
    stands_in_for={},
)
