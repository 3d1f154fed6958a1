"""What the emulator is told from outside: where to listen, where to keep its state, and the two accounts it plays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from settings import Settings

Channel = Literal["mini", "service"]

PUSH_PATH = "/wechat/push"
"""Where the product's API takes the message push, below its own address."""

SERVICE_PREFIX = "gzh-"
"""A person's openid differs from account to account: on the service account this stands before the other one."""


@dataclass(frozen=True)
class Account:
    """One WeChat account."""

    channel: Channel
    appid: str
    secret: str
    user_name: str
    title: str
    openid_prefix: str

    def openid(self, person: str) -> str:
        return self.openid_prefix + person

    def person(self, openid: str) -> str | None:
        """The person behind an openid of this account; None when the openid is another account's."""
        if not self.openid_prefix:
            return None if openid.startswith(SERVICE_PREFIX) else openid
        return openid.removeprefix(self.openid_prefix) if openid.startswith(self.openid_prefix) else None


@dataclass(frozen=True)
class SmsAccount:
    """What the SMS provider knows of us. Without keys it refuses everything."""

    secret_id: str
    secret_key: str
    app_id: str
    sign_name: str


@dataclass(frozen=True)
class Config:
    """`push_url` is where events go until `POST /_emulator/push` says otherwise; empty: recorded, not sent."""

    url: str
    state_file: Path
    mini: Account
    service: Account
    push_url: str
    push_token: str
    push_aes_key: str
    sms: SmsAccount

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    @classmethod
    def of(cls, settings: Settings) -> Config:
        """Raises SettingMissing when the address or an account is not set."""
        need = settings.required
        return cls(
            url=need("wechat_url").rstrip("/"),
            state_file=settings.home / "wechat" / "state.sqlite3",
            mini=Account("mini", need("wechat_mini_appid"), need("wechat_mini_secret"), "gh_demo_mini", "物优", ""),
            service=Account(
                "service",
                need("wechat_service_appid"),
                need("wechat_service_secret"),
                "gh_demo_service",
                "物优物业服务",
                SERVICE_PREFIX,
            ),
            push_url=settings.api_url.rstrip("/") + PUSH_PATH if settings.api_url else "",
            push_token=settings.wechat_push_token,
            push_aes_key=settings.wechat_push_aes_key,
            sms=SmsAccount(
                settings.sms_secret_id, settings.sms_secret_key, settings.sms_app_id, settings.sms_sign_name
            ),
        )
