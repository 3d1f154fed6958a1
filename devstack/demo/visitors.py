"""Visitors of the demo's owners 11 to 16: awaited, inside, gone, for a clerk to grant, one at the gate unannounced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from devstack.demo.cast import GUARD, owner
from devstack.demo.people import owner_id, phone_of
from devstack.demo.places import XFL, Places
from devstack.demo.story import Story
from models.domain import acts
from models.domain.lifecycles.visitor import ADMIT, APPROVE_STAY, ARRIVE, LEAVE
from models.domain.numbers import format_number
from models.domain.order import Charge, Filing, Priority, Reporter, Source
from models.domain.places import Place
from models.domain.visitors import WALK_IN_HOLDS, Visit, VisitType
from models.repositories.sealing import Sealing
from models.tables.visitors import VisitorAsked, VisitorPass


@dataclass(frozen=True)
class Guest:
    """Who comes."""

    name: str
    phone: str
    plate: str | None = None
    purpose: str | None = None
    persons: int = 1


class VisitStory(Story):
    """A visit told as its workflow would tell it."""

    def __init__(self, filing: Filing, place_label: str, guest: Guest) -> None:
        said = {"place_label": place_label, "description": "", "answers": {}}
        super().__init__(filing, said | {"contact_name": None, "contact_phone_sealed": None})
        self.guest = guest
        self.arrived_at: datetime | None = None
        self.left_at: datetime | None = None

    @property
    def visit(self) -> Visit:
        assert self.step.state.visit is not None  # noqa: S101 - every visit has its own
        return self.step.state.visit

    def come(self, at: datetime) -> None:
        moved = self._complete(GUARD, "arrive", "arrived", at)
        self.step.state.visit = self.visit.model_copy(update={"used": self.visit.used + 1})
        self._leave_for("arrived", moved, at)
        self.step.open(LEAVE, at, None, LEAVE.roles, since=self.visit.until)
        self.arrived_at = at
        self._rest(at)

    def go(self, at: datetime) -> None:
        self._leave_for("left", self._complete(GUARD, "leave", "left", at), at)
        self.step.enter("closed", at)
        self.left_at = at
        self._rest(at)

    def _leave_for(self, stage: str, moved: acts.Moved, at: datetime) -> None:
        acts.withdraw_tasks(self.step, "withdrawn", at)
        self.step.enter(stage, at, moved.event)


def visit_stories(places: Places, serials: Iterator[int], now: datetime) -> list[VisitStory]:
    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    def awaited(
        home: int, guest: Guest, at: datetime, start: datetime, span: timedelta, type_: VisitType, entries: int = 1
    ) -> VisitStory:
        approved = type_ is not VisitType.LONG_STAY
        visit = Visit(
            type=type_, start=start, until=start + span, entries=entries, hosts=(owner_id(home),), approved=approved
        )
        return told(home, guest, at, visit, Reporter(kind="resident", id=owner_id(home)))

    def told(home: int, guest: Guest, at: datetime, visit: Visit, reporter: Reporter) -> VisitStory:
        house = places.home(home)
        first = ADMIT if visit.walk_in else ARRIVE if visit.approved else APPROVE_STAY
        place = Place(house_id=house["id"], building_id=house["building_id"], unit=house["unit"], floor=house["floor"])
        filing = Filing(
            number=format_number("visitor", at, next(serials)),
            kind="visitor",
            community_id=XFL,
            place=place,
            category=visit.type.value,
            priority=Priority.NORMAL,
            levels={},
            reporter=reporter,
            charge=Charge.PUBLIC,
            first_stage="waiting_approval" if visit.walk_in else None,
            first_task=first.kind,
            first_people=visit.hosts if visit.walk_in else (),
            first_since=None if visit.walk_in else visit.until,
            visit=visit,
            at=at,
        )
        return VisitStory(filing, house["label"], guest)

    hours = timedelta(hours=1)
    friend = Guest("施明", phone_of("demo-visitor"), "苏E6R028", "探亲", 2)
    parcel = Guest("刘洋", "13800000301", purpose="送冰箱", persons=2)
    inside = Guest("周岚", "13800000302", "苏B8Q211", "聚餐", 4)
    nanny = Guest("吴桂兰", "13800000303", purpose="住家保姆")
    gone = Guest("孙浩", "13800000304", purpose="修空调")
    stranger = Guest("陈志远", "13800000305", purpose="看望同学")
    came = awaited(13, inside, ago(200), ago(120), 6 * hours, VisitType.GUEST)
    came.come(ago(40))
    left = awaited(16, gone, ago(1700), ago(1500), 8 * hours, VisitType.SERVICE)
    left.come(ago(1440))
    left.go(ago(1380))
    at_the_gate = Visit(
        type=VisitType.GUEST,
        start=ago(1),
        until=ago(1) + WALK_IN_HOLDS,
        hosts=(owner(15).id,),
        walk_in=True,
    )
    return [
        awaited(11, friend, ago(90), ago(30), 8 * hours, VisitType.GUEST),
        awaited(12, parcel, ago(60), ago(10), 5 * hours, VisitType.DELIVERY),
        awaited(14, nanny, ago(150), ago(-60), timedelta(days=60), VisitType.LONG_STAY, 200),
        came,
        left,
        told(15, stranger, ago(1), at_the_gate, Reporter(kind="staff", id=GUARD.id, source=Source.COUNTER)),
    ]


def write_visits(conn: Connection, stories: Sequence[VisitStory], sealing: Sealing) -> None:
    """The passes, and who was asked about a walk-in."""
    passes, asked = [], []
    for story in stories:
        state, visit, guest = story.step.state, story.visit, story.guest
        passes.append(
            {
                "number": story.number,
                "community_id": XFL,
                "house_id": state.place.house_id,
                "type": visit.type.value,
                "walk_in": visit.walk_in,
                "since": visit.start,
                "until": visit.until,
                "purpose": guest.purpose,
                "persons": guest.persons,
                "entries": visit.entries,
                "used": visit.used,
                "name_sealed": sealing.seal(guest.name),
                "name_hash": sealing.name_hash(guest.name),
                "phone_sealed": sealing.seal(guest.phone),
                "tail_hash": sealing.tail_hash(guest.phone),
                "plate_sealed": sealing.seal(guest.plate) if guest.plate else None,
                "plate_hash": sealing.plate_hash(guest.plate) if guest.plate else None,
                "arrived_at": story.arrived_at,
                "left_at": story.left_at,
            }
        )
        if visit.walk_in:
            asked += [{"number": story.number, "resident_id": one, "asked_at": visit.start} for one in visit.hosts]
    conn.execute(insert(VisitorPass), passes)
    conn.execute(insert(VisitorAsked), asked)
