"""What a presigned upload lets a client do, and how the store's absence shows."""

from __future__ import annotations

import httpx
import pytest

from devstack.stack import Stack
from integrations.storage import Storage, StorageUnavailable, Upload
from models.domain.errors import ValidationFailed
from models.domain.photos import MAX_BYTES
from tests.world import eventually

JPEG = b"\xff\xd8\xff" + bytes(1000)


def send(upload: Upload, data: bytes = JPEG, changed: dict[str, str] | None = None) -> int:
    fields = upload.fields | (changed or {})
    return httpx.post(upload.url, data=fields, files={"file": ("photo.jpg", data)}, timeout=20).status_code


def test_one_upload_writes_its_own_key_and_type_and_nothing_else(storage: Storage) -> None:
    upload = storage.presigned_upload("pho_policy", "image/jpeg", len(JPEG))
    assert send(upload) == 204
    assert storage.head("upload/pho_policy", 3) == (len(JPEG), JPEG[:3])
    for refused in (
        send(upload, changed={"key": "photo/pho_policy"}),
        send(upload, changed={"key": "upload/pho_other"}),
        send(upload, changed={"Content-Type": "text/html"}),
        send(upload, bytes(MAX_BYTES + 1024 * 1024)),
        send(upload, b""),
    ):
        assert 400 <= refused < 500
    assert storage.head("photo/pho_policy", 1) is None
    assert storage.head("upload/pho_other", 1) is None
    assert storage.head("upload/pho_policy", 3) == (len(JPEG), JPEG[:3])


@pytest.mark.parametrize(
    ("content_type", "size"), [("image/gif", 10), ("text/html", 10), ("image/png", 0), ("image/png", MAX_BYTES + 1)]
)
def test_what_is_no_photo_gets_no_policy(storage: Storage, content_type: str, size: int) -> None:
    with pytest.raises(ValidationFailed):
        storage.presigned_upload("pho_none", content_type, size)


def test_photos_are_read_by_signed_address_only(storage: Storage, storage_stack: Stack) -> None:
    storage.put("photo/pho_seen", JPEG, "image/jpeg")
    address = storage.address("photo/pho_seen")
    assert httpx.get(address).content == JPEG
    assert httpx.get(address.split("?")[0]).status_code == 403
    assert httpx.get(address.replace("pho_seen", "pho_policy")).status_code == 403
    storage.remove("photo/pho_seen")
    storage.remove("photo/pho_seen")
    assert storage.read("photo/pho_seen") is None


def test_an_outage_is_an_outage_and_ends(storage: Storage, storage_stack: Stack) -> None:
    storage.put("photo/pho_kept", JPEG, "image/jpeg")
    storage_stack.kill("storage")
    try:
        with pytest.raises(StorageUnavailable) as refusal:
            storage.head("photo/pho_kept", 1)
        assert refusal.value.status == 503
    finally:
        storage_stack.start("storage")
    assert eventually(lambda: read_if_possible(storage, "photo/pho_kept")) == JPEG


def read_if_possible(storage: Storage, key: str) -> bytes | None:
    """A store that has just come back needs some seconds until it knows where its objects lie."""
    try:
        return storage.read(key)
    except StorageUnavailable:
        return None
