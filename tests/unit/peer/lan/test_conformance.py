"""The node that a peer is passes the suite of the sync API: in process, and over TLS on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from peer.keys.device import DeviceKeys
from peer.lan.node import InvitationBoxes, peer_parts
from peer.layout import LibraryFolder
from peer.library.library import Library
from relay.api import LibraryApi, SyncApi
from relay.errors import NotFoundError, NotMemberError, TokenInvalidError, UnreachableError
from relay.memory_accounts import MemorySessions
from relay.messages import BlobState, BoxId, SessionRequest
from relay.service import NodeService
from store.ids import MASTER, BlobId
from tests.conformance.sync_api import BOX, PeerApiConformance
from tests.conformance.sync_api_support import SMALL, make_statement, put
from tests.fleet.authors import Author, FleetLibrary, make_library
from tests.unit.peer.lan.stations import EachDevice, Station, serving
from tests.unit.relay.nodes import FakeClock, Node, call_directly, registration, session_of

BOXES = (BOX, BoxId(b"another box 1234"))


class PeerFixtures:
    """A peer of the suite's library. Its keys are real ones; what the suite's devices write is opaque to it, and stored."""

    @pytest.fixture
    def peer(self, library: FleetLibrary, clock: FakeClock, tmp_path: Path) -> Iterator[Library]:
        random = Random(3)
        keys = DeviceKeys.generate(random.randbytes)
        library.certify(Author(library, "peer", keys))  # type: ignore[arg-type]  # a device's keys are keys
        library.certify(library.author("carl"))
        folder = LibraryFolder(tmp_path / "peer")
        folder.create()
        peer = Library.create(folder, keys, library.id, clock=clock, randomness=random.randbytes)
        peer.receive(library.raws())
        yield peer
        peer.close()

    @pytest.fixture
    def boxes(self) -> InvitationBoxes:
        return InvitationBoxes()

    @pytest.fixture
    def node(self, peer: Library, clock: FakeClock, boxes: InvitationBoxes) -> Iterator[Node]:
        parts = peer_parts(peer, run_blocking=call_directly, boxes=boxes, sessions=MemorySessions())
        with boxes.opened(BOXES[0]), boxes.opened(BOXES[1]):
            yield Node(parts=parts, clock=clock, service=NodeService(parts))

    async def bring_home(self, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        """The members are told to the peer, as if it had synced elsewhere."""
        first = registration(library)
        node.parts.logs.of(library.id).append([first.genesis, *first.entries], now=0)


class TestInProcess(PeerFixtures, PeerApiConformance):
    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        return node.service

    async def test_nobody_registers_at_a_peer(self, api: SyncApi, library: FleetLibrary) -> None:
        with pytest.raises(TokenInvalidError):
            await api.register(registration(library))

    async def test_another_library(self, api: SyncApi, node: Node) -> None:
        other = make_library("other")
        with pytest.raises(NotFoundError):
            await session_of(api, other, other.join("otto"), key=node.key).heads()

    async def test_a_carried_blob_that_was_damaged_is_no_longer_held(self, signed_in: LibraryApi, peer: Library) -> None:
        blob = await put(signed_in, SMALL)
        path = next(peer.folder.carried.rglob(blob.hex()))
        path.chmod(0o600)
        path.write_bytes(b"other bytes here!")
        for _ in range(2):
            with pytest.raises(NotFoundError):
                await signed_in.get_blob(blob)
        assert list(await signed_in.stat([blob])) == [BlobState.ABSENT]
        assert await signed_in.put_blob(blob, SMALL) is True
        assert await signed_in.get_blob(BlobId.of(SMALL)) == SMALL


class TestOverTls(PeerFixtures, PeerApiConformance):
    """Each device over connections of its own: a session is worth something only there."""

    @pytest.fixture
    async def station(self, peer: Library, clock: FakeClock) -> AsyncGenerator[Station]:
        async with serving(peer) as station:
            yield station

    @pytest.fixture
    def boxes(self, station: Station) -> InvitationBoxes:
        return station.server.boxes

    @pytest.fixture
    async def api(self, station: Station, node: Node, library: FleetLibrary) -> AsyncGenerator[SyncApi]:
        authors = [library.author(name) for name in ("anna", "bert", "carl", "eve")]
        async with AsyncExitStack() as stack:
            yield EachDevice(station, stack, {each.device: each.keys.signing_private for each in authors}, authors[2].device)

    async def test_a_stranger_gets_no_session(self, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        with pytest.raises(UnreachableError):
            await session_of(api, library, library.author("eve"), key=node.key).heads()

    async def test_the_master_signs_in(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        """Not here: the phrase has no connections."""
        await self.bring_home(api, node, library)
        statement = make_statement(node, library, MASTER)
        with pytest.raises(NotMemberError):
            await api.open_session(SessionRequest(statement=statement, signature=library.master_keys.sign(statement)))
