"""What runs on which task queue. A test asserts that nothing of ours is missing here."""

from __future__ import annotations

from typing import Final

from workflows.complaint import ComplaintWorkflow
from workflows.move_car import MoveCarWorkflow
from workflows.patrol import PatrolWorkflow
from workflows.repair import RepairWorkflow
from workflows.visitor import VisitorWorkflow

WORKFLOWS: Final[list[type]] = [RepairWorkflow, ComplaintWorkflow, MoveCarWorkflow, VisitorWorkflow]

BESIDES: Final[list[type]] = [PatrolWorkflow]
"""Workflows that carry no order."""
