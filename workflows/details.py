"""Where an order stands, in words, for the operator who reads the Temporal UI. Ids only, no names."""

from __future__ import annotations

from datetime import datetime

from models.domain import words
from models.domain.bulletin import bulletin
from models.domain.bulletin_words import REPORTER
from models.domain.numbers import CHINA
from models.domain.order import OrderState
from models.domain.tasks import Task


def _who(order: OrderState, task: Task) -> str:
    if task.holder:
        return f"`{task.holder}`"
    asks_car = bool(task.people) and not order.lifecycle.tasks[task.kind].of_reporter
    return "、".join(words.ROLES[role] for role in task.roles) or (words.CAR_USER if asks_car else REPORTER)


def in_words(order: OrderState, now: datetime) -> str:
    """Markdown of a few lines: stage, who holds what, what it waits for, the next promise, what the reporter reads."""
    lines = [f"**{words.stage(order.kind, order.stage)}** · {words.PRIORITIES[order.priority]} · `{order.category}`"]
    for task in order.tasks.values():
        lines.append(f"- 等待 {_who(order, task)}：{words.TASKS[task.kind]}（`{task.id}`）")
    if order.hold:
        lines.append(
            f"- {words.HOLD_REASONS[order.hold.reason]}，{order.hold.until.astimezone(CHINA):%m-%d %H:%M} 自动恢复"
        )
    clock = order.running_clock
    if clock:
        lines.append(f"- {words.CLOCKS[clock.name]}时限 {clock.due_at.astimezone(CHINA):%m-%d %H:%M}")
    if order.urges.count:
        lines.append(f"- 已催 {order.urges.count} 次")
    said = bulletin(order, now, lambda staff: f"`{staff}`", REPORTER)
    lines.append(f"- {REPORTER}看到：{said.where}；{said.next}；{said.by_words}")
    return "\n".join(lines)
