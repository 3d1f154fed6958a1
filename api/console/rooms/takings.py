"""收费: a day's takings, what is still to come, and the same as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from api import settlements
from api.console import frame
from api.console.frame import Member
from api.console.guard import Room
from api.console.times import instant, moment
from api.deps import StateDep
from models.domain.money import yuan

router = APIRouter(route_class=Room, prefix="/takings")

Day = Annotated[date | None, Query(alias="date")]
Json = dict[str, Any]


@router.get("")
async def show(state: StateDep, member: Member, day: Day = None) -> HTMLResponse:
    chosen = day or settlements.today()
    found = await settlements.of_day(state, member, chosen)
    return await frame.page(
        "takings.html",
        state,
        member,
        "takings",
        day=chosen,
        earlier=chosen - timedelta(days=1),
        later=chosen + timedelta(days=1),
        totals=[{**total, "amount": yuan(total["amount"])} for total in found["totals"]],
        received=yuan(found["received"]),
        items=[_line(item) for item in found["items"]],
        outstanding=[_line(item) for item in found["outstanding"]],
    )


@router.get("/export")
async def export(state: StateDep, member: Member, day: Day = None) -> Response:
    chosen = day or settlements.today()
    found = await settlements.of_day(state, member, chosen)
    headers = {"Content-Disposition": f'attachment; filename="takings-{chosen.isoformat()}.csv"'}
    return Response(settlements.as_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


def _line(item: Mapping[str, Any]) -> Json:
    at = instant(item["at"])
    return {**item, "at": moment(at, at) if at else "", "amount": yuan(item["amount"]), "total": yuan(item["total"])}
