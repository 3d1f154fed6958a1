"""Acts on an order whose workflow has ended: the same rules and the same publish, on the locked row."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.acts import ACTS
from models.domain.commands import Command
from models.domain.errors import IdempotencyKeyReused, NotFound, Unavailable
from models.domain.order import OrderState
from models.domain.people import Actor
from models.domain.rights import CHECKS
from models.domain.step import Handled, Step
from models.repositories import handled as requests
from models.repositories.publish import publish

_LOCK: Final = text("SELECT state, workflow_ended_at FROM work_orders WHERE number = :number FOR UPDATE").columns(
    state=JSONB
)


def act_on_ended(
    conn: Connection,
    number: str,
    actor: Actor,
    command_name: str,
    command: Command,
    now: datetime,
    handled: Handled,
) -> OrderState:
    """Carry out one command in the caller's transaction and answer the new state. A repeated request changes nothing.

    Raises:
        NotFound: there is no such order, or not for this actor.
        Unavailable: its workflow still runs (or is lost), so it is not for Postgres to decide.
        IdempotencyKeyReused: the request was made before with other words.
        Refusal: a rule says no.
    """
    row = conn.execute(_LOCK, {"number": number}).one_or_none()
    if row is None:
        raise NotFound("order_not_found")
    if row.workflow_ended_at is None:
        raise Unavailable("lost")
    state = OrderState.model_validate(row.state)
    if _was_carried_out(conn, handled):
        return state
    # The engine's clock may have run ahead of ours; a step must never be older than the one before it.
    now = max(now, state.issued_at)
    CHECKS[command_name](state, actor, command, now)
    step = Step(state)
    ACTS[command_name](step, actor, command, now)
    step.handled.append(handled)
    publish(conn, step.batch(now))
    return step.state


def _was_carried_out(conn: Connection, handled: Handled) -> bool:
    before = requests.find(conn, handled.update_id)
    if before is not None and before.digest != handled.digest:
        raise IdempotencyKeyReused
    return before is not None
