"""Letting devices in: what ``calotype invite`` does itself, and what the running peer does for invitations that nobody waits for."""

from __future__ import annotations

import trio

from peer.engine.connecting import library_at, mailbox_at
from peer.engine.engine import Engine
from peer.engine.exchanging import push_all
from peer.engine.meeting import AskPerson, meet_as_inviter
from peer.errors import CalotypeError, UnreachableNodeError, UsageError
from peer.joining.handshake import InviterHandshake
from peer.joining.messages import Introduction
from peer.joining.ticket import Ticket
from peer.library.invitations import Invitation, InvitationTable
from peer.library.library import Library
from peer.library.membership import admit
from peer.library.nodes import Node
from peer.library.queries import Queries
from peer.seams import RunBlocking
from relay.errors import SyncError
from store.errors import NoSpaceError
from store.ids import DeviceId


def issue_ticket(library: Library) -> Ticket:
    """A new ticket that names this device's relays."""
    nodes = tuple((node.url, node.key) for node in library.nodes.all())
    if not nodes:
        raise UsageError(
            "No relay was added, and a new device meets this one at a relay.", hint="Add one first: calotype relay add URL --token TOKEN"
        )
    return Ticket.issue(library=library.id, nodes=nodes, now=library.hlc.physical(), random=library.randomness)


async def host(library: Library, ticket: Ticket, ask: AskPerson, run_blocking: RunBlocking) -> DeviceId:
    """Wait for the device that uses ``ticket`` and let it in. Certificate and packages are at the relay before it is told."""
    names = await run_blocking(Queries(library.database).device_names)
    handshake = InviterHandshake(
        ticket=ticket,
        signing_key=library.keys.signing_key,
        wrapping_key=library.keys.wrapping_key,
        name=names.get(library.device, ("this device", "", ""))[0],
        random=library.randomness,
    )
    node = await _first_in_reach(library, ticket, run_blocking)

    async def let_in(other: Introduction) -> None:
        await run_blocking(lambda: admit(library, signing_key=other.signing_key, wrapping_key=other.wrapping_key))
        async with library_at(library, node, run_blocking) as api:
            await push_all(library, api, run_blocking)

    async with mailbox_at(node.url, node.key, library.clock, library.randomness) as mailbox:
        return (await meet_as_inviter(handshake, ticket, mailbox, ask, let_in)).device


async def _first_in_reach(library: Library, ticket: Ticket, run_blocking: RunBlocking) -> Node:
    known = {node.url: node for node in await run_blocking(library.nodes.all)}
    reason = "none of its relays is known here any more"
    for url, _ in ticket.nodes:
        node = known.get(url)
        if node is None:
            continue
        try:
            async with library_at(library, node, run_blocking) as api:
                await push_all(library, api, run_blocking)
            return node
        except SyncError as error:
            reason = error.message
    raise UnreachableNodeError(
        f"No relay of this invitation could be reached: {reason}.", hint="Try again when the network or the relay is back."
    )


class InvitationKeeper:
    """Answers, in the running peer, the invitations that were issued with ``--no-wait``."""

    def __init__(self, library: Library, engine: Engine, run_blocking: RunBlocking) -> None:
        self._library = library
        self._engine = engine
        self._run = run_blocking
        self._table = InvitationTable(library.database)
        self._answered: set[bytes] = set()

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

        async def ask(code: str, name: str) -> bool:
            return invitation.unseen or await self._person_says(ticket, code, name)

        try:
            await host(self._library, ticket, ask, self._run)
        except (CalotypeError, SyncError, NoSpaceError):
            pass  # the invitation is over, for a reason that the joining device shows to its person
        finally:
            with trio.CancelScope(shield=True):
                await self._run(self._table.close, ticket)
        await self._engine.library_changed()

    async def _person_says(self, ticket: Ticket, code: str, name: str) -> bool:
        """Wait for ``calotype invite --accept CODE`` or ``--decline CODE`` on this device."""
        await self._run(self._table.waits, ticket, code, name)
        while True:
            changed = self._engine.progress.library_changed.next_event()
            for invitation in await self._run(self._table.open, self._library.hlc.physical()):
                if invitation.ticket.mailbox == ticket.mailbox and invitation.answer is not None:
                    return invitation.answer
            await changed.wait()
