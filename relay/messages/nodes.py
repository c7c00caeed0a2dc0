"""Meeting a node: hello, registration, sessions, mail, and the body of every error (PROTOCOL.md section 7). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from relay.messages.fields import fields, text
from relay.messages.limits import (
    MAX_ERROR_MESSAGE_CHARACTERS,
    MAX_ERROR_NAME_CHARACTERS,
    MAX_KIND_CHARACTERS,
    MAX_MAIL_ANSWER,
    MAX_MAIL_BYTES,
    MAX_MAIL_MESSAGES,
    MAX_MANY_IDS,
    MAX_PUSH_BYTES,
    MAX_REGISTRATION_BODY,
    MAX_REGISTRATION_ENTRIES,
    MAX_STAT_IDS,
    MAX_STATEMENT_BYTES,
    MAX_TOKEN_CHARACTERS,
    MAX_VERSIONS,
    NONCE_BYTES,
    PROTOCOL_VERSION,
    SMALL_BODY,
)
from store.blobs import MAX_BLOB_BYTES
from store.encoding import MalformedError, decode, encode
from store.entries import MAX_ENTRY_BYTES
from store.ids import DeviceId, Id, LibraryId, StoreId
from store.shapes import array, identifier, number, octets, several
from store.signatures import SIGNATURE_BYTES, SIGNING_KEY_BYTES

_SESSION_LABEL = "calotype session"
_HELLO_LABEL = b"calotype hello"


class BoxId(Id):
    """Names a mailbox: derived from a ticket's secret, so that only those who have the ticket find it."""

    SIZE = 16


def hello_proof_message(nonce: bytes) -> bytes:
    """What a node signs to show that it has its key."""
    return _HELLO_LABEL + nonce


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a node accepts: bytes of an entry, of a blob, of a push; ids in a ``stat``, in a ``many``."""

    entry: int = MAX_ENTRY_BYTES
    blob: int = MAX_BLOB_BYTES
    push: int = MAX_PUSH_BYTES
    stat: int = MAX_STAT_IDS
    many: int = MAX_MANY_IDS

    def to_wire(self) -> dict[str, int]:
        return {"entry": self.entry, "blob": self.blob, "push": self.push, "stat": self.stat, "many": self.many}

    @classmethod
    def from_wire(cls, value: Any) -> Self:
        if type(value) is not dict or value.keys() != {"entry", "blob", "push", "stat", "many"}:
            raise MalformedError("a map of limits was expected")
        return cls(**{name: number(limit) for name, limit in value.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A node introduces itself. ``key`` is its Ed25519 key; ``proof`` its signature over the asker's nonce, empty without one."""

    kind: str
    key: bytes
    store: StoreId
    versions: tuple[int, ...]
    limits: Limits
    time: int
    proof: bytes

    def encode(self) -> bytes:
        return encode(
            {
                "kind": self.kind,
                "key": self.key,
                "store": self.store,
                "versions": list(self.versions),
                "limits": self.limits.to_wire(),
                "time": self.time,
                "proof": self.proof,
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        kind, key, store, versions, limits, time, proof = fields(
            data, SMALL_BODY, "kind", "key", "store", "versions", "limits", "time", "proof"
        )
        return cls(
            kind=text(kind, at_most=MAX_KIND_CHARACTERS),
            key=octets(key, exactly=SIGNING_KEY_BYTES),
            store=identifier(StoreId, store),
            versions=several(versions, number, at_most=MAX_VERSIONS),
            limits=Limits.from_wire(limits),
            time=number(time),
            proof=proof if proof == b"" else octets(proof, exactly=SIGNATURE_BYTES),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Bring a library to a node: the operator's token, the library's genesis, and the entries that make its devices members."""

    token: str = field(repr=False)
    genesis: bytes = field(repr=False)
    entries: tuple[bytes, ...] = field(default=(), repr=False)

    def encode(self) -> bytes:
        return encode({"token": self.token, "genesis": self.genesis, "entries": list(self.entries)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        token, genesis, entries = fields(data, MAX_REGISTRATION_BODY, "token", "genesis", "entries")
        return cls(
            token=text(token, at_most=MAX_TOKEN_CHARACTERS),
            genesis=octets(genesis, at_most=MAX_ENTRY_BYTES),
            entries=several(entries, lambda each: octets(each, at_most=MAX_ENTRY_BYTES), at_most=MAX_REGISTRATION_ENTRIES),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The library is at home here, with so many bytes for its blobs."""

    library: LibraryId
    quota: int

    def encode(self) -> bytes:
        return encode({"library": self.library, "quota": self.quota})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        library, quota = fields(data, SMALL_BODY, "library", "quota")
        return cls(library=identifier(LibraryId, library), quota=number(quota))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatement:
    """What a device signs to be let in: for one node, once, until ``expiry`` by the node's clock."""

    node_key: bytes
    library: LibraryId
    device: DeviceId
    nonce: bytes
    expiry: int

    def encode(self) -> bytes:
        return encode([_SESSION_LABEL, PROTOCOL_VERSION, self.node_key, self.library, self.device, self.nonce, self.expiry])

    @classmethod
    def decode(cls, data: bytes) -> Self:
        label, version, node_key, library, device, nonce, expiry = array(decode(data, limit=MAX_STATEMENT_BYTES, depth=1), 7)
        if label != _SESSION_LABEL or number(version) != PROTOCOL_VERSION:
            raise MalformedError("not a session statement of version 1")
        return cls(
            node_key=octets(node_key, exactly=SIGNING_KEY_BYTES),
            library=identifier(LibraryId, library),
            device=identifier(DeviceId, device),
            nonce=octets(nonce, exactly=NONCE_BYTES),
            expiry=number(expiry),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """A statement and the device's signature over it."""

    statement: bytes
    signature: bytes = field(repr=False)

    def encode(self) -> bytes:
        return encode({"statement": self.statement, "signature": self.signature})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        statement, signature = fields(data, SMALL_BODY, "statement", "signature")
        return cls(statement=octets(statement, at_most=MAX_STATEMENT_BYTES), signature=octets(signature, exactly=SIGNATURE_BYTES))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGrant:
    """The token to show with every call, and when it ends by the node's clock."""

    token: str = field(repr=False)
    expires: int

    def encode(self) -> bytes:
        return encode({"token": self.token, "expires": self.expires})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        token, expires = fields(data, SMALL_BODY, "token", "expires")
        return cls(token=text(token, at_most=MAX_TOKEN_CHARACTERS), expires=number(expires))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The messages of a mailbox from the asked number on."""

    messages: tuple[bytes, ...]

    def encode(self) -> bytes:
        return encode({"messages": list(self.messages)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        (messages,) = fields(data, MAX_MAIL_ANSWER, "messages")
        return cls(messages=several(messages, lambda each: octets(each, at_most=MAX_MAIL_BYTES), at_most=MAX_MAIL_MESSAGES))


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What every refused call is answered with."""

    error: str
    message: str

    def encode(self) -> bytes:
        return encode({"error": self.error, "message": self.message})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        error, message = fields(data, SMALL_BODY, "error", "message")
        return cls(error=text(error, at_most=MAX_ERROR_NAME_CHARACTERS), message=text(message, at_most=MAX_ERROR_MESSAGE_CHARACTERS))
