"""By what lists are narrowed. A word that is none is refused by name: an empty list would look like an answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from models.domain import numbers
from models.domain.lifecycles import LIFECYCLES
from models.domain.rounds import PATROL

_STAGES = sorted({stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.edges})

Kind = Annotated[str | None, Query(pattern=f"^({'|'.join(numbers.PREFIXES)})$", examples=["repair"])]
"""Of an order."""

TaskKind = Annotated[str | None, Query(pattern=f"^({'|'.join((*numbers.PREFIXES, PATROL))})$", examples=["repair"])]
"""Of the order that a task belongs to, or the walks, which belong to none."""

Stage = Annotated[str | None, Query(pattern=f"^({'|'.join(_STAGES)})$", examples=["submitted"])]
