"""One supervised task for each node: dials, runs a session and the transfers while the connection lasts, waits, dials again."""

from __future__ import annotations

import trio

from peer.engine.connection import Connect
from peer.engine.downloads import Downloader
from peer.engine.node_work import NodeWork
from peer.engine.progress import Fault, NodeState, Progress
from peer.engine.scheduler import Wakes, backoff
from peer.engine.session import Session
from peer.engine.uploads import Uploader
from peer.errors import NoSpaceLeftError, NotAllowedError
from peer.groups import first_of, flattened
from peer.library.library import Library
from peer.library.nodes import Node
from peer.library.upload_planning import met
from peer.seams import RunBlocking
from relay.errors import ClientFaultError, NodeFullError, NotMemberError, QuotaError, SyncError
from store.errors import NoSpaceError
from store.ids import FileHash


class Monitor:
    """Keeps one node in touch with the library until it is cancelled. Whatever the node does wrong ends in a reason and a next try."""

    def __init__(
        self,
        library: Library,
        node: Node,
        *,
        connect: Connect,
        progress: Progress,
        run_blocking: RunBlocking,
        claimed: set[FileHash],
        report_at_once: bool,
    ) -> None:
        self._library = library
        self._node = node
        self._connect = connect
        self._progress = progress
        self._run = run_blocking
        self._claimed = claimed
        self._report_at_once = report_at_once
        self.state = NodeState(node=node)
        self.wakes = Wakes()

    async def run(self) -> None:
        while True:
            try:
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
            await self.wakes.retry.wait_at_most(backoff(self.state.failures, self._library.randomness) / 1000)

    async def _connected(self) -> None:
        async with self._connect(self._node) as connection:
            self.state.traffic = connection.traffic
            now = self._library.clock.now()
            await self._run(met, self._library, self._node.number, connection.store, now, connection.clock_offset)
            node = next((each for each in await self._run(self._library.nodes.all) if each.number == self._node.number), None)
            if node is None:
                return  # it was removed just now; whoever did it ends this task
            self.state.met(node)
            self.state.report_requested = self._report_at_once
            work = NodeWork(
                library=self._library,
                node=node,
                connection=connection,
                progress=self._progress,
                state=self.state,
                wakes=self.wakes,
                claimed=self._claimed,
                run_blocking=self._run,
                reports_at_once=self._report_at_once,
            )
            async with trio.open_nursery() as nursery:
                nursery.start_soon(Session(work).run)
                nursery.start_soon(Uploader(work).run)
                nursery.start_soon(Downloader(work).run)

    def _away(self, reason: str, fault: Fault) -> None:
        self.state.failures += 1
        self.state.state = "away"
        self.state.reason, self.state.fault = reason, fault
        self.state.entries_settled = self.state.uploads_settled = self.state.downloads_settled = False
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
