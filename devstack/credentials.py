"""The secrets of an embedded stack: made at the first start, kept in one file that only its owner can read."""

from __future__ import annotations

import base64
import json
import secrets
import string
from pathlib import Path
from typing import Any

from devstack.errors import StackError
from devstack.files import write_private
from settings import PAYLOAD_KEY_BYTES, PUSH_AES_KEY_CHARACTERS

SECRET_BYTES = 32  # 256 bits: beyond guessing, and the size of the key of HMAC-SHA-256.
DEMO_DEVICES = ("xfl-gate-in", "xfl-gate-out", "xfl-door-1", "hxy-gate-in")


def stack_credentials(path: Path) -> dict[str, Any]:
    """The stack's secrets under the names of the settings, plus the broker's passwords.

    A secret that a newer version needs is added to an old file; what is there never changes, because it opens
    existing data.

    Raises:
        StackError: the file is there but damaged; new secrets would lock the existing data for good.
    """
    known = _read(path)
    complete = {name: known.get(name, fresh) for name, fresh in _fresh().items()}
    if complete != known:
        write_private(path, json.dumps(complete, indent=1))
    return complete


def _fresh() -> dict[str, Any]:
    return {
        "s3_access_key": secrets.token_hex(10),
        "s3_secret_key": secrets.token_hex(20),
        "mqtt_password": secrets.token_urlsafe(24),
        "mqtt_devices": {device: secrets.token_urlsafe(18) for device in DEMO_DEVICES},
        "wechat_mini_appid": "wx" + secrets.token_hex(8),
        "wechat_mini_secret": secrets.token_hex(16),
        "wechat_service_appid": "wx" + secrets.token_hex(8),
        "wechat_service_secret": secrets.token_hex(16),
        "wechat_push_token": secrets.token_hex(12),
        "wechat_push_aes_key": _aes_key(),
        "sms_secret_id": "AKID" + secrets.token_hex(16),
        "sms_secret_key": secrets.token_hex(16),
        "sms_app_id": f"14{secrets.randbelow(10**8):08d}",
        "codec_secret": secrets.token_urlsafe(24),
        "payload_keys": {"k1": _base64(PAYLOAD_KEY_BYTES)},
        "proof_keys": [_base64(SECRET_BYTES)],
        "token_secret": secrets.token_urlsafe(SECRET_BYTES),
        "privacy_key": _base64(PAYLOAD_KEY_BYTES),
    }


def _base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def _aes_key() -> str:
    # 43 characters are 258 bits, two more than the key holds; the last one is chosen so that these are zero.
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(PUSH_AES_KEY_CHARACTERS - 1)) + secrets.choice(
        "AEIMQUYcgkosw048"
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        known: dict[str, Any] = json.loads(path.read_text())
    except ValueError:
        raise StackError(f"{path} is damaged; restore it from a copy, or start anew with ./wuyou reset.") from None
    return known
