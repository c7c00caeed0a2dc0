"""A library back from a relay and its recovery phrase: what ``calotype restore`` does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from peer.engine.bootstrapping import bootstrap
from peer.engine.exchanging import pull_all, push_all
from peer.engine.registering import with_scheme
from peer.errors import CalotypeError, NotAllowedError, UnreachableNodeError, UsageError
from peer.joining.messages import check_name
from peer.keys.device import DeviceKeys
from peer.keys.master import MasterKeys
from peer.layout import LibraryFolder
from peer.library.creating import begin_as, prepare_folder
from peer.library.library import Library
from peer.library.restoring import admit_by_phrase
from peer.seams import Clock, Randomness, RunBlocking
from relay.api import SyncApi
from relay.errors import AddressError, NetworkFaultError, NotFoundError, SyncError
from relay.session import Identity, LibrarySession, greet
from store.ids import MASTER

Reach = Callable[[str], AbstractAsyncContextManager[SyncApi]]
"""The way to the node with an address."""


@dataclass(frozen=True, kw_only=True)
class Restorer:
    """What a restore works with; ``reach`` is the way to the relay."""

    folder: LibraryFolder
    master: MasterKeys
    name: str
    reach: Reach
    clock: Clock
    randomness: Randomness
    run_blocking: RunBlocking

    async def restore(self, url: str) -> Library:
        """Fetch the whole history, and let this machine in as a new device. The library, opened; originals come with the next sync.

        Broken off, it can be begun again; a device that was let in and never began a log stays among the devices, and may be removed.
        """
        check_name(self.name)
        await self.run_blocking(prepare_folder, self.folder)
        address = with_scheme(url)
        try:
            async with self.reach(address) as node:
                return await self._restore_from(node, address)
        except AddressError as error:
            raise UsageError(f"{url}: {error.message}.") from error
        except NotFoundError as error:
            raise NotAllowedError(
                "This relay keeps no library of this recovery phrase.", hint="Check the relay's address, and each word of the phrase."
            ) from error
        except NetworkFaultError as error:
            raise UnreachableNodeError(
                f"{url} could not be reached: {error.message}.", hint="Run the same command again when the network or the relay is back."
            ) from error
        except SyncError as error:
            raise CalotypeError(f"The relay refused: {error.message}.") from error

    async def _restore_from(self, node: SyncApi, address: str) -> Library:
        greeting = await greet(node, pinned_key=None, clock=self.clock, randomness=self.randomness)
        api = session_of_master(self.master, node, greeting.hello.key, self.clock, self.randomness)
        await api.open()
        library = await self.run_blocking(self._create)
        try:
            await self.run_blocking(library.hlc.discipline, greeting.clock_offset)
            await self.run_blocking(library.nodes.add, address, greeting.hello.key)
            await bootstrap(library, api, self.run_blocking)
            await pull_all(library, api, self.run_blocking)
            await self.run_blocking(admit_by_phrase, library, self.master)
            await push_all(library, api, self.run_blocking)
            await self.run_blocking(begin_as, library, self.name)
        except BaseException:
            library.close()
            raise
        try:
            await push_all(library, api, self.run_blocking)
        except SyncError:
            return library  # it is a member there by now, and the next sync sends the rest
        return library

    def _create(self) -> Library:
        keys = DeviceKeys.generate(self.randomness)
        self.folder.create()
        keys.save(self.folder.device_key)
        library = Library.create(self.folder, keys, self.master.library, clock=self.clock, randomness=self.randomness)
        library.read_as(self.master)
        return library


def session_of_master(master: MasterKeys, node: SyncApi, key: bytes, clock: Clock, randomness: Randomness) -> LibrarySession:
    """The session of who has the recovery phrase, at a node with this pinned key."""
    identity = Identity(library=master.library, device=MASTER, sign=master.sign)
    return LibrarySession(node, identity, node_key=key, clock=clock, randomness=randomness)
