"""The two ways in which ``calotype invite`` waits for a device: beside a running peer, which then does it, and by itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import trio

from discovery.service import Discovery
from discovery.tags import DiscoveryKey
from peer.control import ask as ask_peer
from peer.engine.hosting import host, until_begun
from peer.engine.invitations import issue_ticket, local_nodes
from peer.engine.meeting import AskPerson
from peer.engine.scheduler import Broadcast
from peer.engine_address import poke, read_address
from peer.errors import NotAllowedError, UnreachableNodeError
from peer.joining.errors import ExpiredTicketError
from peer.joining.ticket import Ticket, parse_ticket
from peer.lan.serving import LanServer
from peer.library.invitations import InvitationTable
from peer.library.library import Library
from peer.seams import run_in_thread
from store.ids import DeviceId

LOOK_SECONDS = 0.2
WITHDRAWN = "The invitation was withdrawn on the device that made it."


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """An invitation that the running peer answers. This process only asks its person."""

    library: Library
    ticket: Ticket

    async def until_over(self, ask: AskPerson) -> DeviceId:
        """Who was let in. ``NotAllowedError``, ``ExpiredTicketError`` when nobody was. Whatever ends the waiting early withdraws the invitation."""
        table = InvitationTable(self.library.database)
        asked = False
        try:
            while (invitation := await run_in_thread(table.get, self.ticket)) is not None:
                if invitation.joined is not None:
                    return invitation.joined
                if invitation.failure:
                    raise NotAllowedError(invitation.failure, hint="Make a new ticket with `calotype invite` and try again.")
                if invitation.code is not None and not asked:
                    asked = True
                    accepted = invitation.unseen or await ask(invitation.code, invitation.name or "")
                    await run_in_thread(lambda: table.answer(invitation.code or "", accepted=accepted))  # noqa: B023 - called at once
                    poke(self.library.folder.engine_address)
                await trio.sleep(LOOK_SECONDS)
            raise ExpiredTicketError
        finally:
            table.failed(self.ticket, WITHDRAWN)
            poke(self.library.folder.engine_address)


async def handed_over(library: Library, *, unseen: bool) -> HandedOver | None:
    """An invitation of the running peer; ``None`` when none runs that stays. ``UsageError`` when there is no way to meet anybody."""
    address = read_address(library.folder.engine_address)
    if address is None:
        return None
    try:
        reply = await ask_peer(address, {"do": "invite", "unseen": unseen})
    except UnreachableNodeError:
        return None
    text = reply.get("ticket")
    return HandedOver(library=library, ticket=parse_ticket(text)) if isinstance(text, str) else None


async def hosted_here(library: Library, show: Callable[[Ticket], None], ask: AskPerson, *, lan: bool) -> DeviceId:
    """Invite somebody, and wait; this process serves the local network meanwhile. Who was let in, once it has all that it needs from here."""
    if not lan:
        ticket = issue_ticket(library)
        return (await host(library, ticket, ask, run_in_thread, opened=partial(show, ticket))).device
    heard = Broadcast()
    async with _serving(library, heard) as server:
        ticket = issue_ticket(library, await local_nodes(library, server, run_in_thread))
        async with _announced(library, ticket, server):
            lan_server = server if ticket.neighbours else None
            let_in = await host(library, ticket, ask, run_in_thread, lan=lan_server, opened=partial(show, ticket))
            await until_begun(library, let_in, server, heard, run_in_thread)
    return let_in.device


@asynccontextmanager
async def _serving(library: Library, heard: Broadcast) -> AsyncGenerator[LanServer]:
    async def received() -> None:
        heard.notify()

    server = LanServer(library, run_blocking=run_in_thread, received=received)
    async with _beside(server.run):
        yield server


@asynccontextmanager
async def _announced(library: Library, ticket: Ticket, server: LanServer) -> AsyncGenerator[None]:
    """The device that was invited finds this one also when its address is another than the ticket says."""
    discovery = Discovery(clock=library.clock, randomness=library.randomness, run_blocking=run_in_thread)
    discovery.set_keys([DiscoveryKey(ticket.discovery_key)] if ticket.neighbours else [])
    discovery.set_port(server.port)
    async with _beside(discovery.run):
        yield


@asynccontextmanager
async def _beside(run: Callable[..., Awaitable[object]]) -> AsyncGenerator[None]:
    """``run`` has started, and goes on as long as the block. What the block raises comes out as it is."""
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        try:
            await nursery.start(run)
            yield
        except Exception as error:  # noqa: BLE001 - raised again outside of the nursery, which would wrap it
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
