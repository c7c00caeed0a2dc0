"""A device joins through a relay over real HTTP on loopback; and the ways in which it must not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
import trio

from peer.engine.hosting import host
from peer.engine.invitations import issue_ticket
from peer.engine.joiner import join_library
from peer.engine.joining_ways import Surroundings
from peer.engine.registering import register_library, with_scheme
from peer.errors import CalotypeError, NotAllowedError, UnreachableNodeError, UsageError
from peer.groups import flattened
from peer.joining.errors import DeclinedError, ExpiredTicketError
from peer.joining.ticket import Ticket
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from peer.seams import SystemClock, run_in_thread, system_randomness
from relay.http import NodeApp
from relay.server import serve
from store.ids import DeviceId
from tests.fleet.node import TOKEN, LocalNode, make_node

AROUND = Surroundings(clock=SystemClock(), randomness=system_randomness, run_blocking=run_in_thread)


@asynccontextmanager
async def served(node: LocalNode) -> AsyncIterator[str]:
    """The node over HTTP; its address."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: serve(NodeApp(node.service), listeners, until=stop.wait))
        try:
            yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        finally:
            node.service.stop()
            stop.set()
            nursery.cancel_scope.cancel()


@pytest.fixture
def inviter(tmp_path: Path) -> Library:
    library, _ = create_library(LibraryFolder(tmp_path / "one"), "laptop", randomness=Random(1).randbytes)
    return library


class People:
    """Both persons: what each was shown, and what each says."""

    def __init__(self, *, inviter_says: bool = True, joiner_says: bool = True) -> None:
        self.inviter_says, self.joiner_says = inviter_says, joiner_says
        self.shown: dict[str, tuple[str, str]] = {}

    async def at_inviter(self, code: str, name: str) -> bool:
        self.shown["inviter"] = (code, name)
        return self.inviter_says

    async def at_joiner(self, code: str, name: str) -> bool:
        self.shown["joiner"] = (code, name)
        return self.joiner_says


async def meet(
    inviter: Library, ticket: Ticket, folder: Path, people: People
) -> tuple[DeviceId | None, Library | None, list[BaseException]]:
    """Both sides at once; who was let in, the library that joined, and what went wrong on either side."""
    joined: list[DeviceId] = []
    libraries: list[Library] = []
    errors: list[BaseException] = []

    async def invite() -> None:
        try:
            joined.append((await host(inviter, ticket, people.at_inviter, run_in_thread)).device)
        except CalotypeError as error:
            errors.append(error)

    async def join() -> None:
        try:
            libraries.append(await join_library(LibraryFolder(folder), ticket, "phone", people.at_joiner, AROUND))
        except CalotypeError as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(invite)
        nursery.start_soon(join)
    return next(iter(joined), None), next(iter(libraries), None), errors


async def test_a_device_joins_and_has_everything(tmp_path: Path, inviter: Library) -> None:
    async with served(make_node(SystemClock())) as url:
        await register_library(inviter, url, TOKEN, run_in_thread)
        people = People()
        device, library, errors = await meet(inviter, issue_ticket(inviter), tmp_path / "two", people)
    assert errors == []
    assert library is not None
    assert device == library.device
    assert people.shown["inviter"][0] == people.shown["joiner"][0]
    assert people.shown["inviter"][1] == "phone"
    assert people.shown["joiner"][1] == "laptop"
    assert library.roster().is_member(library.device)
    assert library.write_epoch().id == inviter.write_epoch().id
    assert [node.url for node in library.nodes.all()] == [url]
    assert library.folder.device_key.stat().st_mode & 0o777 == 0o600
    library.close()


@pytest.mark.parametrize("people", [People(inviter_says=False), People(joiner_says=False)])
async def test_who_says_that_the_codes_differ_ends_it_for_both(tmp_path: Path, inviter: Library, people: People) -> None:
    async with served(make_node(SystemClock())) as url:
        await register_library(inviter, url, TOKEN, run_in_thread)
        device, library, errors = await meet(inviter, issue_ticket(inviter), tmp_path / "two", people)
    assert (device, library) == (None, None)
    assert [type(error) for error in errors] == [DeclinedError, DeclinedError]
    assert len(inviter.roster().devices) == 1
    assert not LibraryFolder(tmp_path / "two").exists()


async def test_a_ticket_lets_in_one_device(tmp_path: Path, inviter: Library) -> None:
    async with served(make_node(SystemClock())) as url:
        await register_library(inviter, url, TOKEN, run_in_thread)
        ticket = issue_ticket(inviter)
        _, library, _ = await meet(inviter, ticket, tmp_path / "two", People())
        assert library is not None
        library.close()
        with pytest.raises(CalotypeError):
            await join_library(LibraryFolder(tmp_path / "three"), ticket, "thief", People().at_joiner, AROUND)
    assert len(inviter.roster().devices) == 2
    assert not LibraryFolder(tmp_path / "three").exists()


async def test_an_expired_ticket_is_a_sentence(tmp_path: Path, inviter: Library) -> None:
    inviter.nodes.add("http://127.0.0.1:9", bytes(32))
    ticket = Ticket.issue(library=inviter.id, nodes=(("http://127.0.0.1:9", bytes(32)),), now=1, random=system_randomness)
    _, _, errors = await meet_joiner_only(ticket, tmp_path / "two")
    assert [type(error) for error in errors] == [ExpiredTicketError]


async def test_a_relay_that_is_away_is_a_sentence(tmp_path: Path, inviter: Library) -> None:
    inviter.nodes.add("http://127.0.0.1:9", bytes(32))
    _, _, errors = await meet_joiner_only(issue_ticket(inviter), tmp_path / "two")
    assert [type(error) for error in errors] == [UnreachableNodeError]
    assert not LibraryFolder(tmp_path / "two").exists()


async def meet_joiner_only(ticket: Ticket, folder: Path) -> tuple[None, None, list[BaseException]]:
    try:
        await join_library(LibraryFolder(folder), ticket, "phone", People().at_joiner, AROUND)
    except CalotypeError as error:
        return None, None, [error]
    return None, None, []


async def test_without_a_relay_there_is_no_invitation_and_that_is_said(inviter: Library) -> None:
    with pytest.raises(UsageError, match="no way"):
        issue_ticket(inviter)


async def test_a_wrong_token_is_a_sentence_and_adds_nothing(inviter: Library) -> None:
    async with served(make_node(SystemClock())) as url:
        with pytest.raises(NotAllowedError, match="token"):
            await register_library(inviter, url, "guessed", run_in_thread)
    assert inviter.nodes.all() == []


async def test_another_node_under_a_known_address_is_refused(tmp_path: Path, inviter: Library) -> None:
    async with served(make_node(SystemClock(), seed=5)) as url:
        inviter.nodes.add(url, bytes(32))
        with pytest.raises((CalotypeError, ExceptionGroup)) as caught:
            await host(inviter, issue_ticket(inviter), People().at_inviter, run_in_thread)
    errors = list(flattened(caught.value)) if isinstance(caught.value, BaseExceptionGroup) else [caught.value]
    assert "key" in str(errors[0])


def test_addresses_are_completed_as_a_person_means_them() -> None:
    assert with_scheme("relay.example.org") == "https://relay.example.org"
    assert with_scheme("relay.example.org:8443/x") == "https://relay.example.org:8443/x"
    assert with_scheme("127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert with_scheme("localhost:8080") == "http://localhost:8080"
    assert with_scheme("https://a.b") == "https://a.b"
