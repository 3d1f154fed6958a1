"""What a client needs to draw its forms: categories with their questions, places, reasons, phones."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from api import incidents, shapes
from api.answering import answers
from api.deps import Owner, StateDep
from api.errors import READING
from api.json_answer import JsonAnswer
from models.domain import notice_words, words
from models.domain.templates import TEMPLATES
from models.domain.visitors import LONGEST
from models.repositories import reading

router = APIRouter(tags=["owner: catalogue"])


@router.get("/catalog", responses=answers(shapes.Catalog, *READING))
async def catalog(state: StateDep, owner: Owner) -> Response:
    """Categories, questions, places, reasons and notice texts; the emergency phone of each of the caller's communities.

    Somebody without a house sees the communities' phones, and no places.
    """
    person = await reading.resident(state.direct, owner.id)
    houses = person["houses"] if person else []
    mine = {house["community_id"] for house in houses}
    communities = (await state.catalog.communities(state.direct)).values()
    rows = await state.catalog.categories(state.direct)
    return JsonAnswer(
        {
            "categories": [_category(row) for row in rows],
            "communities": [_community(row, row["id"] in mine) for row in communities if not mine or row["id"] in mine],
            "houses": houses,
            "incidents": [incidents.for_owners(each) for each in await incidents.near(state, houses)],
            "spots": titled(words.SPOTS),
            "matters": titled(words.MATTERS),
            "subjects": titled(words.SUBJECTS),
            "visit_types": [
                {"value": each, "title": words.VISITS[each], "days": longest.days} for each, longest in LONGEST.items()
            ],
            "priorities": titled(words.PRIORITIES),
            "hold_reasons": titled(words.HOLD_REASONS),
            "stages": titled(words.STAGES_FOR_RESIDENTS),
            "notices": [
                {
                    "template_id": template.id_at("mini", state.settings.wechat_template_ids),
                    "name": name,
                    "title": template.title,
                }
                for name, template in TEMPLATES.items()
                if "mini" in template.channels
            ],
            "notice_texts": titled(notice_words.TITLES),
        }
    )


def titled(pairs: Any) -> list[dict[str, str]]:
    return [{"value": value, "title": title} for value, title in pairs.items()]


def _category(row: reading.Row) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "code": row["code"],
        "title": row["title"],
        "place": row["place"],
        "questions": row["questions"],
    }


def _community(row: reading.Row, with_places: bool) -> dict[str, Any]:
    shown = {"id": row["id"], "name": row["name"], "duty_phone": row["duty_phone"]}
    return shown | {"buildings": row["buildings"]} if with_places else shown
