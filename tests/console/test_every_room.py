"""What holds of every page: it fits a phone, says what it is, names its controls, and shows nothing of our insides."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from api.console.frame import ENTRANCES
from models.domain.numbers import PREFIXES
from tests.console.conftest import Desk
from tests.world import World

pytestmark = [pytest.mark.stack, pytest.mark.browser]

NARROW = 390

FAULTS = """() => {
  const seen = (e) => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
  const faults = [], text = document.body.innerText;
  if (document.documentElement.scrollWidth > innerWidth) faults.push("sticks out sideways");
  const heads = [...document.querySelectorAll("h1")].filter(seen);
  if (heads.length !== 1) faults.push(heads.length + " headings of the page");
  for (const e of document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")) {
    const labels = [...(e.labels || [])].map((label) => label.textContent).join("");
    const name = e.getAttribute("aria-label") || labels || e.textContent || e.title;
    if (seen(e) && !(name || "").trim()) faults.push("without a name: " + e.outerHTML.slice(0, 100));
  }
  const inside = /built-in|<bound|object at 0x|undefined|\\bNone\\b|\\bNaN\\b|\\[object/.exec(text);
  if (inside) faults.push("our insides: " + text.slice(Math.max(inside.index - 20, 0), inside.index + 60));
  return faults;
}"""


@pytest.mark.parametrize("account", ["clerk", "tech1", "admin"])
def test_every_room_is_fit_to_be_seen(world: World, desk: Desk, account: str) -> None:
    page = desk(account, width=NARROW, height=844)
    base = world.settings.api_url
    known = {entrance.href for entrance in ENTRANCES}
    rooms = {urlsplit(link).path for link in page.locator(".nav a").evaluate_all("all => all.map(a => a.href)")} & known
    assert len(rooms) >= 5
    listed = world.staff(account).read("/staff/work-orders", limit=100)["items"]
    orders = {order["kind"]: f"/console/orders/{order['number']}" for order in listed}
    assert orders.keys() <= PREFIXES.keys()
    found = {}
    for path in sorted(rooms) + sorted(orders.values()):
        page.goto(base + path)
        found[path] = page.evaluate(FAULTS)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_forms_of_registration_are_too(world: World, desk: Desk) -> None:
    page = desk("clerk", width=NARROW, height=844)
    for path in (
        "register/complaint",
        "register/car",
        "register/visitor",
        "register/visitor?of=resident",
        "incidents/new",
        "nowhere",
    ):
        page.goto(f"{world.settings.api_url}/console/{path}")
        assert page.evaluate(FAULTS) == [], path
