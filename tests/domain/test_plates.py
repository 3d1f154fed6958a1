"""Every format of plate is read, however it was typed; what is no plate is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.errors import ValidationFailed
from models.domain.plates import Plate, PlateKind, normal, plate_of

PLATES = {
    "京A12345": PlateKind.ORDINARY,
    "沪C8V168": PlateKind.ORDINARY,
    "粤B8K9Z2": PlateKind.ORDINARY,
    "京O12345": PlateKind.ORDINARY,
    "琼E00001": PlateKind.ORDINARY,
    "浙AD12345": PlateKind.NEW_ENERGY,
    "沪ADB1234": PlateKind.NEW_ENERGY,
    "粤BF98765": PlateKind.NEW_ENERGY,
    "京AK00123": PlateKind.NEW_ENERGY,
    "苏E12345D": PlateKind.NEW_ENERGY,
    "粤B00012F": PlateKind.NEW_ENERGY,
    "冀B1234挂": PlateKind.TRAILER,
    "鲁QK88P挂": PlateKind.TRAILER,
    "浙A1234学": PlateKind.LEARNER,
    "京A0001警": PlateKind.POLICE,
    "沪O123B警": PlateKind.POLICE,
    "使014578": PlateKind.EMBASSY,
    "224578使": PlateKind.EMBASSY,
    "沪A0023领": PlateKind.CONSULATE,
    "粤A1234领": PlateKind.CONSULATE,
    "粤Z1234港": PlateKind.HONG_KONG,
    "粤ZF023港": PlateKind.HONG_KONG,
    "粤ZAB12澳": PlateKind.MACAU,
    "军A12345": PlateKind.ARMY,
    "海K00123": PlateKind.ARMY,
    "南V54321": PlateKind.ARMY,
    "WJ京12345": PlateKind.ARMED_POLICE,
    "WJ沪1234X": PlateKind.ARMED_POLICE,
    "WJ12345": PlateKind.ARMED_POLICE,
    "WJ粤0001消": PlateKind.ARMED_POLICE,
    "京X1234应急": PlateKind.RESCUE,
    "民航A0001": PlateKind.AVIATION,
}

TYPED = {
    "京a12345": "京A12345",
    " 京A·12345 ": "京A12345",
    "沪ＡＤ１２３４５": "沪AD12345",
    "粤b - f98765": "粤BF98765",
    "苏E　12345d": "苏E12345D",
    "粤Z·F023·港": "粤ZF023港",
    "wj·京·1234x": "WJ京1234X",
}

NO_PLATES = [
    "",
    "京",
    "京A1234",
    "京A123456",
    "A12345",
    "京I12345",
    "京AI2345",
    "京AO2345",
    "浙AL12345",
    "浙A1234挂学",
    "粤Y1234港",
    "使12345",
    "军12345",
    "WJ京123456",
    "港A12345",
    "京A12345" * 5,
    "京A1234\n5; DROP TABLE",
]


@pytest.mark.parametrize(("text", "kind"), PLATES.items())
def test_a_plate_is_known_by_its_form(text: str, kind: PlateKind) -> None:
    assert plate_of(text) == Plate(text, kind)


@pytest.mark.parametrize(("typed", "text"), TYPED.items())
def test_a_plate_is_read_however_it_was_typed(typed: str, text: str) -> None:
    assert plate_of(typed).text == text


@pytest.mark.parametrize("typed", NO_PLATES)
def test_what_is_no_plate_is_refused_by_field(typed: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        plate_of(typed, "vehicle.plate")
    assert refused.value.errors[0]["field"] == "vehicle.plate"


@given(st.sampled_from(sorted(PLATES)), st.lists(st.sampled_from([" ", "·", "-", "　", "."]), max_size=12), st.data())
def test_dots_spaces_case_and_width_change_nothing(text: str, noise: list[str], data: st.DataObject) -> None:
    typed = list(text.lower() if data.draw(st.booleans()) else text)
    for sign in noise:
        typed.insert(data.draw(st.integers(0, len(typed))), sign)
    wide = "".join(chr(ord(c) + 0xFEE0) if data.draw(st.booleans()) and "!" <= c <= "~" else c for c in typed)
    assert plate_of(wide) == Plate(text, PLATES[text])


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(typed: str) -> None:
    try:
        plate = plate_of(typed)
    except ValidationFailed:
        return
    assert plate_of(plate.text) == plate
    assert normal(plate.text) == plate.text
