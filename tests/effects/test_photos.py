"""The finaliser: what is an image becomes a clean one, what is none is said so, and an outage loses nothing."""

from __future__ import annotations

import hashlib
import io
import time

import pytest
from PIL import Image
from sqlalchemy import Engine

from activities.photos import Photos
from devstack.stack import Stack
from integrations.storage import Storage, StorageUnavailable
from tests.effects.desk import Desk

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825
A_QUARTER_TURN = 6


def picture(kind: str = "JPEG", size: tuple[int, int] = (1200, 800)) -> bytes:
    """As a phone makes it: lying on its side, with maker and position in its EXIF."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER], exif[GPS] = A_QUARTER_TURN, "a phone", {1: "N", 2: (31.0, 14.0, 0.0)}
    file = io.BytesIO()
    Image.new("RGB", size, "steelblue").save(file, kind, exif=exif)
    return file.getvalue()


@pytest.fixture
def photos(engine: Engine, storage: Storage) -> Photos:
    return Photos(engine, storage)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_turned_upright_and_stripped(photos: Photos, desk: Desk, storage: Storage, kind: str) -> None:
    photo = desk.photo()
    storage.put(f"upload/{photo}", picture(kind), "image/jpeg")
    assert photos.finalise(photo) == "ready"

    row = desk.one("SELECT * FROM photos WHERE id = :id", id=photo)
    assert (row.status, row.width, row.height) == ("ready", 800, 1200)
    shown = storage.read(row.final_key)
    assert shown is not None
    assert row.sha256 == hashlib.sha256(shown).hexdigest()
    for key, size in ((row.final_key, (800, 1200)), (row.thumbnail_key, (320, 480))):
        data = storage.read(key)
        assert data is not None
        assert b"Exif" not in data
        assert b"a phone" not in data
        with Image.open(io.BytesIO(data)) as image:
            assert (image.format, image.size, dict(image.getexif())) == ("JPEG", size, {})
    assert storage.read(f"upload/{photo}") is None, "the original still says where it was taken"


def test_finalising_twice_changes_nothing(photos: Photos, desk: Desk, storage: Storage) -> None:
    photo = desk.photo()
    storage.put(f"upload/{photo}", picture(), "image/jpeg")
    photos.finalise(photo)
    before = desk.one("SELECT * FROM photos WHERE id = :id", id=photo)
    # An attempt may die between the row and the removal; its repetition removes what is left.
    storage.put(f"upload/{photo}", b"left behind", "image/jpeg")
    assert photos.finalise(photo) == "ready"
    assert desk.one("SELECT * FROM photos WHERE id = :id", id=photo) == before
    assert storage.read(f"upload/{photo}") is None
    assert photos.finalise("pho_unknown") == "gone"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff" + b"no picture behind the first bytes" * 30,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:-500],
        None,
    ],
    ids=["jpeg in name", "svg", "cut off", "never arrived"],
)
async def test_what_is_no_image_fails_once_and_shows_on_the_order(
    photos: Photos, desk: Desk, storage: Storage, data: bytes | None
) -> None:
    order = await desk.order()
    photo = desk.photo(number=order.number)
    if data is not None:
        storage.put(f"upload/{photo}", data, "image/jpeg")
    assert photos.finalise(photo) == "failed"
    assert photos.finalise(photo) == "failed"
    assert storage.read(f"photo/{photo}") is None
    assert storage.read(f"upload/{photo}") is None
    event = desk.one(
        "SELECT * FROM timeline_events WHERE number = :number AND kind = 'photo_failed'", number=order.number
    )
    assert event.seq >= 1000
    assert event.facts == {"photo": photo}


async def test_two_bad_photos_of_one_order_both_show(photos: Photos, desk: Desk) -> None:
    order = await desk.order()
    for photo in (desk.photo(number=order.number), desk.photo(number=order.number)):
        photos.finalise(photo)
    found = desk.rows("SELECT seq FROM timeline_events WHERE number = :n AND seq >= 1000 ORDER BY seq", n=order.number)
    assert [row.seq for row in found] == [1000, 1001]


def test_a_bomb_is_refused_before_it_is_decoded(photos: Photos, desk: Desk, storage: Storage) -> None:
    file = io.BytesIO()
    Image.new("1", (12000, 12000)).save(file, "PNG")
    photo = desk.photo()
    storage.put(f"upload/{photo}", file.getvalue(), "image/png")
    assert photos.finalise(photo) == "failed"


def patiently(photos: Photos, photo: str) -> str:
    """As Temporal does: a store that has just come back takes some seconds until it can be written to."""
    for _ in range(20):
        try:
            return photos.finalise(photo)
        except StorageUnavailable:
            time.sleep(0.5)
    return photos.finalise(photo)


def test_an_outage_of_the_store_fails_no_photo(
    photos: Photos, desk: Desk, storage: Storage, storage_stack: Stack
) -> None:
    photo = desk.photo()
    storage.put(f"upload/{photo}", picture(), "image/jpeg")
    storage_stack.kill("storage")
    try:
        with pytest.raises(StorageUnavailable):
            photos.finalise(photo)
    finally:
        storage_stack.start("storage")
    assert desk.one("SELECT status FROM photos WHERE id = :id", id=photo).status == "uploaded"
    assert patiently(photos, photo) == "ready"
