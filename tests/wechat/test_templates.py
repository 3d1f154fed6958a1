"""The templates, and whether what `fit` makes is taken by WeChat: by our rule and by the emulator's own."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.wechat_emulator.fields import check_data
from devstack.wechat_emulator.refusals import Refused
from models.domain.templates import TEMPLATES, TYPES, Template, Value, check, cut, fill, fit, units

NOON = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
TEXT_TYPES = [type_ for type_ in TYPES if type_ not in ("time", "date", "amount")]
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
LIKELY_TEXT = st.text(alphabet="幸福里1栋单元室AB粤京挂警WJ·-*. \n👍🏽é", max_size=40)


def taken_by_wechat(type_: str, value: str) -> bool:
    try:
        return check_data([f"{type_}1"], {f"{type_}1": {"value": value}}) == {f"{type_}1": value}
    except Refused:
        return False


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.name)
def test_a_template_would_pass_the_review_of_wechat(template: Template) -> None:
    keys = [field.key for field in template.fields]
    assert len(set(keys)) == len(keys) <= 5
    assert [int(key[-1]) for key in keys] == list(range(1, len(keys) + 1))
    assert {field.type for field in template.fields} <= set(TYPES)
    for field in template.fields:
        assert re.fullmatch("[\u4e00-\u9fff]{1,5}", field.label), field.label


def test_there_are_eight_for_residents_and_one_for_staff() -> None:
    assert sum("mini" in template.channels for template in TEMPLATES.values()) == 8
    assert [name for name, template in TEMPLATES.items() if template.channels == ("service",)] == ["task"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(TEXT_TYPES), ANY_TEXT | LIKELY_TEXT, st.booleans())
def test_whatever_is_fitted_is_taken(type_: str, value: str, keep_end: bool) -> None:
    fitted = fit(type_, value, keep_end=keep_end)
    assert check(type_, fitted)
    assert taken_by_wechat(type_, fitted), fitted


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(TYPES), LIKELY_TEXT)
def test_what_our_rule_takes_wechat_takes(type_: str, value: str) -> None:
    if check(type_, value):
        assert taken_by_wechat(type_, value)
        if type_ != "name":
            assert fit(type_, value) == value.strip() or type_ not in ("thing", "car_number")


@given(st.integers(0, 9_999_999_999), st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 2)))  # noqa: DTZ001
def test_amounts_and_times_are_taken(fen: int, at: datetime) -> None:
    assert taken_by_wechat("amount", fit("amount", fen))
    assert taken_by_wechat("time", fit("time", at))
    assert taken_by_wechat("date", fit("date", at))


@pytest.mark.parametrize(
    ("type_", "value", "fitted"),
    [
        ("thing", "厨房\n漏水\t了", "厨房 漏水 了"),
        ("thing", "", "无"),
        ("thing", "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
        ("phrase", "暂缓·等配件", "暂缓等配件"),
        ("name", "张师傅", "张师傅"),
        ("name", "Zhang San 3", "Zhang San"),
        ("character_string", "BX20261122-00017", "BX20261122-00017"),
        ("amount", 123456, "1234.56元"),
        ("amount", 5, "0.05元"),
        ("amount", "¥12.50", "¥12.50"),
        ("time", NOON, "2026年11月22日 12:05"),
        ("time", "09:00~11:30", "09:00~11:30"),
        ("date", NOON, "2026年11月22日 12:05"),
        ("car_number", "粤a·d12345", "粤AD12345"),
        ("car_number", "粤A8Z888挂", "粤A8Z888挂"),
        ("number", "约 12.50 吨", "12.50"),
        ("phone_number", "139 0000 0000（家）", "139 0000 0000"),
    ],
)
def test_fit_says_what_was_meant(type_: str, value: str | int | datetime, fitted: str) -> None:
    assert fit(type_, value) == fitted


@pytest.mark.parametrize(
    ("type_", "value"), [("time", "明天下午"), ("time", "25:00"), ("date", "2026年13月1日"), ("amount", "一百元")]
)
def test_fit_never_lies(type_: str, value: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        fit(type_, value)


@pytest.mark.parametrize("fen", [-1, 100_000_000_000])
def test_an_amount_is_never_cut(fen: int) -> None:
    with pytest.raises(ValueError, match="amount"):
        fit("amount", fen)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("thing", "一" * 21),
        ("thing", "👍" * 11),
        ("thing", "a\nb"),
        ("thing", " "),
        ("phrase", "已接单1"),
        ("phrase", "已经转外单位"),
        ("name", "王*明"),
        ("name", "张三丰张三丰张三丰张三"),
        ("character_string", "工单1"),
        ("character_string", "1" * 33),
        ("car_number", "WJ京12345"),
        ("car_number", "粤AD123456"),
        ("amount", "12345678901"),
        ("time", "24:00"),
        ("number", "1e5"),
        ("letter", "a1"),
        ("symbol", "!!!!!!"),
        ("phone_number", "+86 139 0000 0000 1"),
        ("date", "今天"),
    ],
)
def test_both_rules_refuse(type_: str, value: str) -> None:
    assert not check(type_, value)
    assert not taken_by_wechat(type_, value)


def test_a_place_keeps_the_room() -> None:
    place = fit("thing", "幸福里一期南区12栋2单元1801室主卧卫生间", keep_end=True)
    assert place.endswith("2单元1801室主卧卫生间")
    assert units(place) == 20


@given(ANY_TEXT, st.integers(2, 30), st.booleans())
def test_cut_is_never_too_long(text: str, limit: int, keep_end: bool) -> None:
    assert units(cut(text, limit, keep_end=keep_end)) <= limit


def test_an_inner_chinese_plate_goes_into_the_place() -> None:
    values: dict[str, Value] = {"thing2": "地下二层消防通道旁", "thing3": "占用消防通道", "time4": NOON}
    plain = fill(TEMPLATES["move_car"], {"car_number1": "粤A12345", **values})
    police = fill(TEMPLATES["move_car"], {"car_number1": "WJ京12345", **values})
    assert plain["car_number1"]["value"] == "粤A12345"
    assert plain["thing2"]["value"] == "地下二层消防通道旁"
    assert police["thing2"]["value"] == "WJ京12345 地下二层消防通道旁"
    assert taken_by_wechat("car_number", police["car_number1"]["value"])


def test_a_missing_value_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        fill(TEMPLATES["progress"], {"thing3": "厨房"})
