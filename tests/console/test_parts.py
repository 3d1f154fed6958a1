"""The pure parts: forms from schemas and back, remaining time, refusals by field, what a page offers to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.datastructures import FormData

from api import settlements
from api.console import times, views
from api.console.formfields import body_of, fields_of, messages
from api.console.frame import ENTRANCES
from api.console.rooms.inbox import engine_banner
from api.console.rooms.login import HOME, _inside
from api.console.rooms.order import body_of_groups
from api.console.rooms.register import SLOTS, filing_of, label_of
from api.console.templating import asset, render, screens
from api.console.wording import DONE, FIELD_ERRORS
from models.domain.commands import PutOnHold
from models.domain.errors import ValidationFailed
from models.domain.faults import MISSING
from models.domain.forms import Accepted, Assigned, Finished, Fixed, Form, parse
from models.domain.lifecycles import LIFECYCLES
from models.domain.order import Hold, HoldReason
from models.domain.quotes import Parties, Quoted, QuoteDeclined, Received, put_quote
from tests.console import samples as s

ME = {"name": "陈静", "account": "dispatcher", "roles_title": "调度员", "waiting": 0, "entrances": ENTRANCES}


def test_every_button_says_what_it_has_done() -> None:
    outcomes = {outcome for kind in LIFECYCLES.values() for task in kind.tasks.values() for outcome in task.outcomes}
    assert outcomes <= DONE.keys()


def page_of(order: dict[str, object], account: str) -> str:
    people = [
        {"account": "tech1", "name": "张强", "skills": "", "on_duty": True, "open_tasks": 2, "why_not": []},
        {"account": "tech2", "name": "李强", "skills": "", "on_duty": True, "open_tasks": 2, "why_not": ["请假中"]},
    ]
    facts = views.order_page(order, account, [], s.NOW)
    around = {"similar": [], "incidents": [], "may_link": True, "link_key": "k", "kin_open": False}
    around["amending"] = {"categories": [("power", "电路")], "buildings": [], "spots": [], "beyond": set()}
    facts |= around | {"people": people, "notes": [], "notes_open": False, "may_call": True}
    return render("order.html", me=ME, here="orders", **facts)


@pytest.mark.parametrize(
    ("model", "typed", "body"),
    [
        (Assigned, [("form.staff", "tech1")], {"staff": "tech1"}),
        (Finished, [("form.report", "  换了阀芯 "), ("form.photo_ids", "a"), ("form.photo_ids", "b")], None),
        (Accepted, [], {}),
        (
            Accepted,
            [("form.appointment.from", "2026-11-23T09:00"), ("form.appointment.to", "2026-11-23T11:00")],
            {"appointment": {"from": "2026-11-23T09:00:00+08:00", "to": "2026-11-23T11:00:00+08:00"}},
        ),
        (
            Quoted,
            [
                *(("form.lines.item", "角阀"), ("form.lines.quantity", "2"), ("form.lines.price", "45.50")),
                *(("form.lines.item", " "), ("form.lines.quantity", "1"), ("form.lines.price", "")),
            ],
            {"lines": [{"item": "角阀", "quantity": 2, "price": 4550}]},
        ),
        (
            Received,
            [("form.amount", "¥91"), ("form.method", "cash"), ("form.receipt_no", "SJ-1")],
            {"amount": 9100, "method": "cash", "receipt_no": "SJ-1"},
        ),
        (QuoteDeclined, [], {}),
        (Fixed, [], {}),
        (
            Fixed,
            [("form.rating.result", "5"), ("form.rating.speed", "4"), ("form.rating.manner", "5")],
            {"rating": {"result": 5, "speed": 4, "manner": 5}},
        ),
    ],
)
def test_a_form_comes_back_as_the_body_it_was_drawn_for(
    model: type[Form], typed: list[tuple[str, str]], body: dict[str, object] | None
) -> None:
    fields = fields_of(model.model_json_schema(), prefix="form")
    got = body_of_groups(fields, FormData(typed)).get("form", {})
    if body is not None:
        assert got == body
    parse(model, got)


def test_what_was_left_empty_is_named_in_chinese_where_it_was_left() -> None:
    fields = fields_of(Finished.model_json_schema(), prefix="form")
    with pytest.raises(ValidationFailed) as refused:
        parse(Finished, body_of(fields, FormData([("form.report", " ")])))
    assert messages(refused.value.errors, fields) == {"form.report": MISSING}
    assert MISSING not in FIELD_ERRORS.values(), "the rules' own word is said in one place"
    with pytest.raises(ValidationFailed) as refused:
        parse(Finished, {"report": "好"})
    assert messages(refused.value.errors, fields) == {"form.report": "至少 2 个字"}


def test_a_wrong_line_of_a_quote_is_said_under_the_table() -> None:
    fields = fields_of(Quoted.model_json_schema(), prefix="form")
    typed = [("form.lines.item", "角阀"), ("form.lines.quantity", "1"), ("form.lines.price", "四十五")]
    with pytest.raises(ValidationFailed) as refused:
        parse(Quoted, body_of_groups(fields, FormData(typed))["form"])
    assert messages(refused.value.errors, fields) == {"form.lines": "第 1 行单价：请填写金额（元）"}
    with pytest.raises(ValidationFailed) as refused:
        parse(Quoted, {})
    assert messages(refused.value.errors, fields) == {"form.lines": "请填写"}


def test_a_days_takings_as_a_file() -> None:
    """Added up by method, in yuan, and nothing in it is reckoned by a spreadsheet."""
    claim = {
        **dict.fromkeys(("number", "place", "category_title", "outcome_title", "method_title", "by_name"), "x"),
        **{"at": s.NOW, "amount": 9_100, "total": 10_000, "method": "cash", "receipt_no": "=1+1", "reason": None},
    }
    totals = settlements.totals([claim, claim, {**claim, "method": None, "amount": 0}])
    assert [(total["method"], total["count"], total["amount"]) for total in totals if total["count"]] == [
        ("cash", 2, 18_200)
    ]
    lines = settlements.as_csv({"items": [claim]}).splitlines()
    assert lines[0].startswith("\ufeff时间")
    assert "91.00" in lines[1]
    assert "'=1+1" in lines[1]


def test_a_quote_is_read_in_yuan_on_the_page() -> None:
    state = s.state()
    put_quote(state, {"lines": [{"item": "角阀", "quantity": 2, "price": 4550}]}, "stf_t", Parties(), s.NOW)
    page = page_of(s.view(state, s.DISPATCHER), "dispatcher")
    assert "¥91.00" in page
    assert "待确认" in page


def test_an_end_before_its_beginning_is_said_under_the_appointment() -> None:
    fields = fields_of(Accepted.model_json_schema(), prefix="form")
    body = {"appointment": {"from": "2026-11-23T11:00:00+08:00", "to": "2026-11-23T09:00:00+08:00"}}
    with pytest.raises(ValidationFailed) as refused:
        parse(Accepted, body)
    assert messages(refused.value.errors, fields) == {"form.appointment": "结束时间必须晚于开始时间"}


def test_the_hold_dialog_offers_its_reasons_in_chinese() -> None:
    reason = fields_of(PutOnHold.model_json_schema(), skip=("task_id",))[0]
    assert dict(reason.options) == {
        "parts": "等配件",
        "reporter": "等报事人",
        "appointment": "等预约时间",
        "third_party": "等第三方",
        "weather": "等天气",
    }


@pytest.mark.parametrize(
    ("left", "tone", "text"),
    [
        (timedelta(minutes=23, seconds=30), "good", "剩 23 分"),
        (timedelta(minutes=5), "warn", "剩 5 分"),
        (timedelta(minutes=-5), "bad", "超时 5 分"),
        (timedelta(hours=-26), "bad", "超时 1 天 2 小时"),
    ],
)
def test_remaining_time(left: timedelta, tone: str, text: str) -> None:
    """Amber begins where the holder is warned: at 80 % of the limit."""
    due = s.NOW + left
    chip = times.chip(due, due - timedelta(minutes=30), s.NOW)
    assert (chip.tone, chip.text) == (tone, text)
    assert times.chip(None, None, s.NOW, paused=True).text == "计时暂停"


def test_a_dispatcher_is_offered_the_people_and_a_stranger_to_the_task_is_not() -> None:
    order = s.view(s.state(), s.DISPATCHER)
    page = page_of(order, "dispatcher")
    assert "确认指派" in page
    assert 'value="tech1" required' in page
    assert 'value="tech2" disabled' in page, "whoever may not have it is shown with the reason"
    assert "请假中" in page
    for other in (s.TECHNICIAN, s.CLERK):
        assert "确认指派" not in page_of(s.view(s.state(), other), "somebody")


def test_internal_lines_are_marked_and_what_people_type_is_never_markup() -> None:
    lines = [
        s.event(1, "filed", "stf_c", 9),
        s.event(2, "commented", "stf_t", 5, "staff", text="<script>alert(1)</script>"),
        s.event(3, "commented", "stf_c", 2, text="您好"),
    ]
    page = page_of(s.view(s.state(), s.DISPATCHER, lines), "dispatcher")
    assert page.count('class="inner"') == 1
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_held_order_says_why_and_until_when() -> None:
    state = s.state()
    state.hold = Hold(
        reason=HoldReason.PARTS, note="缺角阀", until=s.NOW + timedelta(hours=20), stage="in_progress", by="stf_t"
    )
    state.stage = "on_hold"
    page = page_of(s.view(state, s.DISPATCHER), "dispatcher")
    assert "已挂起：等配件" in page
    assert "缺角阀" in page


def test_a_delivery_says_what_was_told() -> None:
    row = {"to_id": "res_1", "to_name": "张三", "delivery": "sent", "channel": "mini", "kind": "visit_proposed"}
    said = views.note({"car_user": False, **row, "delivered_at": None, "created_at": s.NOW}, s.NOW)
    assert (said["what"], said["state"]) == ("请确认上门时间", "已送达")


def test_the_forms_print_changes_with_the_buttons_and_only_with_them() -> None:
    """A live update leaves what somebody types alone as long as this stays the same."""
    state = s.state()
    before = views.print_of(s.view(state, s.DISPATCHER))
    state.urges.count = 2
    assert views.print_of(s.view(state, s.DISPATCHER)) == before
    task = next(iter(state.tasks.values()))
    task.holder = "stf_t"
    assert views.print_of(s.view(state, s.DISPATCHER)) != before


def test_the_banner_speaks_only_while_the_engine_is_down() -> None:
    assert engine_banner(up=True, waiting=3) == ""
    assert "3 张" in engine_banner(up=False, waiting=3)
    assert engine_banner(up=False, waiting=0)


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/console/", "/console/\\\\evil", "javascript:1"]
)
def test_the_login_leads_nowhere_else(to: str) -> None:
    assert _inside(to) == HOME
    assert _inside("/console/orders?stage=open") == "/console/orders?stage=open"


def test_houses_are_found_the_way_people_say_them() -> None:
    assert label_of("1-2-301") == "1栋2单元301"
    assert label_of("12-1") == "12栋1单元"
    assert label_of("王芳") == "王芳"


def test_filing_without_reporter_or_category_marks_both() -> None:
    with pytest.raises(ValidationFailed) as refused:
        filing_of(FormData([("who", "resident"), ("where", "house")]))
    assert {error["field"] for error in refused.value.errors} == {"reporter", "category"}
    assert {SLOTS[error["field"]] for error in refused.value.errors} == {"reporter", "category"}
    body = filing_of(FormData([("who", "self"), ("category", "lift"), ("community_id", "c"), ("spot", "lift")]))
    assert body["reporter"] == "self"
    assert body["area"] == {"community_id": "c", "spot": "lift"}


def test_assets_carry_their_hash() -> None:
    assert "?v=" in asset("app.css")
    assert asset("vendor/no-such-file.js") == "/console/static/vendor/no-such-file.js"


def test_a_word_may_be_called_as_a_method_of_dictionaries_is() -> None:
    page = page_of(s.view(s.state(), s.DISPATCHER), "dispatcher")
    assert 'title="复制单号"' in page
    drawn = screens().from_string("{{ w.copy }}{% for key in w.items() %}{{ key[0] }}{% endfor %}")
    assert drawn.render(w={"copy": "复制"}) == "复制copy"


@pytest.mark.parametrize("printed", ["{{ w.copy }}", "{{ moment }}"])
def test_no_function_is_shown_to_people(printed: str) -> None:
    with pytest.raises(TypeError):
        screens().from_string(printed).render(w={}, moment=len)


@pytest.mark.parametrize(("waiting", "shown"), [(0, ""), (999, "999"), (1000, "999+")])
def test_a_box_is_counted_to_a_thousand(waiting: int, shown: str) -> None:
    facts = {"me": ME | {"waiting": waiting}, "text": "", "hint": "", "request_id": ""}
    frame = screens().get_template("frame.html").make_module(facts | {"here": "inbox"})
    assert f'id="nav-count">{shown}</span>' in str(frame)
