"""The settings room: what is drawn is what is read, an admin changes it, and nobody else finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import httpx
import pytest
from starlette.datastructures import FormData

from api.console import settings_form
from api.console.rooms.settings import _facts
from api.console.templating import render
from models.domain.policy import Policy
from tests.console.test_rooms import HTMX

AtDesk = Callable[[str], httpx.Client]

CHANGED = Policy.model_validate(
    {
        "promises": [
            {"kind": "repair", "priority": "high", "clock": "finish", "limit": 2 * 86_400},
            {"kind": "repair", "priority": "normal", "clock": "accept", "limit": 2700, "around_the_clock": True},
            {"kind": "repair", "category": "lift", "priority": "high", "clock": "arrive", "limit": 3600},
        ],
        "warn_at": 0.7,
        "ladder": [{"share": 0, "role": "lead"}, {"share": 0.25, "role": "manager"}],
        "hold_without_lead": timedelta(hours=48),
        "week": ["09:00-17:00"] * 6 + [""],
        "keeps_holidays": False,
        "closures": [{"first": "2026-12-01", "last": "2026-12-02", "name": "检修"}],
        "open_days": [{"first": "2026-12-05", "last": "2026-12-05"}],
        "quiet": {"begin": "22:00", "end": "07:30"},
        "quote_owner_above": 12_345,
        "auto_assign": True,
    }
)


def typed(page: str) -> FormData:
    """What a browser would send if nobody touched anything."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if 'name="version"' in form)
    sent = []
    for tag in re.findall(r"<input[^>]*>", form):
        facts = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if facts.get("type") != "checkbox" or " checked" in tag:
            sent.append((facts["name"], unescape(facts.get("value", ""))))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        sent.append((name, chosen.group(1) if chosen else ""))
    return FormData(sent)


@pytest.mark.parametrize("policy", [Policy(), CHANGED], ids=["defaults", "changed"])
def test_a_form_that_nobody_touched_changes_nothing(policy: Policy) -> None:
    shown = {"community": "c", "version": 1, "settings": policy.model_dump(mode="json"), "unknown_years": [2027]}
    page = render(
        "settings.html",
        me={"name": "管理员", "account": "admin", "roles_title": "", "waiting": 0, "entrances": []},
        here="settings",
        communities=[{"id": "c", "name": "幸福里"}],
        categories=[{"kind": "repair", "code": "lift", "title": "电梯"}],
        key="k",
        **_facts(policy, {**shown, "history": []}),
    )
    assert Policy.model_validate(settings_form.read(typed(page))) == policy
    assert "2027" in page


@pytest.mark.stack
def test_an_admin_changes_the_settings_and_reads_who_did(at_desk: AtDesk) -> None:
    admin = at_desk("admin")
    page = admin.get("/console/settings").text
    assert "对新开始的计时生效" in page
    fields = dict(typed(page).multi_items())
    saved = admin.post("/console/settings", data={**fields, "warn_at": "75"}, headers=HTMX)
    assert "设置已保存" in saved.text
    assert "时限用去多少时预警" in saved.text
    again = dict(typed(saved.text).multi_items())
    assert again["warn_at"] == "75"
    stale = admin.post("/console/settings", data={**fields, "warn_at": "60"}, headers=HTMX)
    assert "刚被别人修改过" in stale.text
    wrong = admin.post("/console/settings", data={**again, "week.0": "8点到12点", "ladder.0.share": "x"}, headers=HTMX)
    assert 'id="settings-week-says"' in wrong.text
    assert 'id="settings-ladder-says"' in wrong.text
    back = admin.post("/console/settings", data={**again, "warn_at": "80"}, headers=HTMX)
    assert "设置已保存" in back.text
    fields = dict(re.findall(r'name="(community|key)" value="([^"]+)"', back.text))
    assert "张处理中的工单" in admin.post("/console/settings/apply", data=fields, headers=HTMX).text


@pytest.mark.stack
def test_nobody_else_finds_the_room(at_desk: AtDesk) -> None:
    clerk = at_desk("clerk")
    assert "/console/settings" not in clerk.get("/console/inbox").text
    assert clerk.get("/console/settings").status_code == 403
