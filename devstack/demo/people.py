"""Residents with their ties, and staff with roles and scopes (`contract.md`, "Demo data"). All of them are invented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from devstack.demo.places import HXY, LET, SECOND_HOME, XFL, Places
from devstack.phones import phone_of
from models.repositories.sealing import Sealing

PASSWORD = "wuyou-demo"

OWNERS = (
    "王芳 李建国 张秀英 刘洋 陈静 杨帆 赵敏 黄志强 周婷 吴磊 徐丽 孙浩 马超 朱慧 胡军 郭敏 何涛 高洁 林峰 罗燕 "
    "梁国栋 王芳 韩桂兰 唐明 冯雪 于洋 董建华 萧玉珍 程鹏 曹颖 袁伟 邓丽娟 许刚 傅海燕 沈涛 曾雅琴 彭勇 吕婷 苏建平 "
    "卢静 蒋涛 蔡文 贾敏 丁磊 魏红 薛飞 叶青 阎宁 余洁 潘峰 杜鹃 戴军 夏雨 钟灵 汪洋 田甜 任重 姜楠 范晔 方圆"
).split()
"""Owner of the n-th home, counted from 1. The 22nd is the second home of the second owner's."""

ON_WECHAT = 20
"""Owners 1 to 20 have the mini-program; the others are on the roster only."""

TEAM_OF_ROLE = {
    "clerk": "service",
    "dispatcher": "engineering",
    "technician": "engineering",
    "manager": "service",
    "quality": "service",
    "cashier": "service",
    "finance": "service",
    "inspector": "engineering",
    "guard": "order",
    "admin": "service",
}
ALL_ROUND = ["doors_windows", "public_facility", "other"]
STAFF: tuple[tuple[str, str, str, str], ...] = (
    # account, name, role, whom they report to
    ("manager", "赵敏", "manager", ""),
    ("lead", "刘建军", "lead", "manager"),
    ("lead-order", "孙浩", "lead", "manager"),
    ("clerk", "陈晓", "clerk", "manager"),
    ("clerk2", "林悦", "clerk", "manager"),
    ("dispatcher", "周国平", "dispatcher", "lead"),
    ("dispatcher2", "吴敏", "dispatcher", "lead"),
    ("tech1", "张伟", "technician", "lead"),
    ("tech2", "李强", "technician", "lead"),
    ("tech3", "王磊", "technician", "lead"),
    ("quality", "钱进", "quality", ""),
    ("cashier", "郑琳", "cashier", "manager"),
    ("finance", "冯洁", "finance", "manager"),
    ("finance2", "褚卫", "finance", "manager"),
    ("inspector1", "卫东", "inspector", "lead"),
    ("inspector2", "蒋丽", "inspector", "lead"),
    ("guard", "沈刚", "guard", "lead-order"),
    ("guard2", "韩磊", "guard", "lead-order"),
    ("admin", "杨帆", "admin", ""),
)
OF_HXY = ("manager", "lead", "clerk", "dispatcher", "tech1", "tech2", "guard")
"""Those that the second community has as well, as `hxy-…`."""

HXY_NAMES = {
    "manager": "何平",
    "lead": "吕刚",
    "clerk": "施雯",
    "dispatcher": "张敏",
    "tech1": "孔军",
    "tech2": "曹亮",
    "guard": "严冬",
}
SKILLS = {
    "tech1": ["water", "leak", *ALL_ROUND],
    "tech2": ["electric", "access_control", "lift", "fire_safety", *ALL_ROUND],
    "tech3": ["water", "electric", "leak", "cleaning", "greening", *ALL_ROUND],
}
FIRM_WIDE = ("quality", "admin")
"""Above communities: they see both."""


@dataclass
class People:
    """Rows for the tables of people."""

    residents: list[dict[str, Any]] = field(default_factory=list)
    ties: list[dict[str, Any]] = field(default_factory=list)
    staff: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[dict[str, Any]] = field(default_factory=list)


def owner_id(number: int) -> str:
    """Who owns the n-th home of 幸福里."""
    return f"res_demo_owner_{2 if number == SECOND_HOME else number}"


def staff_id(account: str) -> str:
    return "stf_demo_" + account.replace("-", "_")


def people(places: Places, sealing: Sealing, now: datetime) -> People:
    built = People()
    _residents(built, places, sealing, now)
    hashed = PasswordHasher().hash(PASSWORD)
    for row in _staff(hashed, sealing):
        built.staff.append(row["staff"])
        built.scopes += row["scopes"]
    return built


def _residents(built: People, places: Places, sealing: Sealing, now: datetime) -> None:
    moved_in = now - timedelta(days=900)

    def person(resident: str, name: str, openid: str | None, serial: int, minor: bool = False) -> str:
        phone = phone_of(openid) if openid else f"1380000{serial:04d}"
        built.residents.append(
            {
                "id": resident,
                "name": name,
                "openid": openid,
                "phone_sealed": sealing.seal(phone),
                "phone_hash": sealing.search_hash(phone),
                "is_minor": minor,
                "created_at": moved_in,
            }
        )
        return resident

    def tie(resident: str, house: dict[str, Any], kind: str, **more: Any) -> None:
        row = {"id": f"tie_{resident}_{house['id']}", "resident_id": resident, "house_id": house["id"], "kind": kind}
        built.ties.append(row | {"since": moved_in, "lease_until": None, "certified_by": None} | more)

    for number, name in enumerate(OWNERS, start=1):
        if number != SECOND_HOME:
            person(owner_id(number), name, f"demo-owner-{number}" if number <= ON_WECHAT else None, number)
        tie(owner_id(number), places.home(number), "owner")
    tie(owner_id(2), places.parking, "owner")

    first = places.home(1)
    tie(person("res_demo_family_1", "赵刚", "demo-family-1", 101), first, "family", certified_by=owner_id(1))
    tie(person("res_demo_minor_1", "赵小宇", "demo-minor-1", 102, True), first, "family", certified_by=owner_id(1))
    tenant = person("res_demo_tenant_1", "秦岚", "demo-tenant-1", 103)
    lease = date.fromordinal(now.date().toordinal() + 240)
    tie(tenant, places.home(LET), "tenant", since=now - timedelta(days=120), lease_until=lease)
    person("res_demo_unbound", "尤佳", "demo-unbound", 104)
    person("res_demo_visitor", "施明", "demo-visitor", 105)
    for number, name in ((1, "许文强"), (2, "何琳"), (3, "金辉")):
        tie(
            person(f"res_demo_hxy_{number}", name, f"hxy-owner-{number}", 200 + number),
            places.home(number, HXY),
            "owner",
        )


def _staff(hashed: str, sealing: Sealing) -> Iterator[dict[str, Any]]:
    for account, name, role, superior in STAFF:
        yield _member(hashed, sealing, account, name, role, superior, XFL, "")
    for account, _, role, superior in STAFF:
        if account in OF_HXY:
            nearest = superior if superior in OF_HXY else "manager" if superior else ""
            yield _member(hashed, sealing, account, HXY_NAMES[account], role, nearest, HXY, "hxy-")


def _member(
    hashed: str, sealing: Sealing, account: str, name: str, role: str, superior: str, community: str, prefix: str
) -> dict[str, Any]:
    team = {"lead": "engineering", "lead-order": "order"}.get(account) or TEAM_OF_ROLE[role]
    row = {
        "id": staff_id(prefix + account),
        "account": prefix + account,
        "name": name,
        "password_hash": hashed,
        "team": team,
        "roles": [role, "operator"] if role == "admin" else [role],
        "skills": SKILLS.get(account, []),
        "reports_to": staff_id(prefix + superior) if superior else None,
        "firm_wide": role in FIRM_WIDE,
        "active": True,
        "on_duty": True,
        "phone_sealed": sealing.seal(phone_of(f"staff-{prefix}{account}")),
    }
    scopes = [] if row["firm_wide"] else [{"staff_id": row["id"], "community_id": community}]
    return {"staff": row, "scopes": scopes}
