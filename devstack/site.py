"""One stack's place on this machine: its folder, its ports, its secrets and the settings made of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from devstack.credentials import stack_credentials
from devstack.errors import StackError
from devstack.ports import LOOPBACK, Claims, api_port, remembered_ports
from settings import Settings

SPACE_NEEDED = 500 * 2**20  # A fresh stack writes about 150 MB; with less than this it would soon stop half-way.
SMS_PATH = "/sms"  # Of the emulated SMS provider, on the port of the emulated WeChat.
SOCKET_PATH_LIMIT = 100  # The system's limit is 107 bytes; the rest is room for the longest socket name.


@dataclass(frozen=True)
class Site:
    """What the parts of a stack need to know to start."""

    home: Path
    runtime: Path
    ports: dict[str, int]
    mqtt_devices: dict[str, str]
    settings: Settings

    @property
    def logs(self) -> Path:
        """One file per part."""
        return self.home / "logs"

    def folder(self, name: str) -> Path:
        """A part's own folder under the home, made if missing."""
        path = self.home / name
        path.mkdir(exist_ok=True)
        return path


def prepare_home(home: Path) -> Path:
    """Make the folder and see that it can hold a stack.

    Raises:
        StackError: it cannot be written, or its disk is almost full.
    """
    home = home.expanduser().resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)  # Logs and data are nobody else's business.
        (home / "logs").mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise StackError(
            f"The folder {home} cannot be written ({error.strerror}); set WUYOU_HOME to one that can."
        ) from None
    free = shutil.disk_usage(home).free
    if free < SPACE_NEEDED:
        raise StackError(
            f"The disk of {home} has {free // 2**20} MB left, and the stack needs {SPACE_NEEDED // 2**20} MB."
        )
    return home


def runtime_folder(home: Path) -> Path:
    """Where the unix sockets go: under the home, or, since their paths are limited, in the temporary folder.

    Raises:
        StackError: somebody else owns the folder of that name.
    """
    inside = home / "run"
    if len(os.fsencode(inside)) + len("/postgres/.s.PGSQL.5432") <= SOCKET_PATH_LIMIT:
        inside.mkdir(exist_ok=True)
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    outside = Path(tempfile.gettempdir()) / f"wuyou-{os.getuid()}-{digest}"
    outside.mkdir(mode=0o711, exist_ok=True)
    if outside.stat().st_uid != os.getuid():
        raise StackError(f"The folder {outside} belongs to another user; remove it or set WUYOU_HOME.")
    return outside


def lay_out(home: Path, given: Settings, wanted_api_port: int | None, port_is_explicit: bool, claims: Claims) -> Site:
    """Choose and claim ports, read or make secrets, and derive the settings. What was given stays as it was given.

    Raises:
        StackError: no port is free, the explicit port is taken, or the secrets are damaged.
    """
    secrets = stack_credentials(home / "secrets.json")
    ports = remembered_ports(home / "ports.json", claims)
    if wanted_api_port is not None:
        ports["api"] = api_port(wanted_api_port, port_is_explicit, claims)
    runtime = runtime_folder(home)
    if "codec_port" in given.model_fields_set:
        ports["codec"] = given.codec_port
    derived = _derived(home, runtime, ports, secrets)
    derived["demo"] = "database_url" not in given.model_fields_set
    if any(name == "wechat_url" or name.startswith("sms_") for name in given.model_fields_set):
        # The emulator plays both or neither: a real account's messages must not end there, nor ours at a real provider.
        derived = {name: value for name, value in derived.items() if not name.startswith("sms_")}
    missing = {name: value for name, value in derived.items() if name not in given.model_fields_set}
    settings = given.model_copy(update=missing | {"home": home, "api_port": ports["api"]})
    return Site(home, runtime, ports, secrets["mqtt_devices"], settings)


def _derived(home: Path, runtime: Path, ports: dict[str, int], secrets: dict[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in secrets.items() if name in Settings.model_fields}
    return own | {
        "database_url": f"postgresql://postgres@/wuyou?host={quote(str(runtime / 'postgres'))}",
        "temporal_address": f"{LOOPBACK}:{ports['temporal']}",
        "temporal_ui_url": _web(ports["temporal_ui"]),
        "s3_endpoint": _web(ports["s3"]),
        "mqtt_url": f"mqtt://wuyou:{secrets['mqtt_password']}@{LOOPBACK}:{ports['mqtt']}",
        "wechat_url": _web(ports["wechat"]),
        "sms_url": _web(ports["wechat"]) + SMS_PATH,
        "sms_sign_name": "物优物业",
        "codec_port": ports["codec"],
        "codec_url": f"{_web(ports['codec'])}/{secrets['codec_secret']}",
        "codec_ui_origin": _web(ports["temporal_ui"]),
        "api_url": _web(ports["api"]),
    }


def _web(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
