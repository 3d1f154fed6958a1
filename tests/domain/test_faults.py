"""What is wrong with a field is said in Chinese, whoever asks, and never with what was typed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from models.domain.errors import ValidationFailed
from models.domain.forms import parse


class Colour(StrEnum):
    RED = "red"


class Sheet(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1)] = "x"
    text: Annotated[str, Field(min_length=5, max_length=8)] = "x" * 5
    few: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    stars: Annotated[int, Field(ge=1, le=5)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    colour: Colour = Colour.RED
    word: Literal["a"] = "a"
    yes: bool = True
    at: AwareDatetime | None = None
    plain: datetime | None = None
    day: date | None = None
    code: Annotated[str, Field(pattern=r"^\d+$")] = "1"
    odd: int = 1

    @field_validator("odd")
    @classmethod
    def is_odd(cls, odd: int) -> int:
        if odd % 2 == 0:
            raise ValueError("须为单数")
        return odd


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "请填写"),
        ("text", "Secr", "至少 5 个字"),
        ("text", "Secret" * 2, "不能超过 8 个字"),
        ("text", 7, "须为文字"),
        ("few", [], "至少 1 项"),
        ("few", [1, 2, 3], "最多 2 项"),
        ("few", "Secret", "须为列表"),
        ("stars", 0, "不能小于 1"),
        ("stars", 6, "不能大于 5"),
        ("stars", "Secret", "须为整数"),
        ("stars", 1.5, "须为整数"),
        ("share", 0, "须大于 0.0"),
        ("share", 1, "须小于 1.0"),
        ("share", "Secret", "须为数字"),
        ("colour", "Secret", "不在可选范围内"),
        ("word", "Secret", "不在可选范围内"),
        ("yes", "Secret", "须为是或否"),
        ("at", "Secret", "时间格式不正确"),
        ("at", "2026-11-27T08:00:00", "时间须带时区"),
        ("plain", "Secret", "时间格式不正确"),
        ("day", "Secret", "日期格式不正确"),
        ("code", "Secret", "格式不正确"),
        ("odd", 2, "须为单数"),
        ("Secret", 1, "没有这一项"),
    ],
)
def test_each_fault_has_its_words(field: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse(Sheet, {field: value})
    assert [(error["field"], error["message"]) for error in refused.value.errors] == [(f"form.{field}", said)]


def test_what_has_no_words_yet_is_still_chinese() -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse(Sheet, 7)
    assert [error["message"] for error in refused.value.errors] == ["填写有误"]
