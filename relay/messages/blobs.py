"""Questions about blobs and promises to keep them (PROTOCOL.md section 7). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from relay.messages.fields import blob_ids, fields, flag
from relay.messages.limits import MAX_HOLD_IDS, MAX_MANY_IDS, MAX_STAT_IDS, NONCE_BYTES, SMALL_BODY
from store.encoding import MalformedError, encode
from store.ids import BlobId
from store.shapes import number, octets, several


class BlobState(IntEnum):
    """What a node says of a blob without reading it."""

    ABSENT = 0
    HELD = 1
    RELEASED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StatRequest:
    """Which of these are held? ``claim``: and an entry will refer to them without an upload."""

    ids: tuple[BlobId, ...]
    claim: bool = False

    def encode(self) -> bytes:
        return encode({"ids": list(self.ids), "claim": self.claim})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        ids, claim = fields(data, SMALL_BODY, "ids", "claim")
        return cls(ids=blob_ids(ids, at_most=MAX_STAT_IDS), claim=flag(claim))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatAnswer:
    """A state for each id in the order asked."""

    states: tuple[BlobState, ...]

    def encode(self) -> bytes:
        return encode({"states": [int(state) for state in self.states]})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (states,) = fields(data, SMALL_BODY, "states")
        return cls(states=several(states, _parse_state, at_most=MAX_STAT_IDS))


def _parse_state(value: Any) -> BlobState:
    try:
        return BlobState(number(value))
    except ValueError as error:
        raise MalformedError("no such state of a blob") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """Asks the node to re-read blobs, to show that it did by hashing them with ``nonce``, and to keep them."""

    ids: tuple[BlobId, ...]
    nonce: bytes

    def encode(self) -> bytes:
        return encode({"ids": list(self.ids), "nonce": self.nonce})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        ids, nonce = fields(data, SMALL_BODY, "ids", "nonce")
        return cls(ids=blob_ids(ids, at_most=MAX_HOLD_IDS), nonce=octets(nonce, exactly=NONCE_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAnswer:
    """For each id SHA-256(nonce | sealed bytes), or empty when the node makes no promise; kept until ``until``."""

    proofs: tuple[bytes, ...]
    until: int

    def encode(self) -> bytes:
        return encode({"proofs": list(self.proofs), "until": self.until})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        proofs, until = fields(data, SMALL_BODY, "proofs", "until")
        return cls(proofs=several(proofs, _parse_proof, at_most=MAX_HOLD_IDS), until=number(until))


def _parse_proof(value: Any) -> bytes:
    return b"" if value == b"" else octets(value, exactly=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyRequest:
    """Asks for small blobs in one answer."""

    ids: tuple[BlobId, ...]

    def encode(self) -> bytes:
        return encode({"ids": list(self.ids)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (ids,) = fields(data, SMALL_BODY, "ids")
        return cls(ids=blob_ids(ids, at_most=MAX_MANY_IDS))
