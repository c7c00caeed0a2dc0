"""The composition root of a device: everything that a running peer consists of, made in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address

import trio

from discovery.interfaces import list_interfaces
from discovery.service import Discovery
from peer.control import serve_control
from peer.engine.connecting import dial
from peer.engine.connection import Connect
from peer.engine.control import EngineControl
from peer.engine.engine import Engine, EngineParts, only_engine
from peer.engine.evicting import Evictor
from peer.engine.invitations import InvitationKeeper
from peer.engine.neighbours import DialNeighbour, NeighbourParts, NeighbourWay
from peer.engine.trash_keeping import TrashKeeper
from peer.gallery.calls import GalleryParts
from peer.gallery.drops import Drops
from peer.gallery.serving import Gallery, GalleryOptions
from peer.gallery.waiting import Downloads
from peer.importing.edited_previews import EditedPreviewMaker
from peer.importing.previews import PreviewMaker
from peer.importing.redescribing import Redescriber
from peer.lan.dialing import dial_lan
from peer.lan.node import store_id
from peer.lan.serving import LanServer
from peer.layout import LibraryFolder
from peer.library.beginning import make_ready
from peer.library.library import Library
from peer.place import Place
from peer.seams import Clock, Randomness, RunBlocking, SystemClock, run_in_thread, system_randomness
from peer.watching.chore import FolderWatcher
from peer.watching.originals import OriginalsKeeper


@dataclass(frozen=True, kw_only=True)
class LanOptions:
    """What a peer does on the local network. ``serves``: lets members come in, on ``port`` (0: any that is free); ``discovers``: looks for
    members, and lets itself be found if it serves; ``named``: where a person says that members are."""

    serves: bool = True
    discovers: bool = True
    port: int = 0
    named: Sequence[Place] = ()


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A device with its engine. ``server`` and ``discovery``: its part on the local network, where it has one; ``gallery``: what browsers see, where it
    serves them. ``stays``: it runs until somebody stops it, so that it can answer invitations."""

    library: Library
    engine: Engine
    invitations: InvitationKeeper
    run_blocking: RunBlocking
    randomness: Randomness
    port: int
    stays: bool
    server: LanServer | None
    discovery: Discovery | None
    gallery: Gallery | None

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the engine, serve neighbours, answer other commands and keep open invitations, until cancelled. ``PortTakenError``."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.engine.run)
            if self.server is not None:
                await nursery.start(partial(self.server.run, port=self.port))
            if self.discovery is not None:
                self.discovery.set_port(self.server.port if self.server is not None else None)
                await nursery.start(self.discovery.run)
            if self.gallery is not None:
                await nursery.start(self.gallery.run)
            control = EngineControl(
                self.library, self.engine, self.run_blocking, self.invitations if self.stays else None, gallery=self.gallery
            )
            address = self.library.folder.engine_address
            await nursery.start(lambda task_status: serve_control(address, self.randomness, control, task_status=task_status))
            nursery.start_soon(self.invitations.run)
            task_status.started()

    async def place(self) -> Place | None:
        """Where other hosts reach this one, while it serves them: on the first network that it is on, else only from this machine."""
        port = self.server.port if self.server is not None else None
        if port is None:
            return None
        interfaces = await self.run_blocking(list_interfaces)
        addresses = [address for interface in interfaces for address in interface.addresses if not address.is_link_local]
        addresses.sort(key=lambda address: not isinstance(address, IPv4Address))
        return Place(str(addresses[0]) if addresses else "127.0.0.1", port)


@asynccontextmanager
async def open_peer(
    folder: LibraryFolder,
    *,
    report_at_once: bool,
    lan: LanOptions | None = None,
    gallery: GalleryOptions | None = None,
    clock: Clock | None = None,
    randomness: Randomness = system_randomness,
    run_blocking: RunBlocking = run_in_thread,
    connect: Connect | None = None,
) -> AsyncIterator[Peer]:
    """A peer on the library in ``folder``, which no other engine may be running on. ``report_at_once``: say what was seen as soon as it was;
    ``lan``: ``None`` for nothing to do with the local network; ``gallery``: ``None`` for none."""
    chosen_clock = clock or SystemClock()
    library = await run_blocking(lambda: Library.open(folder, clock=chosen_clock, randomness=randomness))
    try:
        async with only_engine(folder):
            await run_blocking(make_ready, library)
            discovery = server = neighbours = None
            if lan is not None:
                if lan.discovers:
                    discovery = Discovery(clock=chosen_clock, randomness=randomness, run_blocking=run_blocking)
                if lan.serves:
                    server = LanServer(
                        library,
                        run_blocking=run_blocking,
                        received=lambda: engine.library_changed(),
                        called=lambda device, place: engine.called_by(device, place),
                    )
                store = await run_blocking(store_id, library)
                neighbours = NeighbourParts(
                    dial=dial_neighbours(library, run_blocking, server),
                    discovery=discovery,
                    named=tuple(lan.named),
                    store=store,
                    invitation_keys=(lambda: server.discovery_keys) if server is not None else tuple,
                )
            engine = Engine(
                EngineParts(
                    library=library,
                    connect=connect or dial(library, run_blocking),
                    run_blocking=run_blocking,
                    chores=(
                        PreviewMaker(run_blocking),
                        EditedPreviewMaker(run_blocking),
                        Redescriber(run_blocking),
                        FolderWatcher(run_blocking),
                        OriginalsKeeper(run_blocking),
                        TrashKeeper(run_blocking),
                        Evictor(run_blocking),
                    ),
                    report_at_once=report_at_once,
                    neighbours=neighbours,
                    served=server,
                )
            )
            invitations = InvitationKeeper(library, engine, run_blocking, server)
            gallery_parts = GalleryParts(
                library=library,
                engine=engine,
                invitations=invitations,
                run_blocking=run_blocking,
                drops=Drops(folder, randomness),
                waiting=Downloads(randomness),
            )
            yield Peer(
                library=library,
                engine=engine,
                invitations=invitations,
                run_blocking=run_blocking,
                randomness=randomness,
                port=lan.port if lan is not None else 0,
                stays=not report_at_once,
                server=server,
                discovery=discovery,
                gallery=None if gallery is None else Gallery(gallery_parts, gallery, clock=chosen_clock, randomness=randomness),
            )
    finally:
        await run_blocking(library.close)


def dial_neighbours(library: Library, run_blocking: RunBlocking, server: LanServer | None) -> DialNeighbour:
    """How the engine of ``library`` reaches members on the local network. They are told where ``server`` serves them."""

    @asynccontextmanager
    async def dialled(place: Place) -> AsyncIterator[NeighbourWay]:
        if server is not None:
            await server.listening.wait()
        port = server.port if server is not None else None
        async with dial_lan(library, place.host, place.port, run_blocking=run_blocking, serving_port=port) as connection:
            yield connection

    return dialled
