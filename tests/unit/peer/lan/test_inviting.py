"""`calotype invite` beside a running peer: the peer lets the device in, the command asks its person."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random

import pytest
import trio

from peer.app import LanOptions, Peer, open_peer
from peer.commands.inviting import HandedOver, handed_over, hosted_here
from peer.engine.joiner import join_library
from peer.engine.joining_ways import Surroundings
from peer.errors import CalotypeError, NotAllowedError
from peer.joining.errors import DeclinedError
from peer.joining.ticket import Ticket
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.invitations import InvitationTable
from peer.library.library import Library
from peer.seams import SystemClock, run_in_thread, system_randomness
from tests.unit.peer.lan.test_joining import agrees, disagrees

AROUND = Surroundings(clock=SystemClock(), randomness=system_randomness, run_blocking=run_in_thread)


@pytest.fixture
def folder(tmp_path: Path) -> LibraryFolder:
    folder = LibraryFolder(tmp_path / "one")
    create_library(folder, "laptop", randomness=Random(1).randbytes)[0].close()
    return folder


@pytest.fixture
async def peer(folder: LibraryFolder) -> AsyncGenerator[Peer]:
    async with open_peer(folder, report_at_once=False, lan=LanOptions(discovers=False)) as peer, trio.open_nursery() as nursery:
        await nursery.start(peer.serve)
        yield peer
        nursery.cancel_scope.cancel()


async def handed(library: Library, *, unseen: bool = False) -> HandedOver:
    invitation = await handed_over(library, unseen=unseen)
    assert invitation is not None
    return invitation


async def join(ticket: Ticket, folder: Path) -> Library:
    return await join_library(LibraryFolder(folder), ticket, "phone", agrees, AROUND)


async def test_the_running_peer_lets_a_device_in(peer: Peer, folder: LibraryFolder, tmp_path: Path) -> None:
    library = Library.open(folder)
    with trio.fail_after(20):
        invitation = await handed(library)
        joined: list[Library] = []

        async def joining() -> None:
            joined.append(await join(invitation.ticket, tmp_path / "two"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(joining)
            assert await invitation.until_over(agrees) in library.roster().devices
    assert joined[0].device in library.roster().devices
    joined[0].close()
    library.close()


async def test_a_person_who_says_that_the_codes_differ(peer: Peer, folder: LibraryFolder, tmp_path: Path) -> None:
    library = Library.open(folder)
    errors: list[CalotypeError] = []

    async def joining() -> None:
        try:
            await join(invitation.ticket, tmp_path / "two")
        except CalotypeError as error:
            errors.append(error)

    with trio.fail_after(20):
        invitation = await handed(library)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(joining)
            with pytest.raises(NotAllowedError, match="ended"):
                await invitation.until_over(disagrees)
    assert [type(error) for error in errors] == [DeclinedError]
    assert len(library.roster().devices) == 1
    library.close()


async def test_who_stops_waiting_withdraws_the_invitation(peer: Peer, folder: LibraryFolder, tmp_path: Path) -> None:
    library = Library.open(folder)
    with trio.fail_after(20):
        invitation = await handed(library, unseen=True)
        with trio.CancelScope() as scope:
            scope.cancel()
            await invitation.until_over(agrees)
        assert InvitationTable(library.database).open(library.hlc.physical()) == []
        with pytest.raises(CalotypeError):
            await join(invitation.ticket, tmp_path / "two")
    library.close()


async def test_the_peer_announces_open_invitations_and_no_others(peer: Peer, folder: LibraryFolder) -> None:
    library = Library.open(folder)
    assert peer.server is not None
    with trio.fail_after(20):
        invitation = await handed(library)
        assert [key.secret for key in peer.server.discovery_keys] == [invitation.ticket.discovery_key]
        InvitationTable(library.database).failed(invitation.ticket, "withdrawn")
        await peer.engine.library_changed()
        while peer.server.discovery_keys:
            await trio.testing.wait_all_tasks_blocked(0.01)
    library.close()


async def test_without_a_running_peer_the_command_does_it_itself(folder: LibraryFolder, tmp_path: Path) -> None:
    library = Library.open(folder)
    assert await handed_over(library, unseen=False) is None
    tickets: list[Ticket] = []
    shown = trio.Event()

    def show(ticket: Ticket) -> None:
        tickets.append(ticket)
        shown.set()

    async def joining() -> None:
        await shown.wait()
        (await join(tickets[0], tmp_path / "two")).close()

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(joining)
            device = await hosted_here(library, show, agrees, lan=True)
    assert library.roster().logs_of(device)
    library.close()
