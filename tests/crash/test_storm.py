"""A storm on the whole real stack: people press whatever they are offered on several orders at once, while its parts
are killed and started again. Afterwards every press has been answered with the truth, and all sides agree.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Engine, create_engine, text

from integrations import temporal
from models.domain.lifecycles.repair import REPAIR
from tests.world import Person, World, eventually
from workers.doctor import Case, Doctor, NobodyAnswers

pytestmark = [pytest.mark.stack, pytest.mark.slow]

STORM_SECONDS: Final = 50
SEED: Final = 20261122
ORDERS: Final = 6
AT_ONCE: Final = 3
"""People who press at the same time; more would only wait for the two processors of a small machine."""

PARTS: Final = ("worker", "temporal", "api", "postgres")
CALM_SECONDS: Final = 3.0
"""Between two kills, so that some presses succeed."""

SETTLED_WITHIN: Final = 90.0

STALE: Final = 0.3
"""Share of the presses on a screen that somebody opened a while ago."""

RECENT: Final = 30

Offer = tuple[Person, str, dict[str, Any]]
"""Who was offered what on which order."""

OWNERS: Final = ("demo-owner-4", "demo-owner-5", "demo-owner-6")
STAFF: Final = ("dispatcher", "clerk", "tech1", "tech2", "lead", "manager")


@dataclass
class Press:
    """One act as a client sends it, and what it has heard so far; `None` is silence or an outage."""

    who: Person
    path: str
    body: dict[str, Any]
    key: str
    status: int | None = None
    code: str = ""

    def send(self) -> None:
        try:
            answer = self.who.post(self.path, self.body, self.key)
        except httpx.HTTPError:
            return
        if answer.status_code in (502, 503, 504):
            return
        self.status = answer.status_code
        self.code = answer.json().get("code", "") if answer.status_code >= 400 else ""


class Storm:
    """Whoever presses, and what they have pressed."""

    def __init__(self, world: World, people: list[Person], numbers: list[str]) -> None:
        self.people, self.numbers = people, numbers
        self.presses: list[Press] = []
        self.over = threading.Event()
        self._seen: list[Offer] = []
        self._staff = {account: world.staff(account).me["account"] for account in ("tech1", "tech2")}

    def blow(self, seed: int) -> None:
        """One pair of hands, until the storm is over."""
        dice = random.Random(seed)
        while not self.over.is_set():
            press = self._next(dice)
            if press is None:
                time.sleep(0.2)
                continue
            self.presses.append(press)
            press.send()

    def _next(self, dice: random.Random) -> Press | None:
        who, number = dice.choice(self.people), dice.choice(self.numbers)
        try:
            answer = who.get(f"/{who.prefix}/work-orders/{number}")
        except httpx.HTTPError:
            return None
        if answer.status_code != 200:
            assert answer.status_code in (404, 429, 503), answer.text
            return None
        offered = [action for action in answer.json()["actions"] if self._knows(action)]
        rare = [action for action in offered if action["action"] in ("comment", "cancel", "amend", "merge")]
        usual = [action for action in offered if action not in rare]
        if not offered:
            return None
        action = dice.choice(usual if usual and dice.random() < 0.85 else offered)
        self._seen.append((who, number, action))
        return self._press(dice, *self._whose_turn(dice))

    def _whose_turn(self, dice: random.Random) -> Offer:
        """The newest offer, or one that others may have taken since: screens are minutes old."""
        return dice.choice(self._seen[-RECENT:]) if dice.random() < STALE else self._seen[-1]

    def _knows(self, action: dict[str, Any]) -> bool:
        return action.get("outcome") not in ("no_access", "out_of_scope", "forced_entry")

    def _press(self, dice: random.Random, who: Person, number: str, action: dict[str, Any]) -> Press:
        name, outcome = action["action"], action.get("outcome")
        where = f"tasks/{action['task_id']}" if action.get("task_id") else f"work-orders/{number}"
        body = self._words(dice, name)
        if outcome is not None:
            body = {"outcome": outcome, "form": self._form(dice, outcome)}
        return Press(who, f"/{who.prefix}/{where}/{name.replace('_', '-')}", body, uuid.uuid4().hex)

    def _words(self, dice: random.Random, action: str) -> dict[str, Any]:
        words: dict[str, dict[str, Any]] = {
            "reassign": {"staff": dice.choice(list(self._staff)), "reason": "师傅请假"},
            "hold": {"reason": "parts", "until": _later(hours=2)},
            "cancel": {"reason": "重复报修"},
            "comment": {"text": f"请尽快 {uuid.uuid4().hex}"},
            "amend": {"priority": dice.choice(["normal", "high"]), "reason": "看过现场"},
            "consent": {"given_by": "owner", "channel": "phone"},
            "rate": {"result": 5, "speed": dice.randint(1, 5), "manner": 5},
            "reply_to_rating": {"text": "谢谢您的评价"},
            "merge": {"primary": dice.choice(self.numbers)},
            "unmerge": {"reason": "不是同一故障"},
        }
        return words.get(action, {})

    def _form(self, dice: random.Random, outcome: str) -> dict[str, Any]:
        window = {"from": _later(hours=24), "to": _later(hours=26)}
        forms: dict[str, dict[str, Any]] = {
            "assigned": {"staff": dice.choice(list(self._staff))},
            "merged": {"primary": dice.choice(self.numbers)},
            "referred": {"party": "lift_firm", "contact": "迅达电梯", "follow_up": _later(hours=24)},
            "postponed": {"follow_up": _later(hours=48)},
            "done": {"report": "厂家已修"},
            "accepted": {},
            "proposed": {"appointment": window},
            "other_time": {"appointment": window},
            "rebooked": {"appointment": window},
            "needs_quote": {"lines": [{"item": "角阀", "quantity": 2, "price": 4500}]},
            "finished": {"report": "修好了"},
            "fixed": {},
            "rated": {"result": 5, "speed": dice.randint(1, 5), "manner": 5},
            "cancelled": {},
            "content": {"note": "业主满意"},
            "discontent": {"note": "业主不满意"},
            "made_good": {"text": "已上门道歉"},
        }
        return forms.get(
            outcome, {} if outcome in ("pool", "arrived", "agreed", "approved") else {"reason": "情况有变"}
        )


def _later(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.mark.timeout(300)
def test_a_storm_with_everything_dying_leaves_all_sides_agreeing(world: World) -> None:
    owners = [world.owner(openid) for openid in OWNERS]
    people: list[Person] = [*owners, *(world.staff(account) for account in STAFF)]
    numbers = [str(owners[nth % len(owners)].report()["number"]) for nth in range(ORDERS)]
    storm = Storm(world, people, numbers)
    with ThreadPoolExecutor(AT_ONCE) as hands:
        busy = [hands.submit(storm.blow, SEED + nth) for nth in range(AT_ONCE)]
        try:
            _kill_at_random(world, random.Random(SEED))
        finally:
            storm.over.set()
            for part in ("postgres", "temporal", "worker", "api"):
                world.stack.start(part)
        for pair in busy:
            pair.result()
    engine = create_engine(world.settings.sync_database_url, pool_pre_ping=True)
    _every_press_is_answered(storm.presses)
    answered = Counter(press.code or "done" for press in storm.presses)
    assert answered["done"] > ORDERS, answered
    assert all(press.status is not None and press.status < 500 for press in storm.presses), answered
    eventually(lambda: _agree(world, engine), within=SETTLED_WITHIN, what="all sides to agree")
    for number in numbers:
        _happened_as_the_map_allows(engine, number)
    _happened_once(engine, storm.presses)
    engine.dispose()


def _kill_at_random(world: World, dice: random.Random) -> None:
    """From the one thread that started the parts, because they end with it."""
    end = time.monotonic() + STORM_SECONDS
    while time.monotonic() < end:
        time.sleep(CALM_SECONDS * (0.5 + dice.random()))
        fallen = dice.sample(PARTS, dice.choice((1, 1, 1, 2)))
        for part in fallen:
            world.stack.kill(part)
        time.sleep(dice.random())
        for part in sorted(fallen, key=("postgres", "temporal", "worker", "api").index):
            world.stack.start(part)


def _every_press_is_answered(presses: Iterable[Press]) -> None:
    """Whoever heard nothing asks again with the same key, as their client does."""

    def told(press: Press) -> bool:
        press.send()
        return press.status is not None

    for press in presses:
        if press.status is None:
            eventually(lambda press=press: told(press), within=SETTLED_WITHIN, what=press.path)


def _agree(world: World, engine: Engine) -> bool:
    """As the doctor compares. A worker that has just started is not known to Temporal yet."""

    async def compare() -> list[Case]:
        doctor = Doctor(engine, await temporal.connect(world.settings))
        return [case async for page in doctor.examine_all(fix=False) for case in page]

    try:
        return asyncio.run(compare()) == []
    except NobodyAnswers:
        return False


def _happened_as_the_map_allows(engine: Engine, number: str) -> None:
    said = text(
        "SELECT stage FROM timeline_events WHERE number = :n AND stage IS NOT NULL AND seq < 1000 ORDER BY version, seq"
    )
    with engine.connect() as connection:
        stages = list(connection.execute(said, {"n": number}).scalars())
        last = connection.execute(text("SELECT stage FROM work_orders WHERE number = :n"), {"n": number}).scalar_one()
    assert stages[-1] == last
    assert all(after in REPAIR.edges[before] for before, after in pairwise(stages)), stages


def _happened_once(engine: Engine, presses: Iterable[Press]) -> None:
    """Every word that was taken stands on the timeline, and none stands there twice."""
    said = text("SELECT facts ->> 'text' AS words FROM timeline_events WHERE kind = 'commented'")
    with engine.connect() as connection:
        times = Counter(connection.execute(said).scalars())
    for press in presses:
        if "text" in press.body and press.path.endswith("/comment"):
            assert times[press.body["text"]] == (1 if press.status == 200 else 0), press
