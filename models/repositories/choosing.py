"""Who gets a new order without a dispatcher's word."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB

from models.domain.assignment import Choice, choose
from models.domain.order import OrderState, Priority
from models.repositories import policies, staffing

_ORDER: Final = text("SELECT state FROM work_orders WHERE number = :number").columns(state=JSONB)


def choice_for(conn: Connection, number: str) -> Choice | None:
    """The person who fits best, where the community's policy says so. An emergency that neither finds anybody nor has
    a dispatcher on duty goes to the pool: a choice without a person. None leaves it to a dispatcher.
    """
    row = conn.execute(_ORDER, {"number": number}).one_or_none()
    if row is None:
        return None
    order = OrderState.model_validate(row.state)
    emergency = order.priority is Priority.EMERGENCY
    policy = policies.policy_of(conn, order.community_id)
    if policy.auto_assign:
        about = staffing.facts_about(order, policy.open_orders_at_most)
        choice = choose(staffing.candidates(conn, about), emergency=emergency)
        if choice is not None:
            return choice
    dispatchers = order.lifecycle.tasks[order.lifecycle.first_task].roles
    if emergency and not staffing.somebody_on_duty(conn, order.community_id, dispatchers):
        return Choice()
    return None
