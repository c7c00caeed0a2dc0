"""The engine: one monitor for each node, previews in the background, commands of other processes answered.

One at a time on a library; a lock file says so. It wakes when this device's library changes: other commands say so through the
control socket, and in case one died before it could, the database is asked every two seconds whether somebody else committed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio
from filelock import FileLock, Timeout

from peer.engine.connection import Connect
from peer.engine.monitor import Monitor
from peer.engine.progress import Progress
from peer.engine.scheduler import Wake
from peer.errors import CalotypeError, UsageError
from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.seams import RunBlocking
from store.errors import NoSpaceError
from store.ids import FileHash

LOOK_SECONDS = 2.0
PREVIEWS_RETRY_SECONDS = 60.0


class EngineRunsError(UsageError):
    """Another process runs the engine of this library."""

    hint = "Stop it first, or let it do the work: other commands hand their work to it."


@dataclass(frozen=True, kw_only=True)
class EngineParts:
    """What an engine works with; tests bring others."""

    library: Library
    connect: Connect
    run_blocking: RunBlocking
    make_previews: Callable[[Library, Wake, Progress], Awaitable[None]]
    report_at_once: bool = False


class Engine:
    """Runs until cancelled. ``settled`` tells when nothing is left to do with the nodes in reach."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._library = parts.library
        self._monitors: dict[int, tuple[Monitor, trio.CancelScope]] = {}
        self._claimed: set[FileHash] = set()
        self._nursery: trio.Nursery | None = None
        self._previews = Wake()
        self.progress = Progress()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self._follow_nodes()
            nursery.start_soon(self._keep_making_previews)
            nursery.start_soon(self._look_for_changes)
            nursery.start_soon(self._follow_own_commits)
            task_status.started()

    async def library_changed(self) -> None:
        """Somebody committed: entries, uploads, downloads, previews or nodes may be new."""
        await self._follow_nodes()
        self._previews.set()
        self.progress.library_changed.notify()
        self.progress.previews_settled = False
        for monitor, _ in self._monitors.values():
            monitor.state.entries_settled = monitor.state.uploads_settled = monitor.state.downloads_settled = False
            monitor.wakes.local_change()

    def hurry(self) -> None:
        """Don't wait for the next try of nodes that are away, and say at once what was seen. Nothing is settled before each was tried."""
        for monitor, _ in self._monitors.values():
            monitor.state.report_requested = True
            if not monitor.state.connected:
                monitor.state.state, monitor.state.failures = "connecting", 0
            monitor.wakes.retry.set()

    @property
    def settled(self) -> bool:
        """Nothing is left to do with any node in reach, and every node was tried."""
        states = [monitor.state for monitor, _ in self._monitors.values()]
        return self.progress.previews_settled and all(state.settled or (not state.connected and state.failures) for state in states)

    @property
    def reached(self) -> bool:
        """Whether every node is in reach."""
        return all(monitor.state.connected for monitor, _ in self._monitors.values())

    async def until_settled(self, *, all_reached: bool = False) -> None:
        """``all_reached``: nodes that are away are waited for."""
        while not self.settled or (all_reached and not self.reached):
            await self.progress.changed.next()

    async def _follow_nodes(self) -> None:
        nodes = {node.number: node for node in await self._parts.run_blocking(self._library.nodes.all)}
        for number, (monitor, scope) in list(self._monitors.items()):
            node = nodes.get(number)
            if node is None or node.key != monitor.state.node.key:  # removed, or added again because it has another key
                del self._monitors[number]
                del self.progress.nodes[number]
                scope.cancel()
        for number in nodes.keys() - self._monitors.keys():
            monitor = Monitor(
                self._library,
                nodes[number],
                connect=self._parts.connect,
                progress=self.progress,
                run_blocking=self._parts.run_blocking,
                claimed=self._claimed,
                report_at_once=self._parts.report_at_once,
            )
            scope = trio.CancelScope()
            self._monitors[number] = (monitor, scope)
            self.progress.nodes[number] = monitor.state
            assert self._nursery is not None
            self._nursery.start_soon(self._supervise, monitor, scope)

    async def _supervise(self, monitor: Monitor, scope: trio.CancelScope) -> None:
        with scope:
            await monitor.run()

    async def _keep_making_previews(self) -> None:
        """What keeps previews from being made (a full disk, no decoder) keeps nothing else from being done."""
        while True:
            try:
                await self._parts.make_previews(self._library, self._previews, self.progress)
            except* (CalotypeError, NoSpaceError, OSError):
                self.progress.previews_settled = True
                self.progress.changed.notify()
            await trio.sleep(PREVIEWS_RETRY_SECONDS)

    async def _follow_own_commits(self) -> None:
        while True:
            await self.progress.committed.wait()
            await self.library_changed()

    async def _look_for_changes(self) -> None:
        last = await self._parts.run_blocking(self._library.database.changed_by_others)
        while True:
            await trio.sleep(LOOK_SECONDS)
            version = await self._parts.run_blocking(self._library.database.changed_by_others)
            if version != last:
                last = version
                await self.library_changed()


@asynccontextmanager
async def only_engine(folder: LibraryFolder) -> AsyncIterator[None]:
    """The right to run the engine of this library, for as long as the block lasts; ``EngineRunsError`` when another process has it."""
    lock = FileLock(folder.engine_lock, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise EngineRunsError(f"The engine of the library in {folder.root} is running already.") from error
    try:
        folder.engine_address.unlink(missing_ok=True)  # of one that was killed
        yield
    finally:
        lock.release()
