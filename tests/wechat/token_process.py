"""A second process of the same installation: sends one message and prints what came of it. For `test_client.py`."""

from __future__ import annotations

import sys

from sqlalchemy import create_engine

from integrations.wechat import NoCredit, WeChat
from models.repositories.wechat_tokens import WeChatTokens
from settings import load_settings
from tests.wechat.samples import progress


def main() -> None:
    wechat = WeChat.of(load_settings(), WeChatTokens(create_engine(sys.argv[1])))
    try:
        wechat.send_subscribe("demo-owner-1", "tmpl_progress", progress())
    except NoCredit:
        sys.stdout.write("no credit")


if __name__ == "__main__":
    main()
