"""Complaints and suggestions of owners 11 to 20, each in another stage, one of them anonymous, one on the board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from devstack.demo.cast import CLERK, CLERK2, GUARD, LEAD, MANAGER, Desk, owner
from devstack.demo.places import XFL
from devstack.demo.story import Story
from models.domain.acts import restart_clock
from models.domain.clocks import ClockName
from models.domain.complaints import Complaint, Matter, Subject
from models.domain.lifecycles.complaint import ASSIGN, CALL_BACK, DISPUTE_LEVEL, HANDLE, JUDGE, LEVELS
from models.domain.order import Filing, Priority, Reporter
from models.domain.people import Actor
from models.domain.places import Place

ALIAS = "anon_demo_1"
"""Under this name the demo's anonymous owner complains."""
HIDDEN = 15


class ComplaintStory(Story):
    """A complaint told as its workflow would tell it."""

    def give(self, by: Actor, handler: Actor, at: datetime) -> None:
        moved = self._complete(by, ASSIGN.kind, "assigned", at, staff=handler.id)
        self.step.state.assignee = handler.id
        self.step.enter("assigned", at, moved.event)
        self._handle(at)

    def reply(self, by: Actor, text: str, at: datetime) -> None:
        moved = self._complete(by, HANDLE.kind, "replied", at, text=text)
        if self.step.state.stage == "assigned":
            self.step.enter("handling", at, moved.event)
        self._handle(at)

    def answer(self, by: Actor, text: str, at: datetime) -> None:
        moved = self._complete(by, HANDLE.kind, "answered", at, text=text)
        self.step.enter("answered", at, moved.event)
        self._ask_reporter(JUDGE, at)
        self._rest(at)

    def accept(self, by: Actor, at: datetime, appointment: Any = None) -> None:
        moved = self._complete(by, JUDGE.kind, "satisfied", at)
        self.step.enter("closed", at, moved.event)
        own = self.step.state.complaint
        if own is not None and own.call_back:
            self.step.open(CALL_BACK, at, None, CALL_BACK.roles)
        self._rest(at)

    def dispute(self, by: Actor, reason: str, at: datetime) -> None:
        moved = self._complete(by, JUDGE.kind, "dissatisfied", at, reason=reason)
        state = self.step.state
        state.reopened += 1
        state.assignee = None
        self.step.enter("disputed", at, moved.event)
        restart_clock(state, ClockName.ANSWER, at, level=DISPUTE_LEVEL)
        assert state.complaint is not None  # noqa: S101 - every complaint has its own
        self.step.open(HANDLE, at, None, (state.complaint.one_higher(),))
        self._rest(at)

    def _handle(self, at: datetime) -> None:
        self.step.open(HANDLE, at, self.step.state.assignee, HANDLE.roles)
        self._rest(at)


@dataclass(frozen=True)
class Complaints:
    """The stories, and the rows beside them."""

    stories: list[Story]
    aliases: list[dict[str, Any]]
    board: list[dict[str, Any]]


def complaints(desk: Desk, now: datetime) -> Complaints:
    told: list[Story] = list(_stories(desk, now))
    on_board = told[-1].step.state
    post = {
        "number": on_board.number,
        "community_id": on_board.community_id,
        "category": on_board.category,
        "text": "建议在北门自行车棚加装充电插座，免得大家飞线充电。",
        "answer": "采纳。已在北门车棚安装 12 个智能充电插座，扫码即可使用。",
        "anonymous": False,
        "published_by": MANAGER.id,
        "published_at": now - timedelta(days=3),
    }
    alias = {"id": ALIAS, "resident_id": owner(HIDDEN).id, "created_at": now - timedelta(hours=30)}
    return Complaints(told, [alias], [post])


def _complain(
    desk: Desk,
    home: int,
    category: str,
    text: str,
    at: datetime,
    complaint: Complaint,
    *,
    by: Reporter | None = None,
    priority: Priority = Priority.HIGH,
    building: int | None = None,
    excluded: tuple[str, ...] = (),
) -> ComplaintStory:
    """By the owner of the n-th home of 幸福里, which the order does not name."""
    row = desk.places.buildings[building - 1] if building else None
    filing = Filing(
        number=desk.number("complaint", at),
        kind="complaint",
        community_id=XFL,
        place=Place(building_id=row["id"] if row else None),
        category=category,
        priority=priority,
        levels=LEVELS[priority],
        reporter=by or Reporter(kind="resident", id=owner(home).id),
        first_roles=(complaint.rung,),
        complaint=complaint,
        excluded=excluded,
        at=at,
    )
    said: dict[str, Any] = {"place_label": row["name"] if row else "幸福里", "description": text, "answers": {}}
    return ComplaintStory(filing, said | {"contact_name": None, "contact_phone_sealed": None})


def _stories(desk: Desk, now: datetime) -> Iterator[ComplaintStory]:
    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    about_house = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="house", id=desk.places.home(16)["id"]))
    yield _complain(desk, 12, "noise", "楼上半夜拖椅子、弹珠，一周没睡好。", ago(0.7), about_house, building=1)

    hidden = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"), anonymous=True)
    by = Reporter(kind="resident", id=ALIAS)
    story = _complain(desk, HIDDEN, "fire_lane", "2栋消防通道每晚停满私家车。", ago(30), hidden, by=by)
    story.give(LEAD, CLERK, ago(27))
    story.ring(ago(10))
    story.ring(ago(5))
    yield story

    plain = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="community"))
    story = _complain(desk, 14, "cleaning", "地下车库B区垃圾三天没人清，夏天味道很大。", ago(20), plain)
    story.give(LEAD, CLERK2, ago(18))
    story.reply(CLERK2, "已联系保洁公司，今天下午先清一遍，明天起每日两次。", ago(15))
    yield story

    about_guard = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id=GUARD.id))
    said = "夜班门岗态度恶劣，老人忘带门禁卡被拦在门外半小时。"
    story = _complain(desk, 17, "staff_conduct", said, ago(70), about_guard, excluded=(GUARD.id,))
    story.give(LEAD, CLERK, ago(68))
    story.reply(CLERK, "已调取当晚监控核实。", ago(50))
    story.answer(CLERK, "当班人员已批评教育，今后遇忘带卡的住户核实身份后即时放行。", ago(30))
    story.dispute(owner(17), "只批评没有道歉，无法接受。", ago(6))
    yield story

    idea = Complaint(matter=Matter.SUGGESTION, subject=Subject(kind="community"), may_publish=True, call_back=False)
    story = _complain(
        desk, 13, "facilities", "建议儿童乐园加装遮阳棚，夏天器械烫手。", ago(90), idea, priority=Priority.NORMAL
    )
    story.give(LEAD, CLERK2, ago(80))
    story.answer(CLERK2, "建议很好，已列入明年公共收益使用计划，提交业委会表决。", ago(20))
    yield story

    story = _complain(desk, 18, "facilities", "电梯广告声音太大，早上七点就开始响。", ago(100), plain)
    story.give(LEAD, CLERK, ago(98))
    story.answer(CLERK, "已要求广告公司调低音量，早八点前静音。", ago(60))
    story.accept(owner(18), ago(40))
    yield story

    said = "建议在北门自行车棚加装充电插座，免得大家飞线充电。"
    story = _complain(desk, 20, "facilities", said, ago(24 * 12), idea, priority=Priority.NORMAL)
    story.give(LEAD, CLERK2, ago(24 * 11))
    story.answer(CLERK2, "采纳。已在北门车棚安装 12 个智能充电插座，扫码即可使用。", ago(24 * 5))
    story.accept(owner(20), ago(24 * 4))
    yield story
