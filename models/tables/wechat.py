"""The access tokens of the WeChat accounts, shared by all processes of the installation."""

from datetime import datetime

from sqlmodel import Field

from models.tables.base import Base, instant


class WeChatToken(Base, table=True):
    """One row per account. A second process that fetched for itself would use up the daily quota."""

    __tablename__ = "wechat_tokens"
    appid: str = Field(primary_key=True)
    token: str
    expires_at: datetime = instant()
