"""What a lifecycle's map holds. The workflow, the rights, the console and the diagram in `docs/` all read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.clocks import Levels
from models.domain.people import Role
from models.domain.tasks import TaskSpec


@dataclass(frozen=True)
class Lifecycle:
    """`edges` maps a stage to those that may follow it; a stage that nothing follows is an end."""

    kind: str
    workflow: str
    first_stage: str
    first_task: str
    edges: Mapping[str, frozenset[str]]
    tasks: Mapping[str, TaskSpec]
    after_work: frozenset[str]
    """Stages in which the work is over: clocks stand still, nothing can be urged, held or cancelled."""
    reporter_may_cancel: frozenset[str]
    staff_may_cancel: frozenset[str]
    staff_cancel_roles: tuple[Role, ...]
    may_hold: frozenset[str]
    levels: Mapping[str, Levels]
    """Priority → its default promises; an order has exactly the clocks that they name."""
    held_stage: str = "on_hold"
    cancelled_stage: str = "cancelled"

    @property
    def ends(self) -> frozenset[str]:
        """Stages that no other stage follows."""
        return frozenset(stage for stage, following in self.edges.items() if not following)
