"""What Postgres says about orders whose workflow should be living, for those who compare it with what Temporal says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection, text

from models.domain.drift import COLUMNS, Agreement, Kept, Mark
from models.domain.order import OrderState
from models.domain.step import Batch
from models.repositories import publish
from models.repositories.direct import Direct, numbered
from models.repositories.rows_of import RANK_OF_START

_KEPT: Final = """
    SELECT w.number, w.community_id, w.submitted_at, w.started_at, w.workflow_ended_at, w.projection_error, w.version,
           w.issued_at, w.stage, w.open, w.priority, w.assignee_id, w.urged, w.state, t.laid,
           md5(CAST(ROW(w.started_at, w.workflow_ended_at, w.projection_error, w.version, w.issued_at, w.stage, w.open,
               w.priority, w.assignee_id, w.urged, w.state, t.laid) AS text)) AS fingerprint,
           a.run_id, a.history_length, a.fingerprint AS agreed_fingerprint
    FROM work_orders w LEFT JOIN agreements a ON a.number = w.number
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(t.id, jsonb_build_object('holder', t.holder_id, 'rank', t.rank)), '{}') AS laid
        FROM tasks t WHERE t.number = w.number AND t.closed_at IS NULL
    ) t
"""

_LIVING: Final = "(w.open OR w.workflow_ended_at IS NULL)"

_NEXT: Final = text(f"{_KEPT} WHERE {_LIVING} AND w.number > :after ORDER BY w.number LIMIT :limit")

_OF: Final = text(f"{_KEPT} WHERE w.number = ANY(:numbers) ORDER BY w.number")

_OF_DIRECT: Final = numbered(_OF.text)

_COUNT: Final = text(f"SELECT count(*) FROM work_orders w WHERE {_LIVING}")  # noqa: S608 - a constant

_STARTED: Final = text(
    "SELECT number FROM work_orders WHERE started_at IS NOT NULL AND workflow_ended_at IS NULL ORDER BY number"
)

_START_NOW: Final = text(f"""
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT number, 'start', number, version, {RANK_OF_START}, '{{}}'::jsonb, now(), now(), 0
    FROM work_orders WHERE number = :number AND started_at IS NULL
    ON CONFLICT (id) DO UPDATE SET done_at = NULL, leased_until = NULL, not_before = excluded.not_before
""")  # noqa: S608 - only constants are put in


def living(conn: Connection) -> int:
    """How many orders there are to compare."""
    count: int = conn.execute(_COUNT).scalar_one()
    return count


def started(conn: Connection) -> list[str]:
    """The orders that should have a running workflow."""
    return list(conn.execute(_STARTED).scalars())


def next_living(conn: Connection, after: str, limit: int) -> list[Kept]:
    """The next orders that have not ended, by number; begin with an empty `after`."""
    return [_kept(row) for row in conn.execute(_NEXT, {"after": after, "limit": limit}).mappings()]


def kept(conn: Connection, number: str) -> Kept | None:
    row = conn.execute(_OF, {"numbers": [number]}).mappings().one_or_none()
    return None if row is None else _kept(row)


async def kept_of(db: Direct, numbers: Sequence[str]) -> list[Kept]:
    """Those that exist, by number."""
    return [_kept(row) for row in await db.rows(_OF_DIRECT, {"numbers": list(numbers)})]


_REMEMBER: Final = text("""
    INSERT INTO agreements (number, run_id, history_length, fingerprint)
    SELECT * FROM unnest(CAST(:numbers AS text[]), CAST(:runs AS text[]), CAST(:lengths AS int[]),
        CAST(:fingerprints AS text[]))
    ON CONFLICT (number) DO UPDATE SET run_id = excluded.run_id, history_length = excluded.history_length,
        fingerprint = excluded.fingerprint
""")


def remember(conn: Connection, agreed: Mapping[str, Agreement]) -> None:
    """By number: as what they agreed, for the next glance."""
    found = list(agreed.values())
    conn.execute(
        _REMEMBER,
        {
            "numbers": list(agreed),
            "runs": [each.mark.run_id for each in found],
            "lengths": [each.mark.history_length for each in found],
            "fingerprints": [each.fingerprint for each in found],
        },
    )


def start_now(conn: Connection, number: str) -> None:
    """Let the relay start an order that waits; one that was started meanwhile is left alone."""
    conn.execute(_START_NOW, {"number": number})


def adopt(conn: Connection, order: OrderState, now: datetime) -> None:
    """Write down the state with which a workflow ended, as one more step. From now on Postgres is the truth."""
    row = kept(conn, order.number)
    if row is None:
        return
    version = max(int(row.columns["version"]), order.version) + 1
    state = order.model_copy(update={"version": version, "issued_at": max(now, row.columns["issued_at"])})
    batch = Batch(
        number=order.number,
        issued_at=state.issued_at,
        prev_version=version - 1,
        version=version,
        state=state,
        whole=True,
    )
    publish.publish(conn, batch)
    publish.mark_ended(conn, order.number, now)


def _kept(row: Any) -> Kept:
    return Kept(
        number=row["number"],
        community_id=row["community_id"],
        submitted_at=row["submitted_at"],
        started=row["started_at"] is not None,
        ended=row["workflow_ended_at"] is not None,
        refused=row["projection_error"],
        columns={name: row[name] for name in COLUMNS},
        state=_state(row["state"]),
        tasks=row["laid"],
        fingerprint=row["fingerprint"],
        agreed=_agreed(row) if row["run_id"] is not None else None,
    )


def _agreed(row: Any) -> Agreement:
    mark = Mark(run_id=row["run_id"], history_length=row["history_length"])
    return Agreement(mark=mark, fingerprint=row["agreed_fingerprint"])


def _state(document: Any) -> OrderState | None:
    try:
        return OrderState.model_validate(document)
    except ValidationError:
        return None
