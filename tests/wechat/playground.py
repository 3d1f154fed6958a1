"""An emulator of one's own, and an address that takes its pushes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from settings import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 20
CALL_SECONDS = 10
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PUSH_TOKEN = "push-token-of-the-tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(home: Path, port: int) -> Settings:
    return Settings(
        home=home,
        wechat_url=f"http://127.0.0.1:{port}",
        wechat_mini_appid="wxmini00000000test",
        wechat_mini_secret="secret of the mini-program",
        wechat_service_appid="wxservice00000test",
        wechat_service_secret="secret of the service account",
        wechat_push_token=PUSH_TOKEN,
        wechat_push_aes_key=AES_KEY,
        sms_url=f"http://127.0.0.1:{port}/sms",
        sms_secret_id="AKIDtest",
        sms_secret_key="key of the sms account",
        sms_app_id="1400006666",
        sms_sign_name="物优物业",
    )


@dataclass
class Playground:
    """The emulator, spoken to as a thumb (`tap`, `look`) and as a server (`get`, `post`)."""

    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.settings.wechat_url

    def look(self, path: str, /, **params: str) -> Any:
        answer = requests.get(f"{self.url}/_emulator/{path}", params=params, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def tap(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_emulator/{path}", json=body, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str, /, **params: str) -> Any:
        return requests.get(self.url + path, params=params, timeout=CALL_SECONDS).json()

    def post(self, path: str, body: Any, token: str = "") -> Any:
        params = {"access_token": token} if token else {}
        return requests.post(self.url + path, params=params, json=body, timeout=CALL_SECONDS).json()

    def stable(self, account: str, force: bool = False) -> Any:
        secret = {
            "appid": getattr(self.settings, f"wechat_{account}_appid"),
            "secret": getattr(self.settings, f"wechat_{account}_secret"),
        }
        return self.post("/cgi-bin/stable_token", secret | {"force_refresh": force})

    def token(self, account: str) -> str:
        return str(self.stable(account)["access_token"])

    def login(self, person: str) -> Any:
        return self.session(self.look("login-code", openid=person)["code"])

    def session(self, code: str, **changed: str) -> Any:
        asked = {
            "appid": self.settings.wechat_mini_appid,
            "secret": self.settings.wechat_mini_secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        return self.get("/sns/jscode2session", **(asked | changed))

    def fault(self, kind: str, path: str = "/", count: int | None = 1, **more: Any) -> None:
        self.tap("faults", kind=kind, path=path, count=count, **more)

    def begin(self, period: int) -> None:
        """Push the clock to just after the next full minute or day, so that no quota's window turns within a test."""
        now = self.tap("clock", advance=0)["now"]
        self.tap("clock", advance=period - now % period)

    def calls(self, path: str) -> int:
        return int(self.look("calls").get(path, 0))


@contextmanager
def emulator(settings: Settings) -> Iterator[Playground]:
    """A process of its own, ended with this block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devstack.wechat_emulator"],
        cwd=ROOT,
        env={**os.environ, **settings.as_environment(), "PYTHONPATH": str(ROOT)},
    )
    try:
        playground = Playground(settings)
        _await_health(playground, process)
        yield playground
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _await_health(playground: Playground, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the emulator ended at once"
        try:
            playground.look("healthz")
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the emulator did not start")


@dataclass
class Letterbox:
    """Takes pushes; answers the first `refusals` of them with an error."""

    url: str = ""
    refusals: int = 0
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        end = time.monotonic() + CALL_SECONDS
        while len(self.received) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.received) >= count, f"{len(self.received)} of {count} pushes came"
        return self.received


@contextmanager
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            refused = box.refusals > 0
            box.refusals -= refused
            box.received.append((dict(parse_qsl(urlsplit(self.path).query)), body))
            self.send_response(500 if refused else 200)
            self.end_headers()
            self.wfile.write(b"success")

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_port}/push"
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
