"""Invitations: their tickets, and how the running peer answers them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import trio

from peer.engine.engine import Engine
from peer.engine.hosting import host
from peer.errors import CalotypeError, UsageError
from peer.joining.ticket import MAX_NODES, Node, Ticket
from peer.lan.addresses import lan_nodes, own_addresses
from peer.lan.serving import LanServer
from peer.library.invitations import Invitation, InvitationTable
from peer.library.library import Library
from peer.seams import RunBlocking
from relay.errors import SyncError
from store.errors import NoSpaceError

OPENING_SECONDS = 5.0


def issue_ticket(library: Library, neighbours: tuple[Node, ...] = ()) -> Ticket:
    """A new ticket that names where this device is on the local network, and its relays."""
    relays = tuple((node.url, node.key) for node in library.nodes.relays())
    nodes = (*neighbours, *relays)[:MAX_NODES]
    if not nodes:
        raise UsageError(
            "There is no way for a new device to meet this one: it is on no local network, and no relay was added.",
            hint="Join a network, or add a relay first: calotype relay add URL --token TOKEN",
        )
    return Ticket.issue(library=library.id, nodes=nodes, now=library.hlc.physical(), random=library.randomness)


async def local_nodes(library: Library, lan: LanServer, run_blocking: RunBlocking) -> tuple[Node, ...]:
    """This device on the local network, as its tickets name it; none when it doesn't serve, or there is no network."""
    port = lan.port
    return () if port is None else lan_nodes(await run_blocking(own_addresses), port, library.keys.signing_key)


class InvitationKeeper:
    """Answers invitations in the running peer: those that a command hands to it, and those that were issued with ``--no-wait``."""

    def __init__(self, library: Library, engine: Engine, run_blocking: RunBlocking, lan: LanServer | None = None) -> None:
        self._library = library
        self._engine = engine
        self._run = run_blocking
        self._lan = lan
        self._table = InvitationTable(library.database)
        self._answered: set[bytes] = set()
        self._opened: dict[bytes, trio.Event] = {}

    async def issue(self, *, unseen: bool) -> Ticket:
        """A new invitation, which is answered when this returns, or soon after. ``UsageError`` when nobody could come."""
        neighbours = () if self._lan is None else await local_nodes(self._library, self._lan, self._run)
        ticket = issue_ticket(self._library, neighbours)
        opened = self._opened[ticket.mailbox] = trio.Event()
        await self._run(lambda: self._table.add(ticket, unseen=unseen))
        await self._engine.library_changed()
        with trio.move_on_after(OPENING_SECONDS):
            await opened.wait()
        return ticket

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            while True:
                changed = self._engine.progress.library_changed.next_event()
                for invitation in await self._run(self._table.open, self._library.hlc.physical()):
                    if invitation.ticket.mailbox not in self._answered:
                        self._answered.add(invitation.ticket.mailbox)
                        nursery.start_soon(self._answer, invitation)
                await changed.wait()

    async def _answer(self, invitation: Invitation) -> None:
        ticket = invitation.ticket
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._end_when_withdrawn, ticket, nursery.cancel_scope)
            await self._host(invitation)
            nursery.cancel_scope.cancel()
        await self._engine.library_changed()

    async def _host(self, invitation: Invitation) -> None:
        ticket = invitation.ticket
        opened = self._opened.pop(ticket.mailbox, trio.Event())

        async def ask(code: str, name: str) -> bool:
            return invitation.unseen or await self._person_says(ticket, code, name)

        try:
            let_in = await host(self._library, ticket, ask, self._run, lan=self._lan if ticket.neighbours else None, opened=opened.set)
        except (CalotypeError, SyncError) as error:
            await self._run(self._table.failed, ticket, error.message)
        except NoSpaceError:
            with suppress(NoSpaceError):  # then the command that waits for it learns it when the ticket has expired
                await self._run(self._table.failed, ticket, "There is no room left on this device's disk.")
        else:
            await self._run(self._table.succeeded, ticket, let_in.device)

    async def _end_when_withdrawn(self, ticket: Ticket, scope: trio.CancelScope) -> None:
        await self._until(ticket, lambda invitation: not invitation.is_open)
        scope.cancel()

    async def _person_says(self, ticket: Ticket, code: str, name: str) -> bool:
        """Wait for the person at this device: at `calotype invite`, or by its ``--accept CODE`` or ``--decline CODE``."""
        await self._run(self._table.waits, ticket, code, name)
        invitation = await self._until(ticket, lambda invitation: invitation.answer is not None)
        return invitation is not None and bool(invitation.answer)

    async def _until(self, ticket: Ticket, condition: Callable[[Invitation], bool]) -> Invitation | None:
        """The invitation, once it is so; ``None`` when it is forgotten."""
        while True:
            changed = self._engine.progress.library_changed.next_event()
            invitation = await self._run(self._table.get, ticket)
            if invitation is None or condition(invitation):
                return invitation
            await changed.wait()
