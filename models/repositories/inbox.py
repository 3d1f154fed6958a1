"""The inbox: boxes of open tasks, read along indexes that keep them in the order in which they are shown.

A *shelf* is a stretch of such an index, whose tasks stand in the order of the box: what, of one community and one kind
of order, one person holds (`ix_tasks_held`) or the same roles see (`ix_tasks_waiting`). A box is some shelves. Those
that exist are found by hopping from each to the next, and none is read further than the page goes; so a page costs the
same however much lies in the box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.domain.order import LAST_RANK
from models.domain.rounds import PATROL
from models.repositories import rounds
from models.repositories.direct import Direct, numbered
from models.repositories.reading import EXISTS_FOR_ME, IN_MY_BUILDINGS, READS_WORDS, SUMMARY_CHARACTERS, Onlooker

Row = dict[str, Any]

COUNTED_AT_MOST: Final = 1000
"""A box is counted no further: it is read as far as it is counted, and nobody plans by how much more it is."""


class TaskKey(NamedTuple):
    """Where the inbox goes on. `due` is the text of a timestamp, `infinity` for a task without one."""

    rank: int
    due: str
    id: str


# -- shelves ----------------------------------------------------------------------------------------------------------

DUE: Final = "coalesce(t.due_at, 'infinity'::timestamptz)"

IS_HELD: Final = "t.closed_at IS NULL AND t.holder_id IS NOT NULL"
IS_WAITING: Final = "t.closed_at IS NULL AND (t.holder_id IS NULL OR t.also_seen_by <> '{}'::varchar[])"
"""What the two indexes hold; Postgres looks into them for nothing that does not say so."""


def _held_by(name: str, people: str) -> str:
    """The shelves of these people `p`, whatever the community."""
    return f"""
    {name} AS (
        SELECT p.id AS holder_id, s.community_id, s.order_kind FROM {people} CROSS JOIN LATERAL (
            SELECT t.community_id, t.order_kind FROM tasks t WHERE {IS_HELD} AND t.holder_id = p.id
            ORDER BY t.community_id, t.order_kind LIMIT 1) s
        UNION ALL
        SELECT h.holder_id, s.community_id, s.order_kind FROM {name} h CROSS JOIN LATERAL (
            SELECT t.community_id, t.order_kind FROM tasks t WHERE {IS_HELD} AND t.holder_id = h.holder_id
                AND (t.community_id, t.order_kind) > (h.community_id, h.order_kind)
            ORDER BY t.community_id, t.order_kind LIMIT 1) s
    )"""  # noqa: S608 - only constants of this module are put in


SHELVES: Final = f"""{_held_by("mine", "unnest(CAST(:me AS text[])) AS p(id)")},
    {_held_by("my_teams", "(SELECT id FROM staff WHERE team = :team) p")},
    waiting AS (
        SELECT s.* FROM unnest(CAST(:communities AS text[])) AS c(id) CROSS JOIN LATERAL (
            SELECT t.community_id, t.order_kind, t.holder_id IS NULL AS free, t.roles, t.also_seen_by FROM tasks t
            WHERE {IS_WAITING} AND t.community_id = c.id
            ORDER BY t.order_kind, t.holder_id IS NULL, t.roles, t.also_seen_by LIMIT 1) s
        UNION ALL
        SELECT s.* FROM waiting w CROSS JOIN LATERAL (
            SELECT t.community_id, t.order_kind, t.holder_id IS NULL AS free, t.roles, t.also_seen_by FROM tasks t
            WHERE {IS_WAITING} AND t.community_id = w.community_id
                AND (t.order_kind, t.holder_id IS NULL, t.roles, t.also_seen_by)
                    > (w.order_kind, w.free, w.roles, w.also_seen_by)
            ORDER BY t.order_kind, t.holder_id IS NULL, t.roles, t.also_seen_by LIMIT 1) s
    )"""  # noqa: S608 - only constants of this module are put in
"""All of them. They are few: a person works in a community or two, and a handful of roles wait for each other there."""

IN_REACH: Final = f"""(SELECT (coalesce(t.holder_id = ANY(CAST(:me AS text[])), false) OR {IN_MY_BUILDINGS})
    AND {EXISTS_FOR_ME} FROM work_orders w WHERE w.number = t.number)"""  # noqa: S608 - only constants are put in
"""Work that lies with somebody is theirs to see in every building. As a question about each task, so that Postgres can
do nothing but look the order up.
"""


class Shelves(NamedTuple):
    """Some shelves `s`, and what of a task `t` says that it stands on one."""

    of: str
    holds: str


HELD: Final = f"""{IS_HELD} AND t.holder_id = s.holder_id AND t.community_id = s.community_id
    AND t.order_kind = s.order_kind"""
WAITING: Final = f"""{IS_WAITING} AND t.community_id = s.community_id AND t.order_kind = s.order_kind
    AND (t.holder_id IS NULL) = s.free AND t.roles = s.roles AND t.also_seen_by = s.also_seen_by"""

BOXES: Final[Mapping[str, Sequence[Shelves]]] = {
    "mine": [Shelves("SELECT * FROM mine WHERE community_id = ANY(CAST(:communities AS text[]))", HELD)],
    "pool": [
        Shelves(
            """SELECT * FROM waiting
               WHERE free AND roles && CAST(:roles AS varchar[]) OR also_seen_by && CAST(:roles AS varchar[])""",
            WAITING,
        )
    ],
    "team": [
        Shelves("SELECT * FROM my_teams WHERE community_id = ANY(CAST(:communities AS text[]))", HELD),
        Shelves(
            """SELECT * FROM waiting
               WHERE free AND roles && ARRAY(SELECT unnest(m.roles) FROM staff m WHERE m.team = :team AND m.active)""",
            WAITING,
        ),
    ],
}
"""Mine: I hold it, or somebody for whom I act. Pool: nobody does and my role may, or my role sees it as well. Team: my
team holds it or may. No task is on two shelves of a box.
"""


def _tasks(box: str, what: str, narrower: str) -> str:
    """`what` of the tasks of a box, of each shelf what is asked for by `narrower`: more conditions, order and limit."""
    each = """SELECT task.* FROM ({of}) s CROSS JOIN LATERAL (
        SELECT {what} FROM tasks t WHERE {holds} AND {reach} {narrower}) task"""
    return " UNION ALL ".join(
        each.format(of=of, what=what, holds=holds, reach=IN_REACH, narrower=narrower) for of, holds in BOXES[box]
    )


# -- a page -----------------------------------------------------------------------------------------------------------

TASK_KEYS: Final = f"t.id, t.number, t.rank AS sort_rank, {DUE} AS sort_due"

PATROL_KEYS: Final = f"p.id, NULL AS number, {LAST_RANK} AS sort_rank, p.due_at AS sort_due"
"""A walk is like a task of a usual order that nobody has urged."""


async def inbox(
    db: Direct,
    box: str,
    *,
    me: Sequence[str],
    roles: Sequence[str],
    team: str,
    communities: Sequence[str],
    narrowed: Sequence[str] = (),
    buildings: Sequence[str] = (),
    onlooker: Onlooker,
    kind: str | None = None,
    after: TaskKey | None = None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """Open tasks of one box, with what is shown of their orders, and the walks that are due. `kind` is a kind of order,
    or `PATROL`; `communities` are named one by one.

    What is null of the other sort has come of the outer joins. Raises KeyError for a box that does not exist.
    """
    values: Row = {
        "communities": list(communities),
        "narrowed": list(narrowed),
        "buildings": list(buildings),
        "me": list(me),
        "limit": limit,
        "roles": list(roles),
        "team": team,
    } | onlooker.values()
    of_kind = later = walks_later = ""
    if kind not in (None, PATROL):
        of_kind = "AND t.order_kind = :kind"
        values["kind"] = kind
    if after is not None:
        beyond = "> (:rank, CAST(CAST(:due AS text) AS timestamptz), :after_id)"
        later, walks_later = f"AND (t.rank, {DUE}, t.id) {beyond}", f"AND ({LAST_RANK}, p.due_at, p.id) {beyond}"
        values |= after._asdict() | {"after_id": after.id}
    tasks = _tasks(box, TASK_KEYS, f"{of_kind} {later} ORDER BY t.rank, {DUE}, t.id LIMIT :limit")
    walks = f"""SELECT {PATROL_KEYS} FROM patrols p
        WHERE {rounds.DUE_FOR_ME} AND {rounds.DUE_IN_BOX[box]} {walks_later}"""  # noqa: S608 - only constants are put in
    sorts = [walks] if kind == PATROL else [tasks] if kind is not None else [tasks, walks]
    sql = f"""
        WITH RECURSIVE {SHELVES}, first AS (
            {" UNION ALL ".join(sorts)} ORDER BY sort_rank, sort_due, id LIMIT :limit)
        SELECT first.id, first.number, t.kind, t.order_kind, coalesce(t.holder_id, p.duty_staff) AS holder_id, t.roles,
               coalesce(t.opened_at, p.scheduled_at) AS opened_at, coalesce(t.due_at, p.due_at) AS due_at,
               t.gives_up_at, w.state, w.stage, w.priority, w.urged, w.category, w.place_label,
               left(w.description, {SUMMARY_CHARACTERS}) AS description, {READS_WORDS} AS readable,
               coalesce(w.community_id, p.community_id) AS community_id,
               w.submitted_at, w.next_due_at, w.started_at, s.account AS holder_account, s.name AS holder_name,
               p.title AS walk, p.spot AS walk_spot, b.name AS walk_building, p.duty_role, p.duty_team,
               CASE WHEN p.id IS NOT NULL THEN (SELECT jsonb_build_array(count(i.result), count(*))
                   FROM patrol_items i WHERE i.patrol_id = p.id) END AS walked,
               first.sort_rank, CAST(first.sort_due AS text) AS sort_due
        FROM first LEFT JOIN tasks t ON t.id = first.id LEFT JOIN work_orders w ON w.number = first.number
        LEFT JOIN patrols p ON p.id = first.id AND first.number IS NULL LEFT JOIN buildings b ON b.id = p.building_id
        LEFT JOIN staff s ON s.id = coalesce(t.holder_id, p.duty_staff)
        ORDER BY first.sort_rank, first.sort_due, first.id"""  # noqa: S608 - only constants are put in
    return await db.rows(numbered(sql), values)


# -- how much lies in it ----------------------------------------------------------------------------------------------


def _counted(box: str, tasks_too: str = "", walks_too: str = "") -> str:
    """How many tasks and walks of a box there are for whom these conditions hold as well."""
    return f"""least(:most,
        (SELECT count(*) FROM ({_tasks(box, "1", f"{tasks_too} LIMIT :most")} LIMIT :most) counted)
        + (SELECT count(*) FROM patrols p
            WHERE {rounds.DUE_FOR_ME} AND {rounds.DUE_IN_BOX[box]} {walks_too}))"""  # noqa: S608 - only constants


IS_LATE: Final = f"AND t.rank = ANY('{{{','.join(map(str, range(LAST_RANK + 1)))}}}') AND {DUE} < :now"
"""All ranks are named, so that the index finds what is late of each without reading past the rest."""

COUNTS: Final = numbered(f"""
    WITH RECURSIVE {SHELVES}
    SELECT {_counted("mine")} AS mine, {_counted("pool")} AS pool, {_counted("team")} AS team,
           {_counted("mine", IS_LATE, "AND p.due_at < :now")} AS overdue""")
COUNT_OF_MINE: Final = numbered(f"WITH RECURSIVE {SHELVES} SELECT {_counted('mine')} AS mine")


async def inbox_counts(
    db: Direct,
    *,
    me: Sequence[str],
    roles: Sequence[str],
    team: str,
    communities: Sequence[str],
    narrowed: Sequence[str] = (),
    buildings: Sequence[str] = (),
    onlooker: Onlooker,
    now: datetime,
    mine_alone: bool = False,
) -> Row:
    """`{mine, pool, team, overdue}`: how much lies in each box, and how much of mine is late, up to
    `COUNTED_AT_MOST`; or `{mine}` alone.
    """
    values: Row = {
        "me": list(me),
        "roles": list(roles),
        "team": team,
        "communities": list(communities),
        "narrowed": list(narrowed),
        "buildings": list(buildings),
        "now": now,
        "most": COUNTED_AT_MOST,
    }
    (row,) = await db.rows(COUNT_OF_MINE if mine_alone else COUNTS, values | onlooker.values())
    return dict(row.items())
