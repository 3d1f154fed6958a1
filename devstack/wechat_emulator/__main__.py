"""Run the emulator where WUYOU_WECHAT_URL says, until it is told to stop."""

from __future__ import annotations

from devstack.wechat_emulator.app import create_app
from devstack.wechat_emulator.config import Config
from devstack.wechat_emulator.server import serve
from settings import load_settings


def main() -> None:
    config = Config.of(load_settings())
    serve(create_app(config), config.host, config.port)


if __name__ == "__main__":
    main()
