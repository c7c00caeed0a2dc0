"""Getting acquainted with a node and staying signed in: what the sync engine holds for each node.

    greet                  asks a node for its key, store and time, and makes it prove the key
    LibrarySession         a ``LibraryApi`` that opens its session when it is needed and again when it has ended

A session statement expires by the node's clock, which ``greet`` measured: a device whose own clock is years off signs in like
any other.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import trio

from relay.api import LibraryApi, SealedBlob, SyncApi
from relay.errors import ProtocolViolationError, SessionInvalidError, WrongNodeKeyError
from relay.messages import (
    BlobState,
    HeadsAnswer,
    Hello,
    Hint,
    HoldAnswer,
    PullEnd,
    PullRequest,
    PushResult,
    SessionRequest,
    SessionStatement,
    TraceAnswer,
    hello_proof_message,
)
from relay.messages.limits import NONCE_BYTES, PROTOCOL_VERSION
from relay.seams import Clock, Randomness
from store.ids import BlobId, DeviceId, EntryHash, LibraryId
from store.signatures import is_signed

STATEMENT_MS = 60_000
RENEW_MS = 60_000
"""A session is opened anew when it has less than this left, so that it doesn't end in the middle of things."""

SHORTEST_MS = 30_000
"""However short a node lets its sessions be, it is not asked for another more often than that."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A device of a library; ``sign`` makes its Ed25519 signature. ``MASTER`` signs in for who has the recovery phrase only."""

    library: LibraryId
    device: DeviceId
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a node said, and when. ``clock_offset``: the node's time minus ours, in milliseconds, right to half the ``round_trip``."""

    hello: Hello
    clock_offset: int
    round_trip: int


async def greet(node: SyncApi, *, pinned_key: bytes | None, clock: Clock, randomness: Randomness) -> Greeting:
    """Ask who is there. ``WrongNodeKeyError`` unless the node proves the key that it names, which must be ``pinned_key`` if given."""
    nonce = randomness(NONCE_BYTES)
    before, start = clock.now(), trio.current_time()
    hello = await node.hello(nonce)
    round_trip = round((trio.current_time() - start) * 1000)
    if pinned_key is not None and hello.key != pinned_key:
        raise WrongNodeKeyError("the node has another key than the one that was pinned when it was added")
    if not is_signed(hello_proof_message(nonce), hello.proof, hello.key):
        raise WrongNodeKeyError("the node can't prove that it has the key that it names")
    if PROTOCOL_VERSION not in hello.versions:
        raise ProtocolViolationError("the node speaks only versions of the protocol that this program doesn't know")
    return Greeting(hello=hello, clock_offset=hello.time - (before + round_trip // 2), round_trip=round_trip)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    api: LibraryApi
    token: str = field(repr=False)
    renew_at: float
    """By trio's clock."""


class LibrarySession:
    """``LibraryApi`` for one device at one node.

    A call that the node answers with `session-invalid` is made once more under a new session. Calls may be made from many
    tasks; they share one session.
    """

    def __init__(self, node: SyncApi, identity: Identity, *, node_key: bytes, clock: Clock, randomness: Randomness) -> None:
        self._node = node
        self._identity = identity
        self._node_key = node_key
        self._clock = clock
        self._randomness = randomness
        self._opening = trio.Lock()
        self._open: _Open | None = None
        self.greeting: Greeting | None = None
        """From when the session was opened last; ``None`` before the first call."""

    async def open(self) -> Greeting:
        """Sign in now, if not yet done, and tell what the node said."""
        await self._session()
        assert self.greeting is not None
        return self.greeting

    async def close(self) -> None:
        """Make the session's token worthless. The next call opens another."""
        session, self._open = self._open, None
        if session is not None:
            await self._node.close_session(session.token)

    async def _session(self, *, instead_of: _Open | None = None) -> _Open:
        """The session that is open, or a new one; not ``instead_of``, which the node no longer knows."""
        async with self._opening:
            session = self._open
            if session is None or session is instead_of or trio.current_time() >= session.renew_at:
                session = self._open = await self._sign_in()
            return session

    async def _sign_in(self) -> _Open:
        greeting = await greet(self._node, pinned_key=self._node_key, clock=self._clock, randomness=self._randomness)
        node_time = greeting.hello.time
        statement = SessionStatement(
            node_key=self._node_key,
            library=self._identity.library,
            device=self._identity.device,
            nonce=self._randomness(NONCE_BYTES),
            expiry=node_time + STATEMENT_MS,
        ).encode()
        grant = await self._node.open_session(SessionRequest(statement=statement, signature=self._identity.sign(statement)))
        lifetime = max(SHORTEST_MS, grant.expires - node_time - RENEW_MS) / 1000
        self.greeting = greeting
        api = self._node.library(self._identity.library, grant.token)
        return _Open(api=api, token=grant.token, renew_at=trio.current_time() + lifetime)

    async def _call(self, call: Callable[[LibraryApi], Awaitable[T]]) -> T:
        session = await self._session()
        try:
            return await call(session.api)
        except SessionInvalidError:
            session = await self._session(instead_of=session)
        return await call(session.api)

    @asynccontextmanager
    async def _stream(self, begin: Callable[[LibraryApi], AbstractAsyncContextManager[T]]) -> AsyncGenerator[T]:
        async with AsyncExitStack() as stack:
            session = await self._session()
            try:
                stream = await stack.enter_async_context(begin(session.api))
            except SessionInvalidError:
                session = await self._session(instead_of=session)
                stream = await stack.enter_async_context(begin(session.api))
            yield stream

    async def heads(self) -> HeadsAnswer:
        return await self._call(lambda api: api.heads())

    def pull(self, request: PullRequest) -> AbstractAsyncContextManager[AsyncIterator[bytes | PullEnd]]:
        return self._stream(lambda api: api.pull(request))

    async def push(self, raws: Sequence[bytes]) -> PushResult:
        return await self._call(lambda api: api.push(raws))

    async def seen(self, reports: Sequence[bytes]) -> int:
        return await self._call(lambda api: api.seen(reports))

    def news(self) -> AbstractAsyncContextManager[AsyncIterator[Hint]]:
        return self._stream(lambda api: api.news())

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]:
        return await self._call(lambda api: api.stat(blobs, claim=claim))

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer:
        return await self._call(lambda api: api.hold(blobs, nonce))

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        return await self._call(lambda api: api.trace(entries, blobs))

    async def get_blob(self, blob: BlobId) -> bytes:
        return await self._call(lambda api: api.get_blob(blob))

    async def has_blob(self, blob: BlobId) -> bool:
        return await self._call(lambda api: api.has_blob(blob))

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        return await self._call(lambda api: api.put_blob(blob, sealed))

    def many(self, blobs: Sequence[BlobId]) -> AbstractAsyncContextManager[AsyncIterator[SealedBlob]]:
        return self._stream(lambda api: api.many(blobs))
