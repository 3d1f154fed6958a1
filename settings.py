"""The settings of one installation, read from the environment once, at the edges only.

Every field is an environment variable with the prefix ``WUYOU_`` (``database_url`` is ``WUYOU_DATABASE_URL``);
dictionaries and lists are written as JSON. The embedded stack fills in whatever the environment leaves out; an address
given by the environment switches that part of the embedded stack off.

An empty address means "not set". A program that needs an address asks for it with :meth:`Settings.required`, so that a
missing variable is one clear sentence and not a connection error.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "WUYOU_"
PAYLOAD_KEY_BYTES = 32  # AES-256-GCM takes exactly 32 bytes.
PUSH_AES_KEY_CHARACTERS = 43  # WeChat fixes the length of EncodingAESKey.


class SettingMissing(RuntimeError):
    """A program was started without a setting that it cannot do without."""


class Settings(BaseSettings):
    """All that differs between two installations. Secrets never appear in its ``repr``."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="ignore", frozen=True, env_ignore_empty=True)

    # -- where things are ---------------------------------------------------------------------------------------------
    home: Path = Field(
        default=Path(".wuyou"),
        description="Folder of the embedded stack's data, logs and secrets. Moved when one checkout needs several.",
    )
    database_url: str = Field(
        default="",
        repr=False,
        description="postgresql://user:password@host/database, or ?host=/folder for a unix socket. No driver name.",
    )
    temporal_address: str = Field(default="", description="host:port of the Temporal front end.")
    temporal_namespace: str = Field(
        default="default", description="Temporal namespace; the embedded server always has one called default."
    )
    temporal_ui_url: str = Field(default="", description="Address of the Temporal UI, for links in the console.")
    s3_endpoint: str = Field(
        default="",
        description="http://host:port of the photo store. Browsers upload there, so it must be reachable from outside.",
    )
    s3_access_key: str = Field(default="", repr=False, description="Access key of the photo store.")
    s3_secret_key: str = Field(default="", repr=False, description="Secret key of the photo store.")
    s3_bucket: str = Field(default="wuyou", description="Bucket that holds the photos; it is private.")
    mqtt_url: str = Field(
        default="",
        repr=False,
        description="mqtt://user:password@host:port (mqtts:// for TLS) of the broker of gates and doors.",
    )

    # -- WeChat -------------------------------------------------------------------------------------------------------
    wechat_url: str = Field(
        default="", description="Base address of WeChat: the emulator's, or https://api.weixin.qq.com in production."
    )
    wechat_mini_appid: str = Field(default="", description="App id of the owners' mini-program.")
    wechat_mini_secret: str = Field(default="", repr=False, description="App secret of the mini-program.")
    wechat_service_appid: str = Field(default="", description="App id of the service account that writes to staff.")
    wechat_service_secret: str = Field(default="", repr=False, description="App secret of the service account.")
    wechat_template_ids: dict[str, str] = Field(
        default_factory=dict,
        description="Template name (models/domain/templates.py) to the id that the account was given, as mini:progress "
        "or service:task. What is missing has the emulator's id.",
    )
    wechat_push_token: str = Field(default="", repr=False, description="Token that signs WeChat's callbacks to us.")
    wechat_push_aes_key: str = Field(
        default="", repr=False, description="EncodingAESKey of the callbacks: 43 characters, as WeChat issues it."
    )

    # -- SMS (Tencent Cloud); without its ids and secrets there is no such channel ------------------------------------
    sms_url: str = Field(
        default="",
        description="Base address of the provider: the emulator's, or empty for https://sms.tencentcloudapi.com.",
    )
    sms_secret_id: str = Field(default="", description="SecretId of the cloud account (CAM), allowed to SendSms only.")
    sms_secret_key: str = Field(default="", repr=False, description="SecretKey of the cloud account.")
    sms_app_id: str = Field(default="", description="SdkAppId of the SMS application.")
    sms_sign_name: str = Field(default="", description="The approved signature, which the phone shows in 【】.")
    sms_region: str = Field(default="ap-guangzhou", description="Region of the API; the messages are the same in all.")
    sms_template_ids: dict[str, str] = Field(
        default_factory=dict,
        description="SMS template name (models/domain/texts.py) to the id that review gave it. What is missing has the "
        "emulator's id.",
    )

    # -- the codec that lets the Temporal UI show decrypted payloads ---------------------------------------------------
    codec_url: str = Field(
        default="",
        repr=False,
        description="Full address for the Temporal UI, its random path part included: http://host:port/<codec_secret>.",
    )
    codec_host: str = Field(default="127.0.0.1", description="Where the codec listens; loopback unless proxied.")
    codec_port: int = Field(default=8081, ge=1, le=65535, description="Port of the codec; the worker serves it.")
    codec_secret: str = Field(
        default="", repr=False, description="The random path part, because the embedded UI sends no credentials."
    )
    codec_ui_origin: str = Field(default="", description="The one origin that CORS admits: the Temporal UI's.")

    # -- our own API --------------------------------------------------------------------------------------------------
    api_host: str = Field(default="127.0.0.1", description="Address the API listens on; loopback unless proxied.")
    api_port: int = Field(default=8000, ge=1, le=65535, description="Port the API listens on.")
    api_url: str = Field(default="", description="Address under which browsers and WeChat reach the API.")

    # -- keys ---------------------------------------------------------------------------------------------------------
    payload_keys: dict[str, str] = Field(
        default_factory=dict,
        repr=False,
        description="Key id to base64 of 32 bytes. The first one encrypts; the others still decrypt old payloads.",
    )
    proof_keys: list[str] = Field(
        default_factory=list,
        repr=False,
        description="Base64 secrets proving commands to workflows. The first signs; all are accepted, so keys rotate.",
    )
    token_secret: str = Field(default="", repr=False, description="Signs owner tokens and the session cookie.")
    privacy_key: str = Field(
        default="",
        repr=False,
        description="Base64 of 32 bytes; encrypts phones and numbers in Postgres and keys their search hash.",
    )

    plate_camera_secrets: dict[str, str] = Field(
        default_factory=dict,
        repr=False,
        description="Community code to the secret with which its cameras at the gates tell of plates that leave.",
    )

    # -- behaviour ----------------------------------------------------------------------------------------------------
    demo: bool = Field(default=False, description="Seed the demo community; the embedded stack switches it on.")
    retention_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days Temporal keeps closed histories. 30 covers a month's questions; Postgres keeps all for good.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="What the programs log. INFO tells each start and each fault, not each request."
    )
    workflow_sandbox: bool = Field(
        default=False,
        description="Run orders in Temporal's sandbox, as the tests do. It forbids workflow code to read the clock or "
        "the world, and doubles what a start costs the worker.",
    )
    relay_starts_per_second: int = Field(
        default=50,
        ge=0,
        description="New workflows the relay starts per second (0 is unlimited), so that a backlog leaves people room.",
    )
    owner_token_hours: int = Field(
        default=24 * 7, ge=1, description="Hours an owner's token lives. A week: logging in again costs one wx.login."
    )
    staff_session_hours: int = Field(
        default=12,
        ge=1,
        description="Hours a staff session lives unused. One long shift, so that a forgotten one ends.",
    )
    database_pool_size: int = Field(
        default=10, ge=1, description="Database connections per process. Three processes stay below Postgres' 100."
    )

    @field_validator("database_url")
    @classmethod
    def _plain_scheme(cls, url: str) -> str:
        if url and not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql:// and name no driver")
        return url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url

    @field_validator("wechat_push_aes_key")
    @classmethod
    def _aes_key_length(cls, key: str) -> str:
        if key and len(key) != PUSH_AES_KEY_CHARACTERS:
            raise ValueError(f"must have {PUSH_AES_KEY_CHARACTERS} characters")
        return key

    @property
    def has_sms(self) -> bool:
        """Whether messages may go by SMS at all. A community may still switch it off for itself."""
        return all((self.sms_secret_id, self.sms_secret_key, self.sms_app_id, self.sms_sign_name))

    @property
    def sync_database_url(self) -> str:
        """For workers and migrations: SQLAlchemy on psycopg2."""
        return self.required("database_url").replace("postgresql://", "postgresql+psycopg2://", 1)

    @property
    def async_database_url(self) -> str:
        """For the API: SQLAlchemy on asyncpg."""
        return self.required("database_url").replace("postgresql://", "postgresql+asyncpg://", 1)

    def required(self, name: str) -> str:
        """The text of a setting that must be there.

        Raises:
            SettingMissing: the setting is empty.
        """
        value = str(getattr(self, name) or "")
        if not value:
            raise SettingMissing(f"The setting {ENVIRONMENT_PREFIX}{name.upper()} is missing.")
        return value

    def as_environment(self) -> dict[str, str]:
        """These settings as environment variables for another program; empty ones are left out."""
        environment: dict[str, str] = {}
        for name, value in self.model_dump(mode="json").items():
            if value in ("", {}, [], None):
                continue
            text = value if isinstance(value, str) else json.dumps(value)
            environment[ENVIRONMENT_PREFIX + name.upper()] = text
        return environment


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process. The environment is read at the first call and never again."""
    return Settings()
