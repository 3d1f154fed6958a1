"""Categories of work, as rows with their own skill, questions and service levels."""

from typing import Any

from sqlmodel import Field

from models.tables.base import Base, document


class Category(Base, table=True):
    """`levels` maps a priority to {accept, arrive, finish} in seconds; absent ones fall back to the lifecycle's
    defaults.

    `questions` is a list of {key, title, options: [{value, title, priority?}]}; the highest priority among the answers
    wins.
    """

    __tablename__ = "categories"
    kind: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    title: str
    skill: str
    place: str = "both"
    """`house`, `area` or `both`."""
    sort: int = 0
    questions: list[dict[str, Any]] = document(default_factory=list)
    levels: dict[str, Any] = document(default_factory=dict)
