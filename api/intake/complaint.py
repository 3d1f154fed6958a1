"""Taking in a complaint or a suggestion, from a resident or through staff.

Its place is what it is about, and never the home of whoever complains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from api import acting
from api.bodies import GuestReporter, KnownReporter
from api.complaint_bodies import Complaint, ComplaintFiling, ComplaintWords
from api.idempotency import Request
from api.intake import filing
from api.sessions import StaffMember
from api.state import State
from models.domain import complaints, rights
from models.domain.complaints import Matter, Subject
from models.domain.errors import Forbidden, NotBound, NotFound, ValidationFailed
from models.domain.order import Filing, Priority, Reporter, Source, new_order
from models.domain.people import Actor
from models.domain.places import Place
from models.domain.policy import levels_for
from models.domain.privacy import ALIAS
from models.repositories import complaints as rows
from models.repositories import intake, reading
from models.tables.base import new_id

Json = dict[str, Any]

KIND = "complaint"


@dataclass(frozen=True)
class About:
    """Whom it is about, where that is, and who is kept out."""

    subject: Subject
    place: Place
    label: str
    excluded: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True)
class From:
    """Who complains, and who writes it down."""

    by: filing.Filer
    reporter: Reporter
    alias_of: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None


async def file_by_owner(state: State, actor: Actor, body: Complaint, key: str) -> Json:
    """File a resident's complaint; answers the order as they see it, also where they are an alias to everybody else.

    Raises NotBound without a tie to the community, ValidationFailed, IdempotencyKeyReused.
    """
    request = Request.of(state, actor, "", KIND, key, body.model_dump(mode="json"))
    home = await reading.tied_house(state.direct, actor.id, house_id=body.house_id, community_id=body.community_id)
    if home is None:
        raise NotBound
    whose = _hidden(actor.id, Source.APP) if body.anonymous else _known(actor.id, Source.APP)
    reporter, alias_of = whose
    speaker = actor.model_copy(update={"id": reporter.id})
    told_by = From(filing.Filer(speaker), reporter, alias_of)
    return await _file(state, request, actor, home["community_id"], body, told_by)


async def file_by_staff(state: State, member: StaffMember, body: ComplaintFiling, key: str) -> Json:
    """The same for somebody who phoned or came; answers the order as staff see it.

    Raises Forbidden for a role that may not file for others, NotFound outside the scope, NotBound, ValidationFailed.
    """
    actor = member.actor
    request = Request.of(state, actor, "", KIND, key, body.model_dump(mode="json"))
    if not actor.has(*rights.MAY_FILE_FOR_OTHERS):
        raise Forbidden("forbidden")
    community = await _community_of_staff(state, actor, body)
    return await _file(state, request, actor, community, body, await _told_to(state, member, body, community))


def _known(resident: str, source: Source, filed_by: str | None = None) -> tuple[Reporter, None]:
    return Reporter(kind="resident", id=resident, source=source, filed_by=filed_by), None


def _hidden(resident: str, source: Source, filed_by: str | None = None) -> tuple[Reporter, str]:
    """A name of its own for each complaint, so that nobody sees that two are by the same person."""
    alias = ALIAS + new_id("x").removeprefix("x_")
    return Reporter(kind="resident", id=alias, source=source, filed_by=filed_by), resident


async def _community_of_staff(state: State, actor: Actor, body: ComplaintFiling) -> str:
    community = body.community_id
    if body.house_id is not None:
        house = await reading.house(state.direct, body.house_id)
        community = house["community_id"] if house else None
    if community is None or not actor.reaches(community):
        raise NotFound
    return community


async def _told_to(state: State, member: StaffMember, body: ComplaintFiling, community: str) -> From:
    actor = member.actor
    if isinstance(body.reporter, KnownReporter):
        tied = await reading.tied_house(state.direct, body.reporter.resident_id, community_id=community)
        if tied is None:
            raise NotFound
        resident = body.reporter.resident_id
        whose = _hidden if body.anonymous else _known
        reporter, alias_of = whose(resident, body.source, actor.id)
        name = None if body.anonymous else tied["resident_name"]
        return From(filing.Filer(actor, member, name), reporter, alias_of)
    assert isinstance(body.reporter, GuestReporter)  # noqa: S101 - the only kind left
    if body.anonymous:
        # Whoever has no account cannot be told the answer but by phone, and that needs a name.
        raise ValidationFailed("anonymous_needs_account", field="anonymous")
    reporter = Reporter(kind="guest", source=body.source, filed_by=actor.id)
    guest = body.reporter
    return From(filing.Filer(actor, member), reporter, None, guest.name, guest.phone)


async def _file(
    state: State, request: Request, actor: Actor, community: str, body: ComplaintWords, told_by: From
) -> Json:
    now = datetime.now(UTC)
    category = await state.catalog.category(state.direct, KIND, body.category)
    if category is None:
        raise ValidationFailed("unknown_category", field="category")
    about = await _about(state, actor, community, body)
    policy = await state.catalog.policy(state.direct, community)
    priority = Priority.HIGH if body.type is Matter.COMPLAINT else Priority.NORMAL
    serial = await state.numbers.take()
    number = intake.format_number(KIND, now, serial)
    complaint = complaints.Complaint(
        matter=body.type,
        subject=about.subject,
        anonymous=body.anonymous,
        may_publish=body.may_publish and body.type is Matter.SUGGESTION,
        call_back=complaints.called_back(body.type, serial),
    )
    order = new_order(
        Filing(
            number=number,
            kind=KIND,
            community_id=community,
            place=about.place,
            category=body.category,
            priority=priority,
            levels=levels_for(policy, KIND, body.category, priority, category["levels"]),
            terms=await state.catalog.terms(state.direct, community),
            reporter=told_by.reporter,
            first_roles=(complaint.rung,),
            excluded=about.excluded,
            complaint=complaint,
            at=now,
        )
    )
    phone = told_by.contact_phone
    said = intake.Words(
        place_label=about.label,
        description=body.text,
        contact_name=told_by.contact_name,
        contact_phone_sealed=state.sealing.seal(phone) if phone else None,
        photo_ids=body.photo_ids,
        photo_owner=(actor.kind, actor.id),
        alias_of=told_by.alias_of,
    )
    return await filing.write(state, request, order, said, replace(told_by.by, about=about.name))


async def _about(state: State, actor: Actor, community: str, body: ComplaintWords) -> About:
    """Raises ValidationFailed for a house or a person that is not of this community."""
    communities = await state.catalog.communities(state.direct)
    label = str(communities[community]["name"])
    if body.subject.kind == "house":
        return await _about_house(state, community, body.subject.house_id or "", communities[community])
    if body.subject.kind == "staff":
        return await _about_staff(state, actor, community, body, label)
    return About(Subject(kind="community"), Place(), label)


async def _about_house(state: State, community: str, house_id: str, where: reading.Row) -> About:
    """Staff of the building deal with it; its label stands with the words, which few may read."""
    house = await reading.house(state.direct, house_id)
    if house is None or house["community_id"] != community:
        raise ValidationFailed("unknown_place", field="subject.house_id")
    buildings = {building["id"]: building["name"] for building in where["buildings"]}
    place = Place(building_id=house["building_id"])
    label = buildings.get(house["building_id"] or "") or where["name"]
    return About(Subject(kind="house", id=house_id), place, label, name=house["label"])


async def _about_staff(state: State, actor: Actor, community: str, body: ComplaintWords, label: str) -> About:
    account, field = body.subject.account, "subject.account"
    if body.subject.order is not None:
        field = "subject.order"
        account = await _worker_of(state, actor, body.subject.order)
    if account is None:
        return About(Subject(kind="staff"), Place(), label)
    found = await rows.complained_of(state.direct, account, community)
    if found is None:
        raise ValidationFailed("unknown_staff", field=field)
    held = [role for role in complaints.LADDER if role.value in found.roles]
    subject = Subject(kind="staff", id=found.id, role=held[-1] if held else None)
    return About(subject, Place(), label, found.excluded, found.name)


async def _worker_of(state: State, actor: Actor, number: str) -> str:
    """The account of whoever worked on an order that the caller may see. Raises NotFound, ValidationFailed."""
    bundle = await acting.visible_order(state, actor, number)
    worker = bundle["staff"].get(bundle["state"]["assignee"])
    if worker is None:
        raise ValidationFailed("nobody_worked_on_it", field="subject.order")
    return str(worker["account"])
