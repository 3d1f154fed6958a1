"""The Chinese of the bulletin. `{who}` is whoever has the order in hand, `{reporter}` how its reporter is addressed.

A stage, task or reason that has no sentence of its own is told by its name, so a new lifecycle says something true
from its first day and something better once it has words here.
"""

from __future__ import annotations

from typing import Final

YOU: Final = "您"
REPORTER: Final = "报事人"
OWNER: Final = "业主"
NOBODY: Final = "已办结，无人在办"
OFFICE: Final = "物业客服"
POOL: Final = "在岗的{roles}"

WHERE: Final = {
    "submitted": "已收到，待安排",
    "dispatched": "已安排，待师傅接单",
    "accepted": "师傅已接单，待上门",
    "in_progress": "师傅已到场，处理中",
    "quoting": "已报价，待确认",
    "finished": "已处理完成，待确认",
    "on_hold": "暂缓处理",
    "referred": "已转外单位，物业跟进中",
    "assigned": "已分派，待受理",
    "handling": "调查处理中",
    "answered": "已答复，待评价",
    "disputed": "已转上一级重新处理",
    "move_car.guard_on_site": "秩序员现场处理中",
    "move_car.moved": "车已挪开，待确认",
    "move_car.referred": "已报警处理",
    "visitor.left": "访客已离开，仍可再来",
}
"""Stage, or kind.stage → where the order is. The others are called as everywhere."""
FOLLOWING: Final = "已与同一件事的其他工单合并处理"
FOLLOWING_INCIDENT: Final = "属于大面积故障，统一处理中"

CAR_ASKED: Final = {
    "requested": ("联系车主中", "物业联系车主，必要时秩序员到场"),
    "acknowledged": ("车主已应答", "车主前来挪车，挪开后请确认"),
    "guard_on_site": ("秩序员现场处理中", "秩序员到场处理，挪开后请确认"),
    "moved": ("车已挪开", "没有后续步骤"),
    "referred": ("已报警处理", "等待警方处理"),
    "closed": ("已结束", "没有后续步骤"),
    "cancelled": ("已取消", "没有后续步骤"),
}
"""Stage → where a request to move a car is and what comes next, as those who wait are told."""
CAR_ASKED_OF: Final = {
    **CAR_ASKED,
    "requested": ("等您答复", "请告知几分钟内到，或说明挪不了"),
    "acknowledged": ("您已答应来挪", "请尽快把车挪开"),
    "guard_on_site": ("秩序员现场处理中", "请尽快把车挪开，或联系秩序员"),
}
"""The same as the user of the car is told."""

NEXT: Final = {
    "dispatch": "{who}安排师傅",
    "accept": "{who}接单",
    "carry_out": "{who}上门",
    "carry_out@in_progress": "{who}处理，完成后请{reporter}确认",
    "follow_up": "外单位处理，{who}跟进",
    "rebook": "{reporter}约定新的上门时间",
    "call_reporter": "{who}致电{reporter}约定新的上门时间",
    "agree_appointment": "{who}确认上门时间",
    "approve_quote": "{who}确认报价，同意后继续维修",
    "confirm": "{reporter}确认是否已修好",
    "rate": "{reporter}评价本次服务",
    "object": "{reporter}如有异议可在期限内提出",
    "review_cancel": "{who}复核取消是否妥当",
    "assign": "{who}分派承办人",
    "handle": "{who}调查处理并答复",
    "judge": "{who}评价答复是否满意",
    "call_back": "{who}回访",
    "move": "{who}答复几分钟内到",
    "call_owner": "{who}电话联系车主",
    "on_site": "{who}到场处理",
    "confirm_moved": "{who}确认车已挪开",
    "approve_stay": "{who}审核后访客方可进入",
    "arrive": "访客到门岗后由秩序员登记放行",
    "leave": "访客离开时由秩序员登记",
    "admit": "{who}答复是否同意来访",
    "call_host": "{who}电话询问业主",
    "move_visitor": "{who}答复几分钟内到",
}
"""Task, or task@stage → what happens next."""
NEXT_TASK: Final = "{who}办理：{task}"
NEXT_ENDED: Final = "没有后续步骤"
NEXT_FOLLOWING: Final = "合并的工单处理完成后，请{reporter}确认"
NEXT_INCIDENT: Final = "故障排除后，请{reporter}确认"
NEXT_UNKNOWN: Final = "物业安排下一步"
NEXT_RESUMED: Final = "到时自动恢复处理"
NEXT_ANSWERED: Final = "{reporter}回复后立即恢复处理，否则到时自动恢复"

WAITING: Final = {
    "dispatch": "等{who}安排",
    "accept": "等{who}接单",
    "carry_out@accepted": "等{who}上门",
    "follow_up": "等外单位处理",
    "call_reporter": "等{who}联系{reporter}",
    "review_cancel": "等{who}复核",
    "approve_stay": "等{who}审核",
    "arrive": "等访客到访",
    "leave": "等访客离开",
    "admit": "等{who}答复",
    "call_host": "等{who}电话询问业主",
}
WAITING_REPORTER: Final = "等{reporter}答复"
WAITING_POOL: Final = "等{who}领取"
WAITING_FOLLOWING: Final = "等合并的工单处理完成"
WAITING_INCIDENT: Final = "等大面积故障排除"
WAITING_VISIT: Final = "等约定的上门时间"

BY_CLOCK: Final = "{clock}时限 {at}"
BY_OF: Final = {"arrive": "有效至 {at}", "leave": "有效至 {at}"}
"""Tasks whose time is not somebody's to answer in."""
BY_ANSWER: Final = "请于 {at} 前答复"
BY_HOLD: Final = "最迟 {at}"
BY_LATE: Final = "{clock}时限 {at} 已过"
BY_LATE_TOLD: Final = "{clock}时限 {at} 已过，已上报上级"
BY_NOTHING: Final = "没有时限"
BY_STOPPED: Final = "等待期间不计时"

URGED: Final = "已催 {count} 次"
URGED_TOLD: Final = "已提醒 {told} 人"
URGED_LEAD: Final = "已告知主管"
URGED_MOVED_UP: Final = "已排到同级工单前面"
URGED_EMERGENCY: Final = "紧急工单始终最先处理"
JOINED_BY: Final = "，"
