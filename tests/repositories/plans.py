"""How much Postgres reads for a statement that is planned once for all values, as on our connections, or for these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Engine

from models.repositories.direct import Direct, Numbered


class Noting(Direct):
    """Notes what it is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url, 1)
        self.asked: list[tuple[Numbered, dict[str, Any]]] = []

    async def rows(self, statement: Numbered, values: Any) -> Any:
        self.asked.append((statement, dict(values)))
        return await super().rows(statement, values)


async def rows_read(url: str, engine: Engine, ask: Callable[[Direct], Awaitable[Any]]) -> float:
    """How many rows of tables and indexes the one statement of `ask` looks at, those included that it throws away."""
    noting = Noting(url)
    await ask(noting)
    await noting.close()
    ((statement, values),) = noting.asked
    return looked_at(explained(engine, statement.sql, [values[name] for name in statement.names]))


def explained(engine: Engine, sql: str, values: list[Any]) -> dict[str, Any]:
    """The plan as it was carried out; whatever it wrote is taken back."""
    with engine.connect() as conn:
        conn.exec_driver_sql(f"PREPARE the_statement AS {sql}")
        given = f"({', '.join(['%s'] * len(values))})" if values else ""
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE the_statement{given}"
        ((plans,),) = conn.exec_driver_sql(explain, tuple(values)).all()
        conn.rollback()
        conn.exec_driver_sql("DEALLOCATE the_statement")
        plan: dict[str, Any] = plans[0]["Plan"]
        return plan


def looked_at(plan: dict[str, Any]) -> float:
    thrown_away = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    own = (plan["Actual Rows"] + thrown_away) * plan["Actual Loops"] if "Relation Name" in plan else 0
    return float(own + sum(looked_at(part) for part in plan.get("Plans", ())))
