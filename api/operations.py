"""The operator's page: what does not go by itself, why, and what is safe to do about it. The JSON interface and the
console both ask here.

Postgres and Temporal name the suspects, each by an index; only these are looked at one by one, so that the page costs
the same with twenty thousand open orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from api.sessions import StaffMember
from api.state import State
from integrations import holidays
from models.domain import words
from models.domain.drift import (
    START_PATIENCE,
    Found,
    Kept,
    Remedy,
    Said,
    Trouble,
    breaks_off,
    remedies_of,
    trouble_of,
)
from models.domain.errors import Forbidden, IllegalTransition, NotFound, Unavailable, ValidationFailed, WuyouError
from models.domain.numbers import CHINA
from models.domain.people import Role
from models.repositories import drift, operations

Json = dict[str, Any]

OPERATORS: Final = (Role.OPERATOR, Role.ADMIN)

SUSPECTS: Final = 60
"""Looked at for one page. Who has more of them has one cause for all, and mends them with the doctor."""

AT_ONCE: Final = 8
"""Queries under way: each may replay an order, in the workers that serve people."""

LOOKS_WITHIN: Final = 6.0
"""Seconds after which the page is shown with what is known."""

EFFECTS_SHOWN: Final = 50
EFFECTS_SINCE: Final = timedelta(days=7)
"""An older message is in the message centre, and nobody waits for it any more."""

PHOTO_PATIENCE: Final = timedelta(minutes=10)
"""Finalising takes seconds, and minutes after an outage of the store."""

ACTS_SHOWN: Final = 20

BEAT_PATIENCE: Final = timedelta(seconds=15)
"""The relay writes down every two seconds that it lives."""

MENDED_WITHIN: Final = 3.0
"""Seconds that a press waits to show that it has helped."""

LOOK_AGAIN_SECONDS: Final = 0.4


async def overview(state: State, member: StaffMember) -> Json:
    """Everything on the page. Raises Forbidden."""
    _is_operator(member)
    now = datetime.now(UTC)
    scope = operations.Scope(member.actor.communities, member.id)
    standing, orders, effects, acts = await asyncio.gather(
        operations.standing(state.direct, now),
        _troubled(state, scope, now),
        operations.dead_effects(state.direct, scope, now - EFFECTS_SINCE, now - PHOTO_PATIENCE, EFFECTS_SHOWN),
        operations.acts(state.direct, scope, ACTS_SHOWN),
    )
    return {
        "engine": _engine(state, standing, now),
        "outbox": {name: standing[name] for name in ("waiting", "starts", "failing", "oldest")},
        "comparison": _comparison(standing["doctor"]),
        "unknown_years": holidays.unknown_years(_today(now)),
        "orders": orders,
        "effects": [_effect(row) for row in effects],
        "acts": [_act(row) for row in acts],
    }


async def order(state: State, member: StaffMember, number: str) -> Json:
    """One order, looked at now. Raises Forbidden, NotFound."""
    _is_operator(member)
    kept = await _kept(state, member, number)
    return await _line(state, kept, await _look(state, kept))


async def mend(state: State, member: StaffMember, number: str, remedy: Remedy, *, break_off: bool = False) -> Json:
    """Apply what the trouble asks for, and answer the order as it then is. `break_off` confirms that a restart may end
    the workflow that fails.

    Raises Forbidden, NotFound, IllegalTransition when the trouble is another by now or the confirmation is missing,
    Unavailable.
    """
    _is_operator(member)
    kept = await _kept(state, member, number)
    found, said = await _look(state, kept)
    if remedy not in remedies_of(found, said):
        raise IllegalTransition("nothing_to_mend")
    if breaks_off(remedy, said) and not break_off:
        raise IllegalTransition("break_off_unconfirmed")
    act = await operations.begin_act(state.direct, member.id, remedy, number, found.trouble if found else None)
    try:
        await state.gateway.mend(remedy, number, break_off=break_off)
    except WuyouError as error:
        await operations.end_act(state.direct, act, error.code)
        raise
    await operations.end_act(state.direct, act, operations.DONE)
    return await _once_mended(state, member, number)


async def try_again(state: State, member: StaffMember, kind: str, effect_id: str) -> Json:
    """Wish once more for a message, a photo or an outbox row that was given up; answers all that is left.

    Raises Forbidden, ValidationFailed, IllegalTransition when there is nothing to be tried again.
    """
    _is_operator(member)
    if kind not in operations.EFFECTS:
        raise ValidationFailed(field="kind")
    now, scope = datetime.now(UTC), operations.Scope(member.actor.communities, member.id)
    if not await operations.try_again(state.direct, kind, effect_id, scope, now):
        raise IllegalTransition("effect_not_dead")
    act = await operations.begin_act(state.direct, member.id, Remedy.RETRY, effect_id, kind)
    await operations.end_act(state.direct, act, operations.DONE)
    state.announcer.wake_relay()
    left = await operations.dead_effects(state.direct, scope, now - EFFECTS_SINCE, now - PHOTO_PATIENCE, EFFECTS_SHOWN)
    return {"effects": [_effect(row) for row in left]}


def is_operator(member: StaffMember) -> bool:
    return member.actor.has(*OPERATORS)


def _is_operator(member: StaffMember) -> None:
    if not is_operator(member):
        raise Forbidden("operator_only")


async def _kept(state: State, member: StaffMember, number: str) -> Kept:
    for kept in await drift.kept_of(state.direct, [number]):
        if _exists_for(kept, operations.Scope(member.actor.communities, member.id)):
            return kept
    raise NotFound("order_not_found")


async def _look(state: State, kept: Kept) -> tuple[Found | None, Said | None]:
    said = await state.gateway.look(kept.number) if kept.started else None
    return trouble_of(kept, said, datetime.now(UTC)), said


async def _once_mended(state: State, member: StaffMember, number: str) -> Json:
    """As soon as all agree; at the latest when a person stops waiting, with what is left."""
    loop = asyncio.get_running_loop()
    end = loop.time() + MENDED_WITHIN
    while True:
        kept = await _kept(state, member, number)
        found, said = await _look(state, kept)
        if found is None:
            await operations.forget_findings(state.direct, [number])
        if found is None or loop.time() > end:
            return await _line(state, kept, (found, said))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


# -- the suspects ------------------------------------------------------------------------------------------------------


def _exists_for(kept: Kept, scope: operations.Scope) -> bool:
    reached = "*" in scope.communities or kept.community_id in scope.communities
    return reached and not (kept.state and scope.me in kept.state.excluded)


async def _troubled(state: State, scope: operations.Scope, now: datetime) -> list[Json]:
    numbers = await operations.suspects(state.direct, scope, now - START_PATIENCE, SUSPECTS)
    asks = state.gateway.watch.up
    if asks:
        try:
            numbers += await state.gateway.suspects(SUSPECTS)
            asks = await state.gateway.somebody_works()
        except Unavailable:
            asks = False
    kept = await drift.kept_of(state.direct, list(dict.fromkeys(numbers))[: 2 * SUSPECTS])
    kept = [each for each in kept if _exists_for(each, scope)][:SUSPECTS]
    looks = await _looks(state, kept) if asks else [_unasked(each, now) for each in kept]
    lines = [await _line(state, each, look) for each, look in zip(kept, looks, strict=True) if look[0] is not None]
    well = [each.number for each, look in zip(kept, looks, strict=True) if look[0] is None]
    if asks and well:
        await operations.forget_findings(state.direct, well)
    gravest = list(Trouble)
    return sorted(lines, key=lambda line: (gravest.index(line["trouble"]), line["number"]))


async def _looks(state: State, kept: Sequence[Kept]) -> list[tuple[Found | None, Said | None]]:
    """What does not answer in time is silent."""
    places = asyncio.Semaphore(AT_ONCE)

    async def look(each: Kept) -> tuple[Found | None, Said | None]:
        async with places:
            return await _look(state, each)

    tasks = [asyncio.create_task(look(each)) for each in kept]
    if tasks:
        await asyncio.wait(tasks, timeout=LOOKS_WITHIN)
    for task in tasks:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return [answer if isinstance(answer, tuple) else (Found(trouble=Trouble.SILENT), None) for answer in answers]


def _unasked(kept: Kept, now: datetime) -> tuple[Found | None, Said | None]:
    """What Postgres alone knows, while nobody can be asked."""
    if not kept.started:
        return trouble_of(kept, None, now), None
    if kept.refused is not None:
        return Found(trouble=Trouble.REFUSED, detail=kept.refused), None
    return Found(trouble=Trouble.SILENT), None


# -- in words ----------------------------------------------------------------------------------------------------------


async def _line(state: State, kept: Kept, look: tuple[Found | None, Said | None]) -> Json:
    found, said = look
    communities = await state.catalog.communities(state.direct)
    stage = kept.columns["stage"]
    return {
        "number": kept.number,
        "stage": stage,
        "stage_title": words.STAGES.get(stage, stage),
        "community": communities[kept.community_id]["name"] if kept.community_id in communities else "",
        "submitted_at": kept.submitted_at,
        "trouble": found.trouble if found else None,
        "title": words.TROUBLES[found.trouble] if found else None,
        "cause": words.CAUSES[found.trouble] if found else None,
        "detail": found.detail if found else None,
        "remedies": [_offered(remedy, breaks_off(remedy, said)) for remedy in remedies_of(found, said)],
    }


def _offered(remedy: Remedy, ends: bool) -> Json:
    return {"remedy": remedy, "title": words.BREAKING_OFF if ends else words.REMEDIES[remedy], "breaks_off": ends}


def _engine(state: State, standing: Json, now: datetime) -> Json:
    relay = standing["relay"] or {}
    beat = datetime.fromisoformat(relay["at"]) if relay else None
    down = relay.get("engine_down_since")
    return {
        "up": state.gateway.watch.up,
        "down_since": datetime.fromisoformat(down) if down else None,
        "relay_at": beat,
        "relay_alive": beat is not None and now - beat < BEAT_PATIENCE,
    }


def _comparison(doctor: Json | None) -> Json | None:
    """When all orders were last compared; None if they never were."""
    if not doctor or "at" not in doctor:
        return None
    return {"at": datetime.fromisoformat(doctor["at"]), "compared": doctor["compared"], "left": doctor["left"]}


def _effect(row: Json) -> Json:
    return {
        "kind": row["kind"],
        "id": row["id"],
        "number": row["number"],
        "title": words.EFFECTS[row["kind"]],
        "cause": words.DEAD.get(row["standing"], words.DEAD["outbox"]),
        "error": row["error"],
        "at": row["at"],
        "may_retry": row["may_retry"],
    }


def _act(row: Json) -> Json:
    return {
        "at": row["at"],
        "by": row["name"] or words.DOCTOR,
        "account": row["account"],
        "remedy": row["remedy"],
        "title": words.REMEDIES.get(row["remedy"], row["remedy"]),
        "subject": row["subject"],
        "trouble": row["trouble"],
        "outcome": row["outcome"],
    }


def _today(now: datetime) -> date:
    return now.astimezone(CHINA).date()
