"""Writes the demo in one transaction, into a database without communities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, text

from devstack.demo.cars import car_stories, write_cars, write_vehicles
from devstack.demo.cast import Desk
from devstack.demo.categories import CATEGORIES
from devstack.demo.complaints import complaints
from devstack.demo.duty import absence_rows, turn_rows
from devstack.demo.groups import write_incident, write_neighbours
from devstack.demo.live import live_stories
from devstack.demo.past import past_stories
from devstack.demo.people import people
from devstack.demo.places import places
from devstack.demo.rounds import round_rows, shift_rows
from devstack.demo.story import Story
from devstack.demo.visitors import visit_stories, write_visits
from models.repositories.intake import BLOCK_SIZE
from models.repositories.sealing import Sealing
from models.tables.catalog import Category
from models.tables.complaints import Alias, BoardPost
from models.tables.notices import NoticeRow
from models.tables.orders import TaskRow, TimelineEvent, WorkOrder
from models.tables.people import Resident, Staff, StaffScope, Tie
from models.tables.places import Building, Community, House
from models.tables.plumbing import OutboxRow
from models.tables.rounds import Patrol, PatrolItem, Round, Shift, ShiftEntry
from models.tables.staffing import Absence, DutyTurn


def seed(conn: Connection, sealing: Sealing, now: datetime) -> bool:
    """Write everything, or find that there are communities already and change nothing."""
    # Two starters at once: the second waits here, and then finds the first one's rows.
    conn.execute(text("LOCK TABLE communities IN SHARE ROW EXCLUSIVE MODE"))
    if conn.execute(text("SELECT EXISTS (SELECT 1 FROM communities)")).scalar_one():
        return False
    built = places()
    for table, rows in (
        (Community, built.communities),
        (Building, built.buildings),
        (House, built.houses),
        (Category, CATEGORIES),
    ):
        conn.execute(insert(table), rows)
    _write_people(conn, built, sealing, now)
    write_vehicles(conn, built, sealing, now)
    serials = _serials(conn)
    desk = Desk(built, serials, sealing)
    write_incident(conn, built.buildings[2]["id"], now)
    told = complaints(desk, now)
    conn.execute(insert(Alias), told.aliases)
    _write_orders(conn, [*past_stories(desk, now), *live_stories(desk, now), *told.stories], now)
    conn.execute(insert(BoardPost), told.board)
    write_neighbours(conn, now)
    cars = car_stories(built, serials, now)
    _write_orders(conn, cars, now)
    write_cars(conn, cars, sealing)
    visits = visit_stories(built, serials, now)
    _write_orders(conn, visits, now)
    write_visits(conn, visits, sealing)
    _write_rounds(conn, now)
    return True


def _write_people(conn: Connection, built: Any, sealing: Sealing, now: datetime) -> None:
    folk = people(built, sealing, now)
    for table, rows in (
        (Resident, folk.residents),
        (Tie, folk.ties),
        (Staff, folk.staff),
        (StaffScope, folk.scopes),
        (DutyTurn, turn_rows(now)),
        (Absence, absence_rows(now)),
    ):
        conn.execute(insert(table), rows)


def _serials(conn: Connection) -> Iterator[int]:
    """Order numbers out of the same blocks that the API takes."""
    while True:
        start: int = conn.execute(text("SELECT nextval('order_number')")).scalar_one()
        yield from range(start, start + BLOCK_SIZE)


def _write_orders(conn: Connection, stories: Sequence[Story], now: datetime) -> None:
    conn.execute(insert(WorkOrder), [story.order_row() for story in stories])
    conn.execute(insert(TimelineEvent), [row for story in stories for row in story.timeline()])
    conn.execute(insert(TaskRow), [row for story in stories for row in story.tasks()])
    alive = [story for story in stories if story.outbox(now)]
    for table, rows in (
        (NoticeRow, [row for story in alive for row in story.notices(now)]),
        (OutboxRow, [row for story in alive for row in story.outbox(now)]),
    ):
        conn.execute(insert(table), rows)


def _write_rounds(conn: Connection, now: datetime) -> None:
    found = conn.execute(text("SELECT number FROM work_orders WHERE source = 'patrol' AND open")).scalars().first()
    posts, walks = shift_rows(now), round_rows(now, found)
    for table, rows in (
        (Round, walks.rounds),
        (Patrol, walks.patrols),
        (PatrolItem, walks.items),
        (Shift, posts.shifts),
        (ShiftEntry, posts.entries),
    ):
        conn.execute(insert(table), rows)
