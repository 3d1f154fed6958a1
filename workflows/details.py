"""Where an order stands, in words, for the operator who reads the Temporal UI. Ids only, no names."""

from __future__ import annotations

from datetime import datetime

from models.domain import words
from models.domain.bulletin import bulletin
from models.domain.bulletin_words import REPORTER
from models.domain.numbers import CHINA
from models.domain.order import OrderState


def in_words(order: OrderState, now: datetime) -> str:
    """Markdown of a few lines: stage, who holds what, what it waits for, the next promise, what the reporter reads."""
    lines = [f"**{words.stage(order.kind, order.stage)}** · {words.PRIORITIES[order.priority]} · {order.category}"]
    for task in order.tasks.values():
        holder = f"`{task.holder}`" if task.holder else "、".join(words.ROLES[role] for role in task.roles) or "报事人"
        lines.append(f"- 等待 {holder}：{words.TASKS[task.kind]}（`{task.id}`）")
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
