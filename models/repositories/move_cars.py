"""Requests to move a car: whose car a plate is, who waits for it already, and writing one more who does.

One request of a plate at a time can be joined, which an index holds (`ux_move_cars_joinable`): of many who ask at once
one makes the order and the others find it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from models.domain.errors import Unavailable
from models.domain.lifecycles.move_car import MOVE_CAR
from models.domain.move_cars import JOIN_WITHIN
from models.domain.order import OrderState
from models.repositories import intake
from models.repositories.direct import Direct, numbered
from models.repositories.intake import Also, Taken, Words
from models.repositories.plates import STILL_HELD
from models.repositories.publish import LATE_SEQ
from models.repositories.reading import TIE_HOLDS
from models.repositories.rows_of import RANK_EMERGENCY, RANK_START

ONE_TO_JOIN: Final = "ux_move_cars_joinable"

TRIES: Final = 5
"""Each loses against somebody who made, or ended, the request to join at that very moment."""

LATE_SEQS: Final = 2**31 - LATE_SEQ
"""What a joiner says is no step of the order's: drawn at random, two who speak at once do not meet."""

WAITING: Final = sorted(MOVE_CAR.edges.keys() - MOVE_CAR.after_work)
"""Stages in which somebody still waits."""


@dataclass(frozen=True)
class Plate:
    """A plate as Postgres keeps it."""

    sealed: bytes
    hashed: str


@dataclass(frozen=True)
class Circumstances:
    """What decides how a request begins. `users` may answer for the car, the registrant first."""

    users: tuple[str, ...]
    reachable: bool
    """Somebody of them reads messages."""
    asked_today: int
    asker_is_minor: bool
    visitor: str | None
    """The pass that carries the plate, where nobody has registered it; its hosts are then the users."""
    claims: bool
    """The asker's household says it is theirs, though another's record counts; they must not learn of that here."""


_CIRCUMSTANCES: Final = numbered(f"""
    WITH household AS (
        SELECT r.id, r.id = v.resident_id AS registrant, t.since,
               coalesce(r.openid, r.service_openid) IS NOT NULL AS reachable
        FROM vehicles v JOIN ties t ON t.house_id = v.house_id AND {TIE_HOLDS} JOIN residents r ON r.id = t.resident_id
        WHERE v.community_id = :community AND v.plate_hash = :plate AND v.ended_at IS NULL AND NOT v.claimed
          AND {STILL_HELD} AND (r.id = v.resident_id OR NOT r.is_minor)
    ), pass AS (
        SELECT p.number, p.house_id, w.state->'visit'->'hosts' AS hosts
        FROM visitor_passes p JOIN work_orders w ON w.number = p.number
        WHERE p.community_id = :community AND p.plate_hash = :plate AND p.revoked_at IS NULL
          AND (w.stage = 'arrived' OR (w.stage IN ('invited', 'left') AND p.since <= :now AND :now < p.until
               AND CAST(w.state->'visit'->>'approved' AS boolean)))
          AND NOT jsonb_exists(w.state->'visit'->'hosts', CAST(:resident AS text))
          AND NOT EXISTS (SELECT FROM household WHERE registrant)
        ORDER BY w.stage = 'arrived' DESC, p.since DESC, p.number DESC LIMIT 1
    ), hosts AS (
        SELECT r.id, pass.number, h.place, coalesce(r.openid, r.service_openid) IS NOT NULL AS reachable
        FROM pass, jsonb_array_elements_text(pass.hosts) WITH ORDINALITY AS h(id, place) JOIN residents r ON r.id = h.id
        WHERE EXISTS (SELECT FROM ties t WHERE t.resident_id = r.id AND t.house_id = pass.house_id AND {TIE_HOLDS}))
    SELECT CASE WHEN bool_or(registrant) THEN array_agg(id ORDER BY registrant DESC, since, id)
                ELSE (SELECT coalesce(array_agg(id ORDER BY place), '{{}}') FROM hosts) END AS users,
           CASE WHEN bool_or(registrant) THEN bool_or(reachable)
                ELSE (SELECT coalesce(bool_or(reachable), false) FROM hosts) END AS reachable,
           (SELECT min(number) FROM hosts) AS visitor,
           (SELECT count(*) FROM move_car_people p
            WHERE p.resident_id = CAST(:resident AS text) AND p.side = 'requester'
              AND p.since >= :today) AS asked_today,
           EXISTS (SELECT 1 FROM residents r WHERE r.id = CAST(:resident AS text) AND r.is_minor) AS minor,
           EXISTS (SELECT 1 FROM vehicles v JOIN ties t ON t.house_id = v.house_id AND {TIE_HOLDS}
                   WHERE v.community_id = :community AND v.plate_hash = :plate AND v.ended_at IS NULL AND v.claimed
                     AND t.resident_id = CAST(:resident AS text)) AS claims
    FROM household""")  # noqa: S608 - only constants are put in
"""Whoever has left the house the plate belongs to is no user of it, and without its registrant a plate is unknown.

An unknown plate may be a visitor's who is inside, or may come in now: then the hosts of the pass are asked. To a host
who asks about their own visitor the plate is unknown, so that a guard goes at once: they could only ask themselves.
"""


async def circumstances(
    db: Direct, community_id: str, plate: Plate, resident_id: str | None, today: datetime, now: datetime
) -> Circumstances:
    """`today` is when the day began in which somebody may ask only so often."""
    values: dict[str, Any] = {"community": community_id, "plate": plate.hashed, "resident": resident_id or ""}
    values |= {"today": today, "now": now}
    (row,) = await db.rows(_CIRCUMSTANCES, values)
    return Circumstances(
        tuple(row["users"]), row["reachable"], row["asked_today"], row["minor"], row["visitor"], row["claims"]
    )


# -- one more who waits ------------------------------------------------------------------------------------------------

_JOINABLE: Final = """m.community_id = :community AND m.plate_hash = :plate AND m.joinable AND w.number = m.number"""
_WAITED_FOR: Final = "(w.stage = ANY(CAST(:waiting AS text[])) AND w.submitted_at > :since)"

_JOIN: Final = numbered(f"""
    WITH found AS (
        SELECT w.number, w.version FROM move_cars m, work_orders w WHERE {_JOINABLE} AND {_WAITED_FOR} FOR UPDATE OF w
    ), claimable AS (
        SELECT id FROM photos
        WHERE id = ANY(CAST(:photo_ids AS text[])) AND owner_kind = CAST(:photo_owner_kind AS text)
          AND owner_id = CAST(:photo_owner_id AS text) AND number IS NULL AND status IN ('uploaded', 'ready')
        FOR UPDATE
    ), gate AS (
        INSERT INTO handled_requests (update_id, digest, number, version, at)
        SELECT CAST(:update_id AS text), :digest, number, version, :at FROM found
        WHERE (SELECT count(*) FROM claimable) = cardinality(CAST(:photo_ids AS text[]))
        ON CONFLICT DO NOTHING
        RETURNING number, version
    ), person AS (
        INSERT INTO move_car_people (number, resident_id, side, since)
        SELECT number, CAST(:resident AS text), 'requester', :at FROM gate WHERE CAST(:resident AS text) IS NOT NULL
        ON CONFLICT (number, resident_id) DO UPDATE SET since = excluded.since, left_at = NULL
            WHERE move_car_people.left_at IS NOT NULL
        RETURNING number
    ), wish AS (
        INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
        SELECT number || '-join-' || CAST(:update_id AS text), 'command', number, {RANK_START},
            jsonb_build_object('update', 'join', 'body', jsonb_build_object('resident', CAST(:resident AS text))),
            now(), now(), 0
        FROM person
    ), said AS (
        INSERT INTO timeline_events (number, version, seq, kind, at, by_id, by_kind, audience, facts)
        SELECT number, version, CAST(:seq AS int), 'commented', :at, CAST(:photo_owner_id AS text),
            CAST(:photo_owner_kind AS text), 'staff', :facts
        FROM gate
    ), the_photos AS (
        UPDATE photos SET number = gate.number, used_as = 'report', audience = 'staff' FROM gate, claimable
        WHERE photos.id = claimable.id
    )
    SELECT number FROM gate""")  # noqa: S608 - only constants are put in

_RETIRE: Final = numbered(
    f"UPDATE move_cars m SET joinable = false FROM work_orders w WHERE {_JOINABLE} AND NOT {_WAITED_FOR}"  # noqa: S608
)

_AS_A_CAR: Final = """
    the_car AS (
        INSERT INTO move_cars (number, community_id, plate_sealed, plate_hash, joinable)
        SELECT number, community_id, :plate_sealed, :plate_hash, true FROM gate JOIN filed USING (number)
    ), the_people AS (
        INSERT INTO move_car_people (number, resident_id, side, since)
        SELECT number, p.id, p.side, at
        FROM gate JOIN filed USING (number), unnest(CAST(:people AS text[]), CAST(:sides AS text[])) AS p(id, side)
    )"""


async def file(
    db: Direct,
    state: OrderState,
    words: Words,
    plate: Plate,
    *,
    update_id: str,
    digest: str,
    answer: Mapping[str, Any] | None,
) -> Taken:
    """Write the request, or join the one that others wait for already; `Taken.number` tells which.

    Raises ValidationFailed like :func:`intake.take_in`.
    """
    also = Also.of(_AS_A_CAR, {"plate_sealed": plate.sealed, "plate_hash": plate.hashed, **_people(state)})
    for _ in range(TRIES):
        number = await _join(db, state, words, plate, update_id, digest)
        if number is not None:
            return Taken(True, number, digest, None)
        try:
            return await intake.take_in(db, state, words, update_id=update_id, digest=digest, answer=answer, also=also)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONE_TO_JOIN:
                raise
            await db.rows(_RETIRE, _which(state, plate))
    raise Unavailable


async def _join(db: Direct, state: OrderState, words: Words, plate: Plate, update_id: str, digest: str) -> str | None:
    """The number of the request that is waited for. A guard who reports the same car is one more report, not one more
    who waits.
    """
    facts: dict[str, Any] = {"photo_ids": list(words.photo_ids)}
    if words.description:
        facts["text"] = words.description
    rows = await db.rows(
        _JOIN,
        {
            **_which(state, plate),
            "update_id": update_id,
            "digest": digest,
            "at": state.submitted_at,
            "resident": next(iter(state.waiting_residents), None),
            "photo_ids": list(dict.fromkeys(words.photo_ids)),
            "photo_owner_kind": words.photo_owner[0],
            "photo_owner_id": words.photo_owner[1],
            "seq": LATE_SEQ + secrets.randbelow(LATE_SEQS),
            "facts": facts,
        },
    )
    return str(rows[0]["number"]) if rows else None


def _which(state: OrderState, plate: Plate) -> dict[str, Any]:
    return {
        "community": state.community_id,
        "plate": plate.hashed,
        "waiting": WAITING,
        "since": state.submitted_at - JOIN_WITHIN,
    }


def _people(state: OrderState) -> dict[str, Any]:
    assert state.move_car is not None  # noqa: S101 - this is how such an order is built
    asked, asking = state.move_car.users, state.move_car.requesters
    return {"people": [*asked, *asking], "sides": ["user"] * len(asked) + ["requester"] * len(asking)}


# -- while it runs -----------------------------------------------------------------------------------------------------

_PLATE_LEFT: Final = numbered(f"""
    INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
    SELECT w.number || '-plate_left-' || CAST(:event AS text), 'fact', w.number, {RANK_EMERGENCY},
        jsonb_build_object('signal', 'plate_left', 'id', CAST(:event AS text), 'at', CAST(:at AS text)), now(), now(), 0
    FROM move_cars m JOIN work_orders w ON w.number = m.number
    WHERE m.community_id = :community AND m.plate_hash = :plate AND w.stage = ANY(CAST(:waiting AS text[]))
    ON CONFLICT (id) DO NOTHING
    RETURNING number""")  # noqa: S608 - only constants are put in


async def plate_left(db: Direct, community_id: str, plate_hash: str, event_id: str, at: datetime) -> list[str]:
    """A camera has seen a car leave: the requests that wait for it are told by the relay, however often it is said.

    Answers their numbers; none for a car that nobody waits for.
    """
    values = {"community": community_id, "plate": plate_hash, "event": event_id, "at": at.isoformat()}
    return [row["number"] for row in await db.rows(_PLATE_LEFT, {**values, "waiting": WAITING})]


# -- reading -----------------------------------------------------------------------------------------------------------

_ASKED_OF: Final = """
    SELECT w.number, w.stage, w.open, w.place_label, w.category, w.submitted_at, w.closed_at, w.state, m.plate_sealed
    FROM move_car_people p JOIN work_orders w ON w.number = p.number JOIN move_cars m ON m.number = p.number
    WHERE p.resident_id = :resident AND p.side = 'user'"""
_NEWEST: Final = "ORDER BY w.submitted_at DESC, w.number DESC LIMIT :limit"
_FIRST_PAGE: Final = numbered(f"{_ASKED_OF} {_NEWEST}")
_NEXT_PAGE: Final = numbered(f"{_ASKED_OF} AND (w.submitted_at, w.number) < (:at, :number) {_NEWEST}")


_PLATES: Final = numbered("SELECT number, plate_sealed FROM move_cars WHERE number = ANY(CAST(:numbers AS text[]))")


async def plates_of(db: Direct, numbers: list[str]) -> dict[str, bytes]:
    """The sealed plate of each of these requests."""
    return {row["number"]: bytes(row["plate_sealed"]) for row in await db.rows(_PLATES, {"numbers": numbers})}


async def asked_of(
    db: Direct, resident_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Requests about the cars that this resident may answer for, newest first."""
    values: dict[str, Any] = {"resident": resident_id, "limit": limit}
    if after is None:
        return list(await db.rows(_FIRST_PAGE, values))
    return list(await db.rows(_NEXT_PAGE, values | {"at": after[0], "number": after[1]}))
