"""By what lists are narrowed. A word that is none is refused by name: an empty list would look like an answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from models.domain import numbers
from models.domain.lifecycles import LIFECYCLES

_STAGES = sorted({stage for lifecycle in LIFECYCLES.values() for stage in lifecycle.edges})

Kind = Annotated[str | None, Query(pattern=f"^({'|'.join(numbers.PREFIXES)})$", examples=["repair"])]
"""Of an order, also where tasks are listed."""

Stage = Annotated[str | None, Query(pattern=f"^({'|'.join(_STAGES)})$", examples=["submitted"])]
