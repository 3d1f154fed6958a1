"""A small firm for the tests: two communities, a few homes, and one person for each thing that is to be refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import Engine
from sqlmodel import Session

from models.repositories.sealing import Sealing
from models.tables.catalog import Category
from models.tables.people import Resident, Staff, StaffScope, Tie
from models.tables.places import Building, Community, House
from settings import Settings

PASSWORD = "correct horse"
YESTERDAY = timedelta(days=1)
HOUSES = 4

QUESTIONS = [
    {
        "key": "burst",
        "title": "水管爆裂了吗？",
        "options": [
            {"value": "yes", "title": "是", "priority": "emergency"},
            {"value": "soon", "title": "快了", "priority": "high"},
            {"value": "no", "title": "否"},
        ],
    }
]

STAFF: dict[str, tuple[str, list[str], list[str]]] = {
    "clerk": ("service", ["clerk"], ["com_a"]),
    "dispatcher": ("engineering", ["dispatcher"], ["com_a"]),
    "tech1": ("engineering", ["technician"], ["com_a"]),
    "tech2": ("engineering", ["technician"], ["com_a"]),
    "lead": ("engineering", ["lead"], ["com_a"]),
    "guard": ("order", ["guard"], ["com_a"]),
    "guard2": ("order", ["guard"], ["com_a"]),
    "manager": ("service", ["manager"], ["com_a", "com_b"]),
    "all-rounder": ("engineering", ["dispatcher", "technician", "clerk"], ["com_a"]),
    "quality": ("service", ["quality"], []),
    "operator": ("service", ["operator"], []),
    "b-admin": ("service", ["admin"], ["com_b"]),
    "b-dispatcher": ("engineering", ["dispatcher"], ["com_b"]),
    "b-tech": ("engineering", ["technician"], ["com_b"]),
    "nowhere": ("engineering", ["dispatcher", "technician"], []),
    "admin": ("service", ["admin"], ["com_a"]),
    "c-lead": ("service", ["lead"], ["com_c"]),
    "c-clerk": ("service", ["clerk"], ["com_c"]),
    "c-clerk2": ("service", ["clerk"], ["com_c"]),
    "c-manager": ("service", ["manager"], ["com_c"]),
    "c-tech": ("engineering", ["technician"], ["com_c"]),
    "c-accused": ("service", ["lead"], ["com_c"]),
    "c-under": ("service", ["clerk", "lead"], ["com_c"]),
    "c-deepest": ("service", ["clerk", "dispatcher"], ["com_c"]),
    "left": ("engineering", ["technician"], ["com_a"]),
}
"""Account → team, roles, communities. `quality` and `operator` serve the whole firm; `nowhere` has been given no
community yet."""


REPORTS_TO = {"c-under": "stf_c-accused", "c-deepest": "stf_c-under"}


def move_in(engine: Engine, settings: Settings) -> None:
    """Write everybody down."""
    now = datetime.now(UTC)
    sealing = Sealing.of(settings)
    password = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with Session(engine) as session:
        for letter, name in (("a", "幸福里"), ("b", "和谐苑"), ("c", "安宁苑")):
            session.add(Community(id=f"com_{letter}", code=letter, name=name, duty_phone="021-5550000"))
            session.flush()
            session.add(Building(id=f"bld_{letter}", community_id=f"com_{letter}", name="1栋", units=2, floors=6))
            session.flush()
            for n in range(1, HOUSES + 1):
                house = House(
                    id=f"hse_{letter}{n}",
                    community_id=f"com_{letter}",
                    building_id=f"bld_{letter}",
                    unit="1",
                    floor=n,
                    label=f"1栋1单元{n}01室",
                )
                session.add(house)
        session.add(
            Category(kind="repair", code="water", title="水暖", skill="water", place="both", questions=QUESTIONS)
        )
        session.add(Category(kind="repair", code="lift", title="电梯", skill="lift", place="area"))
        session.add(Category(kind="complaint", code="noise", title="噪音扰民", skill="noise", place="both"))
        session.flush()
        _residents(session, sealing, now)
        for account, (team, roles, communities) in STAFF.items():
            person = Staff(
                id=f"stf_{account}",
                account=account,
                name="张" + account,
                password_hash=password,
                team=team,
                roles=roles,
                skills=["water"],
                active=account != "left",
                firm_wide=account in ("quality", "operator"),
                reports_to=REPORTS_TO.get(account),
            )
            session.add(person)
            session.flush()
            for community in communities:
                session.add(StaffScope(staff_id=person.id, community_id=community))
        session.commit()


def _residents(session: Session, sealing: Sealing, now: datetime) -> None:
    def resident(name: str, **more: object) -> str:
        person = Resident(id=f"res_{name}", openid=f"api-{name}", name=name, **more)
        session.add(person)
        session.flush()
        return person.id

    def tie(person: str, house: str, kind: str = "owner", **more: object) -> None:
        session.add(Tie(resident_id=person, house_id=house, kind=kind, since=now - YESTERDAY, **more))

    phone = "13800138000"
    owner = resident("owner", phone_sealed=sealing.seal(phone), phone_hash=sealing.search_hash(phone))
    tie(owner, "hse_a1")
    tie(resident("family"), "hse_a1", "family")
    tie(resident("former"), "hse_a1", "family", until=now - timedelta(hours=1))
    tie(
        resident("lapsed"),
        "hse_a1",
        "tenant",
        lease_until=(now - timedelta(days=2)).date(),
    )
    tie(resident("neighbour"), "hse_a2")
    tie(resident("busy"), "hse_a3")
    tie(resident("b-owner"), "hse_b1")
    resident("unbound")
    quiet = resident("c-quiet", phone_sealed=sealing.seal("13700137001"), phone_hash=sealing.search_hash("13700137001"))
    tie(quiet, "hse_c1")
    tie(resident("c-noisy"), "hse_c2")
