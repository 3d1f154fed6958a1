"""Sealed columns: readable with the key alone, searchable in every spelling, masked on screens."""

from __future__ import annotations

import base64

import pytest

from models.repositories.sealing import Sealing, Unreadable, mask_phone
from settings import SettingMissing, Settings

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


def test_round_trip_and_never_twice_the_same() -> None:
    sealing = Sealing.of(Settings(privacy_key=KEY))
    first, second = sealing.seal("13800000000"), sealing.seal("13800000000")
    assert first != second
    assert b"138" not in first
    assert sealing.open(first) == sealing.open(second) == "13800000000"


def test_another_key_or_a_changed_byte_is_refused() -> None:
    sealing, other = Sealing.of(Settings(privacy_key=KEY)), Sealing.of(Settings(privacy_key=OTHER))
    sealed = sealing.seal("13800000000")
    for opener, words in (
        (other, sealed),
        (sealing, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (sealing, b""),
        (sealing, b"\x02" + sealed),
    ):
        with pytest.raises(Unreadable):
            opener.open(words)


def test_one_number_is_found_however_it_was_written() -> None:
    sealing, other = Sealing.of(Settings(privacy_key=KEY)), Sealing.of(Settings(privacy_key=OTHER))
    found = sealing.search_hash("13800000000")
    assert {sealing.search_hash(phone) for phone in ("138 0000 0000", "+86-138-0000-0000")} == {found}
    assert sealing.search_hash("13800000001") != found
    assert other.search_hash("13800000000") != found


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+86 13812345678", "138****5678"),
        ("021-5555 6666", "021****6666"),
        ("12345", "***45"),
        ("1", "1"),
        ("", ""),
    ],
)
def test_masks(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_no_key_is_said_clearly() -> None:
    with pytest.raises(SettingMissing):
        Sealing.of(Settings(privacy_key=""))
