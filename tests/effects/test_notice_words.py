"""Every notice that the rules know has its Chinese, and every message that is made of it is one that WeChat takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain import notice_words, words
from models.domain.lifecycles.repair import REPAIR
from models.domain.notice_words import Subject
from models.domain.numbers import CHINA
from models.domain.quiet_hours import QuietHours
from models.domain.templates import TEMPLATES, check, units
from models.domain.texts import TEXTS, VALUE_LENGTH

TO_RESIDENTS = sorted(
    {*REPAIR.told_on_entering.values(), *REPAIR.templates, "reminder", "replied", "resumed", "lowered"}
)
TO_STAFF = ["new_task", "urged", "urged_often", "reporter_replied", "warned", "breached", "taken_away", "amended"]
TO_STAFF += ["order_cancelled", "low_rating", "resumed"]

moments = st.integers(1_577_836_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
texts = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60)
"""Whatever a catalogue or a map may hold; intake lets no control characters in."""
subjects = st.builds(
    Subject,
    number=st.just("BX20261122-00017"),
    kind=st.sampled_from(sorted(words.KINDS)),
    stage=st.sampled_from(sorted(words.STAGES)),
    place=texts,
    category=texts,
    at=moments,
    urgent=st.booleans(),
    staff=st.none() | texts,
    due_at=st.none() | moments,
    hold_reason=st.none() | st.sampled_from(sorted(words.HOLD_REASONS)),
)
some_facts = st.fixed_dictionaries(
    {},
    optional={
        "task_kind": st.sampled_from(sorted(words.TASKS)),
        "count": st.integers(1, 99),
        "clock": st.sampled_from(sorted(words.CLOCKS)),
    },
)


def subject(**changed: object) -> Subject:
    facts = {"number": "BX20261122-00017", "kind": "repair", "stage": "accepted", "place": "1栋1单元101室"}
    at = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    return Subject.model_validate({**facts, "category": "水暖", "at": at, "staff": "张伟", **changed})


@pytest.mark.parametrize("kind", sorted({*TO_RESIDENTS, *TO_STAFF}))
def test_every_kind_has_a_title_and_a_sentence(kind: str) -> None:
    assert kind in notice_words.TITLES
    said = notice_words.sentence(kind, subject(), {"task_kind": "carry_out", "count": 2, "clock": "finish"})
    assert "1栋1单元101室" in said
    assert "水暖" in said
    assert "{" not in said


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("held", {"because": "weather"}, "您在1栋1单元101室的水暖报修暂缓处理（等天气）。"),
        ("closed", {}, "1栋1单元101室的水暖报修已完成，欢迎评价。"),
        ("closed", {"rated": True}, "1栋1单元101室的水暖报修已完成，感谢您的评价。"),
    ],
)
def test_a_sentence_fits_the_moment_of_which_it_tells(kind: str, facts: dict[str, object], said: str) -> None:
    assert notice_words.sentence(kind, subject(), facts) == said


@given(
    kind=st.sampled_from(sorted({*TO_RESIDENTS, *TO_STAFF})),
    template=st.sampled_from(["progress", "your_turn", "finished", "task", "visitor"]),
    about=subjects,
    facts=some_facts,
)
def test_every_message_is_one_that_wechat_takes(
    kind: str, template: str, about: Subject, facts: dict[str, object]
) -> None:
    data = notice_words.message(template, kind, about, facts)
    fields = {field.key: field.type for field in TEMPLATES[template].fields}
    assert data.keys() == fields.keys()
    assert {key: value["value"] for key, value in data.items() if not check(fields[key], value["value"])} == {}


@given(
    text=st.sampled_from(sorted(TEXTS)), about=subjects, plate=st.none() | st.sampled_from(["沪A12345", "WJ京12345"])
)
def test_every_sms_is_one_that_the_provider_takes(text: str, about: Subject, plate: str | None) -> None:
    said = about.model_copy(update={"plate": plate, "obstacle": "fire_lane"})
    parameters = notice_words.text_parameters(text, "car_in_the_way", said, {"total": 35_000})
    assert len(parameters) == len(TEXTS[text].values)
    assert all(0 < units(value) <= VALUE_LENGTH for value in parameters)


def test_no_template_to_one_side_has_room_for_the_other() -> None:
    """The car's user reads plate, place and reason; whoever asked reads that somebody comes. Nobody reads a person."""
    fields = {field.type for field in TEMPLATES["move_car"].fields}
    assert fields == {"car_number", "thing", "time"}
    about = subject(kind="move_car", place="大门", plate="沪A12345", staff="张伟", obstacle="exit")
    said = [*notice_words.text_parameters("move_car", "car_in_the_way", about, {})]
    said += notice_words.text_parameters("move_visitors_car", "visitors_car_in_the_way", about, {})
    asked = ("car_in_the_way", "visitors_car_in_the_way")
    for kind in (*asked, "minutes_promised", "guard_sent", "car_moved", "police_told", "ask_again"):
        said += [value["value"] for value in notice_words.message("move_car", kind, about, {}).values()]
        said.append(notice_words.sentence(kind, about, {}))
    assert not {mark for mark in ("张", "138", "室", "demo-") if mark in "".join(said)}
    values = {value for text in TEXTS.values() for value in text.values}
    assert values == {"number", "amount", "plate", "place", "obstacle", "category"}


@pytest.mark.parametrize("kind", ["minutes_promised", "guard_sent", "car_moved", "police_told", "ask_again"])
def test_whoever_waits_reads_the_same_of_a_visitors_car(kind: str) -> None:
    about = subject(kind="move_car", place="大门", plate="沪A12345", obstacle="exit", visitor="王小明")
    message = notice_words.message("move_car", kind, about, {})
    assert message == notice_words.message("move_car", kind, about.model_copy(update={"visitor": None}), {})
    assert "访客" not in notice_words.sentence(kind, about, {}) + notice_words.title(kind) + str(message)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王小明", "王小明"), ("John O'Neil", "John O'Neil"), ("王 John", "王"), ("🙂", "无"), (None, "访客")],
)
def test_a_visitors_name_is_one_that_wechat_takes(name: str | None, shown: str) -> None:
    data = notice_words.message("visitor", "walk_in_waits", subject(kind="visitor", visitor=name), {})
    assert (data["name1"]["value"], check("name", shown)) == (shown, True)


def test_a_message_says_who_comes_and_keeps_the_room() -> None:
    where = "幸福里花园东区二期商住楼12栋3单元1801室"
    data = notice_words.message("progress", "accepted", subject(place=where), {})
    assert data["name4"]["value"] == "张师傅"
    assert data["phrase2"]["value"] == "已接单"
    assert data["thing3"]["value"].endswith("3单元1801室")
    assert data["time5"]["value"] == "2026年11月22日 09:30"


@pytest.mark.parametrize(
    ("name", "short"),
    [("张伟", "张师傅"), ("欧阳明", "欧阳师傅"), ("司马", "司师傅"), (None, "物业客服"), ("", "物业客服")],
)
def test_staff_are_named_by_surname(name: str | None, short: str) -> None:
    assert notice_words.short_name(name) == short


def china(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("at", "quiet"),
    [(china(20, 59), False), (china(21), True), (china(0), True), (china(7, 59), True), (china(8), False)],
)
def test_quiet_hours(at: datetime, quiet: bool) -> None:
    assert QuietHours().cover(at) is quiet
    assert QuietHours().cover(at.astimezone(UTC)) is quiet


def test_the_night_s_reminders_are_spread_over_ten_minutes_of_the_next_morning() -> None:
    woken = [QuietHours().end_after(china(22), f"notice-{index}") for index in range(300)]
    assert {moment.date().day for moment in woken} == {23}
    minutes = [moment.minute for moment in woken if moment.hour == 8]
    assert len(minutes) == 300
    assert (min(minutes), max(minutes)) == (0, 9)
    assert QuietHours().end_after(china(3), "x").date().day == 22
    assert QuietHours().end_after(china(22), "x") == QuietHours().end_after(china(23), "x")
