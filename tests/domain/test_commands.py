"""Envelopes: what is proved, for how long, and the id under which one request is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.commands import COMMANDS, Envelope, update_id
from models.domain.errors import Unauthenticated, ValidationFailed
from models.domain.people import Actor, Role
from tests.domain.samples import CLERK, ELSEWHERE, NOW

KEY, ORDER = b"a key", "BX20261122-00017"
SENT = Envelope(actor=CLERK, expires_at=NOW + timedelta(minutes=2), digest="abc", body={"text": "请尽快"})
SEALED = SENT.sealed(KEY, ORDER, "comment")

CHANGES: dict[str, Any] = {
    "another person": {"actor": Actor(kind="staff", id="stf_x", roles=CLERK.roles, communities=CLERK.communities)},
    "another role": {"actor": CLERK.model_copy(update={"roles": (Role.MANAGER,)})},
    "another scope": {"actor": CLERK.model_copy(update={"communities": (ELSEWHERE,)})},
    "a longer life": {"expires_at": NOW + timedelta(hours=2)},
    "another digest": {"digest": "abd"},
    "another body": {"body": {"text": "请尽快！"}},
    "one more field": {"body": {"text": "请尽快", "audience": "staff"}},
    "no proof": {"proof": ""},
}


def test_what_the_gateway_sealed_is_taken_with_the_new_key_and_the_old() -> None:
    SEALED.verify([b"newer", KEY], ORDER, "comment", NOW)
    assert COMMANDS["comment"].model_validate(SEALED.body) == SEALED.open("comment")


@pytest.mark.parametrize("change", CHANGES)
def test_no_byte_of_it_can_be_changed(change: str) -> None:
    with pytest.raises(Unauthenticated, match="签发"):
        SEALED.model_copy(update=CHANGES[change]).verify([KEY], ORDER, "comment", NOW)


@pytest.mark.parametrize(
    ("keys", "order", "update"),
    [
        ([b"other"], ORDER, "comment"),
        ([], ORDER, "comment"),
        ([KEY], "BX20261122-00018", "comment"),
        ([KEY], ORDER, "cancel"),
    ],
)
def test_it_holds_for_one_key_one_order_and_one_update(keys: list[bytes], order: str, update: str) -> None:
    with pytest.raises(Unauthenticated):
        SEALED.verify(keys, order, update, NOW)


def test_it_expires() -> None:
    SEALED.verify([KEY], ORDER, "comment", SEALED.expires_at)
    with pytest.raises(Unauthenticated) as refusal:
        SEALED.verify([KEY], ORDER, "comment", SEALED.expires_at + timedelta(microseconds=1))
    assert refusal.value.reason == "expired_command"


@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_a_proof_with_one_other_digit_is_no_proof(position: int, digit: str) -> None:
    proof = SEALED.proof[:position] + digit + SEALED.proof[position + 1 :]
    if proof != SEALED.proof:
        with pytest.raises(Unauthenticated):
            SEALED.model_copy(update={"proof": proof}).verify([KEY], ORDER, "comment", NOW)


def test_it_survives_its_journey_as_json() -> None:
    body = {"task_id": "t", "until": NOW, "note": "等配件", "nested": {"b": [1, 2.5, None], "a": True}}
    sealed = SENT.model_copy(update={"body": body}).sealed(KEY, ORDER, "hold")
    Envelope.model_validate_json(sealed.model_dump_json()).verify([KEY], ORDER, "hold", NOW)


@pytest.mark.parametrize(("update", "body", "field"), [
    ("comment", {"text": ""}, "text"),
    ("comment", {"text": "好", "audience": "everybody"}, "audience"),
    ("hold", {"task_id": "t", "reason": "lunch", "until": "2026-11-22T10:00:00Z"}, "reason"),
    ("hold", {"task_id": "t", "reason": "parts", "until": "2026-11-22T10:00:00"}, "until"),
    ("reassign", {"task_id": "t", "staff": "stf_1", "reason": "x"}, "reason"),
    ("rate", {"result": 6, "speed": 1, "manner": 1}, "result"),
    ("urge", {"loudly": True}, "loudly"),
    ("claim", {}, "task_id"),
    ("cancel", {"reason": "长" * 201}, "reason"),
])  # fmt: skip
def test_a_wrong_body_is_refused_and_names_the_field(update: str, body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        SENT.model_copy(update={"body": body}).open(update)
    assert [error["field"] for error in refusal.value.errors] == [field]
    assert str(body.get("text") or "长长") not in str(refusal.value.errors), "what was typed is not repeated"


words_ = st.text(max_size=20)


@given(st.tuples(words_, words_, words_, words_), st.tuples(words_, words_, words_, words_))
def test_an_update_id_stands_for_exactly_one_request(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (update_id(KEY, *one) == update_id(KEY, *other)) == (one == other)
    assert update_id(KEY, *one) != update_id(b"another key", *one)
    assert len(update_id(KEY, *one)) == 40
