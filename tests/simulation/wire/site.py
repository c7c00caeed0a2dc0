"""A relay on the web: its service, answering HTTP on connections in memory, for as long as its machine runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar, cast

import trio

from relay.errors import SyncError, UnreachableError
from relay.http import NodeApp
from relay.server import Connections
from relay.service import NodeService
from tests.simulation.wire.hostile import Hostile
from tests.simulation.wire.line import Line
from tests.simulation.wire.proxy import Counts, Proxy
from tests.simulation.wire.stream import Address, Connection, End

T = TypeVar("T")


class Site:
    """``service``: what is called directly; ``hostile``: what answers HTTP in its place. ``lines``: all that lead here, at any time."""

    def __init__(
        self,
        service: NodeService,
        hostile: Hostile | None,
        *,
        counts: Counts,
        lines: Callable[[], Sequence[Line]],
        line_of: Callable[[str], Line],
    ) -> None:
        self.service = service
        self.hostile = hostile
        self.counts = counts
        self._lines = lines
        self._connections = Connections(Proxy(hostile or NodeApp(service), counts, line_of, self._spawn))
        self._nursery: trio.Nursery | None = None
        self._ended_by: BaseException | None = None
        self._ended = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Until cancelled. Then everything that is open breaks. Raises what ended the machine while it answered."""
        async with trio.open_nursery() as self._nursery:
            try:
                task_status.started()
                await self._ended.wait()
            finally:
                nursery, self._nursery = self._nursery, None
                self.break_off()
                nursery.cancel_scope.cancel()
        if self._ended_by is not None:
            raise self._ended_by

    @property
    def is_up(self) -> bool:
        return self._nursery is not None

    def break_off(self) -> None:
        """Everything that is open here breaks."""
        for line in self._lines():
            line.break_off()

    def accept(self, line: Line, client: Address, server: Address) -> End:
        """A new connection; the client's end of it."""
        connection = Connection(line, client, server, mangle=self.hostile.mangle if self.hostile else bytes)
        self._spawn(self._connections.serve, cast(trio.SocketStream, connection.server))
        return connection.client

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """What the service answers to a direct call. What ends its machine meanwhile ends the site, and not who called."""
        if self._nursery is None:
            raise UnreachableError("the relay is away")
        try:
            return await function()
        except (Exception, trio.Cancelled, GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._ended_by = error
            self._ended.set()
            raise UnreachableError("the connection to the node broke") from error

    def spawn_late(self, function: Callable[[], Awaitable[object]]) -> None:
        """Something takes effect after its caller has gone."""
        self._spawn(self._late, function)

    async def _late(self, function: Callable[[], Awaitable[object]]) -> None:
        with suppress(SyncError):  # nobody waits for the answer any more
            await function()

    def _spawn(self, function: Callable[..., Awaitable[object]], *arguments: object) -> None:
        if self._nursery is not None:
            self._nursery.start_soon(function, *arguments)
