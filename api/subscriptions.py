"""What people answered to WeChat's subscription prompts, from the client or from WeChat's own event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from api.state import State
from models.domain.templates import TEMPLATES
from models.repositories import mailbox, notices


async def note_answers(state: State, openid: str, answers: Mapping[str, str], at: datetime) -> None:
    """Template id → accept, reject, …. Unknown templates are passed over; one tap counts once, whoever tells of it."""
    names = {template.id_at("mini", state.settings.wechat_template_ids): name for name, template in TEMPLATES.items()}
    known = {names[template_id]: said for template_id, said in answers.items() if template_id in names}
    accepted = sorted(name for name, said in known.items() if said.startswith("accept"))
    refused = sorted(known.keys() - set(accepted))
    async with state.engine.begin() as conn:
        new = [name for name in accepted if await mailbox.is_new_tap(conn, openid, name, at)]
        if new:
            await notices.grant_credits(conn, openid, new)
        if refused:
            await notices.refuse_credits(conn, openid, refused, at)
