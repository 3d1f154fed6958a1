"""What a repair costs and when somebody comes, as JSON. Amounts are in fen."""

from __future__ import annotations

from typing import Any

from models.domain import quotes, words
from models.domain.forms import as_json
from models.domain.lifecycles.repair import AGREE_APPOINTMENT
from models.domain.order import OrderState

Json = dict[str, Any]


def appointment(state: OrderState) -> Json:
    """`appointment` and how it stands: `wished` by the reporter, `proposed` to them, or `agreed`."""
    proposed = state.proposed if state.task_of(AGREE_APPOINTMENT.kind) else None  # Nobody is asked any more.
    window = proposed or state.appointment
    status = None if window is None else "proposed" if proposed else _standing(state)
    return {"appointment": as_json(window) if window else None, "appointment_status": status}


def _standing(state: OrderState) -> str:
    return "agreed" if state.appointment_agreed else "wished"


def money(state: OrderState) -> Json:
    """`quote` with its lines, and what of it is still to be paid. The place of WeChat Pay is kept by `wechat_pay`."""
    return {
        "charge": state.charge,
        "charge_title": words.CHARGES[state.charge],
        "quote": _quote(state.quote) if state.quote else None,
        "settlement": {
            "approved": quotes.approved(state),
            "due": quotes.outstanding(state),
            "received": state.settlement.received,
            "wechat_pay": False,
        }
        if state.quote
        else None,
    }


def _quote(quote: quotes.Quote) -> Json:
    return {
        "lines": [{**as_json(line), "amount": line.amount} for line in quote.lines],
        "note": quote.note,
        "total": quote.total,
        "status": quote.status,
        "status_title": words.QUOTE_STATES[quote.status],
        "at": quote.at,
        "answered_at": quote.answered_at,
    }
