"""The broker of gates and doors: Mosquitto, with a password for each device and topics of its own.

Topics are ``pm/1/<site>/<device>/…``; a device's user name is its id, so that it can neither read nor speak for
another one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from devstack.errors import StackError
from devstack.files import write_private
from devstack.part import Part
from devstack.ports import LOOPBACK
from devstack.probes import PROBE_SECONDS
from devstack.site import Site
from integrations.mqtt import ping

HASH_ROUNDS = 101  # mosquitto_passwd's own default.
SALT_BYTES = 12
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")  # Often missing from a user's PATH.
ACCESS = """\
# The platform reads and writes everything.
user {platform}
topic readwrite #

# A device hears its commands and its white list, and tells what happened.
pattern read pm/1/+/%u/cmd
pattern read pm/1/+/%u/acl
pattern write pm/1/+/%u/ack
pattern write pm/1/+/%u/evt/#
pattern write pm/1/+/%u/state
pattern write pm/1/+/%u/presence
"""


def program() -> str:
    """Where Mosquitto is installed."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(SYSTEM_FOLDERS))
    if found is None:
        raise StackError(
            "The broker mosquitto is missing; install it with 'apt-get install mosquitto' or 'brew install mosquitto'."
        )
    return found


def prepare(site: Site) -> None:
    """Write the broker's configuration anew from the ports and passwords."""
    folder = site.folder("mqtt")
    platform = urlsplit(site.settings.mqtt_url)
    passwords = {platform.username or "wuyou": platform.password or ""} | site.mqtt_devices
    lines = [f"{user}:{password_hash(password)}" for user, password in passwords.items()]
    write_private(folder / "passwords", "\n".join(lines) + "\n")
    write_private(folder / "access", ACCESS.format(platform=platform.username))
    write_private(folder / "mosquitto.conf", _configuration(site, folder))


def _configuration(site: Site, folder: Path) -> str:
    lines = [
        f"listener {site.ports['mqtt']} {LOOPBACK}",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/access",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 60",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if os.geteuid() == 0:
        # Started as root it would become the user "mosquitto", which cannot read our folder.
        lines.append("user root")
    return "\n".join(lines) + "\n"


def password_hash(password: str) -> str:
    """A password as Mosquitto's password file wants it: PBKDF2 with SHA-512, format 7."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS)
    return f"$7${HASH_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def healthy(site: Site) -> bool:
    """Whether the broker lets the platform in."""
    ping(site.settings.mqtt_url, PROBE_SECONDS)
    return True


MQTT = Part(
    name="mqtt",
    title="MQTT broker",
    prepare=prepare,
    command=lambda site: [program(), "-c", str(site.home / "mqtt" / "mosquitto.conf")],
    environment=lambda site: {},
    healthy=healthy,
    replaced_by="mqtt_url",
    address=lambda site: f"{LOOPBACK}:{site.ports['mqtt']}",
)
