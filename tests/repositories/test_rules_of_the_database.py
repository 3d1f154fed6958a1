"""What the database itself refuses, whatever a program believes."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

TIE = "INSERT INTO ties (id, resident_id, house_id, kind, since, lease_until) VALUES "


@pytest.fixture(autouse=True)
def _more_residents(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(
            text(
                "INSERT INTO residents (id, name, is_minor, created_at)"
                " VALUES ('res_b', '李雷', false, now()), ('res_c', '韩梅', false, now()) ON CONFLICT DO NOTHING"
            )
        )


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (TIE + "('t1', 'res_b', 'hse_1', 'owner', now(), NULL)", "uq_ties_one_owner"),
        (TIE + "('t2', 'res_owner', 'hse_1', 'family', now(), NULL)", "uq_ties_open"),
        (TIE + "('t3', 'res_b', 'hse_1', 'tenant', now(), NULL)", "ck_ties_lease"),
        (TIE + "('t4', 'res_b', 'hse_1', 'friend', now(), NULL)", "ck_ties_kind"),
        ("INSERT INTO wechat_credits (openid, template, credits) VALUES ('o', 't', -1)", "ck_wechat_credits_credits"),
        ("UPDATE staff SET account = 'tech' WHERE account = 'tech2'", "uq_staff_account"),
        ("DELETE FROM communities WHERE id = 'com_a'", "fk_"),
    ],
)
def test_refused(engine: Engine, statement: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), engine.begin() as conn:
        conn.execute(text(statement))


def test_a_house_changes_hands(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(text("UPDATE ties SET until = now() WHERE house_id = 'hse_1' AND kind = 'owner'"))
        conn.execute(text(TIE + "('t5', 'res_b', 'hse_1', 'owner', now(), NULL)"))
        conn.execute(text(TIE + "('t6', 'res_c', 'hse_1', 'tenant', now(), '2030-01-01')"))
        conn.rollback()
