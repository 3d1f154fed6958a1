"""What clients send about links, incidents and public works."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.bodies import Body, Id
from models.domain.incidents import TEXT_CHARACTERS, TITLE_CHARACTERS, CloseAs, IncidentKind

Text = Annotated[str, Field(min_length=5, max_length=TEXT_CHARACTERS)]


class Link(Body):
    other: str = Field(max_length=32, examples=["BX20261122-00018"])
    note: str | None = Field(default=None, max_length=200)


class IncidentOpening(Body):
    """Reports of these categories from these buildings (none: the whole community) follow it from now on."""

    community_id: Id
    kind: IncidentKind
    title: str = Field(min_length=2, max_length=TITLE_CHARACTERS, examples=["2栋停电"])
    text: Text = Field(
        description="Told to the residents at once, and to whoever reports the same.",
        examples=["2栋因配电故障停电，电工已到场，预计20点前恢复。"],
    )
    categories: list[str] = Field(min_length=1, max_length=20, examples=[["electric"]])
    building_ids: list[Id] = Field(default_factory=list, max_length=200)
    takes_emergencies: bool = Field(
        default=False, description="Emergencies too; never where somebody may be in danger behind one."
    )
    gather: bool = Field(default=True, description="Reports of the last day that nobody has dispatched join as well.")


class IncidentClosing(Body):
    """`finished`: every reporter is asked whether it is well with them. `free`: each report goes its own way."""

    came_to: CloseAs
    text: Text = Field(description="Told to the residents.", examples=["2栋已恢复供电，给您带来不便敬请谅解。"])
