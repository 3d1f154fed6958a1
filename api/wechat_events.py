"""What WeChat tells us of its own accord: answers to prompts, followers, scanned codes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from api import subscriptions
from api.scenes import staff_of_scene
from api.state import State
from integrations.wechat import WeChatError
from models.domain.errors import Unavailable
from models.repositories import sessions

POPUP_EVENTS: Final = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
}
SCENE_PREFIX: Final = "qrscene_"
"""What WeChat puts before the scene when the person has only now become a follower."""

_log = logging.getLogger(__name__)


async def handle(state: State, event: Mapping[str, Any]) -> None:
    """Carry out what an event means. Unknown events are none of our business; a repetition changes nothing."""
    kind = str(event.get("Event", ""))
    openid = str(event.get("FromUserName", ""))
    at = datetime.fromtimestamp(event.get("CreateTime") or datetime.now(UTC).timestamp(), UTC)
    if kind in POPUP_EVENTS:
        await _answered(
            state, openid, event.get(POPUP_EVENTS[kind], {}), at, accepts=kind == "subscribe_msg_popup_event"
        )
    elif kind in ("SCAN", "subscribe"):
        await _scanned(state, openid, str(event.get("EventKey", "")).removeprefix(SCENE_PREFIX))
        await _followed(state, openid, at)
    elif kind == "unsubscribe":
        async with state.single.connect() as conn:
            await sessions.unfollow(conn, openid)


async def _answered(state: State, openid: str, listed: Any, at: datetime, accepts: bool) -> None:
    """A changed setting takes permission away but grants no message."""
    items = listed.get("List", []) if isinstance(listed, Mapping) else listed
    answers = {str(item["TemplateId"]): str(item["SubscribeStatusString"]) for item in items if "TemplateId" in item}
    if not accepts:
        answers = {template: said for template, said in answers.items() if not said.startswith("accept")}
    await subscriptions.note_answers(state, openid, answers, at)


async def _followed(state: State, openid: str, at: datetime) -> None:
    """Notices may go to the service account of whoever follows it. WeChat is asked who that is, and whether they still
    follow, since events may come late or twice. Raises Unavailable when it does not answer; it sends the event again.
    """
    assert state.wechat is not None  # noqa: S101 - it has verified the event
    try:
        unionid = await asyncio.to_thread(state.wechat.unionid_of, openid)
    except WeChatError:
        raise Unavailable("wechat_unavailable") from None
    if unionid is not None:
        async with state.single.connect() as conn:
            await sessions.follow(conn, unionid, openid, at)


async def _scanned(state: State, openid: str, scene: str) -> None:
    """A staff member has scanned the code on their own page: from now on WeChat can write to them."""
    staff_id = staff_of_scene(state.settings.required("token_secret"), scene)
    if staff_id is None:
        return
    async with state.single.connect() as conn:
        if not await sessions.bind_staff(conn, staff_id, openid):
            _log.warning("the WeChat account is bound to another staff member already; %s stays unbound", staff_id)
