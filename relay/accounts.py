"""What a node keeps besides entries and blobs: who may store how much, who is signed in, and mail for those who join.

Three interfaces, synchronous like all stores. Implementations pass ``tests/conformance/accounts.py``. Tokens reach them only
as SHA-256 hashes: they are random and long, so that a plain hash tells nothing. Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from relay.errors import NotFoundError, QuotaError, TokenInvalidError, TooManyError
from relay.messages import BoxId
from store.ids import BlobId, DeviceId, Id, LibraryId

MAIL_LIFETIME_MS = 10 * 60_000
MAX_MAIL_AT_ONCE = 10_000
PROMISE_MS = 7 * 24 * 60 * 60_000
"""How long a promise lasts, by the clock and in running time."""

_ENTRY_RESERVE_BYTES = 256 * 1024 * 1024
_ENTRY_RESERVE_SHARE = 20


class TokenHash(Id):
    """SHA-256 of a registration or session token: all that is stored of it."""

    SIZE = 32

    @classmethod
    def of(cls, token: str) -> TokenHash:
        return cls(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryAccount:
    """What a library may store and does. ``quota`` counts blobs only: a full quota stops photos, not edits."""

    library: LibraryId
    quota: int
    blobs: int
    blob_bytes: int
    entry_bytes: int
    registered_at: int

    @property
    def entry_quota(self) -> int:
        """What entries may take, a reserve of their own."""
        return _ENTRY_RESERVE_BYTES + self.quota // _ENTRY_RESERVE_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A device that proved its key."""

    library: LibraryId
    device: DeviceId
    expires: int


class Libraries(Protocol):
    """Registration tokens, libraries with their quotas, and which library holds which blob.

    - ``atomic``: what happens in the block, on this and on stores that share its database, is durable together or not at all.
    - ``register`` uses the token once for each library and answers the library's quota; ``TokenInvalidError`` when the token
      is unknown, or used up by others. A library that is registered keeps its quota.
    - ``add_entry_bytes``: so many bytes of entries more, or, below zero, fewer.
    - ``add_blob``: from now on the library holds the blob. False: it did already. ``QuotaError`` when there is no room for it;
      ``NotFoundError`` for a library that isn't registered.
    - ``held`` are those that this library holds; what others hold doesn't count.
    - ``held_since``: the same, each with the time at which it came; ``None`` where that wasn't written down.
    - ``keep``: held blobs are kept at least until then; a later time wins. ``kept_until`` is 0 where no promise was made.
    - ``forget_blob``: nobody holds it any more (it was found damaged), nor has it in the trash; the libraries that held it.
    - ``wanted``: some of those that were forgotten, and neither put again nor released since.
    """

    def atomic(self) -> AbstractContextManager[object]: ...

    def add_token(self, token: TokenHash, *, quota: int, uses: int, now: int) -> None: ...

    def unused_tokens(self) -> int: ...

    def register(self, library: LibraryId, token: TokenHash, *, now: int) -> int: ...

    def account(self, library: LibraryId) -> LibraryAccount | None: ...

    def accounts(self) -> list[LibraryAccount]: ...

    def add_entry_bytes(self, library: LibraryId, size: int) -> None: ...

    def add_blob(self, library: LibraryId, blob: BlobId, size: int, *, now: int) -> bool: ...

    def held(self, library: LibraryId, blobs: Sequence[BlobId]) -> frozenset[BlobId]: ...

    def held_since(self, library: LibraryId, blobs: Sequence[BlobId]) -> dict[BlobId, int | None]: ...

    def keep(self, library: LibraryId, blobs: Sequence[BlobId], *, until: int) -> None: ...

    def kept_until(self, library: LibraryId, blob: BlobId) -> int: ...

    def forget_blob(self, blob: BlobId) -> list[LibraryId]: ...

    def wanted(self, library: LibraryId, *, limit: int) -> list[BlobId]: ...


class Sessions(Protocol):
    """Open sessions, and the nonces of statements that may not come again.

    ``open`` is False, and opens nothing, when the device used the nonce before; a nonce may be forgotten after
    ``nonce_until``. ``find`` is ``None`` for a token that is unknown, expired or closed. ``close`` is idempotent.
    """

    def open(self, token: TokenHash, session: Session, *, nonce: bytes, nonce_until: int, now: int) -> bool: ...

    def find(self, token: TokenHash, *, now: int) -> Session | None: ...

    def close(self, token: TokenHash) -> None: ...

    def count(self, *, now: int) -> int: ...


class Mailboxes(Protocol):
    """Small messages for ten minutes, numbered from 0 in each box.

    ``post`` raises ``TooManyError`` for the ninth message in a box and when the node has too many in all.
    ``messages`` gives those with the number ``after`` and higher.
    """

    def post(self, box: BoxId, message: bytes, *, now: int) -> None: ...

    def messages(self, box: BoxId, *, after: int, now: int) -> list[bytes]: ...


def token_invalid() -> TokenInvalidError:
    """One answer for tokens that never were and tokens that are used up: who guesses learns nothing."""
    return TokenInvalidError("the registration token is wrong or used up; ask the relay's operator for another")


def library_unknown() -> NotFoundError:
    return NotFoundError("no such library on this node")


def over_quota() -> QuotaError:
    return QuotaError("the library's quota on this node is used up; nothing was stored, edits still pass")


def box_is_full() -> TooManyError:
    return TooManyError("this mailbox is full", retry_after=MAIL_LIFETIME_MS / 1000)


def node_mail_is_full() -> TooManyError:
    return TooManyError("the node keeps no more mail at the moment", retry_after=60)
