"""Letting a device in by a ticket.

The joining device comes by whichever way works for it first: through a relay that the ticket names, or over the local network to this device. All are
open at once, and it is one joining. Certificate and packages are written, this device serves the new one, and the relays in reach have them, before it
is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from peer.engine.connecting import NodeMailbox, library_at, mailbox_at
from peer.engine.exchanging import push_all
from peer.engine.meeting import AskPerson, Mailbox, meet_as_inviter
from peer.engine.scheduler import Broadcast
from peer.engine.shared_mailbox import SharedMailbox
from peer.errors import CalotypeError, UnreachableNodeError
from peer.joining.handshake import InviterHandshake
from peer.joining.messages import Introduction
from peer.joining.ticket import Ticket
from peer.lan.serving import LanServer
from peer.library.library import Library
from peer.library.membership import admit
from peer.library.nodes import Node
from peer.library.queries import Queries
from peer.seams import RunBlocking
from relay.api import LibraryApi
from relay.errors import SyncError
from store.errors import NoSpaceError
from store.ids import DeviceId

PUSH_SECONDS = 10.0
QUIET_SECONDS = 15.0
"""So long a device that was let in may be out of touch before nobody waits for it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn:
    """``over_lan``: it came over the local network, and gets the library from here."""

    device: DeviceId
    over_lan: bool


async def host(
    library: Library,
    ticket: Ticket,
    ask: AskPerson,
    run_blocking: RunBlocking,
    *,
    lan: LanServer | None = None,
    opened: Callable[[], None] = lambda: None,
) -> LetIn:
    """Wait for the device that uses ``ticket`` and let it in. ``opened`` is called when it can come, by one way at least.

    ``HandshakeError`` when the joining ended otherwise; ``UnreachableNodeError`` when there is no way, or none any more.
    """
    names = await run_blocking(Queries(library.database).device_names)
    handshake = InviterHandshake(
        ticket=ticket,
        signing_key=library.keys.signing_key,
        wrapping_key=library.keys.wrapping_key,
        name=names.get(library.device, ("this device", "", ""))[0],
        random=library.randomness,
    )
    hosting = _Hosting(library=library, ticket=ticket, run_blocking=run_blocking, lan=lan, mailbox=SharedMailbox(ticket.mailbox))
    failure: Exception | None = None
    other: Introduction | None = None
    async with trio.open_nursery() as nursery:
        try:
            await hosting.open(nursery)
            opened()
            other = await meet_as_inviter(handshake, ticket, hosting.mailbox, ask, hosting.let_in)
        except (CalotypeError, SyncError, NoSpaceError) as error:
            failure = error  # raised outside of the nursery, which would wrap it
        nursery.cancel_scope.cancel()
    if other is None:
        raise failure or AssertionError
    return LetIn(device=other.device, over_lan=hosting.mailbox.used is hosting.local)


@dataclass(kw_only=True)
class _Hosting:
    """The ways by which one ticket leads here. ``local``: this device's own mailbox; ``trying``: relays of which it isn't known yet whether they answer."""

    library: Library
    ticket: Ticket
    run_blocking: RunBlocking
    lan: LanServer | None
    mailbox: SharedMailbox
    local: Mailbox | None = None
    relays: list[LibraryApi] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    trying: set[str] = field(default_factory=set)
    tried: Broadcast = field(default_factory=Broadcast)

    async def open(self, nursery: trio.Nursery) -> None:
        """Open all ways; returns when one is."""
        if self.lan is not None:
            await nursery.start(self._at_home, self.lan)
        known = {node.url: node for node in await self.run_blocking(self.library.nodes.relays)}
        self.trying = {url for url, _ in self.ticket.relays if url in known}
        for url in sorted(self.trying):
            nursery.start_soon(self._at_relay, known[url])
        while not self.mailbox.is_reachable and self.trying:
            await self.tried.next()
        if not self.mailbox.is_reachable:
            reason = self.reasons[0] if self.reasons else "none of its relays is known here any more"
            raise UnreachableNodeError(
                f"No relay of this invitation could be reached: {reason}.", hint="Try again when the network or the relay is back."
            )

    async def _at_home(self, lan: LanServer, *, task_status: trio.TaskStatus[None]) -> None:
        async with lan.invitation(self.ticket) as service:
            self.local = NodeMailbox(service)
            self.mailbox.add(self.local)
            task_status.started()
            await self.mailbox.follow(self.local)

    async def _at_relay(self, node: Node) -> None:
        library = self.library
        try:
            async with (
                library_at(library, node, self.run_blocking) as api,
                mailbox_at(node.url, node.key, library.clock, library.randomness) as mailbox,
            ):
                await push_all(library, api, self.run_blocking)
                self.relays.append(api)
                self.mailbox.add(mailbox)
                self._tried(node)
                await self.mailbox.follow(mailbox)
        except SyncError as error:
            self.reasons.append(error.message)
        finally:
            self._tried(node)

    def _tried(self, node: Node) -> None:
        self.trying.discard(node.url)
        self.tried.notify()

    async def let_in(self, other: Introduction) -> None:
        """Make the device a member, here and at the relays in reach."""
        library, failures = self.library, list[SyncError]()
        await self.run_blocking(lambda: admit(library, signing_key=other.signing_key, wrapping_key=other.wrapping_key))
        if self.lan is not None:
            await self.lan.library_changed()
        with trio.move_on_after(PUSH_SECONDS) as scope:
            async with trio.open_nursery() as nursery:
                for api in self.relays:
                    nursery.start_soon(self._push, api, failures)
        if self.lan is None and (scope.cancelled_caught or len(failures) == len(self.relays)):
            raise UnreachableNodeError("The relay broke off before the new device's keys were there.", hint="Invite again when it is back.")

    async def _push(self, api: LibraryApi, failures: list[SyncError]) -> None:
        try:
            await push_all(self.library, api, self.run_blocking)
        except SyncError as error:
            failures.append(error)


async def until_begun(library: Library, let_in: LetIn, lan: LanServer, heard: Broadcast, run_blocking: RunBlocking) -> bool:
    """Wait while a device that came over the local network fetches the library from here, until its first own entry came back. False: it is
    out of touch; it can go on wherever the library is served. ``heard``: neighbours brought something."""
    while True:
        event = heard.next_event()
        roster = await run_blocking(library.roster)
        if not let_in.over_lan or roster.logs_of(let_in.device):
            return True
        with trio.move_on_after(QUIET_SECONDS) as scope:
            await event.wait()
        if scope.cancelled_caught and let_in.device not in lan.connected:
            return False
