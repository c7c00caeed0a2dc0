"""The engine: one monitor for each node, chores in the background, commands of other processes answered.

One at a time on a library; a lock file says so. It wakes when this device's library changes: other commands say so through the
control socket, and in case one died before it could, the database is asked every two seconds whether somebody else committed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import trio
from filelock import FileLock, Timeout

from peer.engine.checkpointing import Checkpointing
from peer.engine.chores import Chore, Chores
from peer.engine.connection import Connect
from peer.engine.epoch_keeper import EpochKeeper
from peer.engine.fetching import Fetching
from peer.engine.monitor import Monitor, Shared
from peer.engine.neighbours import LOOK_AROUND_SECONDS, NeighbourParts, Neighbours
from peer.engine.progress import Progress
from peer.engine.served import Served
from peer.engine.turns import Turns
from peer.errors import UsageError
from peer.layout import LibraryFolder
from peer.library.checkpoints.rules import RULES, Rules
from peer.library.library import Library
from peer.library.nodes import Node, NodeKind
from peer.place import Place
from peer.seams import RunBlocking
from store.ids import DeviceId

LOOK_SECONDS = 2.0


class EngineRunsError(UsageError):
    """Another process runs the engine of this library."""

    hint = "Stop it first, or let it do the work: other commands hand their work to it."


@dataclass(frozen=True, kw_only=True)
class EngineParts:
    """What an engine works with; tests bring others. ``connect``: to relays. ``neighbours``: ``None`` where there is no local network.
    ``look_seconds``: how often the database is asked whether another process committed."""

    library: Library
    connect: Connect
    run_blocking: RunBlocking
    chores: Sequence[Chore] = ()
    report_at_once: bool = False
    checkpoint_rules: Rules = RULES
    look_seconds: float = LOOK_SECONDS
    neighbours: NeighbourParts | None = None
    served: Served | None = None


class Engine:
    """Runs until cancelled. ``settled`` tells when nothing is left to do with the nodes in reach."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self._library = parts.library
        self._monitors: dict[int, tuple[Monitor, trio.CancelScope]] = {}
        self._nursery: trio.Nursery | None = None
        self._following = trio.Lock()
        self.progress = Progress(serves=parts.served is not None)
        self._chores = Chores(tuple(parts.chores), parts.library, self.progress)
        self.progress.entries_came = self._chores.look
        self._shared = Shared(
            library=parts.library,
            progress=self.progress,
            run_blocking=parts.run_blocking,
            fetching=Fetching(parts.library, self.progress, parts.run_blocking),
            turns=Turns(),
            served=parts.served,
            report_at_once=parts.report_at_once,
        )
        self.neighbours: Neighbours | None = None
        if parts.neighbours is not None:
            self.neighbours = Neighbours(parts.neighbours, parts.library, self.progress, self, parts.run_blocking)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            if self.neighbours is not None:
                self._shared.fetching.near_first_until = trio.current_time() + LOOK_AROUND_SECONDS
                await self.neighbours.library_changed()
                nursery.start_soon(self.neighbours.run)
            await self.follow_nodes()
            nursery.start_soon(self._chores.run)
            nursery.start_soon(self._look_for_changes)
            nursery.start_soon(self._keep_note)
            nursery.start_soon(self._follow_own_commits)
            nursery.start_soon(
                Checkpointing(self._library, self.progress, self._parts.run_blocking, rules=self._parts.checkpoint_rules).run
            )
            nursery.start_soon(EpochKeeper(self._library, self.progress, self._parts.run_blocking).run)
            task_status.started()

    async def library_changed(self) -> None:
        """Somebody committed: entries, uploads, downloads, work for chores, nodes or members may be new."""
        for monitor, _ in self._monitors.values():
            monitor.state.entries_settled = monitor.state.uploads_settled = False
            monitor.wakes.local_change()
        self._shared.fetching.look()
        self._chores.look()
        self.progress.library_changed.notify()
        if self._parts.served is not None:
            await self._parts.served.library_changed()
        if self.neighbours is not None:
            await self.neighbours.library_changed()
        await self.follow_nodes()

    def hurry(self) -> None:
        """Don't wait for the next try of nodes that are away, compare heads with the others, and say at once what was seen. Nothing is
        settled before each was tried."""
        for monitor, _ in self._monitors.values():
            monitor.state.report_requested = monitor.state.look_requested = True
            monitor.state.entries_settled = False
            monitor.wakes.entries.set()
            monitor.wake()
        if self.neighbours is not None:
            self.neighbours.try_again()

    @property
    def settled(self) -> bool:
        """Nothing is left to do with any node in reach, and every node was tried."""
        states = [monitor.state for monitor, _ in self._monitors.values()]
        nodes_are_settled = all(state.settled or (not state.connected and state.failures) for state in states)
        everybody_was_tried = self.neighbours is None or self.neighbours.have_been_tried
        return self._chores.settled and self._shared.fetching.is_settled and nodes_are_settled and everybody_was_tried

    @property
    def reached(self) -> bool:
        """Whether every relay is in reach, and every peer that a person named. Others come and go."""
        missed = bool(self.neighbours is not None and self.neighbours.missed)
        return not missed and all(monitor.state.connected for monitor, _ in self._monitors.values() if monitor.state.wanted)

    async def until_settled(self, *, all_reached: bool = False) -> None:
        """``all_reached``: nodes that are away are waited for."""
        while not self.settled or (all_reached and not self.reached):
            await self.progress.changed.next()

    def node_documents(self) -> list[dict[str, Any]]:
        """The nodes as ``status`` and ``sync`` show them."""
        states = [state.to_json() for state in self.progress.nodes.values()]
        return states + (self.neighbours.documents() if self.neighbours is not None else [])

    # Monitors

    def wake(self, device: DeviceId) -> None:
        """Dial a neighbour now, if it is away."""
        for monitor in self._monitors_of(device):
            monitor.wake()

    def reconnect(self, device: DeviceId) -> None:
        """Dial a neighbour anew, although there is a connection."""
        for monitor in self._monitors_of(device):
            monitor.reconnect()

    def called_by(self, device: DeviceId, place: Place) -> None:
        """A member came in, and serves at ``place`` itself."""
        if self.neighbours is not None:
            self.neighbours.called_by(device, place)

    def doubt(self, device: DeviceId | None = None) -> None:
        """See whether the connection to a neighbour, or those to all nodes, still work."""
        for monitor in self._monitors_of(device) if device is not None else [monitor for monitor, _ in self._monitors.values()]:
            monitor.doubted.set()

    def _monitors_of(self, device: DeviceId) -> list[Monitor]:
        return [monitor for monitor, _ in self._monitors.values() if monitor.state.node.device == device]

    async def follow_nodes(self) -> None:
        """A monitor for each node in the table, and no others."""
        async with self._following:
            nodes = {node.number: node for node in await self._parts.run_blocking(self._library.nodes.all)}
            if self.neighbours is None:
                nodes = {number: node for number, node in nodes.items() if node.kind is NodeKind.RELAY}
            for number, (monitor, scope) in list(self._monitors.items()):
                node = nodes.get(number)
                if node is None or node.key != monitor.state.node.key:  # removed, or added again because it has another key
                    del self._monitors[number]
                    del self.progress.nodes[number]
                    scope.cancel()
                elif self.neighbours is not None and node.device is not None:
                    monitor.state.wanted = self.neighbours.is_named(node.device)
            for number in nodes.keys() - self._monitors.keys():
                await self._watch(nodes[number])

    async def _watch(self, node: Node) -> None:
        connect = self._parts.connect
        if self.neighbours is not None and node.kind is NodeKind.PEER:
            self.neighbours.known(node, await self._parts.run_blocking(self._library.nodes.places, node.number))
            connect = self.neighbours.connect
        monitor, scope = Monitor(self._shared, node, connect=connect), trio.CancelScope()
        self._monitors[node.number] = (monitor, scope)
        self.progress.nodes[node.number] = monitor.state
        assert self._nursery is not None
        self._nursery.start_soon(self._supervise, monitor, scope)

    async def _supervise(self, monitor: Monitor, scope: trio.CancelScope) -> None:
        with scope:
            await monitor.run()

    async def _follow_own_commits(self) -> None:
        while True:
            await self.progress.committed.wait()
            await self.library_changed()

    async def _keep_note(self) -> None:
        """So that an old copy of this folder is noticed, also when this process was killed."""
        while True:
            changed = self.progress.library_changed.next_event()
            await self._parts.run_blocking(self._library.note_progress)
            await changed.wait()

    async def _look_for_changes(self) -> None:
        last = await self._parts.run_blocking(self._library.database.changed_by_others)
        while True:
            await trio.sleep(self._parts.look_seconds)
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
