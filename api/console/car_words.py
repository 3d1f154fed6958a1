"""The Chinese of the console's screens about cars that have to be moved."""

from __future__ import annotations

from typing import Final

CAR: Final = {
    "title": "登记挪车",
    "link": "登记挪车",
    "plate": "车牌号",
    "plate_hint": "如 粤B12345、粤BD12345，空格和点可写可不写",
    "reason": "为什么要挪",
    "text": "补充说明",
    "text_hint": "只有物业人员能看到",
    "photos": "现场照片",
    "submit": "提交挪车请求",
    "need_reason": "请选择挪车原因",
    "need_spot": "请选择位置",
    "obstacle": "挪车原因",
    "waiting": "等候人数",
    "promised": "车主答应",
    "asked_before": "当天此前已请求",
    "times": "{count}次",
    "call": "联系车主",
    "call_hint": "点开后拨打，每次查看都会记录；号码不要告诉任何人",
    "waiting_for": "{count}人",
    "visitor": "访客车辆",
    "visitors": "请联系邀请访客的业主",
    "host": "业主",
    "guest": "访客",
}

PLATES: Final = {
    "doubts": "待核对",
    "doubts_hint": "同一车牌有两户登记，或车主称车不是自己的。请电话核实后处理；不要把一户的情况告诉另一户。",
    "no_doubts": "没有需要核对的车牌",
    "claimed": "登记在 {house}（{name}），现又由 {claimer_house}（{claimer}）登记",
    "claimed_alone": "{claimer_house}（{claimer}）的登记待核对",
    "denied": "{house}（{name}）登记，{at}称不是其车",
    "give": "改归 {house}",
    "keep": "维持原登记",
    "accept": "核对无误",
    "strike": "移除登记",
    "find": "查房屋",
    "find_hint": "输入房号，如 1-1-101",
    "find_none": "没有找到这套房屋",
    "back": "车辆",
    "of_house": "{house} 的车辆",
    "none": "这户还没有登记车辆",
    "registrant": "登记人",
    "in_doubt": "待核对",
    "add": "登记车辆",
    "who": "登记在谁名下",
    "nobody": "这套房屋没有住户，不能登记车辆",
    "need_who": "请选择登记人",
    "submit": "登记",
    "remove": "移除",
    "removed": "已移除",
    "added": "已登记",
    "settled": "已处理",
    "sure": "移除后，有人请求挪这辆车时将不再联系这户。确定移除 {plate}？",
}

CAR_DONE: Final = {
    "coming": "已登记答应来挪",
    "not_me": "已登记不是其车",
    "not_my_visitor": "已登记不是其访客",
    "cannot": "已登记挪不了",
    "reached": "已登记联系上车主",
    "going": "已出发，请尽快到场",
    "moved": "已登记挪开",
    "gone": "已登记车不在",
    "reported": "已登记报警",
    "still_there": "已登记仍未挪开",
    "passed": "已放行",
    "turned_down": "已登记不予转达",
}
"""What a button has done, after it was pressed."""

MINUTES: Final = {"5": "5分钟", "10": "10分钟", "20": "20分钟"}
