"""The Chinese of every notice: its title, its sentence in the message centre, and the values of its WeChat template.

The kinds are those of `models.domain.notices`. Names and places come in from Postgres at the moment of delivery, as a
`Subject`. Complaint texts, descriptions and phones never come in here, and a member of staff is 张师傅, never more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from models.domain import words
from models.domain.duty import DEPUTISES_FOR
from models.domain.money import yuan
from models.domain.numbers import CHINA
from models.domain.plates import PLATE
from models.domain.templates import TEMPLATES, Value, fill
from models.domain.texts import TEXTS, fill_text

OFFICE: Final = "物业客服"
"""Who handles it where no member of staff is named; a template's name field may not be empty."""

COMPOUND_SURNAMES: Final = (
    *("欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟"),
    *("公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离"),
    *("长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "令狐", "百里", "呼延", "东郭", "西门", "南门", "公西"),
)

TITLES: Final = {
    "dispatched": "已派单",
    "accepted": "已接单",
    "held": "暂缓处理",
    "resumed": "恢复处理",
    "finished": "处理完成，请您确认",
    "closed": "工单已完成",
    "rejected": "不予受理",
    "cancelled": "工单已取消",
    "reminder": "待您处理",
    "replied": "物业回复了您",
    "new_task": "新任务",
    "urged": "报事人催单",
    "urged_often": "多次催单",
    "straight_to_pool": "紧急工单无人派单",
    "reporter_replied": "报事人留言",
    "warned": "即将超时",
    "breached": "已超时",
    "taken_away": "任务已转走",
    "amended": "工单有更正",
    "lowered": "紧急程度已调整",
    "order_cancelled": "工单已取消，无需上门",
    "low_rating": "收到低分评价",
    "merged": "已合并处理",
    "unmerged": "已单独处理",
    "freed": "已单独处理",
    "merged_away": "已合并，无需再办",
    "incident": "大面积故障通知",
    "incident_closed": "故障已恢复",
    "public_held": "公共维修暂缓",
    "public_finished": "公共维修已处理完成",
    "public_closed": "公共维修已完成",
    "public_called_off": "公共维修已取消",
    "visit_proposed": "请确认上门时间",
    "visit_agreed": "报事人同意上门时间",
    "visit_refused": "报事人希望改时间",
    "visit_unanswered": "上门时间无人答复",
    "visit_today": "今天上门",
    "quoted": "维修报价，请您确认",
    "quote_made": "维修已报价",
    "quote_answered": "报价有答复",
    "paid": "收款登记",
    "unsettled": "维修费逾期未收",
    "recorded": "已代您登记",
    "objected": "报事人对取消有异议",
    "upheld": "复核结果：维持取消",
    "follows_on": "复核结果：已重新受理",
    "rating_answered": "物业回复了您的评价",
    "referred": "已转外单位处理",
    "no_access": "上门时无人在家，请改约",
    "task_due": "到了办理时间",
    "not_fixed": "报事人反馈没修好",
    "appointment_soon": "一小时后上门",
    "progress_told": "有新进展",
    "minutes_promised": "车主答应来挪",
    "guard_sent": "秩序员前往现场",
    "car_moved": "车已挪开",
    "police_told": "已报警处理",
    "car_in_the_way": "请挪一下您的车",
    "visitors_car_in_the_way": "请您的访客挪一下车",
    "walk_in_waits": "访客在门岗，请您答复",
    "visitor_arrived": "访客已到访",
    "visitor_denied": "访客已谢绝",
    "stay_granted": "长期通行已批准",
    "stay_not_granted": "长期通行未获批准",
    "ask_again": "请重新请求挪车",
    "answered": "已答复，请您评价",
    "answered_finally": "已有最终答复",
    "refused": "未予受理，可提出异议",
    "dispute_taken_up": "已转上级再次办理",
    "call_went_badly": "回访不满意",
    "answer_overdue": "仍未答复",
    "taken_over": "逾期未答复，请您办理",
    "missed": "巡检未完成",
    "plate_holds": "车牌核对结果",
    "plate_ended": "车牌核对结果",
}
"""Kind of notice → headline."""

SENTENCES: Final = {
    "merged": "您在{place}的{category}{matter}与同一故障的其他报修合并处理，进展会及时告诉您，完成后仍由您确认和评价。",
    "unmerged": "您在{place}的{category}{matter}不再合并，将单独处理。",
    "freed": "您在{place}的{category}{matter}现转为单独处理，进展会及时告诉您。",
    "merged_away": "{place}的{category}{matter}已合并到其他工单，请勿上门。",
    "complaint.merged": "您的{matter}与内容相同的其他反映合并办理，进展会及时告诉您，答复后仍由您自己评价。",
    "complaint.unmerged": "您的{matter}不再合并，将单独办理。",
    "complaint.freed": "您的{matter}不再合并，将单独办理。",
    "complaint.merged_away": "{place}的{category}{matter}已合并到其他工单办理。",
    "incident": "{place}：{category}。{text}",
    "incident_closed": "{place}：{category}已处理。{text}",
    "public_held": "您也遇到的{place}{category}问题暂缓处理{because}。",
    "public_finished": "您也遇到的{place}{category}问题已处理完成。",
    "public_closed": "您也遇到的{place}{category}问题已完成。",
    "public_called_off": "您也遇到的{place}{category}报修已取消。",
    "recorded": "客服已代您登记{place}的{category}{matter}：{outcome}。如有出入请联系物业。",
    "not_fixed": "{place}的{category}{matter}反馈没修好。",
    "appointment_soon": "{place}的{category}{matter}一小时后上门。",
    "complaint.closed": "您的{matter}已办结。如仍有异议，可向业主委员会、街道办事处反映，或拨打12345。",
    "complaint.cancelled": "您的{matter}已取消。",
    "minutes_promised": "您请求挪的车，车主已应答，正在赶来。",
    "guard_sent": "您请求挪的车，秩序员正前往现场处理。",
    "car_moved": "您请求挪的车已经挪开。",
    "police_told": "您请求挪的车，物业已报警处理。",
    "ask_again": "您请求挪的车，原请求刚被发起人取消，如仍需挪车请重新提交。",
    "car_in_the_way": "您的车在{place}挡住了别人，请尽快挪一下，并告知几分钟内到。",
    "visitors_car_in_the_way": "您的访客车辆在{place}挡住了别人，请通知访客尽快挪一下，并告知几分钟内到。",
    "walk_in_waits": "有访客在门岗等候，要到{place}，请尽快答复是否同意。",
    "visitor_arrived": "您的访客已到访{place}。",
    "visitor_denied": "要到{place}的访客已被谢绝。",
    "stay_granted": "{place}的长期通行已批准，访客可以来访。",
    "stay_not_granted": "很抱歉，{place}的长期通行未获批准，原因请看详情。",
    "visitor.cancelled": "{place}的访客通行已由物业撤销，原因请看详情。",
    "progress_told": "您的{matter}有新的进展，请查看。",
    "answered": "您的{matter}已有正式答复，请查看并评价。",
    "answered_finally": "您的{matter}已有最终答复，请查看。",
    "refused": "很抱歉，您的{matter}未予受理，原因请看详情，七天内可提出异议。",
    "dispute_taken_up": "您的{matter}已转上一级再次办理，五个工作日内答复。",
    "call_went_badly": "{place}的{category}{matter}回访不满意，请关注。",
    "answer_overdue": "{matter}已提交{days}天仍未答复，请督促。",
    "taken_over": "{matter}已满{days}天未答复，现转由上级办理。",
    "visit_proposed": "师傅希望{visit}上门处理{place}的{category}{matter}，请确认是否方便。",
    "visit_agreed": "{place}的{category}{matter}：报事人同意{visit}上门。",
    "visit_refused": "{place}的{category}{matter}：报事人希望改为{visit}，请重新约定。",
    "visit_unanswered": "{place}的{category}{matter}：上门时间报事人未答复，请电话联系。",
    "visit_today": "师傅将于{visit}上门处理{place}的{category}{matter}，请留人在家。",
    "quoted": "{place}的{category}{matter}需要维修费{total}，请确认是否同意。",
    "quote_made": "{place}的{category}{matter}师傅报价{total}，正在等待确认。",
    "quote_answered": "{place}的{category}{matter}报价{total}：{outcome}。",
    "paid": "已收到{place}的{category}{matter}维修费{amount}，感谢您的支持。",
    "unsettled": "{place}的{category}{matter}维修费逾期未收，请核对。",
    "dispatched": "您在{place}的{category}{matter}已派单，师傅将尽快接单。",
    "accepted": "{staff}已接单，将为您处理{place}的{category}{matter}。",
    "objected": "{place}的{category}{matter}被取消后报事人提出异议，请复核。",
    "upheld": "您对{place}的{category}{matter}被取消提出的异议已复核，维持取消，理由请看工单详情。",
    "follows_on": "您对{place}的{category}{matter}被取消提出的异议成立，已为您重新登记。",
    "rating_answered": "物业回复了您对{place}的{category}{matter}的评价，请查看。",
    "referred": "您在{place}的{category}{matter}已转交外单位处理，我们会继续跟进，详情请看工单。",
    "no_access": "师傅到{place}处理{category}{matter}时无人在家，请约定新的上门时间。",
    "task_due": "{place}的{category}{matter}到了{task}的时间。",
    "held": "您在{place}的{category}{matter}暂缓处理{because}。",
    "resumed": "{place}的{category}{matter}已恢复处理。",
    "finished": "{place}的{category}{matter}已处理完成，请确认是否已修好。",
    "closed": "{place}的{category}{matter}已完成，{farewell}。",
    "rejected": "很抱歉，{place}的{category}{matter}未能受理，原因请看工单详情。",
    "cancelled": "{place}的{category}{matter}已由物业取消，原因请看工单详情；如有异议，可在七天内提出。",
    "reminder": "{place}的{category}{matter}等待您{task}。",
    "replied": "物业回复了{place}的{category}{matter}，请查看。",
    "new_task": "{place}的{category}{matter}等待{task}。",
    "urged": "{place}的{category}{matter}已被催{count}次，请尽快处理。",
    "straight_to_pool": "{place}的{category}{matter}为紧急，暂无调度员在岗，已直接放入待抢池。",
    "urged_often": "{place}的{category}{matter}已被催{count}次，请主管关注。",
    "reporter_replied": "{place}的{category}{matter}有报事人新留言。",
    "warned": "{place}的{category}{matter}{clock}时限将至。",
    "breached": "{place}的{category}{matter}{clock}已超时。",
    "amended": "{place}的{category}{matter}有更正，出发前请查看。",
    "lowered": "您在{place}的{category}{matter}的紧急程度已调整，原因请看工单详情。",
    "taken_away": "{place}的{category}{matter}已转给他人，请勿上门。",
    "order_cancelled": "{place}的{category}{matter}已取消，请勿上门。",
    "plate_holds": "您登记的车牌{plate}已由物业核对，登记有效。",
    "plate_ended": "您登记的车牌{plate}经物业核对已停止登记，如有疑问请带行驶证到物业办理。",
    "low_rating": "{place}的{category}{matter}收到低分评价，请24小时内回访。",
}
"""Kind of notice → what the message centre says. `complaint.closed` takes the place of `closed` for complaints."""

PHRASES: Final = {
    "answered": "已答复",
    "answered_finally": "已答复",
    "refused": "不予受理",
    "accepted": "已接单",
    "rejected": "不予受理",
    "cancelled": "已取消",
    "finished": "待确认",
    "referred": "已转外单位",
    "plate_holds": "登记有效",
    "plate_ended": "停止登记",
}
"""Kind of notice → the state in a `phrase` field, which takes five Chinese characters; others say the order's stage."""

MISSED: Final = "missed"
"""Kind of the notice about walks of a round that nobody made. They have no number but the time they were due."""

ASKED_TO_MOVE: Final = {"car_in_the_way": "", "visitors_car_in_the_way": "访客车辆"}
"""Kind of notice to whoever is asked → what stands before the reason."""

URGENT: Final = "紧急"
DEPUTISED: Final = "代办"
"""Before what a deputy is told about somebody else's task."""


class Subject(BaseModel):
    """What a notice speaks of, looked up when it is delivered or read."""

    model_config = ConfigDict(frozen=True)

    number: str
    kind: str
    """The order's kind: `repair`, …"""
    stage: str
    place: str
    """As it was called when the order was filed."""
    category: str
    """The category's Chinese title."""
    at: datetime
    """When what the notice tells of happened."""
    urgent: bool = False
    staff: str | None = None
    """Whole name of the member of staff whom the notice names."""
    due_at: datetime | None = None
    """Until when the recipient is asked to act."""
    hold_reason: str | None = None
    plate: str | None = None
    """Of a car that is in the way: known to whoever asked, and to its user. Or one that the reader has registered."""
    obstacle: str | None = None
    visitor: str | None = None
    """Name of the visitor, known to their host."""


def title(kind: str) -> str:
    """A kind that has no words yet reads as a plain notice rather than as a fault."""
    return TITLES.get(kind, words.EVENTS["notice"])


def sentence(kind: str, subject: Subject, facts: Mapping[str, Any]) -> str:
    """One sentence for the message centre."""
    pattern = SENTENCES.get(f"{subject.kind}.{kind}") or SENTENCES.get(kind, "{place}的{category}有新进展。")
    return pattern.format(
        matter=words.KINDS.get(subject.kind, ""),
        text=facts.get("text", ""),
        plate=subject.plate or "",
        place=subject.place,
        category=subject.category,
        staff=short_name(subject.staff),
        task=words.TASKS.get(str(facts.get("task_kind")), "处理"),
        count=facts.get("count", 1),
        days=facts.get("days", ""),
        clock=words.CLOCKS.get(str(facts.get("clock")), "处理"),
        because=_because(facts.get("because") or subject.hold_reason),
        farewell="感谢您的评价" if facts.get("rated") else "欢迎评价",
        outcome=words.EVENTS.get(str(facts.get("outcome")), "处理"),
        visit=window(facts.get("visit")),
        total=yuan(int(facts.get("total", 0))),
        amount=yuan(int(facts.get("amount", 0))),
    )


def message(template: str, kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The `data` of a WeChat message, every field within its rule. Raises KeyError for a template without words."""
    return fill(TEMPLATES[template], _VALUES[template](kind, subject, facts))


def text_parameters(text: str, kind: str, subject: Subject, facts: Mapping[str, Any]) -> list[str]:
    """The values of an SMS, in its order, each within its rule. Raises KeyError for an SMS that does not exist."""
    values = {
        "number": subject.number,
        "amount": yuan(int(facts.get("total", 0))),
        "plate": subject.plate or "",
        "place": subject.place,
        "obstacle": words.OBSTACLES.get(subject.obstacle or "", title(kind)),
        "category": subject.category,
    }
    return fill_text(TEXTS[text], values)


def short_name(name: str | None) -> str:
    """How residents are told who comes: 张师傅, 欧阳师傅. Without a name it is the office."""
    if not name:
        return OFFICE
    surname = name[:2] if len(name) > 2 and name.startswith(COMPOUND_SURNAMES) else name[:1]
    return f"{surname}师傅"


def window(visit: Mapping[str, str] | None) -> str:
    """A time agreed on, as it is said: 11月23日 10:00–12:00; with both days where it goes on overnight."""
    if visit is None:
        return "约定时间"
    start, until = (datetime.fromisoformat(visit[end]).astimezone(CHINA) for end in ("from", "to"))
    last = f"{until:%H:%M}" if until.date() == start.date() else f"{until:%m月%d日 %H:%M}"
    return f"{start:%m月%d日 %H:%M}–{last}"


def _because(hold_reason: str | None) -> str:
    return f"（{words.HOLD_REASONS[hold_reason]}）" if hold_reason in words.HOLD_REASONS else ""


def _phrase(kind: str, subject: Subject) -> str:
    return PHRASES.get(kind) or words.stage(subject.kind, subject.stage, for_resident=True)


def _due(subject: Subject) -> datetime:
    """Not empty: where nothing falls due, as when a task was taken away, the field shows when that happened."""
    return subject.due_at or subject.at


def _progress(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "character_string1": subject.number,
        "phrase2": _phrase(kind, subject),
        "thing3": subject.place,
        "name4": short_name(subject.staff),
        "time5": subject.at,
    }


def _your_turn(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "thing1": f"{words.KINDS[subject.kind]}：{_turn(kind, facts)}",
        "character_string2": subject.number,
        "time3": _due(subject),
        "thing4": f"{subject.category} · {_what_of_it(facts)}",
    }


def _turn(kind: str, facts: Mapping[str, Any]) -> str:
    """A visit today asks for nothing but to be at home, so it is called by its own name."""
    return title(kind) if kind == "visit_today" else words.TASKS.get(str(facts.get("task_kind")), title(kind))


def _what_of_it(facts: Mapping[str, Any]) -> str:
    if "total" in facts:
        return yuan(int(facts["total"]))
    if "visit" in facts:
        return f"{datetime.fromisoformat(facts['visit']['from']).astimezone(CHINA):%m-%d %H:%M}"
    return "请点击办理"


def _finished(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "character_string1": subject.number,
        "thing2": subject.place,
        "time3": subject.at,
        "thing4": "请确认是否已修好并评价",
    }


def _review_result(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "thing1": words.PLATE if subject.kind == PLATE else words.KINDS[subject.kind],
        "phrase2": _phrase(kind, subject),
        "time3": subject.at,
        "thing4": "请点击查看" if subject.kind == PLATE else "请点击查看答复",
    }


def _move_car(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "car_number1": subject.plate or "",
        "thing2": subject.place,
        "thing3": _why_it_must_move(kind, subject),
        "time4": subject.at,
    }


def _why_it_must_move(kind: str, subject: Subject) -> str:
    """Whoever is asked reads the reason, a host whose car it is as well; those who wait read what has happened."""
    asked = ASKED_TO_MOVE.get(kind)
    return title(kind) if asked is None else asked + words.OBSTACLES.get(subject.obstacle or "", title(kind))


def _visitor(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "name1": subject.visitor or words.KINDS["visitor"],
        "time2": subject.at,
        "thing3": title(kind),
    }


def _task(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    task = words.TASKS.get(str(facts.get("task_kind")))
    what = (
        f"{task}：{subject.category}"
        if kind == "new_task" and task
        else f"{_headline(kind, facts)}：{subject.category}"
    )
    marks = [mark for mark, holds in ((URGENT, subject.urgent), (DEPUTISED, DEPUTISES_FOR in facts)) if holds]
    return {
        "character_string1": f"{_due(subject).astimezone(CHINA):%Y%m%d-%H%M}" if kind == MISSED else subject.number,
        "thing2": "".join(f"【{mark}】" for mark in marks) + what,
        "thing3": subject.place,
        "time4": _due(subject),
    }


def _headline(kind: str, facts: Mapping[str, Any]) -> str:
    return f"{facts['count']}次{title(kind)}" if kind == MISSED and facts["count"] > 1 else title(kind)


def _announcement(kind: str, subject: Subject, facts: Mapping[str, Any]) -> dict[str, Value]:
    return {"thing1": subject.category, "time2": subject.at, "thing3": str(facts.get("text", ""))}


_VALUES: Final = {
    "announcement": _announcement,
    "progress": _progress,
    "your_turn": _your_turn,
    "finished": _finished,
    "move_car": _move_car,
    "visitor": _visitor,
    "task": _task,
    "review_result": _review_result,
}
