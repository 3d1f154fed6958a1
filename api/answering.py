"""How routes declare what they answer: the success for OpenAPI, and every refusal that can come instead."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from api import errors


def answers(
    model: type[BaseModel], *codes: str, status: int = 200, example: Any = None
) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: the model under its status, and the problems that `codes` name."""
    success: dict[str, Any] = {"model": model, "description": "Created" if status == 201 else "OK"}
    if example is not None:
        success["content"] = {"application/json": {"example": example}}
    return {status: success, **errors.responses(*codes)}
