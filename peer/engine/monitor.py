"""One supervised task for each node: dials, runs a session and the transfers while the connection lasts, waits, dials again."""

from __future__ import annotations

from dataclasses import dataclass

import trio

from peer.engine.checkpointing import CheckpointCarrier
from peer.engine.connection import Connect, Connection
from peer.engine.downloads import Downloader
from peer.engine.fetching import Fetching
from peer.engine.node_work import NodeWork
from peer.engine.progress import Fault, NodeState, Progress
from peer.engine.promising import PromiseSeeker
from peer.engine.scheduler import Wake, Wakes, backoff
from peer.engine.served import Served
from peer.engine.session import Session
from peer.engine.turns import Turns
from peer.engine.uploads import Uploader
from peer.errors import NoSpaceLeftError, NotAllowedError
from peer.groups import first_of, flattened
from peer.library.library import Library
from peer.library.nodes import Node, NodeKind
from peer.library.queries import Queries
from peer.library.upload_planning import met
from peer.seams import RunBlocking
from relay.errors import ClientFaultError, NetworkFaultError, NodeFullError, NotMemberError, QuotaError, SyncError
from store.errors import NoSpaceError
from store.ids import DeviceId

ANSWER_SECONDS = 4.0
"""For an answer of a few bytes by a node that was in touch."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the monitors of an engine share. ``served``: ``None`` when this device serves nobody."""

    library: Library
    progress: Progress
    run_blocking: RunBlocking
    fetching: Fetching
    turns: Turns
    served: Served | None
    report_at_once: bool


class Monitor:
    """Keeps one node in touch with the library until it is cancelled. Whatever the node does wrong ends in a reason and a next try."""

    def __init__(self, shared: Shared, node: Node, *, connect: Connect) -> None:
        self._shared = shared
        self._library = shared.library
        self._node = node
        self._connect = connect
        self._progress = shared.progress
        self._run = shared.run_blocking
        self._connection_scope: trio.CancelScope | None = None
        is_relay = node.kind is NodeKind.RELAY
        self.state = NodeState(node=node, wanted=is_relay, address=node.url if is_relay else "")
        self.wakes = Wakes()
        self.doubted = Wake()

    async def run(self) -> None:
        while True:
            try:
                with trio.CancelScope() as self._connection_scope:
                    await self._connected()
            except* SyncError as group:
                error = _worst(group)
                self._away(error.message, _fault_of(error))
            except* trio.TooSlowError:
                self._away("it took too long to answer", Fault.UNREACHABLE)
            except* (NoSpaceError, NoSpaceLeftError):
                self._away("there is no room left on this device's disk", Fault.NO_SPACE)
            except* NotAllowedError as group:
                self._away(first_of(group).message, Fault.NOT_ALLOWED)
            if self._connection_scope is not None and self._connection_scope.cancelled_caught:
                self._begin_again()
                continue
            await self.wakes.retry.wait_at_most(backoff(self.state.failures, self._library.randomness) / 1000)

    def reconnect(self) -> None:
        """Dial again at once, and leave the connection that there is."""
        if self._connection_scope is not None:
            self._connection_scope.cancel()

    def wake(self) -> None:
        """There is a reason to think that the node is in reach: don't wait for the next try."""
        if not self.state.connected:
            self.state.state, self.state.failures = "connecting", 0
        self.wakes.retry.set()

    def _begin_again(self) -> None:
        self.state.state = "connecting"
        self.state.entries_settled = self.state.uploads_settled = False

    async def _connected(self) -> None:
        async with self._connect(self._node) as connection:
            self.state.traffic = connection.traffic
            now = self._library.clock.now()
            await self._run(met, self._library, self._node.number, connection.store, now, connection.clock_offset)
            node = next((each for each in await self._run(self._library.nodes.all) if each.number == self._node.number), None)
            if node is None:
                return  # it was removed just now; whoever did it ends this task
            self.state.met(node, connection.address)
            if node.device is not None:
                self.state.name = await self._run(self._name_of, node.device)
            self.state.report_requested = self._shared.report_at_once
            work = NodeWork(
                library=self._library,
                node=node,
                connection=connection,
                progress=self._progress,
                state=self.state,
                wakes=self.wakes,
                fetching=self._shared.fetching,
                turns=self._shared.turns,
                served=self._shared.served,
                run_blocking=self._run,
                reports_at_once=self._shared.report_at_once,
            )
            async with trio.open_nursery() as nursery:
                nursery.start_soon(Session(work).run)
                nursery.start_soon(Uploader(work).run)
                nursery.start_soon(Downloader(work).run)
                nursery.start_soon(CheckpointCarrier(work).run)
                nursery.start_soon(PromiseSeeker(work).run)
                nursery.start_soon(self._answer_doubts, connection)

    async def _answer_doubts(self, connection: Connection) -> None:
        """After a change of addresses a connection may be dead without a sign: whoever doesn't answer a small question is dialled anew."""
        while True:
            await self.doubted.wait()
            try:
                with trio.fail_after(ANSWER_SECONDS):
                    await connection.api.stat(())
            except (trio.TooSlowError, NetworkFaultError):
                self.reconnect()

    def _name_of(self, device: DeviceId) -> str:
        described = Queries(self._library.database).device_names().get(bytes(device))
        return described[0] if described is not None and described[0] else device.short()

    def _away(self, reason: str, fault: Fault) -> None:
        """A connection that was of no use counts as one more failure: who answers, and fails then, isn't dialled twice a second."""
        self.state.failures = 1 if self.state.useful else self.state.failures + 1
        self.state.useful = False
        self.state.state = "away"
        self.state.reason, self.state.fault = reason, fault
        self.state.entries_settled = self.state.uploads_settled = False
        self._progress.changed.notify()


def _fault_of(error: SyncError) -> Fault:
    match error:
        case NodeFullError() | QuotaError():
            return Fault.NODE_FULL
        case NotMemberError():
            return Fault.NOT_ALLOWED
        case _:
            return Fault.UNREACHABLE


def _worst(group: BaseExceptionGroup[SyncError]) -> SyncError:
    """The error that says most: what is our fault needs somebody to act, what is the network's passes."""
    errors = list(flattened(group))
    return next((error for error in errors if isinstance(error, ClientFaultError)), errors[0])
