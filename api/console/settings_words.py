"""The Chinese of the settings room."""

from __future__ import annotations

from typing import Any, Final

SETTINGS: Final[dict[str, Any]] = {
    "title": "设置",
    "community": "小区",
    "note": "保存后对新开始的计时生效；处理中的工单仍按原来的约定，除非您把设置应用到它们。",
    "show": "查看",
    "save": "保存设置",
    "saved": "设置已保存，对新的计时生效",
    "apply": "应用到处理中的工单",
    "apply_hint": "按当前设置重新计算本小区所有处理中工单的时限，已暂停的时间照常扣除。",
    "applied": "已应用到 {orders} 张处理中的工单",
    "limit": "时长",
    "working": "（上班时间）",
    "around": "全天候",
    "default_hint": "“天”和“小时”按上班时间计算，勾选“全天候”的按自然时间计算；留空恢复默认。",
    "category_levels": "按类别单独约定",
    "category_hint": "优先于上面的约定；时长留空即删除。",
    "weekdays": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "week_hint": "例如 08:30-12:00 13:30-18:00，留空为休息",
    "years_unknown": "{years} 年的放假安排尚未公布，暂按平常的一周计算。",
    "beyond": "超出时限的",
    "tell": "时通知",
    "quiet": "免打扰时段",
    "quiet_hint": "只推迟给住户的提醒，时限照常计算",
    "days_hint": "留空日期即删除",
    "day_name": "名称",
    "to": "至",
    "history": "修改记录",
    "history_none": "还没有修改过，均为默认设置。",
    "history_applied": "已应用到 {orders} 张工单",
    "units": {"minutes": "分钟", "hours": "小时", "days": "天", "percent": "%", "yuan": "元", "count": ""},
    "sections": {
        "clocks": "服务时限",
        "calendar": "工作时间",
        "people": "派单与合并",
        "money": "费用",
        "quality": "回访",
    },
}
