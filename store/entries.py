"""Entries: what a log is made of (PROTOCOL.md section 3). Pure.

    prefix    = CBOR([1, kind, library, log, seq, previous, deps, epoch])
    header    = CBOR([prefix, SHA-256(body), length(body)])
    signature = Ed25519("calotype entry" | header)
    entry     = CBOR([header, signature, body])
    name      = SHA-256(header)

The prefix is bytes inside the header because the body is sealed with the prefix as associated data, before the body's
hash is known. ``parse_entry`` judges all that the bytes alone can tell; who may write what and where is
``store.admission``'s to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from store.encoding import MalformedError, decode, encode
from store.errors import RefusedError, refusing
from store.ids import NO_ENTRY, EntryHash, EpochId, LibraryId, LogId
from store.shapes import array, ascending, identifier, number, octets, optional, several, versioned
from store.signatures import SIGNATURE_BYTES, is_signed

VERSION = 1
MAX_ENTRY_BYTES = 1024 * 1024
MAX_DEPS = 4096
_SIGNED_AS = b"calotype entry"
_DEPTH = 4


class EntryKind(IntEnum):
    """What an entry is; all but ``CHANGE`` are control entries, whose bodies anyone can read."""

    CHANGE = 0
    GENESIS = 1
    OPEN = 2
    CERTIFICATE = 3
    PACKAGES = 4
    REMOVE = 5
    CHECKPOINT = 6
    SETTLED = 7
    RELEASE = 8
    CLAIM = 9


class Dep(NamedTuple):
    """An entry of another log, or of another branch, that the author had applied."""

    log: LogId
    seq: int
    name: EntryHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry whose bytes agree with themselves: canonical, within the limits, body as its header says."""

    kind: EntryKind
    library: LibraryId
    log: LogId
    seq: int
    previous: EntryHash
    """``NO_ENTRY`` exactly when ``seq`` is 0."""
    deps: tuple[Dep, ...]
    epoch: EpochId | None
    """The epoch that a change is sealed under; ``None`` exactly for control entries."""
    name: EntryHash
    body: bytes = field(repr=False)
    prefix: bytes = field(repr=False)
    header: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The bytes that travel and are stored."""
        return encode([self.header, self.signature, self.body])

    @property
    def needs(self) -> tuple[EntryHash, ...]:
        """The names that must be stored before this entry can be."""
        before = () if self.previous == NO_ENTRY else (self.previous,)
        return (*before, *(dep.name for dep in self.deps))


def parse_entry(raw: bytes) -> Entry:
    """The entry that ``raw`` is. ``RefusedError``: `too-large`, `malformed`, `too-deep`, `unknown-version`, `bad-hash`, `bad-chain`."""
    with refusing("entry"):
        header, signature, body = array(decode(raw, limit=MAX_ENTRY_BYTES, depth=1), 3)
        octets(signature, exactly=SIGNATURE_BYTES)
        octets(body)
        prefix, body_hash, body_length = array(decode(octets(header), limit=MAX_ENTRY_BYTES, depth=1), 3)
        octets(body_hash, exactly=32)
        number(body_length)
        values = decode(octets(prefix), limit=MAX_ENTRY_BYTES, depth=_DEPTH)
        kind, library, log, seq, previous, deps, epoch = versioned(values, VERSION, 8)
        entry = Entry(
            kind=_parse_kind(kind),
            library=identifier(LibraryId, library),
            log=identifier(LogId, log),
            seq=number(seq),
            previous=identifier(EntryHash, previous),
            deps=_parse_deps(deps),
            epoch=optional(EpochId, epoch),
            name=EntryHash(hashlib.sha256(header).digest()),
            body=body,
            prefix=prefix,
            header=header,
            signature=signature,
        )
        if (entry.kind is EntryKind.CHANGE) != (entry.epoch is not None):
            raise MalformedError("a change names an epoch, a control entry none")
    if body_length != len(body) or body_hash != hashlib.sha256(body).digest():
        raise RefusedError("bad-hash", "the body isn't the one that the header names")
    if (entry.seq == 0) != (entry.previous == NO_ENTRY):
        raise RefusedError("bad-chain", "only the first entry of a log has no predecessor")
    return entry


def make_prefix(
    *,
    kind: EntryKind,
    library: LibraryId,
    log: LogId,
    seq: int,
    previous: EntryHash,
    deps: Sequence[Dep],
    epoch: EpochId | None = None,
) -> bytes:
    """What a body is sealed to; ``deps`` in any order."""
    wire_deps = [[dep.log, dep.seq, dep.name] for dep in sorted(set(deps))]
    return encode([VERSION, int(kind), library, log, seq, previous, wire_deps, epoch or b""])


def seal_entry(prefix: bytes, body: bytes, sign: Callable[[bytes], bytes]) -> Entry:
    """The author's side: header, signature and entry. It passes the door that everyone else's door is, with the same ``RefusedError``."""
    header = encode([prefix, hashlib.sha256(body).digest(), len(body)])
    return parse_entry(encode([header, sign(_SIGNED_AS + header), body]))


def is_signed_by(entry: Entry, public_key: bytes) -> bool:
    """Whether the owner of ``public_key`` (Ed25519, 32 bytes) signed the header."""
    return is_signed(_SIGNED_AS + entry.header, entry.signature, public_key)


def verify_signature(entry: Entry, public_key: bytes) -> None:
    """``RefusedError`` (`bad-signature`) unless ``is_signed_by``."""
    if not is_signed_by(entry, public_key):
        raise RefusedError("bad-signature", f"entry {entry.name.short()} isn't signed by the author of its log")


def _parse_kind(value: Any) -> EntryKind:
    try:
        return EntryKind(number(value))
    except ValueError as error:
        raise MalformedError("no such kind of entry") from error


def _parse_dep(value: Any) -> Dep:
    log, seq, name = array(value, 3)
    return Dep(identifier(LogId, log), number(seq), identifier(EntryHash, name))


def _parse_deps(value: Any) -> tuple[Dep, ...]:
    deps = several(value, _parse_dep, at_most=MAX_DEPS)
    ascending(deps)
    return deps
