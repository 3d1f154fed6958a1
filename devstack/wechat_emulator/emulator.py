"""All parts of the emulator, put together once."""

from __future__ import annotations

from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.config import Config
from devstack.wechat_emulator.faults import Faults
from devstack.wechat_emulator.messages import Messages
from devstack.wechat_emulator.people import DEMO, People
from devstack.wechat_emulator.push import Pusher
from devstack.wechat_emulator.sms import SmsCentre
from devstack.wechat_emulator.store import Store


class Emulator:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.state_file)
        self.accounts = Accounts(config, self.store)
        self.people = People(self.store, self.accounts)
        self.pusher = Pusher(config, self.store, self.accounts)
        self.messages = Messages(self.store, self.accounts, self.people, self.pusher)
        self.sms = SmsCentre(config.sms, self.store, self.people)
        self.faults = Faults()

    def reset(self) -> None:
        """Forget everything but the demo people."""
        self.store.wipe()
        self.faults.clear()
        self.faults.forget_calls()
        self.people.meet(*DEMO)

    def close(self) -> None:
        self.pusher.stop()
        self.store.close()
