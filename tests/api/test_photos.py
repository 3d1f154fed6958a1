"""Photos: uploaded to the store, usable at once, shown to others only when finalised and only to those who may."""

from __future__ import annotations

import io
import time
import uuid
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.api.conftest import Api, Caller, refused, report

pytestmark = pytest.mark.stack


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, "JPEG")
    return file.getvalue()


def slip(caller: Caller, data: bytes) -> Any:
    return caller.act("/photos", {"content_type": "image/jpeg", "size": len(data)})


def upload(caller: Caller, data: bytes) -> str:
    given = slip(caller, data)
    sent = httpx.post(given["upload"]["url"], data=given["upload"]["fields"], files={"file": ("p", data, "image/jpeg")})
    assert sent.status_code in (200, 201, 204), sent.text
    return str(given["photo_id"])


def photo(caller: Caller) -> str:
    photo_id = upload(caller, jpeg())
    caller.act(f"/photos/{photo_id}/complete")
    return photo_id


def ready(caller: Caller, photo_id: str) -> Any:
    for _ in range(100):
        shown = caller.read(f"/photos/{photo_id}")
        if shown["status"] == "ready":
            return shown
        time.sleep(0.1)
    raise AssertionError("the photo was never finalised")


def test_a_photo_comes_with_its_order(api: Api) -> None:
    owner = api.owner()
    photo_id = photo(owner)
    order = owner.report(photo_ids=[photo_id])
    assert [shown["id"] for shown in order["photos"]] == [photo_id]
    shown = ready(api.staff("clerk"), photo_id)
    assert httpx.get(shown["url"]).headers["content-type"] == "image/jpeg"
    assert httpx.get(shown["thumbnail_url"]).status_code == 200
    assert api.owner("family").read(f"/photos/{photo_id}")["status"] == "ready"
    refused(api.owner("neighbour").get(f"/photos/{photo_id}"), 404, "not_found")
    refused(api.staff("b-dispatcher").get(f"/photos/{photo_id}"), 404, "not_found")
    refused(api.nobody.get(f"/photos/{photo_id}"), 401, "unauthenticated")
    body = refused(owner.post("/owner/repairs", report(photo_ids=[photo_id])), 422, "validation_failed")
    assert body["errors"][0]["field"] == "photo_ids"


def test_attachments_lost_on_conversion(api: Api) -> None:
    """Pitfall (Atlas #138). What was cancelled wrongly and is filed again has the photos it was reported with."""
    owner, lead = api.owner(), api.staff("lead")
    photo_id = photo(owner)
    number = owner.report(photo_ids=[photo_id])["number"]
    ready(owner, photo_id)
    api.staff("clerk").act(f"/staff/work-orders/{number}/cancel", {"reason": "重复报修"})
    owner.act(f"/owner/work-orders/{number}/object", {"reason": "不是重复的，是另一处"})
    assert lead.complete(number, "filed_again", reason="取消有误").status_code == 200
    (shown,) = owner.order(owner.order(number)["followed_by"]["number"])["photos"]
    assert shown["used_as"] == "report"
    assert httpx.get(api.staff("tech1").read(f"/photos/{shown['id']}")["url"]).status_code == 200
    assert [kept["id"] for kept in owner.order(number)["photos"]] == [photo_id]


def test_a_photo_among_staff_stays_among_staff(api: Api) -> None:
    clerk, number = api.staff("clerk"), api.owner().report()["number"]
    photo_id = photo(clerk)
    clerk.act(f"/staff/work-orders/{number}/comment", {"text": "现场情况", "photo_ids": [photo_id]})
    assert photo_id in str(api.staff("dispatcher").order(number)["photos"])
    assert photo_id not in str(api.owner().order(number))
    refused(api.owner().get(f"/photos/{photo_id}"), 404, "not_found")


def test_only_ones_own_and_only_when_it_is_there(api: Api) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    number = owner.report()["number"]
    path = f"/staff/work-orders/{number}/comment"
    foreign = refused(clerk.post(path, {"text": "看图", "photo_ids": [photo(owner)]}), 422, "validation_failed")
    assert foreign["reason"] == "photo_not_yours"
    awaited = slip(clerk, jpeg())["photo_id"]
    early = refused(clerk.post(path, {"text": "看图", "photo_ids": [awaited]}), 422, "validation_failed")
    assert (early["reason"], early["errors"][0]["field"]) == ("photo_not_ready", "photo_ids")
    refused(clerk.post(f"/photos/{awaited}/complete"), 422, "validation_failed")
    refused(owner.post(f"/photos/{awaited}/complete"), 404, "not_found")


def test_what_is_no_photo(api: Api) -> None:
    owner = api.owner()
    text_file = upload(owner, b"GIF89a, or rather no picture at all")
    assert refused(owner.post(f"/photos/{text_file}/complete"), 422, "validation_failed")["reason"] == "photo_not_image"
    for body in ({"content_type": "image/gif", "size": 10}, {"content_type": "image/png", "size": 11_000_000}):
        refused(owner.post("/photos", body), 422, "validation_failed")
    refused(api.owner("unbound").post("/photos", {"content_type": "image/png", "size": 9}), 403, "not_bound")


def test_the_same_key_is_the_same_photo(api: Api) -> None:
    key, body = uuid.uuid4().hex, {"content_type": "image/png", "size": 9}
    owner = api.owner()
    assert owner.act("/photos", body, key) == owner.act("/photos", body, key)
    refused(owner.post("/photos", {**body, "size": 10}, key), 409, "idempotency_key_reused")
