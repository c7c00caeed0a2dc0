"""A person's machine: a disk, a clock, a library in a folder, and the peer program that runs or doesn't.

What a person does there is done as a command does it: by a library opened for it, beside the running peer, which is told afterwards or finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random

import trio

from peer.engine.connection import Connect
from peer.engine.engine import Engine, EngineParts
from peer.engine.evicting import Evictor
from peer.engine.neighbours import NeighbourParts
from peer.engine.trash_keeping import TrashKeeper
from peer.errors import CalotypeError
from peer.importing.edited_previews import EditedPreviewMaker
from peer.importing.previews import PreviewMaker
from peer.importing.redescribing import Redescriber
from peer.layout import LibraryFolder
from peer.library.beginning import make_ready
from peer.library.checkpoints.rules import Rules
from peer.library.library import Library
from store.errors import StoreError
from tests.fleet.imports import in_this_process, rendering_in_this_process
from tests.fleet.lan import Host, Sight
from tests.simulation.clocks import MachineClock
from tests.simulation.disk import Disk
from tests.simulation.lan import Places
from tests.simulation.running import Runs
from tests.simulation.wire import Line, Web, behind

CHECKPOINT_RULES = Rules(entries=40, share=0.2, pending_ms=6 * 3_600_000, longest_delay=20.0)
"""As in production, but sooner, because histories are short."""

LOOK_SECONDS = 20.0


class Machine(Runs):
    """``number``: from 1, also its address. ``is_gone``: it never comes back."""

    def __init__(
        self,
        number: int,
        name: str,
        disk: Disk,
        clock: MachineClock,
        random: Random,
        web: Web,
        places: Places,
        *,
        tell: Callable[[str], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        super().__init__(name, disk, clock, tell=tell, failed=failed)
        self.number = number
        self.random = random
        self.is_gone = False
        self.is_damaged = False
        self.library: Library | None = None
        self.engine: Engine | None = None
        self.last_engine: Engine | None = None
        self.host: Host | None = None
        self.lan_line = Line(f"{name} and its neighbours", Random(f"{name} {random.random()}"), tell)
        self._web = web
        self._places = places
        self._has_begun = False

    @property
    def folder(self) -> LibraryFolder:
        return LibraryFolder(self.disk.root / "library")

    @property
    def notes(self) -> Path:
        """What this machine keeps outside of the library's folder."""
        return self.disk.root / "notes"

    @property
    def has_begun(self) -> bool:
        """Whether there is a library that was joined to the end. It is looked up when the machine is off."""
        if self.library is not None or self.disk.is_dead:
            return self._has_begun
        if not self._has_begun and self.folder.database.exists():
            with suppress(CalotypeError, StoreError):
                self.open().close()
                self._has_begun = True
        return self._has_begun

    @property
    def is_member(self) -> bool:
        """Whether it is, as far as it knows."""
        return self.library is not None and self.library.roster().is_member(self.library.device)

    def guest(self, library: Library) -> Host:
        """This machine on the local network with a library that it is only joining."""
        return Host(network=self._places, library=library, number=self.number, announced=False, addresses=[f"10.0.0.{self.number}"])

    def close(self, library: Library) -> None:
        """A library that a command had opened; after a power cut nothing is left to close."""
        if not self.disk.is_dead:
            library.close()

    def open(self) -> Library:
        """The library as it lies on this machine."""
        return Library.open(self.folder, clock=self.clock, randomness=self.random.randbytes, notes=self.notes)

    @contextmanager
    def opened(self) -> Iterator[Library]:
        """The library for one command."""
        library = self.open()
        try:
            yield library
        finally:
            self.close(library)

    async def poke(self) -> None:
        """What a command does at its end: it tells the running peer."""
        if self.engine is not None:
            await self.engine.library_changed()

    def connect(self, library: Library) -> Connect:
        """The way to relays from here."""
        return self._web.connect(library, self.name)

    async def live(self, ready: Callable[[], None]) -> None:
        library = await self.run_blocking(self.open)
        try:
            await self.run_blocking(make_ready, library)
            host = Host(
                network=self._places,
                library=library,
                number=self.number,
                announced=True,
                addresses=[f"10.0.0.{self.number}"],
                run_blocking=self.serve_blocking,
            )
            host.between = partial(behind, self.lan_line)
            engine = self._engine(library, host)
            host.running = engine
            self.library, self.engine, self.last_engine, self.host = library, engine, engine, host
            self._has_begun = True
            async with trio.open_nursery() as nursery:
                await nursery.start(engine.run)
                self._places.arrive(host)
                try:
                    ready()
                    await trio.sleep_forever()
                finally:
                    self._places.leave(host)
        finally:
            self.library = self.engine = self.host = None
            self.close(library)

    def _engine(self, library: Library, host: Host) -> Engine:
        neighbours = NeighbourParts(dial=host.dial, discovery=Sight(host), named=(), store=host.parts.store)
        return Engine(
            EngineParts(
                library=library,
                connect=self.connect(library),
                run_blocking=self.run_blocking,
                chores=(
                    PreviewMaker(self.run_blocking, in_this_process),
                    EditedPreviewMaker(self.run_blocking, rendering_in_this_process),
                    TrashKeeper(self.run_blocking),
                    Evictor(self.run_blocking),
                    Redescriber(self.run_blocking, in_this_process),
                ),
                checkpoint_rules=CHECKPOINT_RULES,
                look_seconds=LOOK_SECONDS,
                neighbours=neighbours,
                served=host,
            )
        )
