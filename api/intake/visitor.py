"""Taking in a visitor: a resident's pass, one that a clerk makes for them, or somebody who stands before the guard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api import visitor_views
from api.idempotency import Request
from api.intake import filing, places
from api.intake.places import Site
from api.sessions import StaffMember
from api.state import State
from api.visitor_bodies import Invitation, StaffVisitor, Visitor
from models.domain import rights
from models.domain.errors import Forbidden, NotBound, NotFound, ValidationFailed
from models.domain.lifecycles.visitor import ADMIT, APPROVE_STAY, ARRIVE
from models.domain.order import Charge, Filing, OrderState, Priority, Reporter, Source, new_order
from models.domain.people import Actor, Role
from models.domain.plates import plate_of
from models.domain.visitors import WALK_IN_HOLDS, Visit, VisitType, check_window
from models.repositories import reading, visitors
from models.repositories.intake import Words
from models.repositories.visitors import Person

Json = dict[str, Any]

KIND: Final = "visitor"

RESIDENCE: Final = "residence"
"""Nobody visits a parking space."""

AT_THE_GATE: Final = (Role.GUARD, Role.LEAD, Role.CLERK)
"""Who may ask the residents about somebody without a pass."""


@dataclass(frozen=True)
class Case:
    """A checked visit."""

    body: Visitor
    phone: str | None
    site: Site
    reporter: Reporter
    by: filing.Filer
    visit: Visit


async def file_by_owner(state: State, actor: Actor, body: Invitation, key: str) -> Json:
    """A pass for somebody who will come; answers the order as its maker sees it.

    Raises NotBound, Forbidden for a minor, ValidationFailed naming the field, IdempotencyKeyReused.
    """
    request = Request.of(state, actor, "", KIND, key, body.model_dump(mode="json"))
    home = await reading.tied_house(state.direct, actor.id, house_id=body.house_id or await _only_home(state, actor))
    if home is None:
        raise NotBound
    _is_of_age(home)
    now = datetime.now(UTC)
    reporter = Reporter(kind="resident", id=actor.id, source=Source.APP)
    visit = _pass(body, actor.id, now)
    case = Case(body, body.phone, places.home_site(home), reporter, filing.Filer(actor), visit)
    return await _file(state, request, case, now)


async def file_by_staff(state: State, member: StaffMember, body: StaffVisitor, key: str) -> Json:
    """A pass for a resident who phoned, or a walk-in; answers the order as staff see it.

    Raises Forbidden, NotFound outside the scope or for nobody of the community, NotBound, ValidationFailed.
    """
    actor = member.actor
    request = Request.of(state, actor, "", KIND, key, body.model_dump(mode="json"))
    house = await reading.house(state.direct, body.house_id)
    if house is None or not actor.reaches(house["community_id"], house["building_id"]):
        raise NotFound
    now, site = datetime.now(UTC), places.home_site(house)
    if body.reporter == "self":
        filing.may(actor, AT_THE_GATE)
        visit = await _unannounced(state, body, now)
        reporter = Reporter(kind="staff", id=actor.id, source=Source.COUNTER)
        by = filing.Filer(actor, member)
    else:
        filing.may(actor, rights.MAY_FILE_FOR_OTHERS)
        resident = body.reporter.resident_id
        name = await places.resident_name(state, resident, site)
        home = await reading.tied_house(state.direct, resident, house_id=body.house_id)
        _is_of_age(home or {})
        visit = _pass(_complete(body), resident, now)
        source = body.source or Source.PHONE
        reporter = Reporter(kind="resident", id=resident, source=source, filed_by=actor.id)
        by = filing.Filer(actor, member, name)
    return await _file(state, request, Case(body, body.phone, site, reporter, by, visit), now)


async def _only_home(state: State, actor: Actor) -> str:
    """Where it is left out. Raises NotBound without a home, ValidationFailed for whoever has to say which."""
    person = await reading.resident(state.direct, actor.id)
    homes = [house["id"] for house in (person["houses"] if person else ()) if house["kind"] == RESIDENCE]
    if not homes:
        raise NotBound
    if len(homes) > 1:
        raise ValidationFailed("which_home", field="house_id")
    return str(homes[0])


def _is_of_age(home: Mapping[str, Any]) -> None:
    if home.get("is_minor"):
        raise Forbidden("minors_invite_nobody")


def _complete(body: StaffVisitor) -> StaffVisitor:
    """A pass needs a phone and a window, whoever writes it down."""
    for field in ("phone", "window"):
        if getattr(body, field) is None:
            raise ValidationFailed("pass_needs_it", field=field)
    return body


def _pass(body: Invitation | StaffVisitor, host: str, now: datetime) -> Visit:
    assert body.window is not None  # noqa: S101 - asked for by the model, or just looked at
    check_window(body.type, body.window.start, body.window.until, now)
    return Visit(
        type=body.type,
        start=body.window.start,
        until=body.window.until,
        entries=body.entries,
        hosts=(host,),
        approved=body.type is not VisitType.LONG_STAY,
    )


async def _unannounced(state: State, body: StaffVisitor, now: datetime) -> Visit:
    if body.type is VisitType.LONG_STAY:
        raise ValidationFailed("walk_in_is_no_long_stay", field="type")
    if body.window is not None:
        raise ValidationFailed("walk_in_is_now", field="window")
    found = await visitors.living_there(state.direct, body.house_id)
    if not found:
        raise ValidationFailed("nobody_lives_there", field="house_id")
    return Visit(
        type=body.type,
        start=now,
        until=now + WALK_IN_HOLDS,
        entries=body.entries,
        hosts=tuple(resident for resident, _ in found),
        walk_in=True,
        reachable=any(reads for _, reads in found),
    )


# -- writing -----------------------------------------------------------------------------------------------------------


async def _file(state: State, request: Request, case: Case, now: datetime) -> Json:
    plate = plate_of(case.body.plate).text if case.body.plate else None
    order = await _order(state, case, now)
    said = Words(place_label=case.site.label, description="")
    shown = {"visit": visitor_views.as_filed(case.visit, case.body, case.phone, plate)}
    answer = await filing.as_seen(state, order, said, case.by, shown)
    kept = answer | {"visit": None}  # Who comes lies sealed, also in the answer that is kept for a repetition.
    taken = await visitors.file(
        state.direct,
        order,
        said,
        _person(state, case, plate),
        update_id=request.id,
        digest=request.digest,
        answer=kept,
    )
    request.check(taken.digest)
    if taken.created:
        state.announcer.wake_relay()
        state.announcer.changed(order.number, order.community_id)
    return answer if taken.created or taken.answer is None else taken.answer | {"visit": answer["visit"]}


def _person(state: State, case: Case, plate: str | None) -> Person:
    sealing, body, phone = state.sealing, case.body, case.phone
    return Person(
        name_sealed=sealing.seal(body.name),
        name_hash=sealing.name_hash(body.name),
        phone_sealed=sealing.seal(phone) if phone else None,
        tail_hash=sealing.tail_hash(phone) if phone else None,
        plate_sealed=sealing.seal(plate) if plate else None,
        plate_hash=sealing.plate_hash(plate) if plate else None,
        purpose=body.purpose,
        persons=body.persons,
    )


async def _order(state: State, case: Case, now: datetime) -> OrderState:
    visit = case.visit
    first = ADMIT if visit.walk_in else ARRIVE if visit.approved else APPROVE_STAY
    return new_order(
        Filing(
            number=await state.numbers.number(KIND, now),
            kind=KIND,
            community_id=case.site.community_id,
            place=case.site.place,
            category=visit.type.value,
            priority=Priority.NORMAL,
            levels={},
            terms=await state.catalog.terms(state.direct, case.site.community_id),
            reporter=case.reporter,
            charge=Charge.PUBLIC,
            first_stage="waiting_approval" if visit.walk_in else None,
            first_task=first.kind,
            first_people=visit.hosts if visit.walk_in else (),
            first_since=None if visit.walk_in else visit.until,
            visit=visit,
            at=now,
        )
    )
