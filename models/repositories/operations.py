"""What the operator's page shows and does in Postgres, and what is written down about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from models.domain.drift import Found
from models.repositories.direct import Direct, Numbered, numbered
from models.repositories.relaying import HEARTBEAT
from models.repositories.rows_of import RANK_OTHER
from models.tables.base import new_id

Row = dict[str, Any]

DOCTOR: Final = "doctor"
"""Key in `settings`: when all orders were last compared, and how many differed."""

DONE: Final = "done"
"""Outcome of an act that was carried out; any other is the code of its refusal."""

IN_SCOPE: Final = """(('*' = ANY(CAST(:communities AS text[])) OR w.community_id = ANY(CAST(:communities AS text[])))
    AND NOT CAST(:me AS text) = ANY(coalesce(w.excluded, '{}')))"""
"""What is kept from a person is kept from them as an operator too."""


class Scope(NamedTuple):
    """What an operator looks after: their communities, but nothing that is kept from themselves."""

    communities: Sequence[str]
    me: str

    def values(self) -> Row:
        return {"communities": list(self.communities), "me": self.me}


DEAD: Final = "(n.delivery = 'uncertain' OR (n.delivery = 'centre_only' AND n.error IS NOT NULL))"
"""A notice that reached nobody's phone, or perhaps nobody's: its message centre has it."""


def _scoped(sql: str) -> Numbered:
    """A statement in which these two conditions stand by their names."""
    return numbered(sql.replace("IN_SCOPE", IN_SCOPE).replace("DEAD", DEAD))


# -- what is shown -----------------------------------------------------------------------------------------------------

_STANDING: Final = numbered("""
    SELECT (SELECT value FROM settings WHERE key = :relay) AS relay,
           (SELECT value FROM settings WHERE key = :doctor) AS doctor,
           count(*) FILTER (WHERE not_before <= :now) AS waiting,
           count(*) FILTER (WHERE action = 'start') AS starts,
           count(*) FILTER (WHERE error IS NOT NULL) AS failing,
           min(not_before) FILTER (WHERE not_before <= :now) AS oldest
    FROM outbox WHERE done_at IS NULL""")

_SUSPECTS: Final = _scoped("""
    SELECT w.number FROM work_orders w
    WHERE w.started_at IS NULL AND w.workflow_ended_at IS NULL AND w.submitted_at < :before AND IN_SCOPE
    UNION
    SELECT w.number FROM work_orders w WHERE w.projection_error IS NOT NULL AND IN_SCOPE
    UNION
    SELECT w.number FROM drift_findings f JOIN work_orders w ON w.number = f.number WHERE IN_SCOPE
    ORDER BY 1 LIMIT :limit""")

_EFFECTS: Final = _scoped("""
    SELECT * FROM (
        (SELECT 'notice' AS kind, n.id, n.number, n.delivery AS standing, n.error, n.created_at AS at,
                n.delivery = 'centre_only' AS may_retry
         FROM notices n JOIN work_orders w ON w.number = n.number
         WHERE DEAD AND n.created_at > :since AND IN_SCOPE ORDER BY n.created_at DESC LIMIT :limit)
        UNION ALL
        (SELECT 'photo', p.id, p.number, p.status, p.error, p.created_at, true
         FROM photos p LEFT JOIN work_orders w ON w.number = p.number
         WHERE p.status = 'uploaded' AND p.created_at < :late AND IN_SCOPE ORDER BY p.created_at DESC LIMIT :limit)
        UNION ALL
        (SELECT 'outbox', o.id, o.number, o.action, o.error, o.created_at, true
         FROM outbox o LEFT JOIN work_orders w ON w.number = o.number
         WHERE o.done_at IS NULL AND o.error IS NOT NULL AND IN_SCOPE ORDER BY o.created_at DESC LIMIT :limit)
    ) AS dead ORDER BY at DESC LIMIT :limit""")

_ACTS: Final = _scoped("""
    SELECT a.at, s.name, s.account, a.remedy, a.subject, a.trouble, a.outcome
    FROM operator_acts a LEFT JOIN staff s ON s.id = a.staff_id LEFT JOIN work_orders w ON w.number = a.subject
    WHERE IN_SCOPE ORDER BY a.at DESC LIMIT :limit""")


async def standing(db: Direct, now: datetime) -> Row:
    """`{relay, doctor, waiting, starts, failing, oldest}`: the outbox, and when relay and doctor last lived."""
    (row,) = await db.rows(_STANDING, {"relay": HEARTBEAT, "doctor": DOCTOR, "now": now})
    return dict(row)


async def suspects(db: Direct, scope: Scope, before: datetime, limit: int) -> list[str]:
    """Orders that were filed before then and never started, whose publish was refused, or that differed when they
    were last compared.
    """
    rows = await db.rows(_SUSPECTS, scope.values() | {"before": before, "limit": limit})
    return [row["number"] for row in rows]


async def dead_effects(db: Direct, scope: Scope, since: datetime, late: datetime, limit: int) -> list[Row]:
    """Notices since then that were given up, photos that are not finalised by `late`, wishes that fail."""
    values = scope.values() | {"since": since, "late": late, "limit": limit}
    return [dict(row) for row in await db.rows(_EFFECTS, values)]


async def acts(db: Direct, scope: Scope, limit: int) -> list[Row]:
    """What was mended, the latest first; `name` is null for the doctor."""
    return [dict(row) for row in await db.rows(_ACTS, scope.values() | {"limit": limit})]


# -- what is done ------------------------------------------------------------------------------------------------------

_AGAIN: Final[Mapping[str, Numbered]] = {
    "notice": _scoped(f"""
        WITH again AS (
            UPDATE notices n SET delivery = 'pending', channel = NULL, delivered_at = NULL, error = NULL
            FROM work_orders w
            WHERE n.id = :id AND n.delivery = 'centre_only' AND n.error IS NOT NULL AND w.number = n.number
                AND IN_SCOPE
            RETURNING n.id, n.number, n.version
        )
        INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
        SELECT id || '@' || CAST(:stamp AS text), 'notice', number, version, {RANK_OTHER},
               jsonb_build_object('notice', id), CAST(:now AS timestamptz), CAST(:now AS timestamptz), 0
        FROM again RETURNING id"""),  # noqa: S608 - only constants are put in
    "photo": _scoped(f"""
        INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
        SELECT p.id || '@' || CAST(:stamp AS text), 'photo', p.number, {RANK_OTHER}, jsonb_build_object('photo', p.id),
               CAST(:now AS timestamptz), CAST(:now AS timestamptz), 0
        FROM photos p LEFT JOIN work_orders w ON w.number = p.number
        WHERE p.id = :id AND p.status = 'uploaded' AND IN_SCOPE
        RETURNING id"""),  # noqa: S608 - only constants are put in
    "outbox": _scoped("""
        UPDATE outbox o SET not_before = CAST(:now AS timestamptz), leased_until = NULL
        WHERE o.id = :id AND o.done_at IS NULL AND o.error IS NOT NULL AND CAST(:stamp AS text) <> ''
            AND ('*' = ANY(CAST(:communities AS text[]))
                 OR EXISTS (SELECT FROM work_orders w WHERE w.number = o.number AND IN_SCOPE))
        RETURNING o.id"""),
}
"""A second wish for a notice or a photo has an id of its own, because Temporal starts nothing twice under one."""

EFFECTS: Final = frozenset(_AGAIN)


async def try_again(db: Direct, kind: str, effect_id: str, scope: Scope, now: datetime) -> bool:
    """Wish once more for what was given up; False when there is nothing of that kind to be tried again."""
    values = scope.values() | {"id": effect_id, "now": now, "stamp": str(int(now.timestamp()))}
    return bool(await db.rows(_AGAIN[kind], values))


# -- what is written down ----------------------------------------------------------------------------------------------

_BEGIN: Final = text("""
    INSERT INTO operator_acts (id, at, staff_id, remedy, subject, trouble)
    VALUES (:id, now(), :staff_id, :remedy, :subject, :trouble)
    RETURNING id
""")
_BEGIN_DIRECT: Final = numbered(_BEGIN.text)

_END: Final = text("UPDATE operator_acts SET outcome = :outcome WHERE id = :id")
_END_DIRECT: Final = numbered(_END.text)

_FORGET_FINDINGS: Final = text("DELETE FROM drift_findings WHERE number = ANY(:numbers)")
_FORGET_DIRECT: Final = numbered(_FORGET_FINDINGS.text)

_FINDINGS: Final = text("""
    INSERT INTO drift_findings (number, trouble, detail, found_at)
    VALUES (:number, :trouble, :detail, :at)
    ON CONFLICT (number) DO UPDATE
        SET trouble = excluded.trouble, detail = excluded.detail, found_at = excluded.found_at
""")
_FINDINGS_DIRECT: Final = numbered(_FINDINGS.text)

_COMPARED: Final = text("""
    INSERT INTO settings (key, value) VALUES (:key, CAST(:value AS jsonb))
    ON CONFLICT (key) DO UPDATE SET value = settings.value || excluded.value
""")

_CLAIM: Final = text("""
    INSERT INTO settings (key, value) VALUES (:key, jsonb_build_object('begun', CAST(:now AS text)))
    ON CONFLICT (key) DO UPDATE SET value = settings.value || excluded.value
    WHERE coalesce(CAST(settings.value ->> 'begun' AS timestamptz), '-infinity') < :since
    RETURNING key
""")


def begin(conn: Connection, staff_id: str | None, remedy: str, subject: str, trouble: str | None) -> str:
    """Note an act before it is done; answers its id. Without a `staff_id` it is the doctor's."""
    values = {"id": new_id("opa"), "staff_id": staff_id, "remedy": remedy, "subject": subject, "trouble": trouble}
    act: str = conn.execute(_BEGIN, values).scalar_one()
    return act


def end(conn: Connection, act: str, outcome: str) -> None:
    conn.execute(_END, {"id": act, "outcome": outcome})


async def begin_act(db: Direct, staff_id: str, remedy: str, subject: str, trouble: str | None) -> str:
    """The same for somebody at the page."""
    values = {"id": new_id("opa"), "staff_id": staff_id, "remedy": remedy, "subject": subject, "trouble": trouble}
    return str((await db.rows(_BEGIN_DIRECT, values))[0]["id"])


async def end_act(db: Direct, act: str, outcome: str) -> None:
    await db.rows(_END_DIRECT, {"id": act, "outcome": outcome})


def note_findings(conn: Connection, compared: Sequence[str], left: Mapping[str, Found], at: datetime) -> None:
    """Of the orders compared, these differ still."""
    conn.execute(_FORGET_FINDINGS, {"numbers": [number for number in compared if number not in left]})
    rows = [
        {"number": number, "trouble": found.trouble, "detail": found.detail, "at": at} for number, found in left.items()
    ]
    if rows:
        conn.execute(_FINDINGS, rows)


async def note_finding(db: Direct, number: str, found: Found, at: datetime) -> None:
    """One that somebody has come upon."""
    values = {"number": number, "trouble": found.trouble.value, "detail": found.detail, "at": at}
    await db.rows(_FINDINGS_DIRECT, values)


async def forget_findings(db: Direct, numbers: Sequence[str]) -> None:
    """These agree again."""
    await db.rows(_FORGET_DIRECT, {"numbers": list(numbers)})


def note_comparison(conn: Connection, at: datetime, compared: int, left: int) -> None:
    """All orders have been looked at."""
    value = {"at": at.isoformat(), "compared": compared, "left": left}
    conn.execute(_COMPARED, {"key": DOCTOR, "value": json.dumps(value)})


def claim_comparison(conn: Connection, now: datetime, since: datetime) -> bool:
    """Whether this process is the one to compare: none has begun since then."""
    values = {"key": DOCTOR, "now": now.isoformat(), "since": since}
    return conn.execute(_CLAIM, values).one_or_none() is not None
