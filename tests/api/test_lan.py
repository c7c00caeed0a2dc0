"""The application that a peer serves on the local network, over loopback without TLS: who calls is a member, as the handshake would have shown."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from queue import SimpleQueue
from random import Random
from threading import Thread
from typing import ClassVar

import pytest
import trio

from peer.keys.device import DeviceKeys
from peer.lan.guard import CALLER, Caller
from peer.lan.log import AppliedLog
from peer.lan.node import InvitationBoxes, peer_parts
from peer.lan.serving import LAN_HTTP, LanApp
from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.verifying import verify
from peer.seams import SystemClock, run_in_thread, system_randomness
from relay.messages import HeadsAnswer
from relay.server import Admitted, Control, serve
from relay.service import NodeService
from tests.api.site import BLOBS, BOXES, START_SECONDS, Site, make_members
from tests.api.suite import ApiSuite
from tests.fleet.authors import Author

pytestmark = pytest.mark.process


class TestLan(ApiSuite):
    never: ClassVar[dict[str, set[int]]] = {"register": {200}}

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
        library, anna = make_members()
        keys = DeviceKeys.generate(Random(3).randbytes)
        library.certify(Author(library, "peer", keys))  # type: ignore[arg-type]  # a device's keys are keys
        folder = LibraryFolder(tmp_path_factory.mktemp("api") / "peer")
        folder.create()
        peer = Library.create(folder, keys, library.id, clock=SystemClock(), randomness=system_randomness)
        peer.receive(library.raws())
        with serving(peer, anna) as url:
            site = Site(url=url, library=library, anna=anna)
            site.move_in()
            before = HeadsAnswer.decode(site.good("GET", "/v1/l/{library}/heads"))
            yield site
            after = HeadsAnswer.decode(site.good("GET", "/v1/l/{library}/heads"))
            for blob, sealed in BLOBS.items():
                assert site.good("GET", f"/v1/l/{{library}}/blobs/{blob.hex()}") == sealed
        assert all(after.heads[log] >= tips for log, tips in before.heads.items())
        assert verify(peer, deep=True).problems == []
        peer.close()


class AsAuthor:
    """The guard's place taken: every connection is ``author``'s."""

    def __init__(self, author: Author) -> None:
        self._caller = Caller(key=author.keys.signing_key)

    @asynccontextmanager
    async def admit(self, stream: trio.SocketStream, control: Control) -> AsyncGenerator[Admitted]:
        yield Admitted(stream=stream, state={CALLER: self._caller})


@contextmanager
def serving(peer: Library, author: Author) -> Iterator[str]:
    """The address of ``peer``, in a thread of its own inside the block, with the boxes of two invitations open."""
    ready: SimpleQueue[tuple[int, trio.lowlevel.TrioToken]] = SimpleQueue()
    stopping = trio.Event()

    async def main() -> None:
        boxes = InvitationBoxes()
        service = NodeService(peer_parts(peer, run_blocking=run_in_thread, boxes=boxes, log=AppliedLog(peer)))
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        with ExitStack() as open_boxes:
            for box in BOXES:
                open_boxes.enter_context(boxes.opened(box))
            ready.put((listeners[0].socket.getsockname()[1], trio.lowlevel.current_trio_token()))

            async def until() -> None:
                await stopping.wait()
                service.stop()

            await serve(LanApp(service, LAN_HTTP, lambda _key, _place: None), listeners, until=until, guard=AsAuthor(author))

    thread = Thread(target=trio.run, args=(main,))
    thread.start()
    port, token = ready.get(timeout=START_SECONDS)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        token.run_sync_soon(stopping.set)
        thread.join(START_SECONDS)
        assert not thread.is_alive()
