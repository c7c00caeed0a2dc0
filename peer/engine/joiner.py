"""Becoming a member: what ``calotype join`` does."""

from __future__ import annotations

from peer.engine.bootstrapping import bootstrap
from peer.engine.exchanging import pull_all, push_all
from peer.engine.joining_ways import Surroundings, first_way
from peer.engine.meeting import AskPerson, meet_as_joiner
from peer.errors import IntegrityError
from peer.joining.errors import ExpiredTicketError
from peer.joining.handshake import JoinerHandshake
from peer.joining.messages import Introduction
from peer.joining.ticket import Ticket
from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library.creating import begin_as, prepare_folder
from peer.library.library import Library
from peer.seams import Clock, Randomness


async def join_library(folder: LibraryFolder, ticket: Ticket, name: str, ask: AskPerson, surroundings: Surroundings) -> Library:
    """Meet the inviter, be let in, fetch the whole history, and begin this device's log. The library, opened."""
    clock, randomness, run_blocking = surroundings.clock, surroundings.randomness, surroundings.run_blocking
    if ticket.expired(clock.now()):
        raise ExpiredTicketError
    await run_blocking(prepare_folder, folder)
    keys = DeviceKeys.generate(randomness)
    handshake = JoinerHandshake(ticket=ticket, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key, name=name, random=randomness)
    async with first_way(ticket, surroundings) as met:
        inviter = await meet_as_joiner(handshake, ticket, met.mailbox, ask)
        library = await run_blocking(_create, folder, keys, ticket, clock, randomness)
        try:
            await run_blocking(_remember_relays, library, ticket)
            async with met.way.library_api(library, inviter) as api:
                await bootstrap(library, api, run_blocking)
                await pull_all(library, api, run_blocking)
                check_membership(library, inviter)
                await run_blocking(begin_as, library, name)
                await push_all(library, api, run_blocking)
        except BaseException:
            library.close()
            raise
    return library


def check_membership(library: Library, inviter: Introduction) -> None:
    """The node showed the library that the ticket names, and in it the inviter is a member and so are we."""
    roster = library.roster()
    member = roster.devices.get(inviter.device)
    if roster.master is None or member is None or member.signing_key != inviter.signing_key or not roster.is_member(library.device):
        raise IntegrityError(
            "The node doesn't show the library that the ticket names, or not this device's membership in it.",
            hint="Ask for a new ticket. If it happens again, the relay may be at fault.",
        )


def _create(folder: LibraryFolder, keys: DeviceKeys, ticket: Ticket, clock: Clock, randomness: Randomness) -> Library:
    folder.create()
    keys.save(folder.device_key)
    return Library.create(folder, keys, ticket.library, clock=clock, randomness=randomness)


def _remember_relays(library: Library, ticket: Ticket) -> None:
    for url, key in ticket.relays:
        library.nodes.add(url, key)
