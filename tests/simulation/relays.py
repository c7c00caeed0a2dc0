"""A relay of the simulated world: the real service over its real stores, on a disk of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

import trio

from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.program import open_node
from relay.service import NodeService
from relay.sqlite_accounts import SqliteLibraries
from store.blobs import BlobStore
from store.ids import LibraryId
from store.sqlite_log import SqliteLogStore
from tests.fleet.node import TOKEN
from tests.simulation.clocks import MachineClock
from tests.simulation.disk import Disk
from tests.simulation.running import Runs
from tests.simulation.wire import Web
from tests.simulation.wire.hostile import Hostile

QUOTA = 10**9


class Relay(Runs):
    """``number``: from 1. ``key``: known once it has run."""

    def __init__(
        self,
        number: int,
        disk: Disk,
        clock: MachineClock,
        random: Random,
        web: Web,
        *,
        tell: Callable[[str], None],
        failed: Callable[[str, Exception], None],
    ) -> None:
        super().__init__(f"relay {number}", disk, clock, tell=tell, failed=failed)
        self.url = f"http://127.0.0.{number}:9000"
        self.key = b""
        self.service: NodeService | None = None
        self.hostile: Hostile | None = None
        self._random = random
        self._web = web
        web.call_relay(self.url, self.name)

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.disk.root / "data")

    def log(self, library: LibraryId) -> SqliteLogStore:
        """What it stores of a library, while it runs."""
        assert self.service is not None
        log = self.service._parts.logs.of(library)
        assert isinstance(log, SqliteLogStore)
        return log

    @property
    def blobs(self) -> BlobStore:
        assert self.service is not None
        return self.service._parts.blobs

    def begin(self) -> None:
        """What its operator does once: a registration token."""
        with self.folder.opened() as database:
            SqliteLibraries(database).add_token(TokenHash.of(TOKEN), quota=QUOTA, uses=99, now=self.clock.now())

    async def live(self, ready: Callable[[], None]) -> None:
        with open_node(self.folder, clock=self.clock, randomness=self._random.randbytes, run_blocking=self.serve_blocking) as service:
            self.key = (await service.hello()).key
            self.service = service
            try:
                async with trio.open_nursery() as nursery:
                    self.hostile = Hostile(service, self._random, self.name, self.tell)
                    await nursery.start(partial(self._web.serve, self.url, service, hostile=self.hostile))
                    nursery.start_soon(service.keep_pruned)
                    nursery.start_soon(service.keep_released)
                    ready()
                    await trio.sleep_forever()
            finally:
                self.service = self.hostile = None
                service.stop()
