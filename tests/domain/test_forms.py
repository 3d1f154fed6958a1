"""What completes a task: every outcome's form takes what it should and names the field it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models.domain import forms
from models.domain.errors import ValidationFailed
from models.domain.lifecycles import LIFECYCLES
from models.domain.lifecycles.complaint import COMPLAINT
from models.domain.lifecycles.move_car import MOVE_CAR
from models.domain.lifecycles.repair import REPAIR
from models.domain.lifecycles.visitor import VISITOR
from tests.domain.samples import FORMS, NOW

OTHER_MODELS = {
    outcome: model
    for spec in (*COMPLAINT.tasks.values(), *MOVE_CAR.tasks.values(), *VISITOR.tasks.values())
    for outcome, model in spec.outcomes.items()
    if not (spec.kind == "confirm_moved" and outcome == "moved")
}
MODELS = {outcome: model for spec in REPAIR.tasks.values() for outcome, model in spec.outcomes.items()}
WINDOW = {"from": NOW.isoformat(), "to": (NOW + timedelta(hours=2)).isoformat()}

MORE_THAT_FITS: list[tuple[str, dict[str, Any]]] = [
    ("accepted", {"appointment": WINDOW}),
    ("fixed", {"rating": FORMS["rated"]}),
    ("not_fixed", {"reason": "还在漏水", "photo_ids": ["pho_1"]}),
    ("rated", {**FORMS["rated"], "text": "很好"}),
    ("finished", {"report": "先用胶带缠住", "temporary": True}),
    ("postponed", {**FORMS["postponed"], "note": "配件没到"}),
]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("assigned", {}, "form.staff"),
    ("assigned", {"staff": ""}, "form.staff"),
    ("pool", {"staff": "stf_1"}, "form.staff"),
    ("rejected", {}, "form.reason"),
    ("rejected", {"reason": " 短 "}, "form.reason"),
    ("merged", {}, "form.primary"),
    ("accepted", {"appointment": {"from": WINDOW["to"], "to": WINDOW["from"]}}, "form.appointment"),
    ("accepted", {"appointment": {"from": "2026-11-22T09:00:00", "to": WINDOW["to"]}}, "form.appointment.from"),
    ("handed_back", {"reason": "长" * 201}, "form.reason"),
    ("arrived", {"at": "now"}, "form.at"),
    ("referred", {**FORMS["referred"], "party": "friend"}, "form.party"),
    ("referred", {**FORMS["referred"], "contact": "王工 13800138000"}, "form.contact"),
    ("done", {}, "form.report"),
    ("postponed", {}, "form.follow_up"),
    ("taken_back", {}, "form.reason"),
    ("forced_entry", {"reason": "水漏到楼下", "first_witness": "stf_guard"}, "form.second_witness"),
    ("no_access", {"note": "敲门无人应答", "photo_ids": []}, "form.photo_ids"),
    ("out_of_scope", {"reason": "属于燃气公司"}, "form.photo_ids"),
    ("rebooked", {}, "form.appointment"),
    ("called_off", {"why": "不修了"}, "form.why"),
    ("proposed", {}, "form.appointment"),
    ("agreed", {"when": "now"}, "form.when"),
    ("other_time", {"appointment": {"from": WINDOW["to"], "to": WINDOW["from"]}}, "form.appointment"),
    ("needs_quote", {"lines": []}, "form.lines"),
    ("needs_quote", {"lines": [{"item": "角阀", "quantity": 0, "price": 100}]}, "form.lines.0.quantity"),
    ("needs_quote", {"lines": [{"item": "角阀", "quantity": 1, "price": -1}]}, "form.lines.0.price"),
    ("needs_quote", {"lines": [{"item": "角阀", "quantity": 1, "price": 45.5}]}, "form.lines.0.price"),
    ("approved", {"total": 1}, "form.total"),
    ("declined", {}, "form.reason"),
    ("cancelled", {"reason": "other"}, "form.reason"),
    ("received", {**FORMS["received"], "amount": 0}, "form.amount"),
    ("received", {**FORMS["received"], "method": "wechat_pay"}, "form.method"),
    ("waived", {}, "form.reason"),
    ("objected", {}, "form.reason"),
    ("content", {}, "form.note"),
    ("discontent", {}, "form.note"),
    ("not_reached", {}, "form.reason"),
    ("upheld", {}, "form.reason"),
    ("filed_again", {}, "form.reason"),
    ("made_good", {}, "form.text"),
    ("finished", {"photo_ids": []}, "form.report"),
    ("finished", {"report": "换了垫圈", "photo_ids": ["p"] * 10}, "form.photo_ids"),
    ("fixed", {"rating": {"result": 5, "speed": 5}}, "form.rating.manner"),
    ("not_fixed", {}, "form.reason"),
    ("rated", {**FORMS["rated"], "speed": 0}, "form.speed"),
    ("rated", {**FORMS["rated"], "manner": 6}, "form.manner"),
]


COMPLAINT_FORMS: dict[str, dict[str, Any]] = {
    "replied": {"text": "正在核实"},
    "answered": {"text": "已整改", "photo_ids": ["pho_1"]},
    "dissatisfied": {"reason": "还是很脏"},
    "objected": {"reason": "合同写明由物业负责"},
    "content": {"note": "业主满意"},
    "discontent": {"note": "业主不满意"},
}
CAR_FORMS: dict[str, dict[str, Any]] = {
    "coming": {"minutes": "10"},
    "reached": {"minutes": "20"},
    "cannot": {"reason": "人在外地"},
    "moved": {"photo_ids": ["pho_1"]},
    "reported": {"reason": "车主拒不挪车"},
}
CARS_REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("coming", {"minutes": "15"}, "form.minutes"),
    ("reached", {}, "form.minutes"),
    ("cannot", {"reason": "长" * 201}, "form.reason"),
    ("moved", {"plate": "京A12345"}, "form.plate"),
    ("reported", {}, "form.reason"),
]
TRIED_ELSEWHERE = {
    *("assigned", "rejected", "handed_back", "satisfied", "not_reached", "merged"),
    *("passed", "turned_down", "not_me", "not_my_visitor", "going", "gone", "still_there"),
    *("granted", "arrived", "left", "admitted"),
}
"""Forms without a field of their own, and those that a repair has too."""
VISIT_FORMS: dict[str, dict[str, Any]] = {"denied": {"reason": "不认识"}, "not_granted": {"reason": "请先登记"}}
VISITS_REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("denied", {"reason": "长" * 201}, "form.reason"),
    ("not_granted", {}, "form.reason"),
]
COMPLAINTS_REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("replied", {"text": "好"}, "form.text"),
    ("answered", {}, "form.text"),
    ("dissatisfied", {}, "form.reason"),
    ("objected", {"reason": ""}, "form.reason"),
    ("content", {}, "form.note"),
    ("discontent", {"note": "长" * 1001}, "form.note"),
]


def test_every_outcome_is_tried() -> None:
    assert set(MODELS) == set(FORMS) == {outcome for outcome, _, _ in REFUSED}
    for lifecycle, forms_, refused in (
        (COMPLAINT, COMPLAINT_FORMS, COMPLAINTS_REFUSED),
        (MOVE_CAR, CAR_FORMS, CARS_REFUSED),
        (VISITOR, VISIT_FORMS, VISITS_REFUSED),
    ):
        outcomes = {outcome for spec in lifecycle.tasks.values() for outcome in spec.outcomes}
        assert outcomes - TRIED_ELSEWHERE == set(forms_) == {outcome for outcome, _, _ in refused}
    assert set(LIFECYCLES) == {"repair", "complaint", "move_car", "visitor"}, (
        "another lifecycle's outcomes belong into these tables"
    )


@pytest.mark.parametrize(("outcome", "data"), [*COMPLAINT_FORMS.items(), *CAR_FORMS.items(), *VISIT_FORMS.items()])
def test_a_form_of_another_kind_keeps_what_it_was_given(outcome: str, data: dict[str, Any]) -> None:
    said = forms.as_json(forms.parse(OTHER_MODELS[outcome], data))
    assert set(data) <= set(said)


@pytest.mark.parametrize(("outcome", "data", "field"), [*COMPLAINTS_REFUSED, *CARS_REFUSED, *VISITS_REFUSED])
def test_a_form_of_another_kind_names_the_field(outcome: str, data: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        forms.parse(OTHER_MODELS[outcome], data)
    assert [error["field"] for error in refusal.value.errors] == [field]


@pytest.mark.parametrize(("outcome", "data"), [*FORMS.items(), *MORE_THAT_FITS])
def test_a_form_keeps_what_it_was_given(outcome: str, data: dict[str, Any]) -> None:
    said = forms.as_json(forms.parse(MODELS[outcome], data))
    assert forms.as_json(forms.parse(MODELS[outcome], said)) == said
    assert set(data) <= set(said)


@pytest.mark.parametrize(("outcome", "data", "field"), REFUSED)
def test_a_form_names_the_field_that_it_refuses(outcome: str, data: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        forms.parse(MODELS[outcome], data)
    assert [error["field"] for error in refusal.value.errors] == [field]


def test_references_are_found_for_the_gateway_to_resolve() -> None:
    found = [list(forms.references(MODELS[outcome], FORMS[outcome])) for outcome in ("assigned", "finished", "pool")]
    assert found == [[("staff", "staff", "stf_other")], [("photo", "photo_ids", "pho_1")], []]
