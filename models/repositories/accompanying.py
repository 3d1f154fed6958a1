"""What a step of one order writes for others: for those that follow it, for neighbours who joined, for its primary.

All of it belongs to the step's own transaction. Followers are not told through their workflows, which sleep; only the
end of what they follow wakes them, once, by a command in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, text

from models.domain.group_news import for_followers, for_neighbours
from models.domain.order import OrderState
from models.domain.recipients import Notice
from models.domain.step import Batch
from models.repositories import groups
from models.repositories.rows_of import RANK_OTHER, base36, notice_outbox_row, notice_rows

_FOLLOWERS: Final = text(
    "SELECT number, reporter_kind, reporter_id FROM work_orders WHERE primary_number = :number AND open ORDER BY number"
)
_NEIGHBOURS: Final = text(
    "SELECT DISTINCT resident_id FROM public_joins WHERE number = ANY(:numbers) ORDER BY resident_id"
)
_HOLDERS: Final = text(
    "SELECT DISTINCT holder_id FROM tasks WHERE number = :number AND closed_at IS NULL AND holder_id LIKE 'stf%'"
)
_LEFT_BEHIND: Final = text(
    """
    SELECT resident_id FROM move_car_people
    WHERE number = :number AND side = 'requester' AND left_at IS NULL AND resident_id <> ALL(:known) ORDER BY 1
    """
)
_NOTICES: Final = text(
    """
    WITH new_notices AS (
        INSERT INTO notices (id, number, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent,
            created_at, not_before, delivery, channel, delivered_at)
        SELECT id, number, version, kind, to_kind, to_id, template, sms, facts, while_task, urgent,
            created_at, not_before, delivery, channel, delivered_at
        FROM jsonb_populate_recordset(CAST(NULL AS notices), CAST(:notices AS jsonb))
        ON CONFLICT (id) DO NOTHING
    )
    INSERT INTO outbox (id, action, number, version, rank, body, created_at, not_before, attempts)
    SELECT id, action, number, version, rank, body, created_at, not_before, 0
    FROM jsonb_populate_recordset(CAST(NULL AS outbox), CAST(:wishes AS jsonb))
    ON CONFLICT (id) DO NOTHING
    """
)
_COMMANDS: Final = text(
    """
    INSERT INTO outbox (id, action, number, rank, body, created_at, not_before, attempts)
    SELECT number || '@' || :mark, 'command', number, :rank, CAST(:body AS jsonb), now(), now(), 0
    FROM unnest(CAST(:numbers AS text[])) AS number
    ON CONFLICT (id) DO NOTHING
    """
)

News = tuple[str, Notice]
"""The number of the order that a notice is about, and the notice."""


def tell_others(conn: Connection, batch: Batch) -> None:
    """The step's news for everybody who goes along with this order."""
    if not any(event.stage or event.kind in ("commented", "replied", "promoted") for event in batch.events):
        return
    followers = conn.execute(_FOLLOWERS, {"number": batch.number}).all()
    _write_notices(conn, batch, [*_to_followers(batch, followers), *_to_neighbours(conn, batch, followers)])
    _wake(conn, batch, [follower.number for follower in followers])


def pass_on(conn: Connection, batch: Batch) -> None:
    """What a reporter says on an order that follows another reaches those who work on the other; so does what a clerk
    urges for somebody who phoned.
    """
    primary = batch.state.following.primary if batch.state.following else None
    if primary is None:
        return
    if any(event.kind == "urged" for event in batch.events):
        command(conn, [primary], "urge", {}, f"{batch.number}-{batch.version}")
    if any(event.kind == "commented" and event.by_kind == "resident" for event in batch.events):
        holders = conn.execute(_HOLDERS, {"number": primary}).scalars()
        told = [Notice(kind="reporter_replied", to="staff", to_id=holder, template="task") for holder in holders]
        _write_notices(conn, batch, [(batch.number, notice) for notice in told])


def command(conn: Connection, numbers: Sequence[str], update: str, body: dict[str, Any], mark: str) -> None:
    """A command of the system's for each of these orders. `mark` makes it one of its kind, however often written."""
    if numbers:
        said = orjson.dumps({"update": update, "body": body}).decode()
        values = {"numbers": list(numbers), "mark": f"{update}-{mark}", "rank": RANK_OTHER, "body": said}
        conn.execute(_COMMANDS, values)


def wake(conn: Connection, numbers: Sequence[str], why: str) -> None:
    """Have these followers look at what has become of what they follow."""
    command(conn, numbers, "wake", {}, why)


def _to_followers(batch: Batch, followers: Sequence[Row[Any]]) -> Iterable[News]:
    order = batch.state
    kinds = [kind for event in batch.events if (kind := for_followers(order, event)) is not None]
    for follower in followers:
        if follower.reporter_kind == "resident":
            for kind in kinds:
                yield follower.number, _news(order, kind, follower.reporter_id, order.lifecycle.templates.get(kind))


def _to_neighbours(conn: Connection, batch: Batch, followers: Sequence[Row[Any]]) -> Iterable[News]:
    """Of a follower's neighbours a hold is news too; the end of the work they hear from its own step."""
    kinds = [kind for event in batch.events if (kind := for_neighbours(batch.state, event)) is not None]
    for kind in kinds:
        among = [batch.number] + ([follower.number for follower in followers] if kind == "public_held" else [])
        for neighbour in conn.execute(_NEIGHBOURS, {"numbers": among}).scalars():
            yield batch.number, _news(batch.state, kind, neighbour, None)


def _news(order: OrderState, kind: str, resident: str, template: str | None) -> Notice:
    facts: dict[str, Any] = {"staff": order.assignee} if order.assignee else {}
    if order.hold is not None:
        facts["because"] = order.hold.reason
    return Notice(kind=kind, to="resident", to_id=resident, template=template, facts=facts)


def tell_left_behind(conn: Connection, batch: Batch) -> None:
    """A request to move a car was called off while somebody was just joining it, of whom the workflow never heard."""
    values = {"number": batch.number, "known": list(batch.state.waiting_residents)}
    residents = conn.execute(_LEFT_BEHIND, values).scalars()
    template = batch.state.lifecycle.templates["ask_again"]
    told = [Notice(kind="ask_again", to="resident", to_id=resident, template=template) for resident in residents]
    _write_notices(conn, batch, [(batch.number, notice) for notice in told])


def _write_notices(conn: Connection, batch: Batch, news: Sequence[News]) -> None:
    rows = [_row(batch, index, number, notice) for index, (number, notice) in enumerate(news)]
    if rows:
        wishes = [notice_outbox_row(row, batch.issued_at) for row in rows if row["delivery"] == "pending"]
        conn.execute(_NOTICES, {"notices": orjson.dumps(rows).decode(), "wishes": orjson.dumps(wishes).decode()})


def _row(batch: Batch, index: int, number: str, notice: Notice) -> dict[str, Any]:
    """With an id of its own, and version 0: it is no part of any step of the order that it is about."""
    (row,) = notice_rows(number, 0, batch.issued_at, [notice])
    return row | {"id": f"{number}-g{batch.version}-{index}-{_stamp(batch.issued_at)}"}


def _stamp(at: datetime) -> str:
    return base36(int(at.timestamp() * 1000))


def _wake(conn: Connection, batch: Batch, followers: Sequence[str]) -> None:
    """Of a group whose primary was called off only the heir is woken; its own step wakes the others."""
    order = batch.state
    mark = f"{batch.number}-{batch.version}"
    if order.stage in order.lifecycle.called_off:
        heir = groups.choose_heir(conn, batch.number)
        wake(conn, [heir] if heir else [], mark)
    elif order.stage in order.lifecycle.after_work:
        wake(conn, followers, mark)
    for event in batch.events:
        if event.kind == "promoted":
            rest = conn.execute(_FOLLOWERS, {"number": event.facts["former"]}).all()
            wake(conn, [follower.number for follower in rest], mark)
