"""What the news of an order means for those who follow it, and for neighbours who met the same fault.

They learn its stages and what staff say to the reporter; never its house, its reporter or its photos. The end of the
work reaches a follower through its own step.
"""

from __future__ import annotations

from models.domain.order import Event, OrderState


def for_followers(order: OrderState, event: Event) -> str | None:
    """The kind of the notice that each follower's reporter gets; None for none."""
    if event.kind == "replied":
        return "progress_told"
    if event.kind == "commented":
        return "replied" if event.by_kind == "staff" and event.audience == "reporter" else None
    if event.kind in ("resumed", "woke_up"):
        return "resumed"
    if event.stage is None or event.stage in order.lifecycle.after_work:
        return None
    return order.lifecycle.told_on_entering.get(event.stage)


def for_neighbours(order: OrderState, event: Event) -> str | None:
    """我也遇到: told at hold, finish and close (`lifecycles.md`, "Public works")."""
    lifecycle = order.lifecycle
    if event.stage is None:
        return None
    if event.stage == lifecycle.held_stage:
        return "public_held"
    if event.stage in lifecycle.ends:
        return "public_closed" if event.stage not in lifecycle.called_off else "public_called_off"
    return "public_finished" if event.stage in lifecycle.after_work else None
