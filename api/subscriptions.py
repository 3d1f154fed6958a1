"""What people answered to WeChat's subscription prompts, from the client or from WeChat's own event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from api.state import State
from models.domain.templates import TEMPLATES
from models.repositories import mailbox, notices

NAMES: Final = {template.id: name for name, template in TEMPLATES.items()}


async def note_answers(state: State, openid: str, answers: Mapping[str, str], at: datetime) -> None:
    """Template id → accept, reject, …. Unknown templates are passed over; one tap counts once, whoever tells of it."""
    known = {NAMES[template_id]: said for template_id, said in answers.items() if template_id in NAMES}
    accepted = sorted(name for name, said in known.items() if said.startswith("accept"))
    refused = sorted(known.keys() - set(accepted))
    async with state.engine.begin() as conn:
        new = [name for name in accepted if await mailbox.is_new_tap(conn, openid, name, at)]
        if new:
            await notices.grant_credits(conn, openid, new)
        if refused:
            await notices.refuse_credits(conn, openid, refused, at)
