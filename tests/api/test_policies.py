"""Settings of a community: who may change them, what they do to new orders, and to running ones when applied."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, Caller, refused
from tests.world import eventually

pytestmark = pytest.mark.stack

PATH = "/staff/policies/com_a"
SLOWER = {
    "kind": "repair",
    "priority": "emergency",
    "clock": "accept",
    "limit": "PT20M",
    "around_the_clock": True,
}


def put(caller: Caller, version: int, path: str = PATH, **settings: Any) -> httpx.Response:
    body = {"version": version, "settings": settings}
    return caller.http.put(f"/api/v1{path}", headers=caller.headers, json=body)


@pytest.fixture
def admin(api: Api) -> Iterator[Caller]:
    """Afterwards the settings are the defaults again."""
    yield api.staff("admin")
    assert put(api.staff("admin"), api.staff("admin").read(PATH)["version"]).status_code == 200


def promised(order: dict[str, Any]) -> timedelta:
    due, filed = order["next_deadline"]["due_at"], order["submitted_at"]
    return datetime.fromisoformat(due) - datetime.fromisoformat(filed)


def test_a_changed_level_holds_for_new_orders_and_for_running_ones_when_applied(api: Api, admin: Caller) -> None:
    owner, clerk = api.owner(), api.staff("clerk")
    running = owner.report(answers={"burst": "yes"})["number"]
    before = admin.read(PATH)
    changed = put(admin, before["version"], promises=[SLOWER], warn_at=0.5).json()
    assert changed["version"] == before["version"] + 1
    assert changed["history"][0]["changes"]["warn_at"] == [0.8, 0.5]
    assert (changed["history"][0]["account"], changed["history"][0]["applied_to"]) == ("admin", None)
    assert promised(owner.report(answers={"burst": "yes"})) == timedelta(minutes=20)
    assert promised(clerk.order(running)) == timedelta(minutes=5)
    key = uuid.uuid4().hex
    applied = admin.act(f"{PATH}/apply", key=key)
    assert applied["orders"] >= 2
    assert admin.act(f"{PATH}/apply", key=key) == applied
    eventually(lambda: promised(clerk.order(running)) == timedelta(minutes=20) or None, what="the running order")
    assert admin.read(PATH)["history"][0]["applied_to"] == applied["orders"]
    assert "terms_changed" in [event["kind"] for event in clerk.order(running)["timeline"]]
    assert "terms_changed" not in str(owner.order(running))


def test_two_admins_who_edit_at_once_do_not_undo_each_other(admin: Caller) -> None:
    version = admin.read(PATH)["version"]
    assert put(admin, version, warn_at=0.6).status_code == 200
    refused(put(admin, version, warn_at=0.7), 409, "illegal_transition")
    assert admin.read(PATH)["settings"]["warn_at"] == 0.6
    assert put(admin, version + 1, warn_at=0.6).json()["version"] == version + 1, "nothing has changed"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"week": [""] * 7}, "settings.week"),
        ({"week": ["08:00-12:00"]}, "settings.week"),
        ({"week": ["8-12", *[""] * 6]}, "settings.week"),
        ({"warn_at": 2}, "settings.warn_at"),
        ({"ladder": [{"share": 1, "role": "lead"}, {"share": 0, "role": "manager"}]}, "settings.ladder"),
        ({"closures": [{"first": "2026-11-23", "last": "2026-11-22"}]}, "settings.closures"),
        ({"promises": [{**SLOWER, "limit": "PT0S"}]}, "settings.promises"),
        ({"promises": [{**SLOWER, "clock": "reply"}]}, "promises.0.clock"),
        ({"misspelt": 1}, "settings.misspelt"),
    ],
)
def test_settings_that_make_no_sense(admin: Caller, settings: dict[str, Any], field: str) -> None:
    answer = put(admin, admin.read(PATH)["version"], **settings)
    refused(answer, 422, "validation_failed")
    assert any(error["field"].startswith(field) for error in answer.json()["errors"]), answer.json()["errors"]


def test_only_an_admin_of_the_community_sets_anything(api: Api, admin: Caller) -> None:
    assert [each["id"] for each in admin.read("/staff/policies")["items"]] == ["com_a"]
    for account in ("manager", "clerk"):
        refused(api.staff(account).get(PATH), 403, "forbidden")
        refused(put(api.staff(account), 0), 403, "forbidden")
        refused(api.staff(account).post(f"{PATH}/apply"), 403, "forbidden")
    refused(admin.get("/staff/policies/com_b"), 404, "not_found")
    refused(put(admin, 0, "/staff/policies/com_b"), 404, "not_found")
    refused(admin.get("/staff/policies/nowhere"), 404, "not_found")
