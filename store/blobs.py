"""The blob store: sealed segments by name. Synchronous; an implementation passes ``tests/conformance/blob_store.py``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from store.errors import RefusedError
from store.ids import BlobId

MAX_BLOB_BYTES = 4 * 1024 * 1024 + 65
"""A segment of 4 MiB and what sealing adds (PROTOCOL.md section 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    """What a store knows of a blob without reading it. ``stored_at`` in milliseconds since 1970."""

    blob: BlobId
    size: int
    stored_at: int


class BlobStore(Protocol):
    """Contract.

    - ``put`` refuses (``RefusedError``) bytes whose SHA-256 isn't ``blob`` (`bad-hash`) or that are too many (`too-large`); it is durable
      when it returns, idempotent, and safe against a crash at any moment: a name either leads to its whole bytes or to nothing.
      True: it was new. A full disk is ``NoSpaceError`` and leaves nothing behind.
    - ``get`` returns bytes that were verified against the name just now; ``None`` when the blob isn't held; ``DamagedError`` when it is
      held but damaged (it is then no longer held: it was moved aside).
    - ``info`` and ``blobs`` don't read contents. ``delete`` is idempotent; True: it was there.
    """

    def put(self, blob: BlobId, sealed: bytes, *, now: int) -> bool: ...

    def get(self, blob: BlobId) -> bytes | None: ...

    def info(self, blob: BlobId) -> BlobInfo | None: ...

    def blobs(self) -> Iterator[BlobInfo]: ...

    def delete(self, blob: BlobId) -> bool: ...

    def total_bytes(self) -> int: ...


def check_blob(blob: BlobId, sealed: bytes) -> None:
    """``RefusedError`` (`too-large`, `bad-hash`) unless ``sealed`` is what ``blob`` names."""
    if len(sealed) > MAX_BLOB_BYTES:
        raise RefusedError("too-large", f"a blob of {len(sealed)} bytes where at most {MAX_BLOB_BYTES} are allowed")
    if not is_intact(blob, sealed):
        raise RefusedError("bad-hash", f"the bytes aren't those of blob {blob.short()}")


def is_intact(blob: BlobId, sealed: bytes) -> bool:
    """Whether ``sealed`` is what ``blob`` names."""
    return hashlib.sha256(sealed).digest() == blob
