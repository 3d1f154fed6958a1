"""People who sit at the console: over plain HTTP, or in a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.world import PASSWORD, World

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Desk = Callable[..., Page]


@pytest.fixture
def at_desk(world: World) -> Iterator[Callable[[str], httpx.Client]]:
    """A logged-in member of staff whose client sends what htmx would send."""
    clients: list[httpx.Client] = []

    def log_in(account: str) -> httpx.Client:
        client = httpx.Client(base_url=world.settings.api_url, timeout=15)
        clients.append(client)
        answer = client.post("/console/login", data={"account": account, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    yield log_in
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def chromium(world: World) -> Iterator[Browser]:
    """One for a module and no longer: while it is open, its own event loop keeps all others from running."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "chromium is needed for this test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desk(world: World, chromium: Browser) -> Iterator[Desk]:
    """Open a page as somebody. Nothing may be said in its console, and nothing asked of another host."""
    base = world.settings.api_url
    wrong: list[str] = []
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        # Chromium itself reports every answer of 4xx as an error; a refusal that is shown is none.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            wrong.append(message.text)

    def open_as(account: str, width: int = 1280, height: int = 800) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        context.set_default_timeout(8000)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((base, f"blob:{base}")) else wrong.append(r.url))
        page.goto(f"{base}/console/login")
        page.fill("#account", account)
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/console/inbox")
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert wrong == []
