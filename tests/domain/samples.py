"""Orders in every stage and people of every kind, made with the same acts that the workflow calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.domain import commands as c
from models.domain.acts import ACTS, cancel, withdraw_tasks
from models.domain.lifecycles.repair import LEVELS, REPAIR
from models.domain.order import Filing, HoldReason, OrderState, Priority, Reporter, new_order
from models.domain.people import SYSTEM, Actor, Role
from models.domain.places import Place
from models.domain.rights import OF_THE_ORDER, Action
from models.domain.step import Step
from models.domain.visit_forms import Referred

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HERE, ELSEWHERE = "com_1", "com_2"

OWNER = Actor(kind="resident", id="res_owner")
NEIGHBOUR = Actor(kind="resident", id="res_neighbour")
WORKER = Actor(kind="staff", id="stf_worker", roles=(Role.TECHNICIAN,), communities=(HERE,))
DISPATCHER = Actor(kind="staff", id="stf_dispatcher", roles=(Role.DISPATCHER,), communities=(HERE,))
LEAD = Actor(kind="staff", id="stf_lead", roles=(Role.LEAD,), communities=(HERE,))
CLERK = Actor(kind="staff", id="stf_clerk", roles=(Role.CLERK,), communities=(HERE,))

IN_SCOPE = {f"{role}": Actor(kind="staff", id=f"stf_some_{role}", roles=(role,), communities=(HERE,)) for role in Role}
OUT_OF_SCOPE = {
    f"{role} elsewhere": Actor(kind="staff", id=f"stf_far_{role}", roles=(role,), communities=(ELSEWHERE,))
    for role in Role
}
ACTORS: dict[str, Actor] = {
    "reporter": OWNER,
    "neighbour": NEIGHBOUR,
    "worker": WORKER,
    "system": SYSTEM,
    **IN_SCOPE,
    **OUT_OF_SCOPE,
}
STAGES = tuple(REPAIR.edges)
MENDED = ("finished", "closed")


def filed(reporter: Reporter | None = None, place: Place | None = None, priority: str = "normal") -> OrderState:
    return new_order(
        Filing(
            number="BX20261122-00017",
            kind="repair",
            community_id=HERE,
            place=place or Place(house_id="hse_1"),
            category="water",
            priority=Priority(priority),
            levels=LEVELS[priority],
            reporter=reporter or Reporter(kind="resident", id=OWNER.id),
            at=NOW - timedelta(hours=1),
        )
    )


def ask(step: Step, kind: str, holder: str | None = None) -> str:
    spec = REPAIR.tasks[kind]
    return step.open(spec, NOW, holder, () if spec.of_reporter else spec.roles).id


def in_stage(stage: str, **how: Any) -> Step:
    """A step whose order stands in the stage, with the task open that waits there. Nothing is left to publish."""
    step = Step(filed(**how))
    order = step.state
    if stage == "submitted":
        return step
    if stage == "cancelled":
        cancel(step, LEAD, c.Cancel(reason="重复报修"), NOW)
        return fresh(step)
    withdraw_tasks(step, "assigned", NOW)
    if stage == "rejected":
        step.enter("rejected", NOW)
        return fresh(step)
    if stage == "referred":
        order.referral = Referred.model_validate(FORMS["referred"])
        step.enter("referred", NOW)
        ask(step, "follow_up")
        return fresh(step)
    order.assignee = WORKER.id
    for following in ("dispatched", "accepted", "in_progress", *(["quoting"] if stage == "quoting" else MENDED)):
        step.enter(following, NOW)
        if following == stage or (following == "in_progress" and stage == "on_hold"):
            break
    kinds = {"dispatched": "accept", "quoting": "approve_quote", "finished": "confirm", "closed": "rate"}
    kind = kinds.get(stage, "carry_out")
    task = ask(step, kind, OWNER.id if REPAIR.tasks[kind].of_reporter else WORKER.id)
    if stage in ("quoting", "finished", "closed"):
        order.done_by["carry_out"] = WORKER.id
    if stage == "on_hold":
        held = c.PutOnHold(task_id=task, reason=HoldReason.PARTS, until=NOW + timedelta(hours=2))
        ACTS["hold"](step, WORKER, held, NOW)
    return fresh(step)


def fresh(step: Step) -> Step:
    step.batch(NOW)
    return step


WINDOW = {"from": (NOW + timedelta(days=1)).isoformat(), "to": (NOW + timedelta(days=1, hours=2)).isoformat()}

FORMS: dict[str, dict[str, Any]] = {
    "assigned": {"staff": "stf_other"},
    "pool": {},
    "rejected": {"reason": "不属于物业范围"},
    "merged": {"primary": "BX20261122-00001"},
    "accepted": {},
    "handed_back": {"reason": "没有配件"},
    "proposed": {"appointment": WINDOW},
    "agreed": {},
    "other_time": {"appointment": WINDOW},
    "arrived": {},
    "referred": {"party": "lift_firm", "contact": "迅达电梯", "follow_up": (NOW + timedelta(days=1)).isoformat()},
    "done": {"report": "维保单位已更换门机"},
    "postponed": {"follow_up": (NOW + timedelta(days=2)).isoformat()},
    "taken_back": {"reason": "外单位不来"},
    "forced_entry": {"reason": "水漏到楼下", "first_witness": "stf_guard", "second_witness": "stf_clerk"},
    "no_access": {"note": "敲门无人应答", "photo_ids": ["pho_1"]},
    "out_of_scope": {"reason": "属于燃气公司", "photo_ids": ["pho_1"]},
    "rebooked": {"appointment": WINDOW},
    "called_off": {"reason": "业主不修了"},
    "needs_quote": {"lines": [{"item": "角阀", "quantity": 2, "price": 4500}]},
    "approved": {},
    "declined": {"reason": "太贵了"},
    "cancelled": {"reason": "quote_declined"},
    "received": {"amount": 9000, "method": "cash", "receipt_no": "SJ-0017"},
    "waived": {"reason": "老住户，物业承担"},
    "objected": {"reason": "不是重复的"},
    "content": {"note": "很满意"},
    "discontent": {"note": "师傅态度不好"},
    "not_reached": {"reason": "三次无人接听"},
    "upheld": {"reason": "确属重复报修"},
    "filed_again": {"reason": "取消有误"},
    "made_good": {"text": "已上门致歉并返工"},
    "finished": {"report": "换了垫圈", "photo_ids": ["pho_1"]},
    "fixed": {},
    "not_fixed": {"reason": "还在漏水"},
    "rated": {"result": 5, "speed": 5, "manner": 5},
}
"""A form for every outcome, filled in well."""

BODIES: dict[str, dict[str, Any]] = {
    "claim": {},
    "release": {},
    "reassign": {"staff": "stf_other", "reason": "另有急事"},
    "hold": {"reason": "parts", "until": NOW + timedelta(hours=2)},
    "resume": {},
    "urge": {},
    "cancel": {"reason": "重复报修"},
    "comment": {"text": "请尽快"},
    "merge": {"primary": "BX20261122-00001"},
    "unmerge": {"reason": "不是同一故障"},
    "consent": {"given_by": "owner", "channel": "phone"},
    "amend": {"priority": "high", "reason": "已影响楼下"},
    "reply_to_rating": {"text": "谢谢您的评价"},
    "rate": {"result": 5, "speed": 5, "manner": 5},
}


def every_action(order: OrderState) -> list[Action]:
    """All that anybody could ever press on this order: every update, for its task, with every outcome."""
    actions = [Action(action=name) for name in OF_THE_ORDER]
    for task in order.tasks.values():
        names = ("claim", "release", "reassign", "hold", "resume")
        actions += [Action(action=name, task_id=task.id) for name in names]
        outcomes = REPAIR.tasks[task.kind].outcomes
        actions += [Action(action="complete", task_id=task.id, outcome=outcome) for outcome in outcomes]
    return actions


def filled(action: Action) -> c.Command:
    """The action as a command whose every field is filled in well."""
    task = {} if action.task_id is None else {"task_id": action.task_id}
    body = BODIES.get(action.action, {})
    if action.outcome is not None:
        body = {"outcome": action.outcome, "form": FORMS[action.outcome]}
    return c.COMMANDS[action.action].model_validate({**body, **task})  # type: ignore[return-value]
