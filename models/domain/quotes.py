"""What a repair costs its reporter: the quote and whose word it needs, what was agreed, what has been paid.

Pure. Amounts are whole fen. A new quote replaces the one before it, also an approved one, because it says what the
work now comes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.domain.forms import Form
from models.domain.money import LINES_AT_MOST, QUANTITY_AT_MOST, TOTAL_AT_MOST, Amount, Price

if TYPE_CHECKING:
    from models.domain.order import OrderState

OWNER_ABOVE: Final = 50_000
"""¥500: above it the house's owner must agree, not whoever reported (`lifecycles.md`, "People"). Default of the
community's policy."""


# -- forms ------------------------------------------------------------------------------------------------------------


class Line(Form):
    """One line of a quote. What is sold by the metre or the hour is counted in whole ones."""

    item: str = Field(title="项目", min_length=1, max_length=60)
    quantity: int = Field(title="数量", ge=1, le=QUANTITY_AT_MOST)
    price: Price = Field(title="单价")

    @property
    def amount(self) -> int:
        return self.quantity * self.price


class Quoted(Form):
    """The technician's quote."""

    lines: tuple[Line, ...] = Field(title="报价明细", max_length=LINES_AT_MOST, json_schema_extra={"minItems": 1})
    note: str | None = Field(default=None, title="说明", max_length=200)

    @field_validator("lines")
    @classmethod
    def _comes_to_something(cls, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        if not 0 < total_of(lines) <= TOTAL_AT_MOST:
            raise ValueError("报价合计须大于0且不超过50万元")
        return lines


class QuoteDeclined(Form):
    """The work is called off because nobody agreed to its price."""

    reason: Literal["quote_declined"] = "quote_declined"


class PaymentMethod(StrEnum):
    """How the money came in. Payment inside the mini-program will be one more."""

    CASH = "cash"
    QR_CODE = "qr_code"
    CARD = "card"
    TRANSFER = "transfer"


class Received(Form):
    amount: Amount = Field(title="实收金额")
    method: PaymentMethod = Field(title="收款方式")
    receipt_no: str = Field(title="收据号", min_length=1, max_length=40)


# -- state ------------------------------------------------------------------------------------------------------------


class Parties(BaseModel):
    """What Postgres knows when a quote is made: the house's owner, and how much the reporter may agree to."""

    model_config = ConfigDict(frozen=True)

    owner: str | None = None
    limit: int = OWNER_ABOVE
    """In fen; above it the owner is asked."""
    reporter_of_age: bool = True


class Quote(BaseModel):
    """The present quote. `asked` is the resident whose word it needs; None: a clerk brings it on paper."""

    model_config = ConfigDict(frozen=True)

    lines: tuple[Line, ...]
    note: str | None = None
    total: int
    status: Literal["open", "approved", "declined"] = "open"
    by: str
    at: datetime
    asked: str | None = None
    owner: str | None = None
    """The house's owner, who is told whoever is asked."""
    answered_by: str | None = None
    """None also for silence, which declines."""
    answered_at: datetime | None = None


class Settlement(BaseModel):
    """What became of the money, in fen."""

    model_config = ConfigDict(frozen=True)

    received: int = 0
    settled: int = 0
    """The approved total for which nothing more is claimed. The work may have cost less than its quote, so this is not
    what came in.
    """


# -- rules ------------------------------------------------------------------------------------------------------------


def total_of(lines: Sequence[Line]) -> int:
    return sum(line.amount for line in lines)


def who_answers(order: OrderState, total: int, parties: Parties) -> str | None:
    """The resident whose word the quote needs. None: nobody who could press a button, so a clerk brings it on paper."""
    reporter = order.reporter.id if order.reporter.kind == "resident" else None
    if reporter is not None and (reporter == parties.owner or (total <= parties.limit and parties.reporter_of_age)):
        return reporter
    if reporter is None and total <= parties.limit:
        return None
    return parties.owner


def payers(order: OrderState) -> list[str]:
    """The residents whom the money concerns: the reporter, and always the owner."""
    reporter = order.reporter.id if order.reporter.kind == "resident" else None
    owner = order.quote.owner if order.quote is not None else None
    return [person for person in dict.fromkeys((reporter, owner)) if person is not None]


def put_quote(order: OrderState, form: dict[str, Any], by: str, parties: Parties, at: datetime) -> None:
    said = Quoted.model_validate(form)
    total = total_of(said.lines)
    order.quote = Quote(
        lines=said.lines,
        note=said.note,
        total=total,
        by=by,
        at=at,
        asked=who_answers(order, total, parties),
        owner=parties.owner,
    )


def answer_quote(order: OrderState, outcome: str, by: str | None, at: datetime) -> None:
    """Whatever is no clear yes is a no; `by` is None where nobody said anything."""
    if order.quote is not None:
        status: Literal["approved", "declined"] = "approved" if outcome == "approved" else "declined"
        order.quote = order.quote.model_copy(update={"status": status, "answered_by": by, "answered_at": at})


def is_declined(order: OrderState) -> bool:
    return order.quote is not None and order.quote.status == "declined"


def approved(order: OrderState) -> int:
    """What the reporter's side has agreed to pay, in fen."""
    return order.quote.total if order.quote is not None and order.quote.status == "approved" else 0


def outstanding(order: OrderState) -> int:
    """What may still be claimed, in fen: never below zero, and nothing where the reporter need not pay."""
    return max(approved(order) - order.settlement.settled, 0) if order.charge == "paid" else 0


def settle(order: OrderState, outcome: str, form: dict[str, Any]) -> None:
    """Received or waived, the claim is settled. Silence leaves it as it is."""
    if outcome not in ("received", "waived"):
        return
    came_in = Received.model_validate(form).amount if outcome == "received" else 0
    received = order.settlement.received + came_in
    order.settlement = Settlement(received=received, settled=approved(order))
