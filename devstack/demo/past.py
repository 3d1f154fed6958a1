"""Repairs of the last ninety days that are over, so that lists, figures and search have something to show."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from devstack.demo.cast import CLERK, CLERK2, DISPATCHER, DISPATCHER2, GUARD, LEAD, Desk, owner, technicians_for
from devstack.demo.places import SECOND_HOME
from devstack.demo.story import Story
from models.domain.numbers import CHINA
from models.domain.order import Priority, Reporter, Source
from models.domain.people import Actor
from models.domain.places import Spot

COUNT = 200
DAYS = 90
YOUNGEST_DAYS = 4
"""All of them are over by now, whatever they waited for."""

RATE_WITHIN_DAYS = 15
SEED = 20261122
"""The same demo every time."""

HOMES = [number for number in range(11, 61) if number != SECOND_HOME]
"""Owners 1 to 10 start clean."""

WORK: dict[str, list[tuple[str, str]]] = {
    "water": [
        ("厨房水槽下水管漏水，地上有积水。", "更换下水软管及密封圈，试水无渗漏。"),
        ("卫生间水龙头拧不紧，持续滴水。", "更换陶瓷阀芯，已试水。"),
        ("暖气片不热，只有进水管温。", "放气并清洗过滤网，回水温度正常。"),
        ("马桶冲水后一直流，停不下来。", "更换水箱排水阀密封圈。"),
        ("洗菜盆排水很慢，像是堵了。", "疏通管道，清出油垢，排水正常。"),
    ],
    "electric": [
        ("卧室插座接触不良，充电时断时续。", "更换五孔插座并紧固接线。"),
        ("跳闸后推不上去。", "排查为厨房电水壶短路，隔离后恢复供电。"),
        ("卫生间镜前灯闪烁。", "更换驱动电源，照明恢复。"),
    ],
    "doors_windows": [
        ("防盗门关不严，要用力摔。", "调整合页与锁扣位置。"),
        ("纱窗脱落，怕掉下去。", "重新安装纱窗卡扣并加固。"),
        ("客厅窗户漏风，密封条老化。", "更换整圈密封条。"),
    ],
    "leak": [
        ("阳台顶部下雨就渗水。", "清理排水口并补做防水涂层，闭水24小时无渗漏。"),
        ("卫生间门口墙皮鼓包发霉。", "查明淋浴管接头渗水，更换接头；墙面待干后补刷。"),
    ],
    "access_control": [
        ("楼下门禁刷卡没反应。", "读卡器重启并升级，刷卡正常。"),
        ("可视对讲黑屏。", "更换电源模块，通话与画面正常。"),
    ],
    "other": [
        ("楼上空调滴水打在雨棚上，很吵。", "联系楼上住户，加装引水管。"),
        ("烟道串味，晚饭时间油烟倒灌。", "更换止逆阀，测试无串味。"),
    ],
}
PUBLIC_WORK: list[tuple[str, Spot, str, str]] = [
    ("lift", Spot.LIFT, "电梯运行有异响，到层抖动。", "维保单位调整导靴，试运行正常。"),
    ("public_facility", Spot.STAIRS, "楼道声控灯不亮。", "更换声控灯两只。"),
    ("cleaning", Spot.LOBBY, "大堂地面有油渍，容易滑倒。", "已清洗并放置防滑提示。"),
    ("greening", Spot.GARDEN, "绿篱过高，遮挡低层窗户。", "修剪至1.2米。"),
    ("public_facility", Spot.GATE, "人行门闭门器失效，关门很响。", "更换闭门器。"),
    ("fire_safety", Spot.GARAGE, "地库应急照明不亮。", "更换蓄电池，测试持续供电90分钟。"),
    ("public_facility", Spot.PLAYGROUND, "儿童滑梯螺丝松动。", "紧固全部连接件并补漆。"),
]
PRAISE = ("师傅很准时，修得好。", "态度很好，讲解清楚。", "速度快，谢谢。", "修好了，就是等得久了点。", None, None)
COMPLAINT = ("来了两趟才修好。", "等了一整天。", "修完地上没收拾。")


def past_stories(desk: Desk, now: datetime) -> Iterator[Story]:
    """Spread evenly over the days, at hours when people are awake."""
    dice = random.Random(SEED)
    for index in range(COUNT):
        days = DAYS - (DAYS - YOUNGEST_DAYS) * index / COUNT
        at = _daytime(now - timedelta(days=days), dice)
        yield _in_public(desk, at, dice) if dice.random() < 0.2 else _at_home(desk, at, now, dice)


def _daytime(day: datetime, dice: random.Random) -> datetime:
    local = day.astimezone(CHINA)
    return local.replace(hour=dice.randint(8, 20), minute=dice.randint(0, 59), second=dice.randint(0, 59))


def _at_home(desk: Desk, at: datetime, now: datetime, dice: random.Random) -> Story:
    home = dice.choice(HOMES)
    category = dice.choices(list(WORK), weights=[9, 6, 5, 3, 3, 2])[0]
    description, report = dice.choice(WORK[category])
    priority = dice.choices([Priority.NORMAL, Priority.HIGH, Priority.EMERGENCY], weights=[16, 3, 1])[0]
    source = Source.APP if home <= 20 else dice.choice([Source.PHONE, Source.PHONE, Source.COUNTER])
    story = desk.at_home(home, category, description, at, priority=priority, source=source)
    by = owner(home)
    if dice.random() < 0.04:
        story.cancel(by, _later(at, dice, 5, 25), None)
    elif dice.random() < 0.03:
        story.reject(DISPATCHER, "属业主自装设备，已告知联系品牌售后。", _later(at, dice, 5, 25))
    else:
        done = _work(story, category, report, at, dice)
        _verdict(story, by, done, now, dice)
    return story


def _in_public(desk: Desk, at: datetime, dice: random.Random) -> Story:
    category, spot, description, report = dice.choice(PUBLIC_WORK)
    by = Reporter(kind="staff", id=dice.choice([GUARD, CLERK2]).id, source=Source.PATROL)
    story = desk.in_public(dice.randint(1, 3), spot, category, description, at, by=by)
    done = _work(story, category, report, at, dice)
    story.confirm(LEAD, _later(done, dice, 60, 600))
    return story


def _work(story: Story, category: str, report: str, at: datetime, dice: random.Random) -> datetime:
    """From the dispatcher's desk to the finished work; answers when that was."""
    tech = dice.choice(technicians_for(category))
    at = _later(at, dice, 2, 15)
    if dice.random() < 0.3:
        story.pool(DISPATCHER, at)
    else:
        story.assign(dice.choice([DISPATCHER, DISPATCHER2]), tech.id, at)
    at = _later(at, dice, 1, 20)
    story.accept(tech, at)
    slow = dice.random() < 0.15
    at = _later(at, dice, 20, 200)
    if slow:
        story.urge(CLERK, at)
        at = _later(at, dice, 30, 240)
    story.arrive(tech, at)
    at = _later(at, dice, 15, 120)
    story.finish(tech, report, at)
    return at


def _verdict(story: Story, by: Actor, done: datetime, now: datetime, dice: random.Random) -> None:
    """Most rate when they confirm; of the others the silence has run out by now, or else they do rate."""
    at = _later(done, dice, 30, 2800)
    silent = dice.random() < 0.25 and now - at > timedelta(days=RATE_WITHIN_DAYS)
    story.confirm(by, at, None if silent else _stars(dice))
    if silent:
        story.leave_unrated(at + timedelta(days=RATE_WITHIN_DAYS))


def _stars(dice: random.Random) -> dict[str, object]:
    result = dice.choices([5, 4, 3, 2], weights=[12, 5, 2, 1])[0]
    near = (max(2, result - 1), result, min(5, result + 1))
    text = dice.choice(PRAISE if result > 3 else COMPLAINT)
    stars: dict[str, object] = {"result": result, "speed": dice.choice(near), "manner": dice.choice(near)}
    return stars | ({"text": text} if text else {})


def _later(at: datetime, dice: random.Random, least: int, most: int) -> datetime:
    return at + timedelta(minutes=dice.randint(least, most), seconds=dice.randint(0, 59))
