"""How urgent an outbox row is stands in one place: no statement says a rank by its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"INSERT INTO outbox \((?P<columns>[^)]*)\)\s+SELECT ")
READS = re.compile(r"FROM outbox\s+WHERE rank\s*=\s*\d")


def numbered_ranks(source: str) -> list[str]:
    """What a source text says of ranks in digits."""
    found = READS.findall(source)
    for insert in WRITES.finditer(source):
        place = [name.strip() for name in insert["columns"].split(",")].index("rank")
        said = expression(source[insert.end() :], place)
        if re.search(r"\d", said):
            found.append(said)
    return found


def expression(select: str, place: int) -> str:
    """The one at this place of a select list."""
    depth, begun = 0, 0
    for at, letter in enumerate(select):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            if place == 0:
                return select[begun:at].strip()
            place, begun = place - 1, at + 1
    return ""


@pytest.mark.parametrize("path", sorted((ROOT / "models" / "repositories").glob("*.py")), ids=lambda path: path.stem)
def test_no_statement_says_a_rank_in_digits(path: Path) -> None:
    assert numbered_ranks(path.read_text(encoding="utf-8")) == []


def test_digits_would_be_noticed() -> None:
    insert = "INSERT INTO outbox (id, rank, body) SELECT id, {rank}, jsonb_build_object('a', 1) FROM x"
    assert numbered_ranks(insert.format(rank="CASE WHEN urgent THEN 1 ELSE 3 END")) == [
        "CASE WHEN urgent THEN 1 ELSE 3 END"
    ]
    assert numbered_ranks(insert.format(rank="{RANK_OTHER}")) == []
    assert numbered_ranks("SELECT id FROM outbox WHERE rank = 2 AND due") != []
