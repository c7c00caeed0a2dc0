"""The sync API as a pair of interfaces (PROTOCOL.md section 7): a node, and one library on it.

Implemented by the service, in process, and by the client, over HTTP; ``tests/conformance/sync_api.py`` runs against both.
Every call raises ``relay.errors.SyncError`` and nothing else on purpose, may be repeated, and is safe to cancel. Streams are
context managers: leaving the block ends the stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from relay.messages import (
    BlobState,
    BoxId,
    HeadsAnswer,
    Hello,
    Hint,
    HoldAnswer,
    PullEnd,
    PullRequest,
    PushResult,
    Registered,
    Registration,
    SessionGrant,
    SessionRequest,
    TraceAnswer,
)
from store.ids import BlobId, EntryHash, LibraryId


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBlob:
    """One blob out of a stream of several."""

    blob: BlobId
    sealed: bytes = field(repr=False)


class LibraryApi(Protocol):
    """One library on one node.

    - ``pull`` gives entries in an order in which each comes after all it depends on, then exactly one ``PullEnd``.
    - ``push`` judges each entry by itself; what the answer calls stored or known is durable.
    - ``news`` begins with ``EntriesArrived`` and ends when the session or the node does.
    - ``stat`` answers for at most 1,000 ids, ``hold`` for 100, ``many`` for 256. ``many`` gives those that are held, in the
      order asked, and stops at 16 MiB, but gives at least one: an id that is missing from an answer with blobs in it may be
      asked for again, one that is missing from an empty answer is not held.
    - ``stat``: *released* is what lies in the node's trash, and what is held with a release pending. With ``claim`` both are held afterwards, as
      far as the bytes are there. ``hold`` promises nothing of them.
    - ``trace`` answers for at most 1,000 entries and as many blobs. It reads nothing but what the node wrote down, and changes nothing. A node that is
      older than this call knows none of that name: ``NotFoundError``.
    - ``get_blob`` gives bytes that were verified against their name; ``NotFoundError`` when they aren't held.
    - ``put_blob`` is durable when it returns. True: the blob was new.
    """

    async def heads(self) -> HeadsAnswer: ...

    def pull(self, request: PullRequest) -> AbstractAsyncContextManager[AsyncIterator[bytes | PullEnd]]: ...

    async def push(self, raws: Sequence[bytes]) -> PushResult: ...

    async def seen(self, reports: Sequence[bytes]) -> int: ...

    def news(self) -> AbstractAsyncContextManager[AsyncIterator[Hint]]: ...

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]: ...

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer: ...

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer: ...

    async def get_blob(self, blob: BlobId) -> bytes: ...

    async def has_blob(self, blob: BlobId) -> bool: ...

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool: ...

    def many(self, blobs: Sequence[BlobId]) -> AbstractAsyncContextManager[AsyncIterator[SealedBlob]]: ...


class SyncApi(Protocol):
    """A node.

    - ``register`` answers the same again for a library that is registered; it uses a token once for each library.
    - ``library`` only names a library and the session to be used; the calls on it find out whether both are any good.
    - ``close_session`` makes a token worthless and ends the streams that it opened; any token may be closed.
    - ``messages`` gives what lies in a box from number ``after`` on, and waits up to ``wait`` seconds for the first of it.
    """

    async def hello(self, nonce: bytes | None = None) -> Hello: ...

    async def register(self, registration: Registration) -> Registered: ...

    async def open_session(self, request: SessionRequest) -> SessionGrant: ...

    async def close_session(self, token: str) -> None: ...

    def library(self, library: LibraryId, token: str) -> LibraryApi: ...

    async def post_message(self, box: BoxId, message: bytes) -> None: ...

    async def messages(self, box: BoxId, *, after: int = 0, wait: float = 0) -> Sequence[bytes]: ...
