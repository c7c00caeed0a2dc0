"""The ways by which a new device can reach the one that invited it: over the local network, where its ticket says or where discovery finds it, and
through relays. Whichever works first is used for all of the joining.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import trio
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from discovery.neighbourhood import Changed, Found
from discovery.racing import AllFailedError, race
from discovery.service import Discovery
from discovery.tags import DiscoveryKey
from peer.engine.connecting import NodeMailbox, library_at, mailbox_at
from peer.engine.meeting import Mailbox
from peer.errors import UnreachableNodeError
from peer.joining.messages import Introduction
from peer.joining.ticket import Ticket
from peer.lan.dialing import dial_lan, reach
from peer.lan.gates import invitation_gate
from peer.lan.invitation_key import invitation_key
from peer.library.library import Library
from peer.place import Place
from peer.seams import Clock, Randomness, RunBlocking
from relay.api import LibraryApi
from relay.errors import SyncError

DIAL_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a joining works with. ``discover``: makes what looks for devices on the local network; ``None``: nobody is looked for."""

    clock: Clock
    randomness: Randomness
    run_blocking: RunBlocking
    discover: Callable[[], Discovery] | None = None


class Way(Protocol):
    """To the inviting device. ``meet`` gives the mailbox of the ticket; ``library_api``, when this device was let in, the library."""

    def meet(self) -> AbstractAsyncContextManager[Mailbox]: ...

    def library_api(self, library: Library, inviter: Introduction) -> AbstractAsyncContextManager[LibraryApi]: ...


@dataclass(frozen=True, kw_only=True)
class RelayWay:
    """Through a relay, whose key the ticket tells."""

    url: str
    key: bytes = field(repr=False)
    surroundings: Surroundings

    def meet(self) -> AbstractAsyncContextManager[Mailbox]:
        return mailbox_at(self.url, self.key, self.surroundings.clock, self.surroundings.randomness)

    @asynccontextmanager
    async def library_api(self, library: Library, inviter: Introduction) -> AsyncGenerator[LibraryApi]:
        run = self.surroundings.run_blocking
        node = await run(library.nodes.add, self.url, self.key)
        async with library_at(library, node, run) as api:
            yield api


@dataclass(frozen=True, kw_only=True)
class LanWay:
    """Over the local network, to the device with the signing key ``key``."""

    place: Place
    key: bytes = field(repr=False)
    ticket: Ticket
    surroundings: Surroundings

    @asynccontextmanager
    async def meet(self) -> AsyncGenerator[Mailbox]:
        private = invitation_key(self.ticket).private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        around = self.surroundings
        async with reach(
            self.place.host,
            self.place.port,
            gate=invitation_gate(self.ticket),
            signing_private=private,
            trusted=[self.key],
            randomness=around.randomness,
            run_blocking=around.run_blocking,
        ) as reached:
            await reached.greet(around.clock, around.randomness)
            yield NodeMailbox(reached.node)

    @asynccontextmanager
    async def library_api(self, library: Library, inviter: Introduction) -> AsyncGenerator[LibraryApi]:
        """By this device's own key, which is a member's now."""
        run = self.surroundings.run_blocking
        trusted = {inviter.signing_key: inviter.device}
        async with dial_lan(library, self.place.host, self.place.port, run_blocking=run, trusted=trusted) as connection:
            yield connection.api


@dataclass(frozen=True, kw_only=True)
class Met:
    """A way that works, and the mailbox at its end."""

    way: Way
    mailbox: Mailbox


@asynccontextmanager
async def first_way(ticket: Ticket, surroundings: Surroundings) -> AsyncGenerator[Met]:
    """The first way that works; those over the local network are tried first. ``UnreachableNodeError`` when none does."""
    ways = _Ways(ticket, surroundings)
    try:
        async with race(ways.all, lambda dial: dial(), patience=DIAL_SECONDS) as winner:
            yield winner.connection
    except AllFailedError as error:
        reasons = [failure.reason for failure in error.failures if isinstance(failure.reason, SyncError)]
        reason = reasons[-1].message if reasons else "nobody answers"
        raise UnreachableNodeError(
            f"The inviting device could not be reached, nor a relay: {reason}.",
            hint="See whether this device is online, and whether `calotype invite` still waits there; then ask for a new ticket.",
        ) from error


Dial = Callable[[], AbstractAsyncContextManager[Met]]


class _Ways:
    def __init__(self, ticket: Ticket, surroundings: Surroundings) -> None:
        self._ticket = ticket
        self._around = surroundings

    @property
    def all(self) -> Sequence[Dial]:
        near = [self._dial(self._lan_way(place, key)) for place, key in self._ticket.neighbours]
        look = [self._look] if near and self._around.discover is not None else []
        far = [self._dial(RelayWay(url=url, key=key, surroundings=self._around)) for url, key in self._ticket.relays]
        return [*near, *look, *far]

    def _lan_way(self, place: Place, key: bytes) -> LanWay:
        return LanWay(place=place, key=key, ticket=self._ticket, surroundings=self._around)

    def _dial(self, way: Way) -> Dial:
        @asynccontextmanager
        async def dialled() -> AsyncGenerator[Met]:
            async with way.meet() as mailbox:
                yield Met(way=way, mailbox=mailbox)

        return dialled

    @asynccontextmanager
    async def _look(self) -> AsyncGenerator[Met]:
        """Wherever discovery finds it. What is announced is a hint: who answers has to prove the key that the ticket tells."""
        assert self._around.discover is not None
        discovery = self._around.discover()
        discovery.set_keys([DiscoveryKey(self._ticket.discovery_key)])
        key = self._ticket.neighbours[0][1]
        async with trio.open_nursery() as nursery:
            await nursery.start(discovery.run)
            async for event in discovery.events():
                if not isinstance(event, (Found, Changed)):
                    continue
                places = [Place(str(address), event.neighbour.port) for address in event.neighbour.addresses]
                try:
                    async with race([self._dial(self._lan_way(place, key)) for place in places], lambda dial: dial()) as winner:
                        yield winner.connection
                except AllFailedError:
                    continue
                break
            nursery.cancel_scope.cancel()
