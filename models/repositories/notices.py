"""A notice's way from `pending` to its end, the message centre's read marks, and the ledger of WeChat credits.

Every change is guarded by the state it starts from: of two who try the same, one changes nothing and hears False.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.domain.duty import DEPUTISES_FOR, Member
from models.domain.people import Role
from models.repositories.people import COVERS, SERVES
from models.repositories.prepared import Prepared
from models.repositories.rows_of import RANK_OF_NOTICE
from models.repositories.staffing import ABSENT, ON_DUTY

_BEGIN: Final = text(
    "UPDATE notices SET delivery = 'sending', sending_since = :now WHERE id = :id AND delivery = 'pending'"
)


def begin_sending(conn: Connection, notice_id: str, now: datetime) -> bool:
    """Commit this before calling out: whoever finds `sending` later knows that a call may have happened."""
    return conn.execute(_BEGIN, {"id": notice_id, "now": now}).rowcount == 1


_FINISH: Final = text(
    """
    UPDATE notices SET delivery = :delivery, channel = :channel, error = :error, sending_since = NULL,
        delivered_at = CASE WHEN :delivery IN ('sent', 'centre_only') THEN CAST(:now AS timestamptz) END
    WHERE id = :id AND delivery IN ('pending', 'sending')
    """
)


def finish(
    conn: Connection,
    notice_id: str,
    delivery: str,
    now: datetime,
    *,
    channel: str | None = None,
    error: str | None = None,
) -> bool:
    """The notice has ended as `sent`, `centre_only`, `uncertain` or `withdrawn`. An end is never changed again."""
    values = {"id": notice_id, "delivery": delivery, "now": now, "channel": channel, "error": error}
    return conn.execute(_FINISH, values).rowcount == 1


_FINISH_UNSENT: Final = Prepared(
    "notices_finish_unsent",
    """
    UPDATE notices SET delivery = ended.delivery, channel = ended.channel,
        delivered_at = CASE WHEN ended.delivery = 'centre_only' THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:ids AS text[]), CAST(:deliveries AS text[]), CAST(:channels AS text[]))
        AS ended(id, delivery, channel)
    WHERE notices.id = ended.id AND notices.delivery = 'pending'
    """,
)


def finish_unsent(conn: Connection, ended: Mapping[str, str], now: datetime) -> None:
    """These notices (id → `centre_only` or `withdrawn`) have ended without a call to anybody."""
    deliveries = list(ended.values())
    channels = ["centre" if delivery == "centre_only" else None for delivery in deliveries]
    _FINISH_UNSENT.run(conn, {"ids": list(ended), "deliveries": deliveries, "channels": channels, "now": now})


_BACK: Final = text(
    """
    UPDATE notices SET delivery = 'pending', sending_since = NULL, error = :error
    WHERE id = :id AND delivery = 'sending'
    """
)


def back_to_pending(conn: Connection, notice_id: str, error: str) -> bool:
    """Nothing was sent, for certain: it may be tried again."""
    return conn.execute(_BACK, {"id": notice_id, "error": error}).rowcount == 1


_UNCERTAIN: Final = text(
    """
    UPDATE notices SET delivery = 'uncertain', sending_since = NULL, error = 'left behind while sending'
    WHERE delivery = 'sending' AND sending_since < :before
    RETURNING id
    """
)


def mark_left_behind(conn: Connection, before: datetime) -> list[str]:
    """What has been `sending` since before then was left by an attempt that died; it is never sent again."""
    return list(conn.execute(_UNCERTAIN, {"before": before}).scalars())


_MEMBERS: Final = text(
    f"""
    SELECT s.id, s.roles, {ON_DUTY} AND NOT {ABSENT} AS on_duty
    FROM notices n
    JOIN work_orders w ON w.number = n.number
    JOIN staff s ON s.active AND s.roles && CAST(:roles AS varchar[])
    WHERE n.id = :id
      AND {SERVES.format(community="w.community_id")}
      AND {COVERS.format(community="w.community_id", building="w.building_id")}
      AND NOT s.id = ANY(w.excluded)
    ORDER BY s.id
    """  # noqa: S608 - only constants are put in
)


def members(conn: Connection, notice_id: str, roles: Iterable[Role]) -> list[Member]:
    """The active holders of these roles in whose scope the notice's order lies."""
    rows = conn.execute(_MEMBERS, {"id": notice_id, "roles": [role.value for role in roles]})
    known = {role.value for role in Role}
    return [Member(id=row.id, roles=tuple(known & set(row.roles)), on_duty=row.on_duty) for row in rows]


_COPIES: Final = f"""copies AS (
        INSERT INTO notices (
            id, number, patrol_id, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent, created_at,
            not_before, delivery)
        SELECT n.id || '-' || staff_id, n.number, n.patrol_id, n.version, n.kind, 'staff', staff_id, n.template, n.sms,
            {{facts}}, n.while_task, n.urgent, n.created_at, NULL, 'pending'
        FROM {{originals}}
        ON CONFLICT (id) DO NOTHING
        RETURNING id, coalesce(number, patrol_id) AS number, version, urgent
    )
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT id, 'notice', number, version, {RANK_OF_NOTICE}, jsonb_build_object('notice', id), :now, :now, 0
    FROM copies
    ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 - only constants are put in
"""A notice `n` for one more member of staff, `staff_id`, and the wish to deliver it."""

_SPREAD: Final = text(
    f"""
    WITH role_notice AS (
        UPDATE notices SET delivery = 'spread', delivered_at = :now
        WHERE id = :id AND to_kind = 'role' AND delivery = 'pending'
        RETURNING *
    ), {_COPIES.format(facts="n.facts", originals="role_notice n, unnest(CAST(:staff AS text[])) AS staff_id")}
    """  # noqa: S608 - only constants are put in
)


def spread(conn: Connection, notice_id: str, staff: Sequence[str], now: datetime) -> int:
    """Turn a role's notice into one for each of these; tells how many. A second time does nothing."""
    return conn.execute(_SPREAD, {"id": notice_id, "staff": list(staff), "now": now}).rowcount


_FOR_THE_ABSENTEE: Final = f"n.facts || jsonb_build_object('{DEPUTISES_FOR}', n.to_id)"

_TO_DEPUTIES: Final = text(
    f"""
    WITH originals AS (
        SELECT n.*, said.staff_id FROM unnest(CAST(:ids AS text[]), CAST(:deputies AS text[])) AS said(id, staff_id)
        JOIN notices n ON n.id = said.id
        WHERE NOT EXISTS (SELECT 1 FROM notices e WHERE e.number = n.number AND e.version = n.version
            AND e.kind = n.kind AND e.to_id = said.staff_id AND e.while_task IS NOT DISTINCT FROM n.while_task)
    ), {_COPIES.format(facts=_FOR_THE_ABSENTEE, originals="originals n")}
    """  # noqa: S608 - only constants are put in
)


def tell_deputies(conn: Connection, deputies: Mapping[str, str], now: datetime) -> int:
    """Tell these (notice id → staff id) what somebody is told for whom they act today; answers how many notices that
    makes. A second time does nothing, nor is anybody told twice who had it told to themselves.
    """
    if not deputies:
        return 0
    values = {"ids": list(deputies), "deputies": list(deputies.values()), "now": now}
    return conn.execute(_TO_DEPUTIES, values).rowcount


_NOW: Final = bindparam("now", type_=DateTime(timezone=True))

# -- the message centre ------------------------------------------------------------------------------------------------

_READ: Final = text(
    """
    UPDATE notices SET read_at = coalesce(read_at, :now) WHERE id = :id AND to_kind = :to_kind
        AND (to_id = :to_id OR to_id IN (SELECT a.id FROM aliases a WHERE a.resident_id = :to_id))
    """
).bindparams(_NOW)


async def mark_read(conn: AsyncConnection, notice_id: str, to_kind: str, to_id: str, now: datetime) -> bool:
    """False when there is no such notice for this person."""
    values = {"id": notice_id, "to_kind": to_kind, "to_id": to_id, "now": now}
    return (await conn.execute(_READ, values)).rowcount == 1


# -- WeChat credits ----------------------------------------------------------------------------------------------------

_GRANT: Final = text(
    """
    INSERT INTO wechat_credits (openid, template, credits)
    SELECT :openid, template, 1 FROM unnest(CAST(:templates AS text[])) AS template
    ON CONFLICT (openid, template) DO UPDATE SET credits = wechat_credits.credits + 1, refused_at = NULL
    """
)
_REFUSE: Final = text(
    """
    INSERT INTO wechat_credits (openid, template, credits, refused_at)
    SELECT :openid, template, 0, :now FROM unnest(CAST(:templates AS text[])) AS template
    ON CONFLICT (openid, template) DO UPDATE SET refused_at = excluded.refused_at
    """
).bindparams(_NOW)
_SPEND: Final = text(
    "UPDATE wechat_credits SET credits = credits - 1 WHERE openid = :openid AND template = :template AND credits > 0"
)
_ZERO: Final = text("UPDATE wechat_credits SET credits = 0 WHERE openid = :openid AND template = :template")
_CREDITS: Final = text("SELECT template, credits, refused_at FROM wechat_credits WHERE openid = :openid")


async def grant_credits(conn: AsyncConnection, openid: str, templates: Iterable[str]) -> None:
    """The person has accepted one more message of each of these templates."""
    await conn.execute(_GRANT, {"openid": openid, "templates": sorted(set(templates))})


async def refuse_credits(conn: AsyncConnection, openid: str, templates: Iterable[str], now: datetime) -> None:
    """The person has declined: what was granted stays, and they are not asked again at once."""
    await conn.execute(_REFUSE, {"openid": openid, "templates": sorted(set(templates)), "now": now})


async def credits_of(conn: AsyncConnection, openid: str) -> dict[str, tuple[int, datetime | None]]:
    """Template → credits left, and when the person last declined."""
    rows = await conn.execute(_CREDITS, {"openid": openid})
    return {row.template: (row.credits, row.refused_at) for row in rows}


def spend_credit(conn: Connection, openid: str, template: str) -> bool:
    """One message has gone out. False when the ledger was empty already; WeChat's count is the one that counts."""
    return conn.execute(_SPEND, {"openid": openid, "template": template}).rowcount == 1


def zero_credits(conn: Connection, openid: str, template: str) -> None:
    """WeChat said that nothing is left (43101)."""
    conn.execute(_ZERO, {"openid": openid, "template": template})
