"""Money is whole fen, from the form to the report; yuan exist only where people type and read them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field

FEN_PER_YUAN: Final = 100

PRICE_AT_MOST: Final = 10_000_000
"""100 000 yuan for one piece. Dearer work is a contract and no repair; above it a comma was forgotten."""

QUANTITY_AT_MOST: Final = 9_999
LINES_AT_MOST: Final = 20
"""What fits on the printed work sheet."""

TOTAL_AT_MOST: Final = 50_000_000
"""500 000 yuan: the most that a whole quote may come to."""

Price = Annotated[int, Field(ge=0, le=PRICE_AT_MOST, json_schema_extra={"format": "fen"})]
"""Of one piece, in fen. Nothing may be given away as a line of zero, but never a negative one."""

Amount = Annotated[int, Field(gt=0, le=TOTAL_AT_MOST, json_schema_extra={"format": "fen"})]
"""Money that changes hands, in fen."""

_YUAN: Final = re.compile(r"[¥￥]?\s*(\d{1,9})(?:[.。](\d{1,2}))?\s*元?")


def yuan(fen: int) -> str:
    """As people read it: `¥1,234.50`."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // FEN_PER_YUAN:,}.{abs(fen) % FEN_PER_YUAN:02d}"


def plain_yuan(fen: int) -> str:
    """For tables that a machine adds up: `1234.50`."""
    return yuan(fen).replace("¥", "").replace(",", "")


def fen_of(typed: str) -> int | None:
    """What somebody typed in yuan, exactly: `12`, `12.5`, `¥1,234.50`. None for what is no such amount.

    Never by way of a float, in which 0.29 yuan are 28 fen.
    """
    found = _YUAN.fullmatch(typed.strip().replace(",", "").replace("，", ""))
    if found is None:
        return None
    whole, cents = found.groups()
    return int(whole) * FEN_PER_YUAN + int((cents or "0").ljust(2, "0"))
