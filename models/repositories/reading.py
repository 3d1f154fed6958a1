"""What the API's pages and lists read: one round trip per question, hand-picked columns, never Temporal.

All functions are asynchronous, take the pool of single statements and return plain dictionaries. Lists page by key,
newest or most urgent first, so that a page costs the same at the first and at the ten-thousandth row and new rows never
shift what follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.domain.lifecycles import LIFECYCLES
from models.domain.people import Actor
from models.domain.plates import PLATE
from models.domain.privacy import PRIVATE, READ_ALL
from models.repositories.direct import Direct, Numbered, numbered
from models.repositories.people import SERVES

Row = dict[str, Any]


class OrderKey(NamedTuple):
    """Where a list of orders goes on."""

    submitted_at: datetime
    number: str


class Onlooker(NamedTuple):
    """A member of staff before lists: what is kept from them, and whose words they may read."""

    self_id: str = ""
    stands_for: Sequence[str] = ()
    own_roles: Sequence[str] = ()

    @classmethod
    def of(cls, actor: Actor) -> Onlooker:
        return cls(actor.id, actor.stands_for, [role.value for role in actor.roles])

    def values(self) -> Row:
        return {"self_id": self.self_id, "stands_for": list(self.stands_for), "own_roles": list(self.own_roles)}


EXISTS_FOR_ME: Final = "NOT CAST(:self_id AS text) = ANY(w.excluded)"
"""Whoever is complained of, and who reports to them, never meets the order."""

IN_MY_BUILDINGS: Final = """(NOT w.community_id = ANY(CAST(:narrowed AS text[])) OR w.building_id IS NULL
    OR w.building_id = ANY(CAST(:buildings AS text[])))"""
"""What `Actor.reaches` says of a place."""

READS_WORDS: Final = f"""(w.kind NOT IN ({", ".join(f"'{kind}'" for kind in sorted(PRIVATE))})
    OR CAST(:own_roles AS text[]) && CAST(ARRAY[{", ".join(f"'{role}'" for role in READ_ALL)}] AS text[])
    OR coalesce(w.filed_by = :self_id, false)
    OR EXISTS (SELECT FROM tasks own WHERE own.number IN (w.number, w.primary_number)
        AND (own.holder_id = ANY(CAST(:stands_for AS text[])) OR own.closed_by = ANY(CAST(:stands_for AS text[]))
            OR (own.closed_at IS NULL AND own.holder_id IS NULL AND own.roles && CAST(:own_roles AS varchar[])))))"""
"""What `privacy.may_read_words` says of a member of staff; whoever handles the primary handles all of its group."""


async def _records(db: Direct, statement: Numbered, **values: Any) -> Sequence[Mapping[str, Any]]:
    """Read by name as they are: for lists, where a dictionary per row costs as much as showing it."""
    return await db.rows(statement, values)


async def _rows(db: Direct, statement: Numbered, **values: Any) -> list[Row]:
    return [dict(row.items()) for row in await db.rows(statement, values)]


async def _one(db: Direct, statement: Numbered, **values: Any) -> Row | None:
    rows = await db.rows(statement, values)
    return dict(rows[0].items()) if rows else None


# -- lists of orders --------------------------------------------------------------------------------------------------

SUMMARY_CHARACTERS: Final = 40
"""How much of a description a list shows: one line on a phone."""

LISTED: Final = f"""w.number, w.kind, w.community_id, w.place_label, w.category,
    left(w.description, {SUMMARY_CHARACTERS}) AS description, w.stage, w.open, w.priority, w.assignee_id, w.urged,
    w.next_due_at, w.submitted_at, w.closed_at, w.rating_result, w.reporter_kind, w.reporter_id,
    coalesce(w.primary_number, w.incident_id) AS leader"""
"""What a list shows and nothing else: each column of each row costs the API half a microsecond to read."""

NEWEST: Final = "ORDER BY submitted_at DESC, number DESC LIMIT :limit"

WITH_PRIMARY: Final = """LEFT JOIN LATERAL (
        SELECT l.stage, l.next_due_at, l.assignee_id FROM work_orders l WHERE l.number = o.leader LIMIT 1) p ON true
    LEFT JOIN staff s ON s.id = CASE WHEN o.leader IS NULL THEN o.assignee_id ELSE p.assignee_id END"""
"""The LIMIT makes it a look-up for each row of the page. Planned once for all limits, Postgres takes a page for a tenth
of the community, and would read every order there is to find the leaders of twenty.
"""

OF_PRIMARY: Final = """p.stage AS primary_stage, p.next_due_at AS primary_due_at,
    s.name AS assignee_name, s.account AS assignee_account, s.roles AS assignee_roles"""
"""An order that follows another shows the other's stage, deadline and worker."""

SHOWN_STAGE: Final = """(CASE WHEN w.incident_id IS NOT NULL THEN 'in_progress'
    WHEN w.primary_number IS NULL THEN w.stage
    ELSE (SELECT p.stage FROM work_orders p WHERE p.number = w.primary_number) END)"""

TIE_HOLDS: Final = """t.until IS NULL
    AND (t.lease_until IS NULL OR t.lease_until >= (now() AT TIME ZONE 'Asia/Shanghai')::date)"""
"""A tenancy ends with its lease even when nobody has ended the tie."""

ENDS: Final = frozenset(stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.ends)
"""An order that shows any other stage is open, whether it stands there itself or follows one that does."""

FROM_THE_DAY_OF_THE_TIE: Final = """w.submitted_at >=
    date_trunc('day', t.since AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"""
"""Each resident sees the house's repairs from the day their own tie began (`lifecycles.md`, "People")."""


def _order_filters(kind: str | None, is_open: bool | None, after: OrderKey | None) -> tuple[str, Row]:
    conditions, values = [], Row()
    if kind is not None:
        conditions.append("w.kind = :kind")
        values["kind"] = kind
    if is_open is not None:
        conditions.append("w.open" if is_open else "NOT w.open")
    if after is not None:
        conditions.append("(w.submitted_at, w.number) < (:at, :number)")
        values |= {"at": after.submitted_at, "number": after.number}
    return "".join(f" AND {condition}" for condition in conditions), values


async def orders_of_resident(
    db: Direct,
    resident_id: str,
    *,
    kind: str | None = None,
    is_open: bool | None = None,
    after: OrderKey | None = None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """The resident's own orders, the repairs inside their houses and what they wait for with others, newest first.

    Most are several. They are told apart by their keys, since UNION would sort them by every column that is listed.
    """
    where, values = _order_filters(kind, is_open, after)
    sql = f"""
        SELECT o.*, {OF_PRIMARY} FROM (
            SELECT DISTINCT ON (submitted_at, number) * FROM (
                (SELECT {LISTED} FROM work_orders w
                 WHERE w.reporter_id = :resident AND w.reporter_kind = 'resident'{where} {NEWEST})
                UNION ALL
                (SELECT {LISTED} FROM aliases a JOIN work_orders w ON w.reporter_id = a.id
                 WHERE a.resident_id = :resident{where} {NEWEST})
                UNION ALL
                (SELECT h.* FROM ties t CROSS JOIN LATERAL (
                    SELECT {LISTED} FROM work_orders w
                    WHERE w.house_id = t.house_id AND w.kind = 'repair' AND {FROM_THE_DAY_OF_THE_TIE}{where} {NEWEST}
                 ) h WHERE t.resident_id = :resident AND {TIE_HOLDS})
                UNION ALL
                (SELECT {LISTED} FROM move_car_people p JOIN work_orders w ON w.number = p.number
                 WHERE p.resident_id = :resident AND p.side = 'requester'{where} {NEWEST})
                UNION ALL
                (SELECT {LISTED} FROM visitor_asked v JOIN work_orders w ON w.number = v.number
                 WHERE v.resident_id = :resident{where} {NEWEST})
            ) u {NEWEST}
        ) o {WITH_PRIMARY}
        ORDER BY o.submitted_at DESC, o.number DESC"""  # noqa: S608 - only constants of this module are put in
    return await _records(db, numbered(sql), resident=resident_id, limit=limit, **values)


async def orders_of_staff(
    db: Direct,
    communities: Sequence[str],
    *,
    narrowed: Sequence[str] = (),
    buildings: Sequence[str] = (),
    now: datetime,
    kind: str | None = None,
    stage: str | None = None,
    is_open: bool | None = None,
    words: str | None = None,
    plate_hash: str | None = None,
    overdue: bool | None = None,
    onlooker: Onlooker,
    after: OrderKey | None = None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """The orders of some communities, newest first, each with `readable`: whether its words are for the onlooker.

    `words` is looked for in number and place, and in description and contact where the onlooker may read them; where
    they are a whole plate, its requests are found as well.
    """
    where, values = _order_filters(kind, is_open, after)
    where += f" AND {EXISTS_FOR_ME}"
    values |= onlooker.values()
    if narrowed:
        where += f" AND {IN_MY_BUILDINGS}"
        values |= {"narrowed": list(narrowed), "buildings": list(buildings)}
    if stage is not None:
        where += f" AND {SHOWN_STAGE} = :stage" + ("" if stage in ENDS else " AND w.open")
        values["stage"] = stage
    if overdue is not None:
        late = "w.open AND w.next_due_at < :now"
        where += f" AND {late}" if overdue else f" AND NOT coalesce({late}, false)"
        values["now"] = now
    if words:
        found = ["w.number ILIKE :words", "w.place_label ILIKE :words"]
        found.append(f"((w.description ILIKE :words OR w.contact_name ILIKE :words) AND {READS_WORDS})")
        if plate_hash is not None:
            found.append("w.number IN (SELECT m.number FROM move_cars m WHERE m.plate_hash = :plate_hash)")
            values["plate_hash"] = plate_hash
        where += f" AND ({' OR '.join(found)})"
        values["words"] = f"%{literally(words)}%"
    sql = f"""
        SELECT o.*, {OF_PRIMARY} FROM (
            SELECT o.* FROM unnest(CAST(:communities AS text[])) AS c(id) CROSS JOIN LATERAL (
                SELECT {LISTED}, {READS_WORDS} AS readable
                FROM work_orders w WHERE w.community_id = c.id{where} {NEWEST}
            ) o {NEWEST}
        ) o {WITH_PRIMARY}
        ORDER BY o.submitted_at DESC, o.number DESC"""  # noqa: S608 - only constants of this module are put in
    return await _records(db, numbered(sql), communities=list(communities), limit=limit, **values)


def literally(words: str) -> str:
    """What a person typed is never a pattern."""
    return words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


# -- one order --------------------------------------------------------------------------------------------------------

TOLD_BY_URGING: Final = f"""(SELECT count(DISTINCT s.id) FROM notices n JOIN staff s
    ON s.id = n.to_id OR (n.to_kind = 'role' AND s.active AND n.to_id = ANY(s.roles)
                          AND {SERVES.format(community="w.community_id")} AND NOT s.id = ANY(w.excluded))
    WHERE n.number IN (w.number, w.primary_number) AND n.kind IN ('urged', 'urged_often')
      AND n.delivery <> 'withdrawn')"""  # noqa: S608 - only constants are put in
"""How many people the urges of order `w`, or of the one that it follows, have told; a role counts its members at once,
before it is spread.
"""

CAR_OF: Final = """(SELECT jsonb_build_object('plate', encode(m.plate_sealed, 'base64'), 'side', p.side,
        'left', p.left_at IS NOT NULL)
    FROM move_cars m LEFT JOIN move_car_people p ON p.number = m.number AND p.resident_id = :resident
    WHERE m.number = w.number)"""
"""The sealed plate of a request to move a car, and on which side of it the given resident is."""
VISIT_OF: Final = """(SELECT jsonb_build_object('type', v.type, 'walk_in', v.walk_in, 'from', v.since, 'to', v.until,
        'purpose', v.purpose, 'persons', v.persons, 'entries', v.entries, 'used', v.used,
        'name', encode(v.name_sealed, 'base64'), 'phone', encode(v.phone_sealed, 'base64'),
        'plate', encode(v.plate_sealed, 'base64'), 'arrived_at', v.arrived_at, 'left_at', v.left_at,
        'revoked_at', v.revoked_at, 'anonymised_at', v.anonymised_at)
    FROM visitor_passes v WHERE v.number = w.number)"""
"""A visitor's pass; who they are is sealed."""
SPEAKS_AS: Final = (
    """(SELECT a.id FROM aliases a WHERE a.id = w.reporter_id AND a.resident_id = :resident) AS speaks_as"""
)
"""The name under which the order knows this resident, who made it and does not want to be known."""

DETAIL: Final = numbered(f"""
    WITH w AS (SELECT * FROM work_orders WHERE number = :number),
    e AS (SELECT version, seq, kind, at, by_id, by_kind, audience, stage, facts
          FROM timeline_events WHERE number = :number),
    t AS (SELECT id, kind, holder_id, roles, also_seen_by, opened_at, due_at, gives_up_at
          FROM tasks WHERE number = :number AND closed_at IS NULL),
    ids AS (SELECT by_id AS id FROM e
            UNION SELECT unnest(ARRAY[facts->>'staff', facts->>'from', facts->>'first_witness',
                facts->>'second_witness']) FROM e
            UNION SELECT holder_id FROM t UNION SELECT assignee_id FROM w UNION SELECT filed_by FROM w
            UNION SELECT reporter_id FROM w)
    SELECT w.number, w.kind, w.community_id, w.house_id, w.building_id, w.place_label, w.category, w.description,
           w.answers, w.source,
           w.filed_by, w.contact_name, w.contact_phone_sealed, w.reporter_kind, w.reporter_id, w.submitted_at,
           w.finished_at, w.closed_at, w.rating_result, w.rating_speed, w.rating_manner, w.rating_text, w.state,
           w.started_at, w.workflow_ended_at, w.projection_error, w.version, w.excluded, {SPEAKS_AS},
           CASE WHEN w.kind = 'complaint' THEN ARRAY(
               SELECT unnest(ARRAY[x.holder_id, x.closed_by]) FROM tasks x
               WHERE x.number IN (w.number, w.primary_number))
               ELSE '{{}}' END AS took_part,
           CASE WHEN w.kind = 'complaint' THEN coalesce((
               SELECT jsonb_agg(jsonb_build_object('by', s.name, 'at', v.at) ORDER BY v.at)
               FROM reveals v JOIN staff s ON s.id = v.staff_id
               WHERE v.number = w.number AND v.what = 'identity'), '[]') END AS looks,
           (SELECT b.published_at FROM board_posts b WHERE b.number = w.number) AS published_at,
           CASE WHEN w.kind = 'complaint' THEN (SELECT coalesce(s.name, h.label) FROM (
               SELECT w.state->'complaint'->'subject'->>'id' AS id) about
               LEFT JOIN staff s ON s.id = about.id LEFT JOIN houses h ON h.id = about.id) END AS about,
           c.name AS community_name, c.duty_phone,
           (SELECT jsonb_build_object('number', f.number, 'why', f.state->'follows'->>'why') FROM work_orders f
            WHERE f.follows = w.number AND f.stage NOT IN ('cancelled', 'rejected')) AS followed_by,
           coalesce((SELECT jsonb_agg(to_jsonb(e) ORDER BY e.version, e.seq) FROM e), '[]') AS events,
           coalesce((SELECT jsonb_agg(to_jsonb(t) ORDER BY t.opened_at, t.id) FROM t), '[]') AS tasks,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', p.id, 'status', p.status, 'audience', p.audience,
                        'used_as', p.used_as, 'owner_kind', p.owner_kind, 'owner_id', p.owner_id,
                        'final_key', p.final_key, 'thumbnail_key', p.thumbnail_key) ORDER BY p.created_at, p.id)
                     FROM photos p WHERE p.number = w.number), '[]') AS photos,
           coalesce((SELECT jsonb_object_agg(s.id, jsonb_build_object('account', s.account, 'name', s.name,
                        'roles', s.roles)) FROM staff s WHERE s.id = ANY(ARRAY(SELECT id FROM ids))), '{{}}') AS staff,
           coalesce((SELECT jsonb_object_agg(r.id, r.name) FROM residents r
                     WHERE r.id = ANY(ARRAY(SELECT id FROM ids))), '{{}}') AS residents,
           w.primary_number, w.incident_id, w.accompanied
               OR EXISTS (SELECT FROM order_links l WHERE l.number = w.number OR l.other = w.number) AS grouped,
           CASE WHEN w.urged > 0 THEN {TOLD_BY_URGING} END AS told_by_urging,
           CASE WHEN w.reporter_kind = 'staff' THEN (
               SELECT jsonb_build_object('id', a.id, 'title', a.title) FROM patrol_items i
               JOIN patrols a ON a.id = i.patrol_id WHERE i.number = w.number LIMIT 1) END AS patrol,
           CASE WHEN w.kind = 'move_car' THEN {CAR_OF} END AS car,
           CASE WHEN w.kind = 'visitor' THEN {VISIT_OF} END AS visit,
           EXISTS (SELECT 1 FROM ties t WHERE t.resident_id = :resident AND t.house_id = w.house_id AND {TIE_HOLDS}
                   AND w.kind = 'repair' AND {FROM_THE_DAY_OF_THE_TIE}) AS shares_house
    FROM w JOIN communities c ON c.id = w.community_id""")  # noqa: S608 - only constants of this module are put in


async def order_detail(db: Direct, number: str, resident_id: str = "") -> Row | None:
    """One order with its timeline, open tasks, photos and the people they name, in one round trip.

    `shares_house` tells whether the given resident may see it because they live where it is; all other questions of
    scope are the caller's.
    """
    return await _one(db, DETAIL, number=number, resident=resident_id)


DELIVERIES: Final = numbered("""
    SELECT n.id, n.kind, n.to_kind, n.to_id, n.delivery, n.channel, n.created_at, n.delivered_at,
           CASE WHEN car.side IS NULL THEN coalesce(s.name, r.name) END AS to_name, car.side IS NOT NULL AS car_user
    FROM notices n
    LEFT JOIN move_car_people car
        ON n.to_kind = 'resident' AND car.number = n.number AND car.resident_id = n.to_id AND car.side = 'user'
    LEFT JOIN staff s ON n.to_kind = 'staff' AND s.id = n.to_id
    LEFT JOIN residents r ON n.to_kind = 'resident' AND r.id = n.to_id
    WHERE n.number = :number ORDER BY n.created_at DESC, n.id DESC LIMIT :limit""")


async def deliveries(db: Direct, number: str, limit: int) -> list[Row]:
    """What became of the notices of an order, newest first; for staff, who read nowhere who uses a car."""
    return await _rows(db, DELIVERIES, number=number, limit=limit)


STANDING: Final = numbered("""
    SELECT number, kind, community_id, building_id, house_id, category, open, version, state, started_at,
           workflow_ended_at, projection_error, excluded,
           coalesce((SELECT a.resident_id FROM aliases a WHERE a.id = reporter_id), reporter_id) AS reporter_itself
    FROM work_orders WHERE number = :number""")


async def standing(db: Direct, number: str) -> Row | None:
    """What the gateway must know before it sends a command: the state, whether the workflow waits, lives or ended."""
    return await _one(db, STANDING, number=number)


STANDING_FOR: Final = numbered(f"""
    SELECT w.number, w.kind, w.community_id, w.house_id, w.category, w.open, w.version, w.state, w.started_at,
           w.workflow_ended_at, w.projection_error, {SPEAKS_AS}, h.digest, h.answer
    FROM work_orders w LEFT JOIN handled_requests h ON h.update_id = :update_id
    WHERE w.number = :number""")  # noqa: S608 - only constants of this module are put in


async def standing_for(db: Direct, number: str, update_id: str, resident_id: str = "") -> Row | None:
    """The same with what is known of one request: its `digest` is null if it was never carried out."""
    return await _one(db, STANDING_FOR, number=number, update_id=update_id, resident=resident_id)


WAITING_STARTS: Final = numbered("SELECT count(*) AS waiting FROM outbox WHERE action = 'start' AND done_at IS NULL")


async def waiting_starts(db: Direct) -> int:
    """How many new orders wait for the engine."""
    row = await _one(db, WAITING_STARTS)
    return int(row["waiting"]) if row else 0


# -- people and places ------------------------------------------------------------------------------------------------

STAFF_IDS: Final = numbered(f"""
    SELECT s.account, s.id FROM staff s
    WHERE s.account = ANY(CAST(:accounts AS text[])) AND s.active
      AND {SERVES.format(community=":community")}""")  # noqa: S608 - only constants are put in


async def staff_ids(db: Direct, accounts: Sequence[str], community_id: str) -> dict[str, str]:
    """Account → id of anybody who works for a community; all others are simply missing."""
    rows = await _rows(db, STAFF_IDS, accounts=list(accounts), community=community_id)
    return {row["account"]: row["id"] for row in rows}


RESIDENT: Final = numbered(f"""
    SELECT r.id, r.name, r.openid, r.phone_sealed, r.is_minor,
           (SELECT count(*) FROM notices n WHERE n.to_kind = 'resident' AND n.read_at IS NULL
            AND n.to_id = ANY(ARRAY(SELECT r.id UNION ALL SELECT a.id FROM aliases a WHERE a.resident_id = r.id))
            AND n.delivery NOT IN ('withdrawn', 'spread') AND coalesce(n.not_before, n.created_at) <= now()) AS unread,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', h.id, 'label', h.label, 'kind', h.kind, 'tie', t.kind,
                        'since', t.since, 'building_id', h.building_id, 'unit', h.unit, 'floor', h.floor,
                        'community_id', c.id, 'community', c.name) ORDER BY t.since, h.label)
                     FROM ties t JOIN houses h ON h.id = t.house_id JOIN communities c ON c.id = h.community_id
                     WHERE t.resident_id = r.id AND {TIE_HOLDS}), '[]') AS houses
    FROM residents r WHERE r.id = :resident""")  # noqa: S608 - only constants of this module are put in


async def resident(db: Direct, resident_id: str) -> Row | None:
    """A resident with the houses they are tied to today and the number of unread messages."""
    return await _one(db, RESIDENT, resident=resident_id)


CATEGORIES: Final = numbered(
    "SELECT kind, code, title, skill, place, questions, levels FROM categories ORDER BY kind, sort, code"
)


async def categories(db: Direct) -> list[Row]:
    return await _rows(db, CATEGORIES)


COMMUNITIES: Final = numbered("""
    SELECT c.id, c.code, c.name, c.duty_phone,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', b.id, 'name', b.name, 'zone', b.zone, 'units', b.units,
                        'floors', b.floors) ORDER BY b.name)
                     FROM buildings b WHERE b.community_id = c.id), '[]') AS buildings
    FROM communities c ORDER BY c.code""")


async def communities(db: Direct) -> list[Row]:
    """Every community with its buildings."""
    return await _rows(db, COMMUNITIES)


TIED_HOUSES: Final = numbered(f"""
    SELECT tied.* FROM jsonb_to_recordset(:all) AS asked(resident text, house text, community text), LATERAL (
        SELECT h.id, h.community_id, h.building_id, h.unit, h.floor, h.label, h.warranty_until, h.status,
               r.id AS resident_id, r.name AS resident_name, r.is_minor
        FROM ties t JOIN houses h ON h.id = t.house_id JOIN residents r ON r.id = t.resident_id
        WHERE t.resident_id = asked.resident AND {TIE_HOLDS}
          AND (asked.house IS NULL OR h.id = asked.house)
          AND (asked.community IS NULL OR h.community_id = asked.community) LIMIT 1) AS tied""")  # noqa: S608 - constants


async def tied_house(
    db: Direct, resident_id: str, *, house_id: str | None = None, community_id: str | None = None
) -> Row | None:
    """A house that the resident is tied to today: this one, or any of this community. Asked in company, because every
    report begins with it.
    """
    asked = {"resident": resident_id, "house": house_id, "community": community_id}
    for row in await db.rows_in_company(TIED_HOUSES, asked):
        mine = row["resident_id"] == resident_id and house_id in (None, row["id"])
        if mine and community_id in (None, row["community_id"]):
            return row
    return None


HOUSE: Final = numbered("""
    SELECT id, community_id, building_id, unit, floor, label, kind, status, warranty_until
    FROM houses WHERE id = :house""")


async def house(db: Direct, house_id: str) -> Row | None:
    return await _one(db, HOUSE, house=house_id)


PEOPLE: Final = numbered(f"""
    SELECT h.id AS house_id, h.label, h.community_id, h.status, c.name AS community,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name, 'tie', t.kind) ORDER BY t.since)
                     FROM ties t JOIN residents r ON r.id = t.resident_id
                     WHERE t.house_id = h.id AND {TIE_HOLDS}), '[]') AS residents
    FROM houses h JOIN communities c ON c.id = h.community_id
    WHERE h.community_id = ANY(CAST(:communities AS text[]))
      AND (h.label ILIKE :words OR EXISTS (SELECT 1 FROM ties t JOIN residents r ON r.id = t.resident_id
           WHERE t.house_id = h.id AND {TIE_HOLDS} AND (r.name ILIKE :words OR r.phone_hash = :phone_hash)))
    ORDER BY h.community_id, length(h.label), h.label LIMIT :limit""")  # noqa: S608 - only constants of this module are put in


async def houses_by_words(db: Direct, communities: Sequence[str], words: str, phone_hash: str, limit: int) -> list[Row]:
    """Houses whose label, or the name or whole phone number of a resident, matches; with the people living there."""
    return await _rows(
        db, PEOPLE, communities=list(communities), words=f"%{literally(words)}%", phone_hash=phone_hash, limit=limit
    )


HOUSES: Final = numbered("""
    SELECT id AS house_id, label FROM houses
    WHERE community_id = ANY(CAST(:communities AS text[])) AND label ILIKE :words
    ORDER BY community_id, length(label), label LIMIT :limit""")


async def houses_by_label(db: Direct, communities: Sequence[str], words: str, limit: int) -> list[Row]:
    """Houses alone, where it is nobody's business who lives there."""
    return await _rows(db, HOUSES, communities=list(communities), words=f"%{literally(words)}%", limit=limit)


# -- messages and photos ----------------------------------------------------------------------------------------------


LATEST: Final = "ORDER BY n.created_at DESC, n.id DESC LIMIT :limit"


async def messages(
    db: Direct, to_kind: str, to_id: str, *, after: tuple[datetime, str] | None = None, limit: int
) -> list[Row]:
    """The message centre of one person, newest first. What is not yet due, withdrawn or spread is not a message."""
    where, values = "", Row()
    if after is not None:
        where, values = " AND (n.created_at, n.id) < (:at, :after_id)", {"at": after[0], "after_id": after[1]}
    sql = f"""
        SELECT n.id, n.number, n.incident_id, n.vehicle_id, n.kind, n.facts, n.created_at, n.read_at, n.urgent,
               n.delivery, n.channel,
               coalesce(w.kind, CASE WHEN v.id IS NULL THEN 'incident' ELSE '{PLATE}' END) AS order_kind,
               coalesce(w.category, i.title, '') AS category, v.plate_sealed,
               coalesce(w.place_label, c.name) AS place_label, coalesce(w.stage, '') AS stage,
               w.state->'hold'->>'reason' AS hold_reason,
               s.name AS staff_name
        FROM (
            SELECT n.* FROM (
                SELECT CAST(:to_id AS text) AS id UNION ALL SELECT a.id FROM aliases a WHERE a.resident_id = :to_id
            ) me CROSS JOIN LATERAL (
                SELECT n.* FROM notices n
                WHERE n.to_id = me.id AND n.to_kind = :to_kind AND n.delivery NOT IN ('withdrawn', 'spread')
                  AND coalesce(n.not_before, n.created_at) <= now(){where} {LATEST}
            ) n {LATEST}
        ) n LEFT JOIN work_orders w ON w.number = n.number
        LEFT JOIN staff s ON s.id = n.facts->>'staff'
        LEFT JOIN incidents i ON i.id = n.incident_id LEFT JOIN vehicles v ON v.id = n.vehicle_id
        LEFT JOIN communities c ON c.id = coalesce(i.community_id, v.community_id)
        ORDER BY n.created_at DESC, n.id DESC"""  # noqa: S608 - only constants of this module are put in
    return await _rows(db, numbered(sql), to_kind=to_kind, to_id=to_id, limit=limit, **values)


PHOTOS: Final = numbered("""
    SELECT id, owner_kind, owner_id, content_type, declared_size, upload_key, final_key, thumbnail_key, status, number,
           audience, used_as
    FROM photos WHERE id = ANY(CAST(:ids AS text[]))""")


async def photos(db: Direct, ids: Sequence[str]) -> dict[str, Row]:
    """Photos by id; unknown ids are simply missing."""
    return {row["id"]: row for row in await _rows(db, PHOTOS, ids=list(ids))}


# -- requests already carried out -------------------------------------------------------------------------------------

HANDLED: Final = numbered("SELECT digest, number, version, answer FROM handled_requests WHERE update_id = :update_id")


async def handled_request(db: Direct, update_id: str) -> Row | None:
    """A request that was carried out before under this id."""
    return await _one(db, HANDLED, update_id=update_id)
