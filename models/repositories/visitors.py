"""Visitors' passes: who is asked about a walk-in, writing a pass, what a step means for it, finding it at the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.order import OrderState
from models.domain.step import Batch
from models.domain.visitors import LONGEST, VisitType
from models.repositories import intake
from models.repositories.direct import Direct, numbered
from models.repositories.intake import Also, Taken, Words
from models.repositories.reading import IN_MY_BUILDINGS, TIE_HOLDS, literally
from models.repositories.rows_of import RANK_EMERGENCY, RANK_START

Row = dict[str, Any]

LIVED_IN: Final = ("occupied", "renovating", "let")
"""Houses whose residents can be asked. Of one that is let the tenants live there, and nobody else."""


@dataclass(frozen=True)
class Person:
    """A visitor as Postgres keeps them."""

    name_sealed: bytes
    name_hash: str
    phone_sealed: bytes | None
    tail_hash: str | None
    plate_sealed: bytes | None
    plate_hash: str | None
    purpose: str | None
    persons: int


# -- who lives there ---------------------------------------------------------------------------------------------------

_LIVING_THERE: Final = numbered(f"""
    WITH here AS (
        SELECT r.id, t.kind, t.since, coalesce(r.openid, r.service_openid) IS NOT NULL AS reachable,
               bool_or(t.kind = 'tenant') OVER () OR h.status = 'let' AS let
        FROM houses h JOIN ties t ON t.house_id = h.id AND {TIE_HOLDS} JOIN residents r ON r.id = t.resident_id
        WHERE h.id = :house AND h.status = ANY(CAST(:lived_in AS text[])) AND NOT r.is_minor)
    SELECT id, reachable FROM here WHERE kind = 'tenant' OR NOT let ORDER BY since, id""")  # noqa: S608 - constants


async def living_there(db: Direct, house_id: str) -> list[tuple[str, bool]]:
    """The adults who live in a house, each with whether they read messages; never an absent landlord or their family.

    Nobody for a home that stands empty.
    """
    rows = await db.rows(_LIVING_THERE, {"house": house_id, "lived_in": list(LIVED_IN)})
    return [(row["id"], row["reachable"]) for row in rows]


# -- writing -----------------------------------------------------------------------------------------------------------

_AS_A_VISIT: Final = """
    the_pass AS (
        INSERT INTO visitor_passes (number, community_id, house_id, type, walk_in, since, until, purpose, persons,
            entries, used, name_sealed, name_hash, phone_sealed, tail_hash, plate_sealed, plate_hash)
        SELECT number, community_id, house_id, :visit_type, :walk_in, :since, :until, :purpose, :persons, :entries, 0,
            :name_sealed, :name_hash, :phone_sealed, :tail_hash, :plate_sealed, :plate_hash
        FROM gate JOIN filed USING (number)
        RETURNING number
    ), the_asked AS (
        INSERT INTO visitor_asked (number, resident_id, asked_at)
        SELECT number, asked.id, at
        FROM the_pass JOIN filed USING (number), unnest(CAST(:asked AS text[])) AS asked(id)
    )"""


async def file(
    db: Direct,
    state: OrderState,
    words: Words,
    person: Person,
    *,
    update_id: str,
    digest: str,
    answer: Mapping[str, Any] | None,
) -> Taken:
    """Write a pass or a walk-in, in one statement with its order. Raises what :func:`intake.take_in` raises."""
    visit = state.visit
    assert visit is not None  # noqa: S101 - this is how such an order is built
    values = {
        "visit_type": visit.type.value,
        "walk_in": visit.walk_in,
        "since": visit.start,
        "until": visit.until,
        "entries": visit.entries,
        "asked": list(visit.hosts) if visit.walk_in else [],
        **vars(person),
    }
    also = Also.of(_AS_A_VISIT, values)
    return await intake.take_in(db, state, words, update_id=update_id, digest=digest, answer=answer, also=also)


_NOTE: Final = text("""
    UPDATE visitor_passes SET
        used = :used,
        arrived_at = CASE WHEN :used > 0 THEN coalesce(arrived_at, :at) END,
        left_at = CASE WHEN :stage = 'arrived' THEN NULL ELSE coalesce(:left_at, left_at) END,
        revoked_at = CASE WHEN :stage = 'revoked' THEN CAST(:at AS timestamptz) END
    WHERE number = :number""")


def note(conn: Connection, batch: Batch) -> None:
    """What a step means for the pass, so that the row alone says whether it holds."""
    state = batch.state
    if state.visit is None or not (
        batch.whole or any(event.stage or event.kind == "arrived" for event in batch.events)
    ):
        return
    left_at = next((event.at for event in reversed(batch.events) if event.stage == "left"), None)
    values = {"number": batch.number, "used": state.visit.used, "stage": state.stage, "at": state.entered_at}
    conn.execute(_NOTE, values | {"left_at": left_at})


_PLATE_LEFT: Final = numbered(f"""
    INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
    SELECT w.number || '-plate_left-' || CAST(:event AS text), 'fact', w.number, {RANK_EMERGENCY},
        jsonb_build_object('signal', 'plate_left', 'id', CAST(:event AS text), 'at', CAST(:at AS text)), now(), now(), 0
    FROM visitor_passes p JOIN work_orders w ON w.number = p.number
    WHERE p.community_id = :community AND p.plate_hash = :plate AND w.stage = 'arrived'
    ON CONFLICT (id) DO NOTHING
    RETURNING number""")  # noqa: S608 - only constants are put in


async def plate_left(db: Direct, community_id: str, plate_hash: str, event_id: str, at: datetime) -> list[str]:
    """A camera has seen a visitor's car leave: the visits of it end, by way of the relay. Answers their numbers."""
    values = {"community": community_id, "plate": plate_hash, "event": event_id, "at": at.isoformat()}
    return [row["number"] for row in await db.rows(_PLATE_LEFT, values)]


_ANONYMISE: Final = text("""
    UPDATE visitor_passes SET name_sealed = NULL, name_hash = NULL, phone_sealed = NULL, tail_hash = NULL,
        plate_sealed = NULL, plate_hash = NULL, purpose = NULL, anonymised_at = :now
    WHERE number = ANY(ARRAY(
        SELECT due.number FROM communities c LEFT JOIN policies s ON s.community_id = c.id
        CROSS JOIN LATERAL (
            SELECT p.number FROM visitor_passes p JOIN work_orders w ON w.number = p.number
            WHERE p.community_id = c.id AND p.anonymised_at IS NULL AND NOT w.open
              AND p.until < CAST(:now AS timestamptz)
                  - coalesce(CAST(s.settings->>'visitors_known_for' AS interval), CAST(:usually AS interval))
            ORDER BY p.until LIMIT :limit) due
        LIMIT :limit))
    RETURNING number""")
"""Community by community, because each has its own term: so the oldest are found without reading the rest."""


def anonymise(conn: Connection, now: datetime, usually: Any, limit: int) -> int:
    """Take away who came, so long after the pass ended as the community has set, or `usually`. Tells how many."""
    return len(conn.execute(_ANONYMISE, {"now": now, "usually": usually, "limit": limit}).all())


_ORPHANED: Final = text(f"""
    INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
    SELECT DISTINCT w.number || '-host_gone', 'command', w.number, {RANK_START},
        jsonb_build_object('update', 'cancel', 'body', jsonb_build_object('reason', CAST(:reason AS text))),
        now(), now(), 0
    FROM ties t JOIN work_orders w ON w.reporter_id = t.resident_id AND w.reporter_kind = 'resident'
        AND w.house_id = t.house_id
    WHERE w.kind = 'visitor' AND w.open AND w.stage IN ('invited', 'left')
      AND (t.until > :since OR t.lease_until BETWEEN CAST(:since AS date) AND CAST(:now AS date)) AND NOT ({TIE_HOLDS})
      AND NOT EXISTS (SELECT FROM ties o WHERE o.resident_id = t.resident_id AND o.house_id = t.house_id
          AND {TIE_HOLDS.replace("t.", "o.")})
    ON CONFLICT (id) DO NOTHING
    RETURNING number""")  # noqa: S608 - only constants are put in


def revoke_orphaned(conn: Connection, now: datetime, since: datetime, reason: str) -> list[str]:
    """Passes of hosts who have left the house since then are taken back; whoever is inside already stays.

    Answers the numbers. The relay carries the command to the workflow, so it may be asked for any number of times.
    """
    return list(conn.execute(_ORPHANED, {"now": now, "since": since, "reason": reason}).scalars())


# -- reading -----------------------------------------------------------------------------------------------------------

COLUMNS: Final = """p.number, p.type, p.walk_in, p.since, p.until, p.purpose, p.persons, p.entries, p.used,
    p.name_sealed, p.phone_sealed, p.plate_sealed, p.arrived_at, p.left_at, p.revoked_at, p.anonymised_at"""

_LISTED: Final = f"""{COLUMNS}, w.stage, w.open, w.place_label, w.community_id, w.submitted_at, w.state"""

_OF_RESIDENT: Final = f"""
    SELECT {_LISTED} FROM (
        SELECT number FROM work_orders
        WHERE reporter_id = :resident AND reporter_kind = 'resident' AND kind = 'visitor'
        UNION SELECT number FROM visitor_asked WHERE resident_id = :resident
    ) mine JOIN work_orders w ON w.number = mine.number JOIN visitor_passes p ON p.number = w.number"""  # noqa: S608
_NEWEST: Final = "ORDER BY w.submitted_at DESC, w.number DESC LIMIT :limit"
_FIRST_PAGE: Final = numbered(f"{_OF_RESIDENT} {_NEWEST}")
_NEXT_PAGE: Final = numbered(f"{_OF_RESIDENT} WHERE (w.submitted_at, w.number) < (:at, :number) {_NEWEST}")


async def of_resident(
    db: Direct, resident_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """The passes that a resident made and the walk-ins that they were asked about, newest first."""
    values: Row = {"resident": resident_id, "limit": limit}
    if after is None:
        return await db.rows(_FIRST_PAGE, values)
    return await db.rows(_NEXT_PAGE, values | {"at": after[0], "number": after[1]})


_AT_THE_GATE: Final = """CASE w.stage WHEN 'waiting_approval' THEN 0 WHEN 'arrived' THEN 1 WHEN 'invited' THEN 2
    WHEN 'left' THEN 3 ELSE 4 END"""

SHORT: Final = max(longest for type_, longest in LONGEST.items() if type_ is not VisitType.LONG_STAY).days

_OF_DAY: Final = f"""
    SELECT {_LISTED}, {_AT_THE_GATE} AS rank FROM (
        SELECT * FROM visitor_passes WHERE community_id = ANY(CAST(:communities AS text[])) AND type <> 'long_stay'
          AND until > :day AND until < CAST(:day_after AS timestamptz) + interval '{SHORT} days' AND since < :day_after
        UNION ALL
        SELECT * FROM visitor_passes WHERE community_id = ANY(CAST(:communities AS text[])) AND type = 'long_stay'
          AND until > :day AND since < :day_after
    ) p JOIN work_orders w ON w.number = p.number WHERE {IN_MY_BUILDINGS}"""  # noqa: S608 - only constants are put in
"""A day long ago does not read all since: short stays are looked for until they must have ended, long ones are few."""
_FOUND: Final = """ AND (p.name_hash = :name OR p.tail_hash = :tail OR p.plate_hash = :plate
    OR w.place_label ILIKE :words OR w.number = :number)"""
_IN_TURN: Final = " ORDER BY rank, p.since, p.number LIMIT :limit"
_WHOLE_DAY: Final = numbered(_OF_DAY + _IN_TURN)
_SEARCHED: Final = numbered(_OF_DAY + _FOUND + _IN_TURN)


@dataclass(frozen=True)
class Sought:
    """What a guard typed, as it may be stored: a name, a house, a plate, the last four digits of a phone, a number."""

    words: str
    number: str
    name_hash: str
    tail_hash: str | None
    plate_hash: str | None


async def of_day(
    db: Direct,
    communities: Sequence[str],
    narrowed: Sequence[str],
    buildings: Sequence[str],
    day: tuple[datetime, datetime],
    sought: Sought | None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """Passes that hold at some time of a day: who waits at the gate first, then who is inside, then who is awaited."""
    values: Row = {
        "communities": list(communities),
        "narrowed": list(narrowed),
        "buildings": list(buildings),
        "day": day[0],
        "day_after": day[1],
        "limit": limit,
    }
    if sought is None:
        return await db.rows(_WHOLE_DAY, values)
    values |= {
        "words": f"%{literally(sought.words)}%",
        "number": sought.number,
        "name": sought.name_hash,
        "tail": sought.tail_hash,
        "plate": sought.plate_hash,
    }
    return await db.rows(_SEARCHED, values)
