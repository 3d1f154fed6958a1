"""What a person fills in to complete a task. One model per outcome; its JSON Schema goes out with the task.

Fields marked with the formats `staff`, `witness` and `photo` are references: clients send a staff account or photo ids,
the gateway replaces them by ids that it has looked up, so a workflow never trusts a reference of a client's.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.domain import faults
from models.domain.errors import ValidationFailed

Reason = Annotated[str, Field(title="原因", min_length=2, max_length=200)]
StaffRef = Annotated[str, Field(title="人员", min_length=1, max_length=64, json_schema_extra={"format": "staff"})]
OrderRef = Annotated[str, Field(title="工单号", min_length=1, max_length=32, json_schema_extra={"format": "order"})]
PhotoRef = Annotated[str, Field(min_length=1, max_length=64, json_schema_extra={"format": "photo"})]
Photos = Annotated[tuple[PhotoRef, ...], Field(title="照片", max_length=9)]
ACCOUNTS: Final = ("staff", "witness")
"""Formats of a staff account: somebody to be given work, or anybody of the staff."""

Stars = Annotated[int, Field(ge=1, le=5)]


Model = TypeVar("Model", bound=BaseModel)


class Form(BaseModel):
    """Base of all forms: unknown fields are refused, so that a misspelt one is never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Nothing(Form):
    """An outcome that needs no words."""


class Because(Form):
    reason: Reason


class Assigned(Form):
    staff: StaffRef


class Merged(Form):
    """It is about the same fault as another order, and follows it from now on."""

    primary: OrderRef = Field(title="主单单号")


class Window(Form):
    """A time that was agreed on. `until` is after `start`."""

    start: AwareDatetime = Field(alias="from", title="开始")
    until: AwareDatetime = Field(alias="to", title="结束")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.until <= self.start:
            raise ValueError("结束时间必须晚于开始时间")
        return self


class Accepted(Form):
    appointment: Window | None = Field(default=None, title="预约上门时间")


class Proposed(Form):
    appointment: Window = Field(title="上门时间")


class OtherTime(Form):
    """The proposed time does not suit; the reporter wishes another."""

    appointment: Window = Field(title="希望的时间")


class Finished(Form):
    report: str = Field(title="处理说明", min_length=2, max_length=1000)
    photo_ids: Photos = ()
    temporary: bool = Field(default=False, title="临时处理，仍需彻底维修")


class Stated(Form):
    """Three stars and, if wanted, a sentence."""

    result: Stars = Field(title="效果")
    speed: Stars = Field(title="速度")
    manner: Stars = Field(title="态度")
    text: str | None = Field(default=None, title="评语", max_length=500)

    @property
    def lowest(self) -> int:
        return min(self.result, self.speed, self.manner)


class Fixed(Form):
    rating: Stated | None = Field(default=None, title="评价")


class NotFixed(Form):
    reason: Reason
    photo_ids: Photos = ()


class OnBehalfChannel(StrEnum):
    PHONE = "phone"
    COUNTER = "counter"
    PAPER = "paper"


class OnBehalf(Form):
    """How a reporter's word reached the clerk who records it."""

    channel: OnBehalfChannel
    note: str = Field(min_length=2, max_length=200)
    photo_ids: Photos = ()


def parse(model: type[Model], data: Any, prefix: str = "form") -> Model:
    """Raises ValidationFailed naming each wrong field as `form.report`, or as `report` without a prefix."""
    if data == {} and (lacking := _lacking(model, prefix)):
        raise ValidationFailed(errors=lacking)
    return _parsed(model, data, prefix)


@cache
def _lacking(model: type[BaseModel], prefix: str) -> list[dict[str, str]]:
    """What is wrong with an empty form. To find a person's buttons it is tried for every outcome there is."""
    try:
        _parsed(model, {}, prefix)
    except ValidationFailed as refusal:
        return refusal.errors
    return []


def _parsed(model: type[Model], data: Any, prefix: str) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise invalid(error, prefix) from None


def invalid(error: ValidationError, prefix: str = "") -> ValidationFailed:
    """A typed refusal from pydantic's own error, without repeating what the person typed."""
    return ValidationFailed(
        errors=[
            {
                "field": ".".join(str(part) for part in ((prefix,) if prefix else ()) + tuple(item["loc"])),
                "message": faults.in_words(item),
                "type": item["type"],
            }
            for item in error.errors(include_url=False, include_input=False)
        ]
    )


def references(model: type[BaseModel], data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield `(format, field, value)` for every reference in the data, in the order of the fields."""
    for field, names in _naming_fields(model):
        value = data.get(field)
        if value is None:
            continue
        if names in ACCOUNTS:
            yield names, field, value
        elif isinstance(value, list | tuple):
            yield from (("photo", field, photo) for photo in value)


@cache
def _naming_fields(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """The fields that name staff or photos. Drawing a schema takes a millisecond, and it never changes."""
    formats = {
        field: schema.get("format") or schema.get("items", {}).get("format")
        for field, schema in model.model_json_schema()["properties"].items()
    }
    return tuple((field, names) for field, names in formats.items() if names in (*ACCOUNTS, "photo"))


def as_json(form: BaseModel) -> dict[str, Any]:
    """A form as it travels and rests: JSON types only, absent fields left out."""
    return form.model_dump(mode="json", exclude_none=True, by_alias=True)
