"""One map per kind of order: its stages, which may follow which, its tasks and the forms that end them."""

from __future__ import annotations

from models.domain.lifecycles import complaint, move_car, repair, visitor
from models.domain.lifecycles.map import Lifecycle

LIFECYCLES: dict[str, Lifecycle] = {
    lifecycle.kind: lifecycle for lifecycle in (repair.REPAIR, complaint.COMPLAINT, move_car.MOVE_CAR, visitor.VISITOR)
}

__all__ = ["LIFECYCLES", "Lifecycle"]
