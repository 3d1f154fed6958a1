"""The plates that households have registered.

A plate is its registrant's as long as the tie holds under which it was registered (`STILL_HELD`): whoever ends a tie,
the tie of the family that hangs on it, or lets a lease run out, ends the plates with it, and nobody can forget to.

One record per plate counts in a community (`ux_vehicles_plate`). Another home that names the same plate is written
down as `claimed`: the person hears the same as everybody, and a clerk decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from models.domain.errors import IllegalTransition, NotFound
from models.domain.numbers import CHINA
from models.domain.plate_rights import MOST_PER_HOUSE
from models.repositories.direct import Direct, numbered
from models.repositories.reading import TIE_HOLDS
from models.repositories.rows_of import RANK_OTHER
from models.tables.base import new_id

Row = dict[str, Any]

REGISTRANTS_TIE: Final = f"""t.resident_id = v.resident_id AND t.house_id = v.house_id AND {TIE_HOLDS}
    AND t.since <= v.registered_at AND (t.kind <> 'family' OR t.certified_by IS NULL OR EXISTS (
        SELECT 1 FROM ties o WHERE o.house_id = t.house_id AND o.resident_id = t.certified_by AND o.until IS NULL
          AND o.since <= v.registered_at))"""  # noqa: S608 - only constants are put in
"""The tie `t` under which the plate `v` was registered, while it holds."""

STILL_HELD: Final = f"EXISTS (SELECT 1 FROM ties t WHERE {REGISTRANTS_TIE})"  # noqa: S608

_OF_A_TENANT: Final = f"EXISTS (SELECT 1 FROM ties t WHERE {REGISTRANTS_TIE} AND t.kind = 'tenant')"  # noqa: S608
"""A landlord reads nothing of who rents, and the other way round."""

_SHOWN: Final = """v.id, v.plate_sealed, v.house_id, h.label, h.community_id, h.building_id, v.resident_id, r.name,
    v.registered_at, v.claimed"""

OWN: Final = numbered(f"""
    SELECT {_SHOWN}, mine.kind AS tie, v.resident_id = :resident AS mine
    FROM (SELECT t.house_id, t.kind FROM ties t WHERE t.resident_id = :resident AND {TIE_HOLDS}) mine
    JOIN vehicles v ON v.house_id = mine.house_id AND v.ended_at IS NULL AND {STILL_HELD}
    JOIN houses h ON h.id = v.house_id JOIN residents r ON r.id = v.resident_id
    WHERE {_OF_A_TENANT} = (mine.kind = 'tenant') ORDER BY h.label, v.registered_at, v.id""")  # noqa: S608 - constants

OF_HOUSE: Final = numbered(f"""
    SELECT {_SHOWN} FROM vehicles v JOIN houses h ON h.id = v.house_id JOIN residents r ON r.id = v.resident_id
    WHERE v.house_id = :house AND v.ended_at IS NULL AND {STILL_HELD} ORDER BY v.registered_at, v.id""")  # noqa: S608

_DENIED: Final = """(SELECT max(e.at) FROM move_cars m JOIN timeline_events e ON e.number = m.number
    WHERE m.plate_hash = v.plate_hash AND m.community_id = v.community_id AND e.kind = 'not_me'
      AND e.at > coalesce(v.checked_at, v.registered_at))"""
"""When somebody whose car it should be last said that it is not theirs."""

IN_DOUBT: Final = numbered(f"""
    SELECT {_SHOWN}, c.name AS community, {_DENIED} AS denied_at, held.name AS holder, held.label AS holder_house
    FROM vehicles v JOIN houses h ON h.id = v.house_id JOIN residents r ON r.id = v.resident_id
    JOIN communities c ON c.id = v.community_id
    LEFT JOIN LATERAL (SELECT hr.name, hh.label FROM vehicles x JOIN residents hr ON hr.id = x.resident_id
        JOIN houses hh ON hh.id = x.house_id WHERE v.claimed AND x.community_id = v.community_id
          AND x.plate_hash = v.plate_hash AND x.ended_at IS NULL AND NOT x.claimed) held ON true
    WHERE v.ended_at IS NULL AND ('*' = ANY(CAST(:communities AS text[]))
          OR v.community_id = ANY(CAST(:communities AS text[]))) AND {STILL_HELD}
      AND (v.claimed OR {_DENIED} IS NOT NULL)
    ORDER BY v.registered_at, v.id LIMIT :limit""")  # noqa: S608 - only constants of this module are put in


async def own(db: Direct, resident_id: str) -> list[Row]:
    """What the caller's households have registered, each with the caller's own `tie` to its house."""
    return [dict(row.items()) for row in await db.rows(OWN, {"resident": resident_id})]


async def of_house(db: Direct, house_id: str) -> list[Row]:
    return [dict(row.items()) for row in await db.rows(OF_HOUSE, {"house": house_id})]


RESIDENTS: Final = numbered(f"""
    SELECT r.id, r.name, t.kind AS tie FROM ties t JOIN residents r ON r.id = t.resident_id
    WHERE t.house_id = :house AND {TIE_HOLDS} AND NOT r.is_minor ORDER BY t.since, r.id""")  # noqa: S608 - constants


async def residents(db: Direct, house_id: str) -> list[Row]:
    """In whose name a plate of the house may be: `{id, name, tie}`."""
    return [dict(row.items()) for row in await db.rows(RESIDENTS, {"house": house_id})]


async def in_doubt(db: Direct, communities: Sequence[str], limit: int) -> list[Row]:
    """What a clerk must settle: a plate that two homes name, and one that its own household denied."""
    return [dict(row.items()) for row in await db.rows(IN_DOUBT, {"communities": list(communities), "limit": limit})]


async def one(db: Direct, vehicle_id: str) -> Row | None:
    """Also a plate that has ended."""
    rows = await db.rows(ONE, {"id": vehicle_id})
    return dict(rows[0].items()) if rows else None


ONE: Final = numbered(f"""
    SELECT {_SHOWN} FROM vehicles v JOIN houses h ON h.id = v.house_id JOIN residents r ON r.id = v.resident_id
    WHERE v.id = :id""")  # noqa: S608 - only constants of this module are put in

TIE: Final = text(f"""
    SELECT t.kind, r.is_minor, h.community_id FROM ties t JOIN residents r ON r.id = t.resident_id
    JOIN houses h ON h.id = t.house_id
    WHERE t.resident_id = :resident AND t.house_id = :house AND {TIE_HOLDS} FOR NO KEY UPDATE OF h""")  # noqa: S608
"""The house is locked: what one household registers is counted one after the other."""

_END_STALE: Final = text(f"""
    UPDATE vehicles v SET ended_at = :at
    WHERE v.ended_at IS NULL AND NOT {STILL_HELD}
      AND (v.house_id = :house OR (v.community_id = :community AND v.plate_hash = :plate))""")  # noqa: S608

_OPEN: Final = text("SELECT id, plate_hash FROM vehicles WHERE house_id = :house AND ended_at IS NULL")

_ELSEWHERE: Final = text("""
    SELECT 1 FROM vehicles WHERE community_id = :community AND plate_hash = :plate AND ended_at IS NULL
      AND resident_id = :resident""")

_INSERT: Final = """
    INSERT INTO vehicles (id, community_id, plate_sealed, plate_hash, resident_id, house_id, registered_at, claimed)
    VALUES (:id, :community, :sealed, :plate, :resident, :house, :at, {claimed})"""

_AS_CURRENT: Final = text(
    _INSERT.format(claimed="false")
    + " ON CONFLICT (community_id, plate_hash) WHERE ended_at IS NULL AND NOT claimed DO NOTHING RETURNING id"
)
_AS_CLAIM: Final = text(_INSERT.format(claimed="true"))


_STILL_OPEN: Final = text("SELECT 1 FROM vehicles WHERE id = :id AND ended_at IS NULL FOR UPDATE")

_ONE_AFTER_THE_OTHER: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('plate:' || :community || :plate, 0))"
)
"""Whoever registers a plate and whoever settles it do not meet: a row that is being written cannot be locked yet."""


def tie(conn: Connection, resident_id: str, house_id: str) -> Row | None:
    """The resident's tie to the house today: `{kind, is_minor, community_id}`; the house stays locked."""
    row = conn.execute(TIE, {"resident": resident_id, "house": house_id}).mappings().one_or_none()
    return dict(row) if row else None


def register(
    conn: Connection, *, community: str, house: str, resident: str, sealed: bytes, hashed: str, at: datetime
) -> str:
    """The id of the household's record of the plate, made now or before. The caller has locked the house (`tie`).

    Raises IllegalTransition for too many plates, and for one that the same person has registered with another home.
    """
    values = {"community": community, "house": house, "resident": resident, "plate": hashed, "sealed": sealed, "at": at}
    conn.execute(_ONE_AFTER_THE_OTHER, values)
    conn.execute(_END_STALE, values)
    known = {row.plate_hash: str(row.id) for row in conn.execute(_OPEN, values)}
    if hashed in known:
        return known[hashed]
    if len(known) >= MOST_PER_HOUSE:
        raise IllegalTransition("too_many_plates", most=MOST_PER_HOUSE)
    if conn.execute(_ELSEWHERE, values).first() is not None:
        raise IllegalTransition("plate_at_other_home")
    new = values | {"id": new_id("car")}
    if conn.execute(_AS_CURRENT, new).first() is None:
        conn.execute(_AS_CLAIM, new)
    return str(new["id"])


def end(conn: Connection, vehicle_id: str, at: datetime) -> list[str]:
    """Ends a record, and answers it; one that has ended already stays as it is."""
    ended = conn.execute(
        text("UPDATE vehicles SET ended_at = :at WHERE id = :id AND ended_at IS NULL RETURNING id"),
        {"id": vehicle_id, "at": at},
    )
    return list(ended.scalars())


def hold(conn: Connection, vehicle_id: str, at: datetime) -> list[str]:
    """The clerk has looked: this record counts from now on, and another home's of the same plate ends. Answers that.

    Raises NotFound for a record that has ended meanwhile.
    """
    row = conn.execute(text("SELECT community_id, plate_hash FROM vehicles WHERE id = :id"), {"id": vehicle_id}).one()
    values = {"id": vehicle_id, "community": row.community_id, "plate": row.plate_hash, "at": at}
    conn.execute(_ONE_AFTER_THE_OTHER, values)
    if conn.execute(_STILL_OPEN, values).first() is None:
        raise NotFound
    ended = conn.execute(
        text("""
            UPDATE vehicles SET ended_at = :at WHERE community_id = :community AND plate_hash = :plate
              AND ended_at IS NULL AND NOT claimed AND id <> :id RETURNING id"""),
        values,
    )
    conn.execute(text("UPDATE vehicles SET claimed = false, checked_at = :at WHERE id = :id"), values)
    return list(ended.scalars())


_TELL: Final = text(f"""
    WITH told AS (
        INSERT INTO notices (id, vehicle_id, version, kind, to_kind, to_id, template, facts, urgent, created_at,
            delivery)
        SELECT v.id || '-' || :kind || '-' || :day, v.id, 0, :kind, 'resident', v.resident_id, 'review_result',
            '{{}}', false, :at, 'pending'
        FROM vehicles v WHERE v.id = ANY(CAST(:vehicles AS text[])) AND {STILL_HELD}
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    )
    INSERT INTO outbox (id, action, rank, body, created_at, not_before, attempts)
    SELECT id, 'notice', {RANK_OTHER}, jsonb_build_object('notice', id), :at, :at, 0 FROM told""")  # noqa: S608


def tell(conn: Connection, vehicles: Sequence[str], kind: str, at: datetime) -> None:
    """Tell the registrants of these, as far as they live there still, what a clerk has found; once a day at most, so
    that a press that is repeated tells nobody twice.
    """
    day = f"{at.astimezone(CHINA):%Y%m%d}"
    conn.execute(_TELL, {"vehicles": list(vehicles), "kind": kind, "day": day, "at": at})
