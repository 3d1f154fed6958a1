"""What follows an order, from the console: work done again, an answer to the stars, averages, a visit to nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.console.test_rooms import HTMX, act, forms
from tests.world import PASSWORD, World

pytestmark = pytest.mark.stack

AtDesk = Callable[[str], httpx.Client]


def lately_closed(world: World) -> list[dict[str, Any]]:
    body = {"account": "clerk", "password": PASSWORD}
    token = world.http.post("/api/v1/staff/login", json=body).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    page = world.http.get("/api/v1/staff/work-orders", params={"stage": "closed", "limit": 30}, headers=headers).json()
    return [order for order in page["items"] if order["kind"] == "repair"]


def test_a_clerk_files_the_rework_from_the_page_of_what_failed(world: World, at_desk: AtDesk) -> None:
    clerk, number = at_desk("clerk"), lately_closed(world)[3]["number"]
    page = clerk.get(f"/console/orders/{number}").text
    assert 'id="rework"' in page
    assert 'id="rework"' not in at_desk("tech1").get(f"/console/orders/{number}").text
    fields = forms(page, form_id="rework")
    short = clerk.post(f"/console/orders/{number}/rework", data={**fields, "description": "漏"}, headers=HTMX)
    assert short.status_code == 422
    answer = clerk.post(f"/console/orders/{number}/rework", data={**fields, "description": "又开始漏了"}, headers=HTMX)
    led_to = answer.headers["hx-redirect"]
    assert re.fullmatch(r"/console/orders/BX\d{8}-\d{5,}", led_to)
    assert number in clerk.get(led_to).text
    before = clerk.get(f"/console/orders/{number}").text
    assert led_to in before
    assert 'id="rework"' not in before


def test_the_stars_are_answered_from_the_page(world: World, at_desk: AtDesk) -> None:
    clerk = at_desk("clerk")
    number = next(order["number"] for order in lately_closed(world) if order["rating"])
    fields = forms(clerk.get(f"/console/orders/{number}").text, action="reply_to_rating")
    answer = act(clerk, number, {**fields, "text": "谢谢您的评价"})
    assert answer.status_code == 200, answer.text
    assert "谢谢您的评价" in answer.text
    assert 'value="reply_to_rating"' not in clerk.get(f"/console/orders/{number}").text


def test_my_page_shows_averages_of_all_to_a_lead_and_ones_own_to_a_technician(at_desk: AtDesk) -> None:
    people = {account: at_desk(account).get("/console/me").text.count("<tr>") for account in ("lead", "tech1")}
    assert people["lead"] > people["tech1"] == 2  # A head and oneself.


def test_the_forms_of_a_visit_are_drawn(world: World, at_desk: AtDesk) -> None:
    """Referral's choice of parties, and the makeshift's box to tick."""
    dispatcher = at_desk("dispatcher")
    inbox = dispatcher.get("/console/inbox?box=pool").text
    pages = [dispatcher.get(link).text for link in re.findall(r'href="(/console/orders/BX[^"]+)"', inbox)[:6]]
    assert any("开发商保修" in page and 'name="form.follow_up"' in page for page in pages)
