"""The log of a guard post over the JSON interface: written, handed over by one, taken over by another."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.conftest import Api, refused
from tests.world import picture

pytestmark = pytest.mark.stack

SHIFTS = "/staff/shifts"
_posts = (f"{number}号岗" for number in itertools.count(1))


def begun(api: Api, account: str = "guard") -> Any:
    return api.staff(account).act(SHIFTS, {"community_id": "com_a", "post": next(_posts)})


def test_a_shift_goes_on_from_one_to_the_next_with_what_is_open(api: Api) -> None:
    first, second = api.staff("guard"), api.staff("guard2")
    shift = begun(api)
    path = f"{SHIFTS}/{shift['id']}"
    first.act(f"{path}/entries", {"text": "22:10 东门道闸已修复"})
    first.act(f"{path}/entries", {"text": "2栋有装修垃圾未清", "open_point": True})
    log = first.act(f"{path}/entries", {"text": "访客车未离场", "open_point": True})
    settled = next(entry for entry in log["entries"] if entry["text"] == "访客车未离场")
    first.act(f"{path}/entries/{settled['id']}/settle")
    refused(first.post(f"{path}/entries/{settled['id']}/settle"), 409, "illegal_transition")
    refused(second.post(f"{path}/take-over"), 409, "illegal_transition")

    handed = first.act(f"{path}/hand-over")
    assert (handed["handed_over_by"], handed["may_write"]) == ("张guard", False)
    refused(first.post(f"{path}/entries", {"text": "忘了写一句"}), 409, "illegal_transition")
    refused(first.post(f"{path}/hand-over"), 409, "illegal_transition")
    refused(first.post(f"{path}/take-over"), 403, "four_eyes")

    following = second.act(f"{path}/take-over")
    assert following["previous_id"] == shift["id"]
    assert [(entry["text"], entry["carried"], entry["by"]) for entry in following["entries"]] == [
        ("2栋有装修垃圾未清", True, "张guard")
    ]
    second.act(f"{SHIFTS}/{following['id']}/entries/{following['entries'][0]['id']}/settle")
    before = first.read(path)
    assert (before["taken_over_by"], before["open_points"]) == ("张guard2", 1), (
        "the old log stays as it was handed over"
    )
    refused(second.post(f"{path}/take-over"), 409, "illegal_transition")


def test_only_those_at_the_post_write_and_others_do_not_even_read(api: Api) -> None:
    shift = begun(api)
    for account in ("clerk", "tech1"):
        refused(api.staff(account).post(f"{SHIFTS}/{shift['id']}/entries", {"text": "路过看看"}), 403, "forbidden")
    refused(api.staff("tech1").get(SHIFTS), 403, "forbidden")
    refused(api.staff("tech1").get(f"{SHIFTS}/{shift['id']}"), 403, "forbidden")
    assert api.staff("clerk").read(f"{SHIFTS}/{shift['id']}")["post"] == shift["post"]
    refused(api.staff("b-dispatcher").get(f"{SHIFTS}/{shift['id']}"), 404, "not_found")
    refused(api.staff("guard").post(SHIFTS, {"community_id": "com_b", "post": "南门岗"}), 404, "not_found")
    assert shift["id"] not in [one["id"] for one in api.staff("b-dispatcher").read(SHIFTS)["items"]]


def test_a_post_has_one_shift_and_one_successor(api: Api) -> None:
    shift = begun(api)
    refused(
        api.staff("guard2").post(SHIFTS, {"community_id": "com_a", "post": shift["post"]}), 409, "illegal_transition"
    )
    api.staff("guard").act(f"{SHIFTS}/{shift['id']}/hand-over")
    people = [api.staff(account) for account in ("guard2", "lead", "manager")] * 2
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda who: who.post(f"{SHIFTS}/{shift['id']}/take-over"), people))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    current = [one for one in api.staff("guard").read(SHIFTS, current=True)["items"] if one["post"] == shift["post"]]
    assert len(current) == 1


def test_one_press_sent_twice_is_one_line_and_one_shift(api: Api) -> None:
    guard, second = api.staff("guard"), api.staff("guard2")
    shift = begun(api)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: guard.act(f"{SHIFTS}/{shift['id']}/entries", {"text": "只有一行"}, "k-1"), range(4)))
    assert len(guard.read(f"{SHIFTS}/{shift['id']}")["entries"]) == 1
    guard.act(f"{SHIFTS}/{shift['id']}/hand-over")
    taken = [second.act(f"{SHIFTS}/{shift['id']}/take-over", key="k-2")["id"] for _ in range(2)]
    assert taken[0] == taken[1] != shift["id"]


def test_photos_of_the_log_are_seen_by_its_readers(api: Api) -> None:
    guard = api.staff("guard")
    slip = guard.act("/photos", {"content_type": "image/jpeg", "size": len(picture())})
    photo = slip["photo_id"]
    shift = begun(api)
    entry = {"text": "道闸被撞，已拍照", "photo_ids": [photo], "open_point": True}
    refused(guard.post(f"{SHIFTS}/{shift['id']}/entries", entry), 422, "validation_failed")
    api.http.post(
        slip["upload"]["url"], data=slip["upload"]["fields"], files={"file": ("a.jpg", picture(), "image/jpeg")}
    )
    guard.act(f"/photos/{photo}/complete")
    refused(api.staff("guard2").post(f"{SHIFTS}/{shift['id']}/entries", entry), 422, "validation_failed")
    log = guard.act(f"{SHIFTS}/{shift['id']}/entries", entry)
    assert [one["id"] for one in log["entries"][0]["photos"]] == [photo]
    assert api.staff("guard2").get(f"/photos/{photo}").status_code == 200
    assert api.staff("manager").get(f"/photos/{photo}").status_code == 200
    for account in ("tech1", "b-dispatcher"):
        refused(api.staff(account).get(f"/photos/{photo}"), 404, "not_found")
    guard.act(f"{SHIFTS}/{shift['id']}/hand-over")
    following = api.staff("guard2").act(f"{SHIFTS}/{shift['id']}/take-over")
    assert [one["id"] for one in following["entries"][0]["photos"]] == [photo], "it goes on with the open point"
