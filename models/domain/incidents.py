"""大面积故障: one fault behind many reports. Which reports it takes in, and who may open and close it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from models.domain.errors import IllegalTransition
from models.domain.order import Priority

TITLE_CHARACTERS: Final = 20
"""What fits into the title of a WeChat message."""

TEXT_CHARACTERS: Final = 500


class IncidentKind(StrEnum):
    POWER_CUT = "power_cut"
    NO_WATER = "no_water"
    BURST_MAIN = "burst_main"
    LIFT_DOWN = "lift_down"
    NO_HEATING = "no_heating"
    NO_NETWORK = "no_network"
    OTHER = "other"


class CloseAs(StrEnum):
    """`finished`: the fault is mended, and every reporter is asked whether it is well with them too. `free`: the
    reports were about something else, and each goes its own way.
    """

    FINISHED = "finished"
    FREE = "free"


class OpenIncident(BaseModel):
    """What intake must know of it. No `building_ids`: the whole community."""

    model_config = ConfigDict(frozen=True)

    id: str
    community_id: str
    order_kind: str
    kind: IncidentKind
    title: str
    text: str
    categories: tuple[str, ...]
    building_ids: tuple[str, ...] = ()
    takes_emergencies: bool = False


def takes_in(
    incident: OpenIncident,
    *,
    community_id: str,
    order_kind: str,
    category: str,
    building_id: str | None,
    priority: Priority,
    found_by_staff: bool,
) -> bool:
    """Whether a new report is one more about this incident.

    What staff file themselves never is: it may be the very order to mend it. An emergency is only where whoever opened
    the incident has said so, because behind it somebody may be in danger.
    """
    if found_by_staff or (priority is Priority.EMERGENCY and not incident.takes_emergencies):
        return False
    if incident.order_kind != order_kind or category not in incident.categories:
        return False
    return concerns(incident, community_id, building_id)


def concerns(incident: OpenIncident, community_id: str, building_id: str | None) -> bool:
    """Whether a place lies where the fault is."""
    if incident.community_id != community_id:
        return False
    return not incident.building_ids or building_id in incident.building_ids


def first_that_takes(incidents: Iterable[OpenIncident], **report: object) -> OpenIncident | None:
    """The oldest of several; `incidents` are in the order of their opening."""
    return next((incident for incident in incidents if takes_in(incident, **report)), None)  # type: ignore[arg-type]


def may_close(is_open: bool) -> None:
    """Raises IllegalTransition: of two who close it, one does."""
    if not is_open:
        raise IllegalTransition("incident_closed")
