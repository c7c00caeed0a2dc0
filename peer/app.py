"""The composition root of a device: everything that a running peer consists of, made in one place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from peer.control import serve_control
from peer.engine.connecting import dial
from peer.engine.connection import Connect
from peer.engine.control import EngineControl
from peer.engine.engine import Engine, EngineParts, only_engine
from peer.engine.invitations import InvitationKeeper
from peer.importing.previews import PreviewMaker
from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.placing import clear_leftovers, finish_placing
from peer.seams import Clock, Randomness, RunBlocking, SystemClock, run_in_thread, system_randomness


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A device with its engine."""

    library: Library
    engine: Engine
    invitations: InvitationKeeper
    run_blocking: RunBlocking
    randomness: Randomness

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the engine, answer other commands and keep open invitations, until cancelled."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.engine.run)
            control = EngineControl(self.library, self.engine, self.run_blocking)
            address = self.library.folder.engine_address
            await nursery.start(lambda task_status: serve_control(address, self.randomness, control, task_status=task_status))
            nursery.start_soon(self.invitations.run)
            task_status.started()


@asynccontextmanager
async def open_peer(
    folder: LibraryFolder,
    *,
    report_at_once: bool,
    clock: Clock | None = None,
    randomness: Randomness = system_randomness,
    run_blocking: RunBlocking = run_in_thread,
    connect: Connect | None = None,
) -> AsyncIterator[Peer]:
    """A peer on the library in ``folder``, which no other engine may be running on. ``report_at_once``: say what was seen as soon as it was."""
    chosen_clock = clock or SystemClock()
    library = await run_blocking(lambda: Library.open(folder, clock=chosen_clock, randomness=randomness))
    try:
        async with only_engine(folder):
            await run_blocking(finish_placing, library)
            await run_blocking(clear_leftovers, library)
            await run_blocking(library.retry_waiting)
            engine = Engine(
                EngineParts(
                    library=library,
                    connect=connect or dial(library, run_blocking),
                    run_blocking=run_blocking,
                    make_previews=PreviewMaker(run_blocking),
                    report_at_once=report_at_once,
                )
            )
            yield Peer(
                library=library,
                engine=engine,
                invitations=InvitationKeeper(library, engine, run_blocking),
                run_blocking=run_blocking,
                randomness=randomness,
            )
    finally:
        await run_blocking(library.close)
