"""Taking in a request to move a car: whose it is decides how it begins, and nothing of that shows in the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api import acting
from api.bodies import Area, KnownReporter
from api.idempotency import Request
from api.intake import filing, places
from api.intake.places import Site
from api.move_car_bodies import MoveCarRequest, MoveCarWords, StaffMoveCar
from api.sessions import StaffMember
from api.state import State
from models.domain import rights, words
from models.domain.errors import Forbidden, NotBound, NotFound, ValidationFailed
from models.domain.lifecycles.move_car import MOVE, MOVE_VISITOR, ON_SITE, VET
from models.domain.move_cars import A_DAY_AT_MOST, MoveCar, Obstacle
from models.domain.numbers import CHINA
from models.domain.order import Audience, Charge, Filing, OrderState, Priority, Reporter, Source, new_order
from models.domain.people import Actor, Role
from models.domain.places import Place, Spot
from models.domain.plates import plate_of
from models.domain.policy import levels_for
from models.repositories import move_cars, reading
from models.repositories.intake import Words
from models.repositories.move_cars import Circumstances, Plate

Json = dict[str, Any]

MAY_REPORT: Final = (Role.GUARD, Role.LEAD, *rights.MAY_FILE_FOR_OTHERS)
"""Staff on their round, and those who file for residents."""


@dataclass(frozen=True)
class Case:
    """A checked request."""

    body: MoveCarWords
    site: Site
    reporter: Reporter
    by: filing.Filer

    @property
    def requester(self) -> str | None:
        """The resident who waits; a guard who reports a car waits for nobody."""
        return self.reporter.id if self.reporter.kind == "resident" else None


async def file_by_owner(state: State, actor: Actor, body: MoveCarRequest, key: str) -> Json:
    """Ask for a car to be moved, or wait with others who have; answers the order as its requester sees it.

    Raises NotBound without a home in the community, Forbidden for a minor, ValidationFailed, IdempotencyKeyReused.
    """
    request = Request.of(state, actor, "", "move_car", key, body.model_dump(mode="json"))
    if await reading.tied_house(state.direct, actor.id, community_id=_community_of(body)) is None:
        raise NotBound
    reporter = Reporter(kind="resident", id=actor.id, source=Source.APP)
    return await _file(state, request, Case(body, await _site(state, body), reporter, filing.Filer(actor)))


async def file_by_staff(state: State, member: StaffMember, body: StaffMoveCar, key: str) -> Json:
    """What a guard found, or what a resident asked for on the phone; answers the order as staff see it.

    Raises Forbidden, NotFound outside the scope or for nobody of the community, ValidationFailed.
    """
    actor = member.actor
    request = Request.of(state, actor, "", body.kind, key, body.model_dump(mode="json"))
    if not actor.reaches(_community_of(body), body.area.building_id if body.area else None):
        raise NotFound
    site = await _site(state, body)
    source = body.source or (Source.PATROL if body.reporter == "self" else Source.PHONE)
    if not isinstance(body.reporter, KnownReporter):
        filing.may(actor, MAY_REPORT)
        reporter = Reporter(kind="staff", id=actor.id, source=source)
        return await _file(state, request, Case(body, site, reporter, filing.Filer(actor, member)))
    filing.may(actor, rights.MAY_FILE_FOR_OTHERS)
    name = await places.resident_name(state, body.reporter.resident_id, site)
    reporter = Reporter(kind="resident", id=body.reporter.resident_id, source=source, filed_by=actor.id)
    return await _file(state, request, Case(body, site, reporter, filing.Filer(actor, member, name)))


def _community_of(body: MoveCarWords) -> str:
    return body.area.community_id if body.area else body.community_id or ""


async def _site(state: State, body: MoveCarWords) -> Site:
    """Where the car stands; somewhere in the community, when nobody says it more exactly."""
    if body.area is not None:
        return await places.public_site(state, body.area)
    community = _community_of(body)
    anywhere = await places.public_site(state, Area(community_id=community, spot=Spot.OTHER), "community_id")
    return Site(community, Place(spot=anywhere.place.spot), words.IN_THE_COMMUNITY)


# -- writing -----------------------------------------------------------------------------------------------------------


async def _file(state: State, request: Request, case: Case) -> Json:
    now = datetime.now(UTC)
    text = plate_of(case.body.plate).text
    plate = Plate(state.sealing.seal(text), state.sealing.plate_hash(text))
    found = await move_cars.circumstances(
        state.direct, case.site.community_id, plate, case.requester, _day_of(now), now
    )
    _check(case, found)
    order = await _order(state, case, found, now)
    said = Words(
        place_label=case.site.label,
        description=case.body.text or "",
        photo_ids=case.body.photo_ids,
        photo_owner=(case.by.actor.kind, case.by.actor.id),
        photo_audience=Audience.STAFF,
    )
    side = "requester" if case.requester == case.by.actor.id else None
    shown = {"car": {"plate": text, "side": side, "left": False}}
    answer = await filing.as_seen(state, order, said, case.by, shown)
    kept = _with_plate(answer, None)  # Plates lie sealed, also in the answer that is kept for a repetition.
    taken = await move_cars.file(
        state.direct, order, said, plate, update_id=request.id, digest=request.digest, answer=kept
    )
    request.check(taken.digest)
    if taken.created:
        state.announcer.wake_relay()
        state.announcer.changed(taken.number, order.community_id)
    if taken.number == order.number:
        return answer
    if taken.answer is not None:
        return _with_plate(taken.answer, text)
    return await acting.order_view(state, case.by.actor, taken.number)


def _with_plate(answer: Json, plate: str | None) -> Json:
    return answer | {"car": answer["car"] | {"plate": plate}}


def _day_of(now: datetime) -> datetime:
    """Midnight in China, from when the day's requests are counted."""
    return now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)


def _check(case: Case, found: Circumstances) -> None:
    if case.requester is not None and (case.requester in found.users or found.claims):
        raise ValidationFailed("own_car", field="plate")
    if found.asker_is_minor:
        raise Forbidden("minors_ask_guards")


async def _order(state: State, case: Case, found: Circumstances, now: datetime) -> OrderState:
    obstacle = case.body.reason
    fire_lane = obstacle is Obstacle.FIRE_LANE
    vetted = fire_lane or case.requester is None or found.asked_today < A_DAY_AT_MOST
    first = ON_SITE if not found.users else MOVE_VISITOR if found.visitor else MOVE
    priority = Priority.EMERGENCY if fire_lane else Priority.NORMAL
    policy = await state.catalog.policy(state.direct, case.site.community_id)
    asks_user = vetted and bool(found.users)
    return new_order(
        Filing(
            number=await state.numbers.number("move_car", now),
            kind="move_car",
            community_id=case.site.community_id,
            place=case.site.place,
            category=obstacle.value,
            priority=priority,
            levels=levels_for(policy, "move_car", obstacle.value, priority, {}),
            terms=await state.catalog.terms(state.direct, case.site.community_id),
            reporter=case.reporter,
            charge=Charge.PUBLIC,
            first_task=(first if vetted else VET).kind,
            first_people=found.users if asks_user else (),
            first_roles=() if asks_user else None,
            move_car=MoveCar(
                obstacle=obstacle,
                users=found.users,
                visitor=found.visitor,
                reachable=found.reachable,
                requesters=(case.requester,) if case.requester else (),
                vetted=vetted,
                counts_from_asking=True,
                asked_before=found.asked_today,
            ),
            at=now,
        )
    )
