"""What is called back, and whom a complaint of a superior passes over."""

from __future__ import annotations

import pytest

from models.domain.complaints import Complaint, Matter, Subject, called_back
from models.domain.people import Role


def test_every_complaint_is_called_back_and_every_tenth_suggestion() -> None:
    serials = range(1, 101)
    assert all(called_back(Matter.COMPLAINT, serial) for serial in serials)
    assert [serial for serial in serials if called_back(Matter.SUGGESTION, serial)] == list(range(10, 101, 10))


@pytest.mark.parametrize("subject", [None, Role.TECHNICIAN, Role.LEAD, Role.MANAGER, Role.QUALITY])
@pytest.mark.parametrize("role", Role)
def test_nobody_is_told_of_what_is_said_about_them(subject: Role | None, role: Role) -> None:
    ladder = (Role.LEAD, Role.MANAGER, Role.QUALITY)
    complaint = Complaint(matter=Matter.COMPLAINT, subject=Subject(kind="staff", id="stf_x", role=subject))
    told = complaint.above(role)
    if role not in ladder:
        assert told is role, "it decides nothing"
    else:
        above = ladder.index(told)
        assert above >= ladder.index(role)
        assert told is not subject or told is Role.QUALITY, "above quality there is nobody"
