"""The connection to Temporal: one client with encrypted pydantic payloads, the same for gateway, worker, replayer
and codec endpoint.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from settings import Settings

ENCRYPTED: Final = b"binary/encrypted"
UNDECODABLE: Final = b"binary/undecodable"
NONCE_BYTES: Final = 12
"""What AES-GCM takes; random, because one key never encrypts anywhere near 2^32 payloads between rotations."""


class OneConverter(PydanticPayloadConverter):
    """The same for everybody: it keeps nothing but the validators that it has looked up.

    The SDK asks for a new one at each start of a workflow and twice at each of its tasks.
    """

    _made: ClassVar[OneConverter | None] = None

    def __new__(cls) -> OneConverter:
        if cls._made is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._made = made
        return cls._made

    def __init__(self) -> None:
        """Has been done."""


class Encryption(PayloadCodec):
    """AES-GCM over the whole payload, with the key's id beside it. The first key encrypts, all of them decrypt."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._key_id = next(iter(keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        data = nonce + self._keys[self._key_id].encrypt(nonce, payload.SerializeToString(), None)
        return Payload(metadata={"encoding": ENCRYPTED, "encryption-key-id": self._key_id.encode()}, data=data)

    def _decrypt(self, payload: Payload) -> Payload:
        """Never raises: one unreadable signal from a command line would otherwise stop its order for good.

        What cannot be opened becomes a payload that fails where an argument is read, and only there.
        """
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        key = self._keys.get(payload.metadata.get("encryption-key-id", b"").decode(errors="replace"))
        try:
            if key is None:
                raise InvalidTag
            return Payload.FromString(key.decrypt(payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:], None))
        except Exception:
            return Payload(metadata={"encoding": UNDECODABLE}, data=payload.data)


def encryption(settings: Settings) -> Encryption:
    return Encryption({key_id: base64.b64decode(key) for key_id, key in settings.payload_keys.items()})


def data_converter(settings: Settings) -> DataConverter:
    """Without the failure converter, error messages and stack traces would stay in the clear."""
    return DataConverter(
        payload_converter_class=OneConverter,
        payload_codec=encryption(settings),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def proof_keys(settings: Settings) -> list[bytes]:
    return [base64.b64decode(key) for key in settings.proof_keys]


async def connect(settings: Settings, *, lazy: bool = False) -> Client:
    """`lazy` lets the API start, and take orders in, while Temporal is down. A worker's client must not be lazy."""
    return await Client.connect(
        settings.required("temporal_address"),
        namespace=settings.temporal_namespace,
        data_converter=data_converter(settings),
        lazy=lazy,
    )
