"""Asking Postgres who could take a new order."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.domain.assignment import Choice
    from workflows import names
    from workflows.options import AT_ONCE


async def choose(number: str) -> Choice | None:
    """None when nobody fits, and when nobody can be asked: a dispatcher must not wait for a database."""
    try:
        choice: Choice | None = await workflow.execute_local_activity(
            names.CHOOSE_STAFF, number, result_type=Choice, **AT_ONCE
        )
    except (ActivityError, ApplicationError):
        return None
    return choice
