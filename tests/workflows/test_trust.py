"""Only what our gateway has signed moves an order, and nothing that anybody sends can break one."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, PayloadCodec

from integrations.temporal import UNDECODABLE, Encryption, data_converter
from models.domain.commands import Envelope
from models.domain.errors import Unauthenticated
from settings import Settings
from tests.workflows.desk import DISPATCHER, KEY, OWNER, PAYLOAD_KEYS, Desk
from workflows import names, proof_keys

OTHER_KEYS = {"removed": "YW5vdGhlciBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyE="}

RAW = [{"id": "nobody"}, {}, "nonsense", 7, None, ["claim"], {"actor": {"kind": "staff", "id": "stf_x"}, "body": {}}]


class InTheClear(Encryption):
    """Sends as the command line does, and reads as we do."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


COMMAND_LINE = replace(pydantic_data_converter, payload_codec=InTheClear({"test": b64decode(PAYLOAD_KEYS["test"])}))


def client_with(desk: Desk, converter: DataConverter) -> Client:
    return Client(desk.client.service_client, namespace=desk.client.namespace, data_converter=converter)


class Garbage(PayloadCodec):
    """Says that it is encrypted, with a key that we have, and is not."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        metadata = {"encoding": b"binary/encrypted", "encryption-key-id": b"test"}
        return [Payload(metadata=metadata, data=b"\x00\x01") for _ in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


STRANGE_CONVERTERS = {
    "key that we no longer have": data_converter(Settings(payload_keys=OTHER_KEYS)),
    "bytes that are no payload": replace(pydantic_data_converter, payload_codec=Garbage()),
}


async def untouched(desk: Desk, before: Any) -> None:
    """Nothing of the command is in the history, and the order takes the next one."""
    assert await desk.state() == before
    kinds = {event.WhichOneof("attributes") for event in (await desk.handle.fetch_history()).events}
    assert not [kind for kind in kinds if kind and "update" in kind]
    assert (await desk.complete(DISPATCHER, "pool")).stage == "dispatched"


@pytest.mark.parametrize("words", RAW, ids=str)
async def test_a_raw_update_as_the_command_line_sends_it_is_refused(desk: Desk, words: Any) -> None:
    await desk.file()
    before = await desk.state()
    raw = client_with(desk, COMMAND_LINE).get_workflow_handle(desk.number)
    with pytest.raises(WorkflowUpdateFailedError):
        await raw.execute_update("claim", words)
    await untouched(desk, before)


async def forged(desk: Desk, how: str) -> Envelope:
    body = {"task_id": await desk.task(), "outcome": "pool", "form": {}}
    envelope = await desk.sealed(DISPATCHER, "complete", body)
    match how:
        case "without a proof":
            return envelope.model_copy(update={"proof": ""})
        case "proved with another key":
            return await desk.sealed(DISPATCHER, "complete", body, key=b"not our key")
        case "proved for another update":
            return envelope.sealed(KEY, desk.number, "claim")
        case "proved for another order":
            return envelope.sealed(KEY, "BX20261122-99999", "complete")
        case "changed afterwards":
            return envelope.model_copy(update={"body": {**body, "outcome": "rejected", "form": {"reason": "不修"}}})
    raise AssertionError(how)


@pytest.mark.parametrize(
    "how",
    [
        "without a proof",
        "proved with another key",
        "proved for another update",
        "proved for another order",
        "changed afterwards",
    ],
)
async def test_a_forged_envelope_is_refused(desk: Desk, how: str) -> None:
    await desk.file()
    before = await desk.state()
    with pytest.raises(Unauthenticated) as refusal:
        await desk.deliver("complete", await forged(desk, how))
    assert refusal.value.reason == "unproved"
    await untouched(desk, before)


async def test_a_captured_envelope_is_worthless_after_two_minutes(desk: Desk) -> None:
    await desk.file()
    body = {"task_id": await desk.task(), "outcome": "pool", "form": {}}
    captured = await desk.sealed(DISPATCHER, "complete", body)
    await desk.sleep(minutes=2, seconds=1)
    with pytest.raises(Unauthenticated) as refusal:
        await desk.deliver("complete", captured)
    assert refusal.value.reason == "expired_command"
    assert (await desk.complete(DISPATCHER, "pool")).stage == "dispatched"


async def test_proof_keys_rotate_under_a_living_order(desk: Desk) -> None:
    await desk.file()
    proof_keys.use([b"the new key", KEY])
    await desk.send(OWNER, "comment", text="旧密钥仍可用")
    proof_keys.use([b"the new key"])
    await desk.refused(OWNER, "comment", "unproved", text="旧密钥已撤下")
    assert desk.shelf.kinds == ["commented"]


@pytest.mark.parametrize("how", STRANGE_CONVERTERS)
async def test_a_command_that_cannot_be_decrypted_is_refused(desk: Desk, how: str) -> None:
    await desk.file()
    before = await desk.state()
    body = {"task_id": await desk.task(), "outcome": "pool", "form": {}}
    handle = client_with(desk, STRANGE_CONVERTERS[how]).get_workflow_handle(desk.number)
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("complete", await desk.sealed(DISPATCHER, "complete", body))
    await untouched(desk, before)


@pytest.mark.parametrize("how", ["raw", *STRANGE_CONVERTERS])
async def test_a_signal_of_garbage_breaks_nothing(desk: Desk, how: str) -> None:
    await desk.file()
    converter = STRANGE_CONVERTERS.get(how, COMMAND_LINE)
    handle = client_with(desk, converter).get_workflow_handle(desk.number)
    await handle.signal(names.REPUBLISH, {"what": "is this"})
    await handle.signal("never heard of", "anything")
    assert await desk.stage() == "submitted"
    assert (await desk.complete(DISPATCHER, "pool")).stage == "dispatched"


async def test_payloads_are_read_with_every_key_kept_and_written_with_the_first() -> None:
    new, old = b"n" * 32, b"o" * 32
    said = Payload(metadata={"encoding": b"json/plain"}, data="漏水".encode())
    (sealed,) = await Encryption({"old": old}).encode([said])
    assert "漏水".encode() not in sealed.SerializeToString()
    both = Encryption({"new": new, "old": old})
    assert await both.decode([sealed]) == [said]
    (renewed,) = await both.encode([said])
    assert renewed.metadata["encryption-key-id"] == b"new"
    (unread,) = await Encryption({"new": new}).decode([sealed])
    assert unread.metadata["encoding"] == UNDECODABLE
    broken = Payload(metadata=sealed.metadata, data=sealed.data[:-1])
    assert (await both.decode([broken]))[0].metadata["encoding"] == UNDECODABLE
