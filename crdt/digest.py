"""Digests: equal exactly when records, and libraries, are equal (PROTOCOL.md section 6.3). Pure.

A record's digest covers its live keys and values and its state vector, not the engine's bytes: the same content that was reached on
different ways is encoded differently by the engine, and by another version of it differently again.

The library's digest is the sum of all digests modulo 2^128. So it doesn't depend on order, and a record that changed is taken out
with its old digest and put in with its new one. Against members it is a check, not a defence: who writes records can make sums agree.
"""

from __future__ import annotations

from typing import Self

import xxhash

from crdt.record import Content
from store.encoding import encode
from store.ids import RecordId

DIGEST_BYTES = 16


class Digest(bytes):
    """16 bytes, xxh3-128 big-endian."""

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) != DIGEST_BYTES:
            raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hex()})"


class LibraryDigest(Digest):
    """The sum of the digests of all records and purged ids. Immutable: ``add`` and ``remove`` give a new one."""

    __slots__ = ()

    def add(self, digest: Digest) -> LibraryDigest:
        """With one more record or purged id."""
        return self._moved(int.from_bytes(digest, "big"))

    def remove(self, digest: Digest) -> LibraryDigest:
        """Without a record or purged id that was in it."""
        return self._moved(-int.from_bytes(digest, "big"))

    def _moved(self, by: int) -> LibraryDigest:
        total = (int.from_bytes(self, "big") + by) % (1 << 8 * DIGEST_BYTES)
        return LibraryDigest(total.to_bytes(DIGEST_BYTES, "big"))


EMPTY_DIGEST = LibraryDigest(bytes(DIGEST_BYTES))
"""Of a library without records."""


def record_digest(record: RecordId, content: Content) -> Digest:
    """xxh3-128(CBOR([record, [[key, [stamp, value]], …] sorted by key, [[client, clock], …] sorted by client]))."""
    live = [[key, [bytes(cell.stamp), cell.value]] for key, cell in sorted(content.live.items())]
    vector = [[client, clocks] for client, clocks in sorted(content.vector.items())]
    return Digest(xxhash.xxh3_128_digest(encode([bytes(record), live, vector])))


def purged_digest(record: RecordId) -> Digest:
    """What a purged id counts: xxh3-128(CBOR(["purged", record]))."""
    return Digest(xxhash.xxh3_128_digest(encode(["purged", bytes(record)])))
