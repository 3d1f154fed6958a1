"""Three rounds of 幸福里 with their walks of the last days, and the log of its east gate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from devstack.demo.people import staff_id
from devstack.demo.places import XFL
from models.domain.numbers import CHINA
from models.domain.people import Role, Team
from models.domain.rounds import Rhythm

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
DAYS = timedelta(days=3)

ROUNDS: tuple[dict[str, Any], ...] = (
    {
        "id": "rnd_demo_lift",
        "title": "电梯机房巡检",
        "spot": "lift",
        "category": "lift",
        "checks": ["曳引机无异响、无漏油", "机房温度低于40℃", "门锁完好，照明正常", "轿厢紧急呼叫可接通"],
        "rhythm": Rhythm(weekdays=(1, 3, 5), times=(time(9, 0),)),
        "duty_role": Role.TECHNICIAN.value,
    },
    {
        "id": "rnd_demo_pump",
        "title": "生活水泵房巡检",
        "spot": "pump_room",
        "category": "water",
        "checks": ["水泵运行正常，无异响", "压力表读数正常", "地面无积水", "水箱盖已上锁"],
        "rhythm": Rhythm(weekdays=EVERY_DAY, times=(time(8, 0), time(20, 0))),
        "duty_role": Role.TECHNICIAN.value,
    },
    {
        "id": "rnd_demo_light",
        "title": "夜间照明与消防通道巡检",
        "spot": "road",
        "category": "public_facility",
        "checks": ["路灯、草坪灯全亮", "楼道应急灯正常", "消防通道无占用", "消防栓箱完好"],
        "rhythm": Rhythm(weekdays=EVERY_DAY, times=(time(0, 0), time(22, 0))),
        "duty_team": Team.ORDER.value,
    },
)


@dataclass
class Walks:
    """Rows for the tables of rounds."""

    rounds: list[dict[str, Any]] = field(default_factory=list)
    patrols: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Posts:
    """Rows for the tables of shifts."""

    shifts: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def round_rows(now: datetime, found: str | None) -> Walks:
    """Walks that were made, one that was not, and those that are due. `found` is the repair of the one finding."""
    walks = Walks()
    for plan in ROUNDS:
        rhythm: Rhythm = plan["rhythm"]
        begun = rhythm.between(now - DAYS, now)
        walks.rounds.append(
            {
                **_of_round(plan),
                "id": plan["id"],
                "checks": plan["checks"],
                "weekdays": list(rhythm.weekdays),
                "times": [f"{at:%H:%M}" for at in rhythm.times],
                "paused": False,
                "version": 1,
                "applied_version": 0,
                "planned_by": staff_id("lead"),
                "planned_at": now,
            }
        )
        for serial, at in enumerate(begun):
            missed = plan["id"] == "rnd_demo_light" and serial == 1
            _walk(walks, plan, serial, at, now, missed, found if serial == len(begun) - 2 else None)
    return walks


def _of_round(plan: dict[str, Any]) -> dict[str, Any]:
    return {
        "community_id": XFL,
        "title": plan["title"],
        "building_id": None,
        "spot": plan["spot"],
        "category": plan["category"],
        "duty_role": plan.get("duty_role"),
        "duty_team": plan.get("duty_team"),
        "duty_staff": None,
    }


def _walk(
    walks: Walks, plan: dict[str, Any], serial: int, at: datetime, now: datetime, missed: bool, found: str | None
) -> None:
    due_at = plan["rhythm"].next_after(at)
    status = "missed" if missed else "done" if due_at <= now else "open"
    patrol = plan["id"].replace("rnd", "pat") + f"_{serial}"
    ended = {"missed": due_at, "done": at + timedelta(minutes=25), "open": None}[status]
    walks.patrols.append(
        {
            **_of_round(plan),
            "id": patrol,
            "round_id": plan["id"],
            "scheduled_at": at,
            "due_at": due_at,
            "status": status,
            "ended_at": ended,
        }
    )
    walker = staff_id("guard" if "duty_team" in plan else "tech2")
    for position, title in enumerate(plan["checks"], start=1):
        finding = found is not None and "duty_team" in plan and status == "done" and position == 2
        ticked = status == "done"
        walks.items.append(
            {
                "patrol_id": patrol,
                "position": position,
                "title": title,
                "result": ("finding" if finding else "ok") if ticked else None,
                "note": "3栋楼道4层感应灯常亮，扶手松动。" if finding else None,
                "number": found if finding else None,
                "by_id": walker if ticked else None,
                "at": at + timedelta(minutes=5 * position) if ticked else None,
            }
        )


def shift_rows(now: datetime) -> Posts:
    """Three shifts of twelve hours at the east gate; the last one is on duty."""
    posts = Posts()
    turn = now.astimezone(CHINA).replace(hour=8, minute=0, second=0, microsecond=0)
    turn -= timedelta(hours=12) if turn > now else timedelta()
    guards = (staff_id("guard"), staff_id("guard2"), staff_id("guard"))
    begins = [turn - timedelta(hours=24), turn - timedelta(hours=12), turn]
    for serial, (guard, at) in enumerate(zip(guards, begins, strict=True)):
        last = serial == len(guards) - 1
        posts.shifts.append(
            {
                "id": f"shf_demo_{serial}",
                "community_id": XFL,
                "post": "东门岗",
                "begun_at": at,
                "begun_by": guard,
                "previous_id": f"shf_demo_{serial - 1}" if serial else None,
                "handed_over_at": None if last else begins[serial + 1] - timedelta(minutes=6),
                "handed_over_by": None if last else guard,
                "taken_over_at": None if last else begins[serial + 1],
                "taken_over_by": None if last else guards[serial + 1],
            }
        )
    _log(posts, 0, begins[0] + timedelta(hours=3), guards[0], "10:40 顺丰快递车进场，11:05 离场，无异常。")
    _log(
        posts, 0, begins[0] + timedelta(hours=9), guards[0], "2栋装修垃圾堆在单元门口，已联系业主。", settled=guards[0]
    )
    point = "东门道闸起落偏慢，已报工程部，请跟进。"
    origin = _log(posts, 1, begins[1] + timedelta(hours=5), guards[1], point, is_open=True)
    _log(posts, 2, begins[1] + timedelta(hours=5), guards[1], point, is_open=True, origin=origin)
    return posts


def _log(
    posts: Posts,
    shift: int,
    at: datetime,
    by: str,
    said: str,
    *,
    settled: str | None = None,
    is_open: bool = False,
    origin: str | None = None,
) -> str:
    entry = f"ent_demo_{len(posts.entries)}"
    posts.entries.append(
        {
            "id": entry,
            "shift_id": f"shf_demo_{shift}",
            "origin_id": origin or entry,
            "at": at,
            "by_id": by,
            "text": said,
            "open_point": is_open or settled is not None,
            "settled_at": at + timedelta(hours=1) if settled else None,
            "settled_by": settled,
        }
    )
    return entry
