"""What the suites of the sync API share: a node with a library, and calls that they all make."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from relay.api import LibraryApi, SyncApi
from relay.errors import (
    SyncError,
)
from relay.messages import (
    Heartbeat,
    Hint,
    PullEnd,
    PullRequest,
    SessionRequest,
    SessionStatement,
)
from store.encoding import encode
from store.entries import Dep
from store.ids import BlobId, DeviceId
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import FakeClock, Node, make_node, registration, session_of

SMALL = b"some sealed bytes"


class SyncApiFixtures:
    """What each suite starts from."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def node(self, clock: FakeClock) -> Node:
        """A node over memory stores with one token for one library."""
        return make_node(clock)

    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        """An implementation over ``node``; overridden by each."""
        raise NotImplementedError

    @pytest.fixture
    def library(self) -> FleetLibrary:
        return make_library("conformance")

    @pytest.fixture
    def anna(self, library: FleetLibrary) -> Author:
        """A member."""
        return library.join("anna")

    async def bring_home(self, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        """Make the node know the library, and who its members are."""
        await api.register(registration(library))

    @pytest.fixture
    async def signed_in(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> LibraryApi:
        """The library at the node, with everything written so far, for ``anna``."""
        await self.bring_home(api, node, library)
        session = session_of(api, library, anna, key=node.key)
        await session.push(library.raws())
        return session


async def pull(api: LibraryApi, request: PullRequest) -> tuple[list[bytes], PullEnd]:
    """The entries and the end of a pull."""
    async with api.pull(request) as stream:
        items = [item async for item in stream]
    end = items.pop()
    assert isinstance(end, PullEnd)
    entries = [item for item in items if isinstance(item, bytes)]
    assert len(entries) == len(items)
    return entries, end


async def put(api: LibraryApi, sealed: bytes) -> BlobId:
    blob = BlobId.of(sealed)
    await api.put_blob(blob, sealed)
    return blob


async def next_hint(hints: AsyncIterator[Hint]) -> Hint:
    """The next hint that isn't a heartbeat, soon."""
    with trio.fail_after(10):
        while True:
            hint = await anext(hints)
            if hint != Heartbeat():
                return hint


async def open_session(api: SyncApi, node: Node, library: FleetLibrary, author: Author, *, nonce: bytes = b"n") -> str:
    """The token of a new session."""
    statement = make_statement(node, library, author.device, nonce=nonce * 32)
    return (await api.open_session(SessionRequest(statement=statement, signature=author.keys.sign(statement)))).token


async def assert_refused_everywhere(api: LibraryApi, error: type[SyncError]) -> None:
    """Every call of a library answers with the same error."""
    blob = BlobId.of(SMALL)
    for call in (
        api.heads(),
        api.push([]),
        api.seen([]),
        api.stat([]),
        api.trace([], [blob]),
        api.hold([blob], bytes(32)),
        api.get_blob(blob),
        api.has_blob(blob),
        api.put_blob(blob, SMALL),
    ):
        with pytest.raises(error):
            await call
    for stream in (api.pull(PullRequest()), api.news(), api.many([blob])):
        with pytest.raises(error):
            async with stream:
                raise AssertionError


def bad_entries(library: FleetLibrary, author: Author) -> list[tuple[bytes, str]]:
    """Entries that a node refuses, each with the name that it refuses it by. The author's log doesn't go on with any of them."""
    good = author.fork().change()
    flipped = bytes([good.signature[0] ^ 1]) + good.signature[1:]
    version_2 = encode([encode([2, 0]), hashlib.sha256(b"").digest(), 0])
    misplaced = Dep(library.id.master_log(), 10**6, library.genesis.name)
    return [
        (b"", "malformed"),
        (filler("noise", 300), "malformed"),
        (good.raw[:-1], "malformed"),
        (encode([good.header, flipped, good.body]), "bad-signature"),
        (encode([good.header, good.signature, b"another body"]), "bad-hash"),
        (author.fork().change(deps=[misplaced]).raw, "bad-chain"),
        (make_library("other").genesis.raw, "other-library"),
        (encode([version_2, bytes(64), b""]), "unknown-version"),
        (library.author("eve").open_log(deps=[]).raw, "not-allowed-author"),
        (b"\x81" * 200 + b"\x00", "too-deep"),
        (encode([good.header, good.signature, bytes(2 * 1024 * 1024)]), "too-large"),
    ]


def make_statement(
    node: Node, library: FleetLibrary, device: DeviceId, *, nonce: bytes = b"n" * 32, expiry: int = 60_000, node_key: bytes = b""
) -> bytes:
    return SessionStatement(
        node_key=node_key or node.key, library=library.id, device=device, nonce=nonce, expiry=node.clock.now() + expiry
    ).encode()
