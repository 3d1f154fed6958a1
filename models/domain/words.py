"""Every Chinese word that the rules put before people, in one place, so that it can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

KINDS: Final = {"repair": "报修", "complaint": "投诉建议", "renovation": "装修", "move_car": "挪车", "visitor": "访客"}

STAGES: Final = {
    "submitted": "待派单",
    "dispatched": "待接单",
    "accepted": "已接单",
    "in_progress": "处理中",
    "on_hold": "挂起",
    "finished": "待确认",
    "closed": "已完成",
    "cancelled": "已取消",
    "rejected": "不予受理",
    "quoting": "待报价确认",
    "referred": "已转外单位",
    "assigned": "待受理",
    "handling": "处理中",
    "answered": "已答复",
    "disputed": "不满意",
    "refused": "拟不予受理",
    "requested": "联系车主中",
    "acknowledged": "车主已应答",
    "guard_on_site": "现场处理",
    "moved": "已挪开",
    "invited": "待到访",
    "waiting_approval": "待业主同意",
    "arrived": "已到访",
    "left": "已离开",
    "denied": "业主拒绝",
    "revoked": "已撤销",
    "expired": "已过期",
}
STAGES_FOR_RESIDENTS: Final = {**STAGES, "on_hold": "暂缓"}
STAGES_OF: Final = {
    "complaint": {"submitted": "待分派", "closed": "已办结", "refused": "不予受理"},
    "move_car": {"referred": "已报警处理", "closed": "已结束"},
    "visitor": {"closed": "已结束"},
}
"""What a kind calls its stages otherwise than the others do."""


def stage(kind: str, stage: str, for_resident: bool = False) -> str:
    """How a stage of this kind of order is called; one without a word is shown as it is."""
    usual = STAGES_FOR_RESIDENTS if for_resident else STAGES
    return STAGES_OF.get(kind, {}).get(stage) or usual.get(stage, stage)


TASKS: Final = {
    "dispatch": "派单",
    "follow_up": "跟进外单位",
    "accept": "接单",
    "agree_appointment": "确认上门时间",
    "carry_out": "上门处理",
    "rebook": "改约上门时间",
    "call_reporter": "致电报事人改约",
    "approve_quote": "确认报价",
    "confirm": "确认结果",
    "settle": "收款",
    "rate": "评价",
    "review_cancel": "复核取消",
    "make_good": "回访不满意整改",
    "assign": "分派",
    "handle": "办理",
    "judge": "评价答复",
    "object": "提出异议",
    "call_back": "回访",
    "vet": "核查频繁请求",
    "move": "挪车",
    "call_owner": "电话联系车主",
    "on_site": "到场处理",
    "confirm_moved": "确认已挪开",
    "move_visitor": "请访客挪车",
    "approve_stay": "审核长期通行",
    "arrive": "登记到访",
    "leave": "登记离开",
    "admit": "答复访客",
    "call_host": "电话询问业主",
    "patrol": "巡检",
}

OUTCOMES: Final = {
    "assigned": "指派",
    "pool": "放入待抢池",
    "referred": "转外单位",
    "done": "外单位已完成",
    "postponed": "继续等待",
    "taken_back": "收回自办",
    "rejected": "不予受理",
    "merged": "合并到主单",
    "accepted": "接单",
    "handed_back": "退单",
    "proposed": "约上门时间",
    "agreed": "同意",
    "other_time": "换个时间",
    "arrived": "已到场",
    "forced_entry": "紧急入户",
    "no_access": "无人在家",
    "rebooked": "约定时间",
    "called_off": "不修了",
    "out_of_scope": "超出范围",
    "needs_quote": "报价",
    "approved": "同意报价",
    "declined": "不同意报价",
    "cancelled": "终止维修",
    "finished": "处理完成",
    "received": "已收款",
    "waived": "免收",
    "fixed": "已修好",
    "not_fixed": "没修好",
    "rated": "提交评价",
    "replied": "回复进展",
    "answered": "正式答复",
    "satisfied": "满意",
    "dissatisfied": "不满意",
    "objected": "提出异议",
    "content": "回访满意",
    "discontent": "回访不满意",
    "not_reached": "未能联系上",
    "passed": "放行",
    "turned_down": "不予转达",
    "coming": "马上来挪",
    "not_me": "不是我的车",
    "cannot": "挪不了",
    "reached": "已联系上",
    "going": "前往现场",
    "moved": "已挪开",
    "gone": "车已不在",
    "reported": "已报警",
    "still_there": "还没挪",
    "upheld": "维持取消",
    "filed_again": "重新受理",
    "made_good": "已整改",
    "not_my_visitor": "不是我的访客",
    "granted": "批准",
    "not_granted": "不批准",
    "left": "离开",
    "admitted": "同意来访",
    "denied": "不同意",
}

OUTCOMES_OF: Final[Mapping[str, Mapping[str, str]]] = {"visitor": {"arrived": "到访"}}
"""What an outcome is called on a kind of order where it is called otherwise than on a repair."""


def outcome(order_kind: str, name: str) -> str:
    return OUTCOMES_OF.get(order_kind, {}).get(name) or OUTCOMES.get(name, name)


ACTIONS: Final = {
    "claim": "抢单",
    "release": "放回",
    "reassign": "转单",
    "hand_over": "移交",
    "complete": "完成",
    "hold": "挂起",
    "resume": "恢复",
    "urge": "催单",
    "cancel": "取消",
    "join": "一同等候",
    "merge": "合并到主单",
    "unmerge": "取消合并",
    "wake": "合并结束",
    "comment": "留言",
    "consent": "登记入户同意",
    "amend": "更正",
    "refresh_policy": "按新设置计时",
    "reply_to_rating": "回复评价",
    "rate": "评价",
}

EVENTS: Final = {
    "submitted": "提交工单",
    "filed": "代为登记",
    "found": "巡查发现",
    "assigned": "派单",
    "pool": "放入待抢池",
    "rejected": "不予受理",
    "referred": "转外单位",
    "done": "外单位处理完成",
    "postponed": "外单位尚未完成",
    "taken_back": "从外单位收回",
    "accepted": "接单",
    "handed_back": "退单",
    "reassigned": "转单",
    "proposed": "提出上门时间",
    "agreed": "同意上门时间",
    "other_time": "希望改约",
    "arrived": "到场",
    "forced_entry": "紧急入户",
    "no_access": "上门无人",
    "rebooked": "改约上门时间",
    "called_off": "不再维修",
    "out_of_scope": "超出维修范围",
    "needs_quote": "报价",
    "approved": "同意报价",
    "declined": "不同意报价",
    "finished": "处理完成",
    "received": "收款",
    "waived": "免收",
    "fixed": "确认已修好",
    "not_fixed": "反馈没修好",
    "rated": "评价",
    "replied": "回复进展",
    "answered": "正式答复",
    "satisfied": "满意",
    "dissatisfied": "不满意",
    "objected": "提出异议",
    "content": "回访满意",
    "discontent": "回访不满意",
    "not_reached": "未联系上",
    "passed": "核查放行",
    "turned_down": "核查后不予转达",
    "coming": "车主答应来挪",
    "not_me": "车主称不是其车",
    "cannot": "车主挪不了",
    "reached": "电话联系上车主",
    "going": "秩序员前往现场",
    "moved": "已挪开",
    "gone": "车已不在",
    "reported": "已报警处理",
    "still_there": "仍未挪开",
    "joined": "又有一人请求",
    "left": "一人不再等候",
    "second_channel": "换一种方式联系车主",
    "third_channel": "再换一种方式联系车主",
    "guard_calls": "请秩序员电话联系车主",
    "plate_left": "道闸记录车辆驶离",
    "not_my_visitor": "业主称不是其访客",
    "granted": "批准长期通行",
    "not_granted": "未批准长期通行",
    "admitted": "同意来访",
    "denied": "不同意来访",
    "guard_calls_host": "请门岗电话询问业主",
    "unproved_fact": "收到未经验证的消息，未采用",
    "answer_overdue": "仍未答复，逐日提醒",
    "taken_over": "逾期未答复，转由上级办理",
    "claimed": "领取任务",
    "released": "放回任务",
    "held": "挂起",
    "resumed": "恢复",
    "woke_up": "到时恢复",
    "urged": "催单",
    "commented": "留言",
    "consented": "登记入户同意",
    "rating_answered": "回复评价",
    "upheld": "复核维持取消",
    "filed_again": "复核后重新受理",
    "follows_on": "已重新登记",
    "made_good": "整改完成",
    "cancelled": "取消",
    "amended": "更正工单",
    "terms_changed": "按新设置重新计时",
    "warned": "即将超时",
    "breached": "已超时",
    "expired": "逾期未答复",
    "merged": "合并处理",
    "unmerged": "取消合并，单独处理",
    "group_finished": "统一处理已完成",
    "promoted": "原主单已取消，本单改为主单",
    "followed_on": "原主单已取消，改随新主单",
    "freed": "转为单独处理",
    "linked": "关联工单",
    "stage": "进入下一步",
    "moved_away": "任务退回",
    "handed_over": "离职移交",
    "auto_assigned": "自动派单",
    "pooled_by_itself": "无调度员在岗，直接放入待抢池",
    "photo_failed": "照片未能处理",
    "notice": "通知",
}

ROLES: Final = {
    "clerk": "客服",
    "dispatcher": "调度员",
    "technician": "维修师傅",
    "lead": "部门主管",
    "manager": "项目经理",
    "quality": "品质督导",
    "cashier": "收费员",
    "finance": "财务",
    "inspector": "装修巡查员",
    "guard": "秩序员",
    "admin": "管理员",
    "operator": "运维员",
}

TEAMS: Final = {"service": "客服部", "engineering": "工程部", "order": "秩序部", "environment": "环境部"}
TIES: Final = {"owner": "业主", "family": "家人", "tenant": "租户"}
PRIORITIES: Final = {"emergency": "紧急", "high": "优先", "normal": "普通"}
CLOCKS: Final = {"accept": "接单", "arrive": "上门", "finish": "完成", "reply": "首次答复", "answer": "办结"}
CHARGES: Final = {"public": "公共维修", "paid": "有偿", "warranty": "保修", "third_party": "第三方"}
SOURCES: Final = {
    "app": "小程序",
    "counter": "前台",
    "phone": "电话",
    "patrol": "巡查",
    "hotline": "热线",
    "chat_group": "业主群",
}
HOLD_REASONS: Final = {
    "parts": "等配件",
    "reporter": "等报事人",
    "appointment": "等预约时间",
    "third_party": "等第三方",
    "weather": "等天气",
}
CANCEL_REASONS: Final = {"quote_declined": "报价未获同意"}
HOST_GONE: Final = "登记人已不在该房屋"
"""Reasons that the process itself gives; every other one was typed by somebody."""
PAYMENT_METHODS: Final = {"cash": "现金", "qr_code": "扫码", "card": "刷卡", "transfer": "转账"}
WECHAT_PAY: Final = "微信支付（即将开通）"
QUOTE_STATES: Final = {"open": "待确认", "approved": "已同意", "declined": "未同意"}
OBSTACLES: Final = {
    "blocking": "挡住通行",
    "fire_lane": "占用消防通道",
    "exit": "挡住出入口",
    "construction": "影响施工",
    "own_space": "占用他人车位",
}
CHANNELS: Final = {"phone": "电话", "counter": "前台", "paper": "纸质单"}
CONSENT_CHANNELS: Final = {"app": "小程序", **CHANNELS}
CONSENT_BY: Final = {"owner": "业主", "family": "家人", "tenant": "租户", "agent": "受托人"}
SEQUELS: Final = {"rework": "返修", "lasting": "彻底维修", "objection": "异议重开"}
PARTIES: Final = {
    "developer_warranty": "开发商保修",
    "lift_firm": "电梯维保单位",
    "utility": "水电气等公用单位",
    "authority": "政府部门",
    "other": "其他单位",
}
UNIT: Final = "单元"
FLOOR: Final = "层"
SPOTS: Final = {
    "lift": "电梯",
    "stairs": "楼道",
    "roof": "楼顶",
    "lobby": "大堂",
    "garage": "车库",
    "gate": "大门",
    "road": "道路",
    "garden": "绿地",
    "playground": "活动场地",
    "pump_room": "泵房",
    "other": "其他区域",
}

CAR_USER: Final = "车主"
IN_THE_COMMUNITY: Final = "小区内"
VISITS: Final = {"guest": "亲友来访", "delivery": "送货", "service": "上门服务", "long_stay": "长期通行"}
CATEGORIES_OF: Final[Mapping[str, Mapping[str, str]]] = {"move_car": OBSTACLES, "visitor": VISITS}
"""Kinds of order whose categories are fixed; those of all others are rows that every firm names itself."""

PATROL_STATUSES: Final = {"open": "待巡检", "done": "已完成", "missed": "未完成"}
WEEKDAYS: Final = {1: "周一", 2: "周二", 3: "周三", 4: "周四", 5: "周五", 6: "周六", 7: "周日"}

INCIDENTS: Final = {
    "power_cut": "停电",
    "no_water": "停水",
    "burst_main": "主管道爆裂",
    "lift_down": "电梯停运",
    "no_heating": "停暖",
    "no_network": "网络或门禁中断",
    "other": "其他故障",
}
PRIVATE_WORDS: Final = "内容仅经办人可见"
"""Over what was said in a complaint, to whoever has no part in it."""

ANONYMOUS_OWNER: Final = "匿名业主"
SOME_OWNER: Final = "本小区业主"
TABLE: Final = {
    "number": "单号",
    "kind_title": "类型",
    "stage_title": "状态",
    "priority": "紧急程度",
    "category_title": "类别",
    "place": "位置",
    "description": "内容",
    "holder_name": "处理人",
    "submitted_at": "提交时间",
    "due_at": "截止时间",
    "closed_at": "办结时间",
    "rating": "评价",
}
"""The columns of the list of orders when it is taken away as a table."""

MATTERS: Final = {"complaint": "投诉", "suggestion": "建议"}
SUBJECTS: Final = {"staff": "工作人员", "house": "某户", "community": "小区整体"}
FURTHER_HELP: Final = "本答复为最终答复。如仍有异议，可向业主委员会、街道办事处反映，或拨打12345。"

REPORTERS: Final = {"guest": "来电人"}

SIMILAR: Final = {
    "same_category": "同一类别",
    "same_spot": "同一位置",
    "same_building": "同一楼栋",
    "same_unit": "同一单元",
    "same_floor": "同一楼层",
    "same_house": "同一房屋",
    "same_subject": "同一对象",
    "within_an_hour": "1小时内",
    "within_six_hours": "6小时内",
    "within_a_day": "24小时内",
}
LINKS: Final = {"related": "相关工单", "waits_for": "等待维修"}

REFUSALS: Final = {
    "validation_failed": "填写的内容有误，请检查标出的项目",
    "unauthenticated": "请重新登录",
    "unproved": "该操作未经系统网关签发，已拒绝",
    "expired_command": "操作已过期，请重新提交",
    "forbidden": "您没有权限执行此操作",
    "not_bound": "您尚未绑定该房屋",
    "four_eyes": "按规定须由另一人办理",
    "own_order": "处理人不能取消自己负责的工单",
    "not_found": "没有找到",
    "order_not_found": "没有找到该工单",
    "illegal_transition": "工单当前状态不允许此操作",
    "on_hold": "工单暂缓（挂起）中，恢复处理后才能进行此操作",
    "not_on_hold": "工单没有挂起",
    "task_not_open": "任务已结束或已被撤回，请刷新",
    "task_held_by_other": "任务正由他人办理",
    "already_yours": "任务已经在您名下",
    "not_a_candidate": "该任务不属于您的岗位",
    "hand_back_instead": "该任务请使用退单",
    "not_held": "任务无人持有",
    "merge_role": "您的岗位不能合并该工单",
    "merge_with_itself": "工单不能合并到自己",
    "follows_already": "该工单已合并到 {leader}",
    "follows_nothing": "该工单没有合并到其他工单",
    "cannot_merge_here": "当前步骤不能合并",
    "merge_other_kind": "只能合并同类工单",
    "merge_other_community": "只能合并同一小区的工单",
    "merge_other_exclusion": "两单须回避的人员不同，请分别办理",
    "link_with_itself": "工单不能关联自己",
    "public_work_own": "这是您自己的报修",
    "public_work_over": "该维修已处理完成",
    "primary_over": "主单已处理完成或已结束",
    "primary_follows": "主单已合并到 {leader}，请直接合并到该单",
    "leads_a_group": "该工单下已有合并的子单，请先取消合并",
    "incident_not_found": "没有找到该大面积故障",
    "incident_closed": "该大面积故障已结束",
    "reassign_role": "只有调度员或主管可以转单",
    "reassign_after_arrival": "师傅到场后只有主管可以转单",
    "not_reassignable": "该任务不能转单",
    "same_person": "任务已在该人员名下",
    "not_a_reporters_task": "只有报事人的任务可以代办",
    "on_behalf_role": "只有客服或主管可以代报事人办理",
    "already_arrived": "已经登记过到场",
    "arrive_first": "请先登记到场",
    "reply_to_rating_role": "只有客服或主管可以回复评价",
    "not_rated": "该工单还没有评价",
    "rating_answered_already": "已经回复过该评价",
    "rework_of_repairs_only": "只有报修可以返修",
    "rework_after_closing": "工单完成后才能申请返修",
    "rework_too_late": "已超过返修期限，请重新报修",
    "followed_already": "该工单已有后续工单",
    "no_access_at_homes_only": "公共区域不存在无人在家，请选择其他结果",
    "consent_needed": "空置房入户须先登记业主同意，或登记紧急入户",
    "consent_given": "已登记过入户同意",
    "consent_not_needed": "该处不是空置房，无需登记入户同意",
    "consent_role": "您不能登记入户同意",
    "home_is_lived_in": "该房屋有人居住，不适用紧急入户",
    "two_witnesses": "须有两名其他员工见证",
    "follow_up_time": "跟进时间须在一年以内的将来",
    "nothing_to_quote": "仅有偿的户内报修需要报价",
    "no_declined_quote": "报价未获同意时才能终止维修",
    "temporary_only": "报价未获同意，只能登记临时处理",
    "more_than_approved": "实收金额不能超过待收金额",
    "signed_sheet_needed": "请上传业主签字的单据照片",
    "outcome_role": "该办理结果须由主管决定",
    "finance_only": "仅收费、财务和主管可以查看收款",
    "after_photo_needed": "公共区域维修须上传完工照片",
    "appointment_time": "预约时间须在今后60天以内",
    "no_stars_for_own_finds": "员工自报的工单不评价",
    "another_technician": "两次未修好，请改派另一位师傅",
    "unknown_outcome": "没有这个办理结果",
    "cannot_hold_here": "当前步骤不能挂起",
    "wake_up_time": "恢复时间须在一年以内的将来",
    "attempt_needed": "请写明何时、如何联系过报事人",
    "anonymous_answers_in_app": "匿名投诉只能由本人在小程序内办理",
    "anonymous_needs_account": "匿名投诉须由已绑定的业主提交，来电投诉请登记姓名",
    "identity_role": "只有项目经理和品质督导可查看匿名业主身份",
    "not_a_complaint": "只有投诉建议可以等待关联维修",
    "not_anonymous": "该工单不是匿名提交",
    "nobody_worked_on_it": "该工单还没有处理人",
    "publish_role": "只有项目经理可发布到公示栏",
    "no_leave_to_publish": "业主未同意公开，不能发布",
    "not_answered_yet": "正式答复后才能发布",
    "published_already": "已发布到公示栏",
    "hold_needs_lead": "再次挂起或超过{hours}小时须由主管办理",
    "urge_role": "只有报事人或客服可以催单",
    "nothing_to_urge": "当前步骤无需催单",
    "charge_role": "只有调度员和主管可以更改费用性质",
    "amend_role": "只有客服、调度员和主管可以更正工单",
    "too_late_to_amend": "处理已结束，不能再更正",
    "nothing_to_change": "请至少更正一项",
    "settings_role": "只有管理员可以修改设置",
    "settings_changed": "设置刚被别人修改过，请重新打开后再改",
    "unknown_clock": "这种工单没有这个时限",
    "urged_lately": "刚刚催过了，请{retry_after}秒后再试",
    "too_late_to_cancel": "当前步骤不能取消",
    "cancel_role": "您不能取消该工单",
    "reason_needed": "请填写原因",
    "comment_audience": "不能发表内部留言",
    "rate_role": "只有报事人可以评价",
    "rated_already": "已经评价过了",
    "rate_after_work": "完成后才能评价",
    "unknown_staff": "没有这位员工，请核对账号",
    "not_assignable": "该人员不在岗或不具备资格",
    "people_role": "只有主管、项目经理或管理员可以办理人员事项",
    "left_already": "该人员已离职",
    "still_here": "该人员在职",
    "not_yourself": "不能为自己办理，请由他人操作",
    "absence_days": "结束日期不能早于开始日期，最长一年",
    "absence_over": "请假日期已经过去",
    "absence_overlaps": "这些日期已有请假记录",
    "deputy_unfit": "代理人须在职，并负责同样的小区",
    "deputy_away": "代理人在这些日期也请假",
    "shift_times": "班次时间有误：结束须晚于开始，每班不超过24小时，一次最多排两个月",
    "nothing_to_assign": "当前步骤无需派单",
    "assignee_absent": "该人员正在请假，不能派单",
    "assignee_at_cap": "该人员在手工单已达上限",
    "you_are_absent": "您正在请假，不能接新单",
    "you_are_at_cap": "您在手工单已达上限，请先完成部分工单",
    "photo_not_yours": "照片不存在或不属于您",
    "photo_not_ready": "照片还没有上传完成",
    "photo_not_image": "只能上传 JPEG、PNG 或 WebP 图片",
    "photo_too_large": "照片不能超过 10 MB",
    "idempotency_key_missing": "缺少 Idempotency-Key",
    "idempotency_key_reused": "同一个 Idempotency-Key 不能用于不同的内容",
    "rate_limited": "操作太频繁，请{retry_after}秒后再试",
    "login_failed": "账号或密码不正确",
    "login_throttled": "尝试次数过多，请{retry_after}秒后再试",
    "code_invalid": "登录凭证无效，请重新登录",
    "unavailable": "系统繁忙，操作可能稍后生效，请稍后用同一请求查询结果",
    "engine_down": "流程引擎暂不可用，操作可能稍后生效",
    "projection_failing": "工单数据写入异常，已通知运维人员",
    "lost": "工单流程缺失，已通知运维人员",
    "wechat_unavailable": "微信暂时无法访问，请稍后再试",
    "storage_unavailable": "照片存储暂时无法访问，请稍后再试",
    "unknown_category": "没有这个报修类别",
    "unknown_place": "没有这个位置",
    "answer_it_here": "二次办理不能退回，请直接答复",
    "already_on_the_way": "秩序员已在途中，到场后请登记结果",
    "joined_already": "您已经在等候这辆车了",
    "plate_at_the_desk": "请到物业前台登记车辆",
    "plate_role": "只有客服或项目经理可以办理车辆登记",
    "plate_of_another": "只有登记人或业主可以移除该车辆",
    "too_many_plates": "每户最多登记 {most} 辆车，请联系物业",
    "plate_at_other_home": "该车已登记在您的另一处房屋下",
    "nobody_takes_it": "该事项无需领取，请直接登记",
    "pass_not_yet": "还没到通行时间",
    "pass_over": "通行时间已过",
    "visit_ends_before_it_begins": "结束时间须晚于开始时间",
    "visit_is_past": "结束时间已经过去",
    "visit_too_far_ahead": "最多提前{days}天登记",
    "visit_too_long": "该类访客最长{days}天",
    "minors_invite_nobody": "未成年人不能登记访客，请由家中成人办理",
    "which_home": "您有多套房屋，请选择访客要去哪一套",
    "pass_needs_it": "代业主登记访客时必须填写",
    "walk_in_is_no_long_stay": "长期通行须由业主申请、客服审核",
    "walk_in_is_now": "现场来访即时放行，不填时间",
    "nobody_lives_there": "该房屋没有登记在住的住户，请联系客服",
    "own_car": "这是您家登记的车，不能请求挪自己的车",
    "minors_ask_guards": "未成年人请直接联系秩序员",
    "not_a_plate": "这不像一个车牌号，请检查",
    "house_or_area": "请选择房屋或公共区域其中之一",
    "answer_needed": "请回答这个问题",
    "staff_only": "仅限员工",
    "operator_only": "只有运维员或管理员可以使用",
    "nothing_to_mend": "该工单目前不需要这样处理，请刷新",
    "break_off_unconfirmed": "流程仍在运行，须确认终止后才能重新启动",
    "does_not_fail": "流程没有出错，不能终止，请刷新",
    "unreadable_state": "工单行中的状态无法读取，需人工恢复",
    "effect_not_dead": "该项目前不需要重试，请刷新",
    "round_role": "只有管理员、主管或经理可以安排巡检",
    "not_your_round": "本次巡检不由您负责",
    "patrol_over": "本次巡检已结束",
    "ticked_already": "该项已有人登记，请刷新",
    "finding_needs_words": "请写明发现的问题，至少 5 个字",
    "photos_show_findings": "照片和类别请随问题一起提交",
    "changed_meanwhile": "内容刚被他人修改，请刷新后再改",
    "shift_role": "只有值班岗位可以查看和填写交接班记录",
    "shift_exists": "该岗位已有班次，请接班",
    "shift_handed_over": "本班已交班，记录不能再改",
    "shift_not_handed_over": "上一班还没有交班",
    "shift_taken_over": "本班已有人接班",
    "take_over_yourself": "交班与接班须为两人",
    "point_settled": "该事项已经办结",
}


WHY_NOT: Final = {
    "left": "已离职",
    "role": "岗位不符",
    "out_of_scope": "不负责该楼栋",
    "absent": "请假中",
    "at_cap": "在手工单已满",
    "off_duty": "不在岗",
    "unskilled": "技能不对口",
}
"""What speaks against giving somebody an order (`assignment.Why`)."""

TROUBLES: Final = {
    "waiting": "未进入流程",
    "lost": "流程缺失",
    "ended": "流程已结束，工单未结束",
    "failing": "流程步骤反复失败",
    "silent": "流程无应答",
    "refused": "数据写入被拒绝",
    "behind": "工单落后于流程",
    "row": "工单内容与流程不一致",
    "tasks": "任务与流程不一致",
}
CAUSES: Final = {
    "waiting": "提交已超过 2 分钟仍未启动：流程引擎或转发程序不在，或积压较多。",
    "lost": "流程引擎中没有这张工单的运行流程：可能被人终止，或引擎数据丢失。",
    "ended": "流程已走完，但数据库没有记下结尾：多见于恢复了较早的数据库备份。",
    "failing": "流程代码在这一步出错，引擎会自动重试；多见于刚刚升级之后。",
    "silent": "没有工作进程应答：请检查 worker 是否在运行。",
    "refused": "数据库拒绝保存这一步，后续操作已暂停；请先排除原因，再重新写入。",
    "behind": "工单显示的步骤与流程不同，重新写入即可。",
    "row": "工单行被改动过，或写入不完整，重新写入即可。",
    "tasks": "任务行与流程中的任务不同，重新写入即可。",
}
"""What an operator reads as the cause of a trouble (`drift.Trouble`)."""

REMEDIES: Final = {
    "start": "立即启动",
    "restart": "从工单重新启动流程",
    "adopt": "写入流程的最后状态",
    "retry": "重试失败的步骤",
    "republish": "重新写入",
}
PLATE: Final = "车牌登记"

BREAKING_OFF: Final = "终止流程并从工单重新启动"
"""A restart of what still runs, and fails."""

EFFECTS: Final = {"notice": "通知", "photo": "照片", "outbox": "待转发事项"}
DEAD: Final = {
    "centre_only": "没有送到手机，只在消息中心",
    "uncertain": "不知是否送达，为免重复不再发送",
    "uploaded": "上传后一直没有处理完",
    "outbox": "转发失败，系统会越来越慢地重试",
}
"""Why an effect stands on the operator's page."""

DOCTOR: Final = "系统对账"


def category(kind: str, title: str) -> str:
    """What people call a category; `title` is its row's, or the code of one that has no row."""
    return CATEGORIES_OF.get(kind, {}).get(title, title)


EVENTS_FOR_RESIDENTS: Final = {"held": "暂缓处理"}
"""What residents read instead (`lifecycles.md`, "Hold")."""
EVENTS_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "move_car": {"submitted": "请求挪车", "filed": "代为请求挪车", "found": "巡查发现"},
    "visitor": {
        "submitted": "登记访客",
        "filed": "代为登记访客",
        "found": "门岗登记来访",
        "arrived": "访客到访",
        "left": "访客离开",
        "expired": "到期",
        "cancelled": "撤销",
    },
}
"""What an event is called on a kind of order where it is called otherwise than on a repair."""


def event(order_kind: str, kind: str, for_resident: bool = False) -> str:
    own = EVENTS_FOR_RESIDENTS.get(kind) if for_resident else None
    return own or EVENTS_OF.get(order_kind, {}).get(kind) or EVENTS.get(kind, kind)


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def refusal(reason: str, facts: Mapping[str, Any]) -> str:
    """The Chinese sentence for a refusal; an unknown reason is shown as it is rather than hidden."""
    return REFUSALS.get(reason, reason).format_map(_Facts(facts))
