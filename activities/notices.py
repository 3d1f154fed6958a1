"""Delivers one notice: by WeChat where the recipient can be reached there, by SMS what must reach them, and in the
message centre always.

A send is never repeated when nobody knows whether it happened. Before calling out the notice is committed as `sending`;
whoever finds a `sending` left behind by an attempt that died makes it `uncertain` and stops.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.ladder import Attempt, ladder, without_a_call
from activities.settling import settle, tell_deputies
from integrations.sms import Sms, SmsOutcomeUnknown, SmsRefused, SmsUnavailable
from integrations.wechat import NoCredit, WeChat, WeChatOutcomeUnknown, WeChatRefused, WeChatUnavailable
from models.domain import notice_words
from models.domain.plates import PLATE
from models.domain.rounds import PATROL
from models.domain.templates import TEMPLATES
from models.domain.texts import MOBILE, TEXTS
from models.repositories import delivery, live, notices
from models.repositories.delivery import Letter
from models.repositories.sealing import Sealing, plain_phone
from settings import Settings

ORDER_PAGE: Final = "pages/order/index?number={number}"
"""Where a tap on a message leads in the mini-program."""

PAGES: Final = {"incident": "pages/incident/index?id={number}", PLATE: "pages/plates/index"}
STAFF_PAGE: Final = "/console/orders/{number}"
STAFF_PAGES: Final = {PATROL: "/console/rounds?show=missed"}
"""What is about no order has a page of its own."""

_log = logging.getLogger(__name__)


class Notices:
    """The activity `notices.deliver`. The rest of what it needs stands in Postgres."""

    def __init__(self, engine: Engine, wechat: WeChat, sms: Sms | None, settings: Settings) -> None:
        self._engine = engine
        self._wechat = wechat
        self._sms = sms
        self._settings = settings
        self._console = settings.api_url.rstrip("/")
        self._template_ids = settings.wechat_template_ids
        self._text_ids = settings.sms_template_ids

    @activity.defn(name="notices.deliver")
    def deliver(self, notice_id: str) -> str:
        """How the notice ended; `held_back` for a reminder at night. Raises a retryable error when WeChat is away."""
        now = datetime.now(UTC)
        with self._engine.begin() as conn:
            letter = delivery.letter(conn, notice_id)
            if letter is None:
                return "forgotten"
            settled, is_copied = self._settle(conn, letter, now)
        if is_copied:
            self._wake_relay()
        return settled or self._send(letter)

    def _settle(self, conn: Connection, letter: Letter, now: datetime) -> tuple[str | None, bool]:
        """What can be decided without calling out, and whether others are now to be told. None: the notice is
        `sending`.
        """
        if letter.delivery == "sending":
            return self._finish(conn, letter, "uncertain", error="an earlier attempt ended half-way"), False
        if letter.delivery != "pending":
            return letter.delivery, False
        outcome = without_a_call(letter, now, has_sms=self._sms is not None)
        if outcome is None:
            notices.begin_sending(conn, letter.id, now)
        else:
            settle(conn, [(letter, outcome)], now)
        return outcome, tell_deputies(conn, [(letter, outcome)], now) or outcome == "spread"

    def _send(self, letter: Letter) -> str:
        """Down the ladder until somebody takes it. What is refused on one rung goes on to the next."""
        refused: list[str] = []
        for attempt in ladder(letter, has_sms=self._sms is not None):
            ended, why = self._try(letter, attempt)
            if ended is not None:
                return ended
            refused.append(f"{attempt.channel}: {why}")
        with self._engine.begin() as conn:
            return self._finish(conn, letter, "centre_only", channel="centre", error="; ".join(refused))

    def _try(self, letter: Letter, attempt: Attempt) -> tuple[str | None, str]:
        """How the notice ended, or None and the reason for which the next rung must be tried."""
        try:
            self._call(letter, attempt)
        except (WeChatRefused, SmsRefused, KeyError, ValueError) as error:
            _log.info("notice %s not sent by %s: %s", letter.id, attempt.channel, error)
            if isinstance(error, NoCredit):
                with self._engine.begin() as conn:
                    notices.zero_credits(conn, attempt.openid, str(letter.template))
            return None, str(error)
        except (WeChatOutcomeUnknown, SmsOutcomeUnknown) as error:
            with self._engine.begin() as conn:
                return self._finish(conn, letter, "uncertain", channel=attempt.channel, error=str(error)), ""
        except (WeChatUnavailable, SmsUnavailable, SQLAlchemyError) as error:
            # Nothing was sent: without its token, which lies in Postgres, no call is made.
            with self._engine.begin() as conn:
                notices.back_to_pending(conn, letter.id, str(error))
            # The activity's retry policy decides when.
            raise ApplicationError(
                f"{attempt.channel} is not available: {error}",
                type="channel_unavailable",
                category=ApplicationErrorCategory.BENIGN,
            ) from error
        with self._engine.begin() as conn:
            if attempt.channel == "mini":
                notices.spend_credit(conn, attempt.openid, str(letter.template))
            return self._finish(conn, letter, "sent", channel=attempt.channel), ""

    def _call(self, letter: Letter, attempt: Attempt) -> None:
        if attempt.channel == "sms":
            return self._text(letter)
        template = TEMPLATES[str(letter.template)]
        data = notice_words.message(template.name, letter.kind, self._subject(letter), letter.facts)
        template_id = template.id_at(attempt.channel, self._template_ids)
        page = ""
        if letter.to_kind == "resident":
            page = PAGES.get(letter.subject.kind, ORDER_PAGE).format(number=letter.number)
        if attempt.channel == "mini":
            self._wechat.send_subscribe(attempt.openid, template_id, data, page)
            return None
        url = ""
        if letter.to_kind == "staff" and self._console:
            url = self._console + STAFF_PAGES.get(letter.subject.kind, STAFF_PAGE).format(number=letter.number)
        self._wechat.send_template(attempt.openid, template_id, data, client_msg_id=letter.id, url=url, page=page)

    def _text(self, letter: Letter) -> None:
        """The phone is opened for this call alone, and goes nowhere else."""
        assert self._sms is not None and letter.phone_sealed is not None  # noqa: S101, PT018 - the ladder has seen to it
        text = TEXTS[str(letter.sms)]
        parameters = notice_words.text_parameters(text.name, letter.kind, self._subject(letter), letter.facts)
        phone = plain_phone(Sealing.of(self._settings).open(letter.phone_sealed))
        if not re.fullmatch(MOBILE, phone):
            raise ValueError("no mobile number of mainland China")
        self._sms.send(phone, text.id_from(self._text_ids), parameters, reference=letter.id)

    def _subject(self, letter: Letter) -> notice_words.Subject:
        """Both sides know the plate, and hosts their visitor; they are opened for the moment of sending alone."""
        sealed = {"plate": letter.plate_sealed, "visitor": letter.visitor_sealed}
        opened = {name: Sealing.of(self._settings).open(value) for name, value in sealed.items() if value is not None}
        return letter.subject.model_copy(update=opened)

    def _finish(
        self, conn: Connection, letter: Letter, ended: str, *, channel: str | None = None, error: str | None = None
    ) -> str:
        notices.finish(conn, letter.id, ended, datetime.now(UTC), channel=channel, error=error)
        return ended

    def _wake_relay(self) -> None:
        """The copies of a role's notice need not wait for the relay's next poll."""
        try:
            with self._engine.begin() as conn:
                live.wake_relay(conn)
        except SQLAlchemyError as error:
            _log.info("the relay could not be woken and will find the notices itself: %s", error)
