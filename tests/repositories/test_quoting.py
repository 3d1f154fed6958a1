"""Whose word a quote needs, as the database knows it at that moment; and what is due, found by the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from models.domain.quotes import OWNER_ABOVE, Parties
from models.repositories import quoting
from models.repositories.direct import Direct
from tests.repositories.rows import filing, take_in


async def test_the_owner_of_the_moment_and_whether_the_reporter_is_of_age(
    direct: Direct, engine: Engine, number: str
) -> None:
    await take_in(direct, filing(number))
    with engine.connect() as conn:
        assert quoting.parties(conn, number) == Parties(owner="res_owner", limit=OWNER_ABOVE, reporter_of_age=True)
        conn.execute(text("UPDATE residents SET is_minor = true WHERE id = 'res_owner'"))
        assert not quoting.parties(conn, number).reporter_of_age
        conn.execute(text("UPDATE ties SET until = now() WHERE resident_id = 'res_owner'"))
        assert quoting.parties(conn, number).owner is None
        conn.rollback()


async def test_a_claim_is_outstanding_until_it_is_settled_and_then_of_its_day(
    direct: Direct, engine: Engine, number: str
) -> None:
    await take_in(direct, filing(number))
    begin = datetime(2026, 11, 22, tzinfo=UTC)
    day = (begin, begin + timedelta(days=1))
    with engine.begin() as conn:
        conn.execute(
            text("""UPDATE tasks SET kind = 'settle' WHERE number = :n"""),
            {"n": number},
        )
        conn.execute(
            text("""UPDATE work_orders SET state = jsonb_set(state, '{quote}', '{"total": 9000}') WHERE number = :n"""),
            {"n": number},
        )
    (claim,) = await quoting.outstanding(direct, ["com_a"])
    assert (claim["number"], claim["total"], claim["amount"]) == (number, 9_000, None)
    assert await quoting.outstanding(direct, ["com_b"]) == []
    with engine.begin() as conn:
        conn.execute(
            text("""UPDATE tasks SET closed_at = :at, outcome = 'received', closed_by = 'stf_tech',
                    form = '{"amount": 8000, "method": "cash", "receipt_no": "1"}' WHERE number = :n"""),
            {"n": number, "at": begin + timedelta(hours=23, minutes=59)},
        )
    (paid,) = await quoting.settled(direct, ["*"], *day)
    assert (paid["amount"], paid["method"], paid["by_account"]) == (8_000, "cash", "tech")
    assert await quoting.settled(direct, ["com_a"], day[1], day[1] + timedelta(days=1)) == []
    assert await quoting.outstanding(direct, ["*"]) == []
