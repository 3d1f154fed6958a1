"""Who lives and works in the measured community. They log in without passwords: their tokens are made here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from api.security import OwnerTokens, session_hash
from settings import Settings

COMMUNITY: Final = "com_bench"
CATEGORY: Final = "bench"
OWNERS: Final = 700
"""With 35 000 orders, fifty each: a house that has been lived in for a few years."""

COLLECTOR: Final = "res_bench_all"
"""The owner who has filed as many orders as all others together."""

TECHNICIANS: Final = 16
TOKEN_SECONDS: Final = 24 * 3600


def owner_id(number: int) -> str:
    return f"res_bench_{number:04d}"


def house_id(number: int) -> str:
    return f"hse_bench_{number:04d}"


def technician(number: int) -> str:
    """Their account; `stf_<account>` is their id."""
    return f"bench-tech{number % TECHNICIANS}"


@dataclass(frozen=True)
class Tokens:
    """What each of them sends along."""

    settings: Settings

    def owner(self, number: int) -> str:
        return self.resident(owner_id(number % OWNERS))

    def resident(self, resident_id: str) -> str:
        return OwnerTokens(self.settings.required("token_secret"), TOKEN_SECONDS).issue(resident_id)

    @staticmethod
    def staff(account: str) -> str:
        """The session that `settle` has opened for them."""
        return f"bench-session-of-{account}"


def settle(conn: Connection) -> None:
    """Write them all down: one building, a house per owner, one dispatcher and the technicians."""
    values = {"community": COMMUNITY, "category": CATEGORY, "owners": OWNERS, "collector": COLLECTOR}
    for statement in _PLACES_AND_RESIDENTS:
        conn.execute(text(statement), values)
    _hire(conn, "bench-dispatcher", "dispatcher", "service")
    for number in range(TECHNICIANS):
        _hire(conn, technician(number), "technician", "engineering")


_PLACES_AND_RESIDENTS: Final = (
    "INSERT INTO communities (id, code, name, duty_phone) VALUES (:community, 'bench', '测速苑', '12345678')",
    """INSERT INTO buildings (id, community_id, name, units, floors)
       VALUES ('bld_bench', :community, '1栋', 1, 99)""",
    """INSERT INTO categories (kind, code, title, skill, place, sort, questions, levels)
       VALUES ('repair', :category, '水电', 'water', 'both', 99, '[]', '{}')""",
    """INSERT INTO houses (id, community_id, building_id, unit, floor, label, kind, status)
       SELECT 'hse_bench_' || lpad(n::text, 4, '0'), :community, 'bld_bench', '1', n / 10,
              '1栋1单元' || n || '室', 'residence', 'occupied'
       FROM generate_series(0, CAST(:owners AS integer)) AS n""",
    """INSERT INTO residents (id, name, is_minor, created_at)
       SELECT 'res_bench_' || lpad(n::text, 4, '0'), '业主' || n, false, now()
       FROM generate_series(0, CAST(:owners AS integer) - 1) AS n
       UNION ALL SELECT :collector, '业主', false, now()""",
    """INSERT INTO ties (id, resident_id, house_id, kind, since)
       SELECT 'tie_bench_' || lpad(n::text, 4, '0'),
              CASE WHEN n < :owners THEN 'res_bench_' || lpad(n::text, 4, '0') ELSE :collector END,
              'hse_bench_' || lpad(n::text, 4, '0'), 'owner', now() - interval '9 years'
       FROM generate_series(0, CAST(:owners AS integer)) AS n""",
)


def _hire(conn: Connection, account: str, role: str, team: str) -> None:
    now = datetime.now(UTC)
    values = {
        "id": f"stf_{account}",
        "account": account,
        "roles": [role],
        "team": team,
        "community": COMMUNITY,
        "hash": session_hash(Tokens.staff(account)),
        "now": now,
        "later": now + timedelta(seconds=TOKEN_SECONDS),
    }
    for statement in _STAFF:
        conn.execute(text(statement), values)


_STAFF: Final = (
    """INSERT INTO staff (id, account, name, password_hash, team, roles, skills, active, on_duty)
       VALUES (:id, :account, '张师傅', '', :team, :roles, '{}', true, true)""",
    "INSERT INTO staff_scopes (staff_id, community_id) VALUES (:id, :community)",
    """INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at)
       VALUES (:hash, :id, :now, :later)""",
)
