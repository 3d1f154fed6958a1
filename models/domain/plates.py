"""号牌: one pure function that reads a Chinese number plate, however it was typed.

The formats are those of GA 36-2018 with the diplomatic, rescue and aviation plates, and of the forces' own plates,
which that standard leaves out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.domain.errors import ValidationFailed


class PlateKind(StrEnum):
    ORDINARY = "ordinary"
    NEW_ENERGY = "new_energy"
    TRAILER = "trailer"
    LEARNER = "learner"
    POLICE = "police"
    EMBASSY = "embassy"
    CONSULATE = "consulate"
    HONG_KONG = "hong_kong"
    MACAU = "macau"
    ARMY = "army"
    ARMED_POLICE = "armed_police"
    RESCUE = "rescue"
    AVIATION = "aviation"


@dataclass(frozen=True)
class Plate:
    """`text` is the normal form, by which plates are stored and compared."""

    text: str
    kind: PlateKind


PLATE: Final = "plate"
"""What a notice about a registered plate is about, where others name a kind of order."""

LONGEST_TYPED: Final = 24
"""Nobody needs more for nine characters with their dots and spaces; it bounds the work of reading."""

_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_OFFICE: Final = "[A-HJ-Z]"
"""Issuing office. No I anywhere on a plate; O was given to the police of several cities."""
_ANY: Final = "[A-HJ-NP-Z0-9]"
"""A serial has neither I nor O, which are read as digits."""

_FORMATS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (PlateKind.HONG_KONG, f"粤Z{_ANY}{{4}}港"),
        (PlateKind.MACAU, f"粤Z{_ANY}{{4}}澳"),
        (PlateKind.NEW_ENERGY, f"[{_PROVINCES}]{_OFFICE}(?:[A-HJK]{_ANY}[0-9]{{4}}|[0-9]{{5}}[A-HJK])"),
        (PlateKind.ORDINARY, f"[{_PROVINCES}]{_OFFICE}{_ANY}{{5}}"),
        (PlateKind.TRAILER, f"[{_PROVINCES}]{_OFFICE}{_ANY}{{4}}挂"),
        (PlateKind.LEARNER, f"[{_PROVINCES}]{_OFFICE}{_ANY}{{4}}学"),
        (PlateKind.POLICE, f"[{_PROVINCES}]{_OFFICE}{_ANY}{{4}}警"),
        (PlateKind.RESCUE, f"[{_PROVINCES}][SX]{_ANY}{{4}}应急"),
        (PlateKind.CONSULATE, f"[{_PROVINCES}]{_OFFICE}?[0-9]{{4,5}}领"),
        (PlateKind.EMBASSY, "使[0-9]{6}|[0-9]{6}使"),
        (PlateKind.AVIATION, f"民航{_OFFICE}{_ANY}{{4}}"),
        (PlateKind.ARMED_POLICE, f"WJ[{_PROVINCES}]?[0-9]{{4}}[0-9BDHJLSTX消边通森金警电]"),
        (PlateKind.ARMY, "[军空海东南西北中沈兰济广成][A-HJ-Z][0-9]{5}"),
    )
)

_NOT_OF_THE_PLATE: Final = re.compile(r"[\s·•・.,\-_—]+")


def normal(typed: str) -> str:
    """Full-width to half-width, upper case, without spaces and dots. Does not ask whether it is a plate."""
    return _NOT_OF_THE_PLATE.sub("", unicodedata.normalize("NFKC", typed)).upper()


def plate_of(typed: str, field: str = "plate") -> Plate:
    """Raises ValidationFailed naming `field` for what is no plate."""
    text = normal(typed[: LONGEST_TYPED + 1])
    kind = None if len(typed) > LONGEST_TYPED else _kind_of(text)
    if kind is None:
        raise ValidationFailed("not_a_plate", field=field)
    return Plate(text, kind)


def _kind_of(text: str) -> PlateKind | None:
    return next((kind for kind, pattern in _FORMATS if pattern.fullmatch(text)), None)
