"""Everything that a community's admin may set, with the defaults of `lifecycles.md`.

To add a setting, add one field to `Policy` with `_setting`: a default, the section of the settings page, a Chinese
title, a unit for money, shares and durations, and limits as `ge` and `le`. A plain one (bool, int, share, duration) is
then drawn by the settings page, carried by the API and named in the history of changes by itself. Read it as
`(await state.catalog.policy(state.direct, community_id)).the_field` in the API, and as
`policies.policy_of(conn, community_id).the_field` in activities and other transactions. Workflows and rules read no
policy: what they need is copied into the order when it is filed, as `terms_for` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models.domain.calendar import Holidays, Hours, Week, calendar_of
from models.domain.clocks import ClockName, Level, Levels, with_own_limits
from models.domain.errors import ValidationFailed
from models.domain.lifecycles import LIFECYCLES
from models.domain.numbers import CHINA
from models.domain.order import Priority
from models.domain.quiet_hours import QuietHours
from models.domain.terms import HOLD_WITHOUT_LEAD, LADDER, WARN_AT, Rung, Terms

_WORKDAY: Final = (Hours(8 * 60 + 30, 12 * 60), Hours(13 * 60 + 30, 18 * 60))
WEEK: Final = (*(_WORKDAY,) * 5, (), ())
"""Monday to Friday, eight hours."""

VISITORS_KNOWN_FOR: Final = timedelta(days=30)
"""Long enough to ask who was there; then only the count stays (`lifecycles.md` §5)."""

LONGEST_LEVEL: Final = timedelta(days=366)
"""The longest promise of any lifecycle is a renovation's year."""

RANGES_AT_MOST: Final = 30
"""Own days off and on. Every order carries those to come, so they have to stay few."""

RANGE_AT_MOST: Final = timedelta(days=60)


class Section(StrEnum):
    """Where on the settings page a setting stands."""

    CLOCKS = "clocks"
    CALENDAR = "calendar"
    PEOPLE = "people"
    MONEY = "money"
    QUALITY = "quality"


class Unit(StrEnum):
    """How a setting is typed. The API carries fen, shares and ISO 8601 durations."""

    YUAN = "yuan"
    PERCENT = "percent"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


def _setting(default: Any, section: Section, title: str, unit: Unit | None = None, **more: Any) -> Any:
    extra: dict[str, Any] = {"section": section.value, "unit": unit.value if unit else None}
    return Field(default=default, title=title, json_schema_extra=extra, **more)


class Promise(BaseModel):
    """One row of the table of service levels. The more of kind, category and priority it names, the more it counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(title="工单类型", examples=["repair"])
    category: str | None = Field(default=None, title="类别", examples=["lift"])
    priority: Priority = Field(title="紧急程度")
    clock: ClockName = Field(title="时限")
    limit: timedelta = Field(title="时长", gt=timedelta(0), le=LONGEST_LEVEL, examples=["PT30M", "P3D"])
    """Working days and hours, unless around the clock."""
    around_the_clock: bool = Field(default=False, title="全天候计时")

    @property
    def level(self) -> Level:
        return Level(limit=self.limit, around_the_clock=self.around_the_clock)


class DayRange(BaseModel):
    """Days in a row, both ends included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: date = Field(title="从")
    last: date = Field(title="到")
    name: str = Field(default="", title="名称", max_length=20)

    @model_validator(mode="after")
    def _in_order(self) -> DayRange:
        if not timedelta(0) <= self.last - self.first < RANGE_AT_MOST:
            raise ValueError("结束日期不能早于开始日期，一段最长 60 天")
        return self

    def days(self) -> Iterable[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


class Policy(BaseModel):
    """One community's settings. What the database holds and this version does not know is left out of account."""

    model_config = ConfigDict(frozen=True)

    promises: tuple[Promise, ...] = _setting((), Section.CLOCKS, "服务时限", max_length=500)
    """Only what differs from the lifecycles' own levels."""
    warn_at: float = _setting(WARN_AT, Section.CLOCKS, "时限用去多少时预警", Unit.PERCENT, ge=0.1, le=0.95)
    ladder: tuple[Rung, ...] = _setting(LADDER, Section.CLOCKS, "超时逐级上报", min_length=1, max_length=5)
    hold_without_lead: timedelta = _setting(
        HOLD_WITHOUT_LEAD, Section.CLOCKS, "挂起超过多久须主管同意", Unit.HOURS, ge=timedelta(hours=1), le=LONGEST_LEVEL
    )

    week: Week = _setting(WEEK, Section.CALENDAR, "上班时间")
    keeps_holidays: bool = _setting(True, Section.CALENDAR, "法定节假日休息，调休日上班")
    closures: tuple[DayRange, ...] = _setting((), Section.CALENDAR, "本小区停工日", max_length=RANGES_AT_MOST)
    open_days: tuple[DayRange, ...] = _setting((), Section.CALENDAR, "本小区加班日", max_length=RANGES_AT_MOST)
    quiet: QuietHours = _setting(QuietHours(), Section.CALENDAR, "免打扰时段")

    auto_assign: bool = _setting(False, Section.PEOPLE, "新工单自动派给合适的师傅")
    open_orders_at_most: int = _setting(30, Section.PEOPLE, "每人同时在手工单上限", ge=1, le=1000)
    """Three days' work of a quick technician, as long as a normal repair may take; an emergency does not ask for it."""
    sms: bool = _setting(True, Section.PEOPLE, "必须送达的通知在微信收不到时发短信（按条计费）")
    visitors_known_for: timedelta = _setting(
        VISITORS_KNOWN_FOR,
        Section.PEOPLE,
        "访客通行结束多久后抹去姓名、电话和车牌",
        Unit.DAYS,
        ge=timedelta(days=1),
        le=timedelta(days=365),
    )
    merge_window: timedelta = _setting(
        timedelta(hours=24),
        Section.PEOPLE,
        "多久之内的同类报修建议合并",
        Unit.HOURS,
        ge=timedelta(hours=1),
        le=timedelta(days=7),
    )
    quote_owner_above: int = _setting(
        50_000, Section.MONEY, "报价超过多少须业主本人确认", Unit.YUAN, ge=0, le=100_000_000
    )
    """In fen; up to it whoever reported may approve (`lifecycles.md`, "People")."""
    call_back_share: float = _setting(0.1, Section.QUALITY, "完成的报修抽查回访比例", Unit.PERCENT, ge=0, le=1)

    @field_validator("ladder")
    @classmethod
    def _climbs(cls, ladder: tuple[Rung, ...]) -> tuple[Rung, ...]:
        if any(higher.share <= lower.share for lower, higher in pairwise(ladder)):
            raise ValueError("每一级要比前一级更晚")
        return ladder

    @field_validator("week")
    @classmethod
    def _opens_some_day(cls, week: tuple[tuple[Hours, ...], ...]) -> tuple[tuple[Hours, ...], ...]:
        if not any(week):
            raise ValueError("一周至少有一天上班")
        return week


def levels_for(
    policy: Policy, kind: str, category: str, priority: Priority, own: Mapping[str, Mapping[str, int]]
) -> Levels:
    """What a new order of this kind, category and priority is promised.

    The lifecycle's levels, changed by the community's for all categories, then by the category's own limits for all
    communities (`own`: priority → clock → seconds), then by the community's for this category.
    """
    levels = dict(LIFECYCLES[kind].levels[priority])
    mine = [promise for promise in policy.promises if (promise.kind, promise.priority) == (kind, priority)]
    levels |= {promise.clock: promise.level for promise in mine if promise.category is None and promise.clock in levels}
    levels = with_own_limits(levels, own.get(priority, {}))
    return levels | {
        promise.clock: promise.level for promise in mine if promise.category == category and promise.clock in levels
    }


def terms_for(policy: Policy, holidays: Holidays, since: datetime, now: datetime) -> Terms:
    """Calendar and ladder for an order submitted at `since`, with the days off to the end of next year."""
    until = date(now.astimezone(CHINA).year + 1, 12, 31)
    if not policy.keeps_holidays:
        holidays = Holidays(off=frozenset(), worked=frozenset(), known_until=until)
    calendar = calendar_of(
        policy.week,
        holidays,
        closures=_days(policy.closures),
        opened=_days(policy.open_days),
        since=since.astimezone(CHINA).date(),
        until=until,
    )
    return Terms(
        calendar=calendar,
        warn_at=policy.warn_at,
        ladder=policy.ladder,
        hold_without_lead=policy.hold_without_lead,
        read_at=now,
    )


def _days(ranges: Iterable[DayRange]) -> frozenset[date]:
    return frozenset(day for days in ranges for day in days.days())


def refuse_unknown_promises(policy: Policy) -> None:
    """A promise for a clock that its kind of order does not have would never be kept. Raises ValidationFailed."""
    for index, promise in enumerate(policy.promises):
        lifecycle = LIFECYCLES.get(promise.kind)
        if lifecycle is None or promise.clock not in lifecycle.levels.get(promise.priority, {}):
            raise ValidationFailed("unknown_clock", field=f"promises.{index}.clock")
