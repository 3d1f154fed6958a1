"""Taking in a repair, from an owner or through staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from api import incidents
from api.bodies import GuestReporter, KnownReporter, Repair, RepairWords, StaffFiling
from api.idempotency import Request
from api.intake import filing, places
from api.intake.places import Site
from api.sessions import StaffMember
from api.state import State
from models.domain import rights
from models.domain.errors import Forbidden, ValidationFailed
from models.domain.incidents import OpenIncident, first_that_takes
from models.domain.numbers import CHINA
from models.domain.order import Charge, Filing, OrderState, Priority, Reporter, Source, new_order
from models.domain.people import Actor, Role
from models.domain.policy import levels_for
from models.domain.sequels import Follows, Sequel
from models.repositories import intake

Json = dict[str, Any]

PRIORITY_ORDER: Final = (Priority.NORMAL, Priority.HIGH, Priority.EMERGENCY)


@dataclass(frozen=True)
class Case:
    """A checked report, ready to be written."""

    actor: Actor
    site: Site
    reporter: Reporter
    body: RepairWords
    contact_name: str | None = None
    contact_phone: str | None = None
    member: StaffMember | None = None
    """Who files, when it is not the reporter."""
    reporter_name: str | None = None
    earlier: OrderState | None = None
    follows: Follows | None = None
    """The order that this one goes on with, and why."""


async def file_by_owner(state: State, actor: Actor, body: Repair, key: str) -> Json:
    """File an owner's repair; answers the order as they see it.

    Raises NotBound without a tie to the house or community, ValidationFailed, IdempotencyKeyReused.
    """
    request = Request.of(state, actor, "", "repair", key, body.model_dump(mode="json"))
    site = await places.site_of_resident(state, actor.id, body)
    contact = body.contact
    case = Case(
        actor=actor,
        site=site,
        reporter=Reporter(kind="resident", id=actor.id, source=Source.APP),
        body=body,
        contact_name=contact.name if contact else None,
        contact_phone=contact.phone if contact else None,
    )
    return await file(state, request, case)


async def file_by_staff(state: State, member: StaffMember, body: StaffFiling, key: str) -> Json:
    """File for somebody who phoned or came, or what staff found themselves; answers the order as staff see it.

    Raises Forbidden for a role that may not file for others, NotFound outside the scope, NotBound for a resident whose
    house it is not, ValidationFailed.
    """
    request = Request.of(state, member.actor, "", body.kind, key, body.model_dump(mode="json"))
    return await file(state, request, await _case_of_staff(state, member, body))


async def _case_of_staff(state: State, member: StaffMember, body: StaffFiling) -> Case:
    actor = member.actor
    site = await places.site_of_staff(state, actor, body)
    source = body.source or (Source.PATROL if body.reporter == "self" else Source.PHONE)
    contact = body.contact
    name, phone = (contact.name, contact.phone) if contact else (None, None)
    if body.reporter == "self":
        reporter = Reporter(kind="staff", id=actor.id, source=source)
        return Case(actor, site, reporter, body, name, phone, member)
    if not actor.has(*rights.MAY_FILE_FOR_OTHERS):
        raise Forbidden("forbidden")
    if isinstance(body.reporter, KnownReporter):
        reporter_name = await places.resident_name(state, body.reporter.resident_id, site)
        reporter = Reporter(kind="resident", id=body.reporter.resident_id, source=source, filed_by=actor.id)
        return Case(actor, site, reporter, body, name, phone, member, reporter_name)
    assert isinstance(body.reporter, GuestReporter)  # noqa: S101 - the only kind left
    reporter = Reporter(kind="guest", source=source, filed_by=actor.id)
    return Case(actor, site, reporter, body, name or body.reporter.name, phone or body.reporter.phone, member)


async def file(state: State, request: Request, case: Case) -> Json:
    """Write a checked report as a new order; answers it as its maker sees it."""
    now = datetime.now(UTC)
    category = await _category(state, case)
    priority = _priority(case, category)
    _check_appointment(case.body, now)
    policy = await state.catalog.policy(state.direct, case.site.community_id)
    incident = await _incident(state, case, priority)
    number = await state.numbers.number("repair", now)
    order = new_order(
        Filing(
            number=number,
            kind="repair",
            community_id=case.site.community_id,
            place=case.site.place,
            category=case.body.category,
            priority=priority,
            levels=levels_for(policy, "repair", category["code"], priority, category["levels"]),
            terms=await state.catalog.terms(state.direct, case.site.community_id),
            reporter=case.reporter,
            charge=_charge(case, now),
            first_roles=(Role.LEAD,) if _is_rework(case) else None,
            follows=case.follows,
            call_back_share=policy.call_back_share,
            appointment=case.body.appointment,
            # An emergency may find no dispatcher on duty; whether it does is looked up when its workflow starts.
            assigns_itself=(policy.auto_assign and not _is_rework(case)) or priority is Priority.EMERGENCY,
            vacant=case.site.vacant,
            incident=incident.id if incident else None,
            at=now,
        )
    )
    by = filing.Filer(case.actor, case.member, case.reporter_name)
    shown = {"incident": incidents.for_owners(incident) if incident else None}
    return await filing.write(state, request, order, _words(state, case), by, shown)


def _words(state: State, case: Case) -> intake.Words:
    return intake.Words(
        place_label=case.site.label,
        description=case.body.description,
        answers=case.body.answers,
        contact_name=case.contact_name,
        contact_phone_sealed=state.sealing.seal(case.contact_phone) if case.contact_phone else None,
        photo_ids=case.body.photo_ids,
        photo_owner=(case.actor.kind, case.actor.id),
    )


async def _incident(state: State, case: Case, priority: Priority) -> OpenIncident | None:
    """The open incident that this is one more report of."""
    return first_that_takes(
        await state.catalog.incidents(state.direct),
        community_id=case.site.community_id,
        order_kind="repair",
        category=case.body.category,
        building_id=case.site.place.building_id,
        priority=priority,
        found_by_staff=case.reporter.kind == "staff",
    )


# -- categories -------------------------------------------------------------------------------------------------------


async def _category(state: State, case: Case) -> Mapping[str, Any]:
    category = await state.catalog.category(state.direct, "repair", case.body.category)
    if category is None or category["place"] not in ("both", "area" if case.site.place.is_public else "house"):
        raise ValidationFailed("unknown_category", field="category")
    return category


def priority_of(category: Mapping[str, Any], answers: Mapping[str, str]) -> Priority:
    """The highest priority among the answers. Raises ValidationFailed for a question or answer that does not exist."""
    questions = {
        question["key"]: {option["value"]: option.get("priority") for option in question["options"]}
        for question in category["questions"]
    }
    found = [Priority.NORMAL]
    for key, value in answers.items():
        if value not in questions.get(key, {}):
            raise ValidationFailed("answer_needed", field=f"answers.{key}")
        found.append(Priority(questions[key][value] or Priority.NORMAL))
    return max(found, key=PRIORITY_ORDER.index)


def _is_rework(case: Case) -> bool:
    return case.follows is not None and case.follows.why is Sequel.REWORK


def _priority(case: Case, category: Mapping[str, Any]) -> Priority:
    """As the answers say. Work that failed goes before other work, but an emergency is a matter of danger only."""
    found = priority_of(category, case.body.answers)
    if case.earlier is None:
        return found
    least = Priority.HIGH if _is_rework(case) else Priority.NORMAL
    return max(found, case.earlier.priority, least, key=PRIORITY_ORDER.index)


def _charge(case: Case, now: datetime) -> Charge:
    """Work done over is not paid for twice."""
    if _is_rework(case) and not case.site.place.is_public:
        return Charge.WARRANTY
    return charge_of(case.site, now)


def charge_of(site: Site, now: datetime) -> Charge:
    if site.place.is_public:
        return Charge.PUBLIC
    covered = site.warranty_until is not None and now.astimezone(CHINA).date() <= site.warranty_until
    return Charge.WARRANTY if covered else Charge.PAID


def _check_appointment(body: RepairWords, now: datetime) -> None:
    if body.appointment is not None:
        rights.may_be_agreed(body.appointment, now, "appointment")
