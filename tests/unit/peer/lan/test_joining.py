"""A device joins over the local network, with no relay and with one beside; and the ways in which nobody gets in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from random import Random

import pytest
import trio

from discovery.neighbourhood import Found, Neighbour
from discovery.service import Discovery, Event, Unavailable
from discovery.tags import DiscoveryKey, InstanceName
from peer.engine.connecting import library_at
from peer.engine.hosting import LetIn, host, until_begun
from peer.engine.invitations import issue_ticket
from peer.engine.joiner import join_library
from peer.engine.joining_ways import Surroundings
from peer.engine.meeting import AskPerson
from peer.engine.registering import register_library
from peer.engine.scheduler import Broadcast
from peer.errors import CalotypeError, UnreachableNodeError
from peer.joining.errors import DeclinedError, TicketInUseError, UnreadableMessageError
from peer.joining.ticket import Ticket, lan_node
from peer.lan.gates import invitation_gate
from peer.lan.invitation_key import invitation_key
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from peer.place import Place
from peer.seams import SystemClock, run_in_thread, system_randomness
from relay.errors import NotFoundError, UnreachableError
from relay.http import NodeApp
from relay.messages import BoxId, Registration
from relay.server import serve
from store.ids import RecordId
from tests.fleet.libraries import add_photo, digest, file_of
from tests.fleet.node import TOKEN, make_node
from tests.unit.peer.lan.stations import LOOPBACK, Station, serving

AROUND = Surroundings(clock=SystemClock(), randomness=system_randomness, run_blocking=run_in_thread)


async def agrees(code: str, name: str) -> bool:
    return True


async def disagrees(code: str, name: str) -> bool:
    return False


@pytest.fixture
def inviter(tmp_path: Path) -> Iterator[Library]:
    library, _ = create_library(LibraryFolder(tmp_path / "one"), "laptop", randomness=Random(1).randbytes)
    add_photo(library, "sea")
    yield library
    library.close()


@pytest.fixture
async def station(inviter: Library) -> AsyncGenerator[Station]:
    async with serving(inviter) as station:
        yield station


def ticket_to(station: Station, *ports: int) -> Ticket:
    """One that says that the station is at these ports of this machine."""
    key = station.library.keys.signing_key
    return issue_ticket(station.library, tuple(lan_node(Place(LOOPBACK, port), key) for port in ports or (station.port,)))


class Meeting:
    """An inviter that waits, and any number that try to join."""

    def __init__(self, station: Station, ticket: Ticket) -> None:
        self.station, self.ticket = station, ticket
        self.let_in: LetIn | None = None
        self.joined: list[Library] = []
        self.errors: list[CalotypeError] = []
        self.opened = trio.Event()

    async def invite(self, ask: AskPerson = agrees) -> None:
        try:
            self.let_in = await host(self.station.library, self.ticket, ask, run_in_thread, lan=self.station.server, opened=self.opened.set)
        except CalotypeError as error:
            self.errors.append(error)

    async def join(self, folder: Path, ask: AskPerson = agrees) -> None:
        await self.opened.wait()
        try:
            self.joined.append(await join_library(LibraryFolder(folder), self.ticket, "phone", ask, AROUND))
        except CalotypeError as error:
            self.errors.append(error)


async def together(*tasks: Callable[[], object]) -> None:
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for task in tasks:
                nursery.start_soon(task)  # type: ignore[arg-type]


async def test_a_device_joins_without_any_relay(station: Station, tmp_path: Path) -> None:
    meeting = Meeting(station, ticket_to(station))
    await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    assert meeting.errors == []
    (phone,) = meeting.joined
    assert meeting.let_in == LetIn(device=phone.device, over_lan=True)
    assert phone.roster().is_member(phone.device)
    assert digest(phone) == digest(station.library)
    assert station.library.roster().logs_of(phone.device)
    assert phone.nodes.relays() == []
    async with station.dial(phone) as connection:
        assert connection.device == station.library.device
    phone.close()


async def test_the_inviter_waits_until_the_device_has_begun(station: Station, tmp_path: Path) -> None:
    meeting, heard = Meeting(station, ticket_to(station)), Broadcast()
    await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    assert meeting.let_in is not None
    assert await until_begun(station.library, meeting.let_in, station.server, heard, run_in_thread)
    meeting.joined[0].close()


@pytest.mark.parametrize(("inviter_says", "joiner_says"), [(agrees, disagrees), (disagrees, agrees)])
async def test_codes_that_differ_end_it_for_both(station: Station, tmp_path: Path, inviter_says: AskPerson, joiner_says: AskPerson) -> None:
    meeting = Meeting(station, ticket_to(station))
    await together(lambda: meeting.invite(inviter_says), lambda: meeting.join(tmp_path / "two", joiner_says))
    assert [type(error) for error in meeting.errors] == [DeclinedError, DeclinedError]
    assert len(station.library.roster().devices) == 1


async def test_a_ticket_lets_in_one_device(station: Station, tmp_path: Path) -> None:
    meeting = Meeting(station, ticket_to(station))
    asked, refused = trio.Event(), trio.Event()

    async def hesitates(code: str, name: str) -> bool:
        asked.set()
        await refused.wait()
        return True

    async def thief() -> None:
        await asked.wait()
        await meeting.join(tmp_path / "thief")
        refused.set()

    await together(lambda: meeting.invite(hesitates), lambda: meeting.join(tmp_path / "two"), thief)
    assert [type(error) for error in meeting.errors] == [TicketInUseError]
    assert [library.folder.root.name for library in meeting.joined] == ["two"]
    assert len(station.library.roster().devices) == 2
    meeting.joined[0].close()


async def test_three_messages_that_were_not_made_with_the_ticket_end_it(station: Station, tmp_path: Path) -> None:
    """Somebody who has the ticket's key for TLS alone; a holder of the ticket could write better ones."""
    meeting = Meeting(station, ticket_to(station))
    private = invitation_key(meeting.ticket).private_bytes_raw()

    async def scribble() -> None:
        await meeting.opened.wait()
        async with station.reach(private, [station.library.keys.signing_key], invitation_gate(meeting.ticket)) as reached:
            for n in range(3):
                await reached.node.post_message(BoxId(meeting.ticket.mailbox), bytes([n]) * 50)

    await together(meeting.invite, scribble)
    assert [type(error) for error in meeting.errors] == [UnreadableMessageError]


async def test_after_the_joining_the_ticket_opens_nothing(station: Station, tmp_path: Path) -> None:
    meeting = Meeting(station, ticket_to(station))
    await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    meeting.joined[0].close()
    with pytest.raises(UnreachableNodeError):
        await join_library(LibraryFolder(tmp_path / "three"), meeting.ticket, "thief", agrees, AROUND)


async def test_dead_addresses_cost_little(station: Station, tmp_path: Path) -> None:
    meeting = Meeting(station, ticket_to(station, 9, station.port))
    await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    assert meeting.errors == []
    meeting.joined[0].close()


async def test_who_sits_at_the_address_without_the_inviters_key_learns_nothing(station: Station, tmp_path: Path) -> None:
    other, _ = create_library(LibraryFolder(tmp_path / "other"), "other", randomness=Random(2).randbytes)
    async with serving(other) as spoofer:
        ticket = ticket_to(station, spoofer.port)
        async with spoofer.server.invitation(ticket):  # it even has the ticket
            with pytest.raises(UnreachableNodeError):
                await join_library(LibraryFolder(tmp_path / "two"), ticket, "phone", agrees, AROUND)
    other.close()


async def test_a_guest_may_say_hello_and_use_its_mailbox_and_nothing_else(station: Station) -> None:
    ticket = ticket_to(station)
    other = replace(ticket, secret=bytes(16))
    trusted = [station.library.keys.signing_key]
    async with station.server.invitation(ticket), station.server.invitation(other):
        private = invitation_key(ticket).private_bytes_raw()
        async with station.reach(private, trusted, invitation_gate(ticket)) as reached:
            assert (await reached.node.hello()).kind == "peer"
            await reached.node.post_message(BoxId(ticket.mailbox), b"mail")
            assert list(await reached.node.messages(BoxId(ticket.mailbox))) == [b"mail"]
            with pytest.raises(NotFoundError):
                await reached.node.post_message(BoxId(other.mailbox), b"mail")
            with pytest.raises(NotFoundError):
                await reached.node.register(Registration(token="x", genesis=b""))
            with pytest.raises(NotFoundError):
                await reached.node.library(station.library.id, "token").heads()
        async with station.reach(private, trusted) as reached:
            with pytest.raises(UnreachableError):
                await reached.node.hello()
        async with station.reach(bytes(32), trusted, invitation_gate(ticket)) as reached:
            with pytest.raises(UnreachableError):
                await reached.node.hello()


async def test_a_guest_is_cut_off_when_the_invitation_is_over(station: Station) -> None:
    ticket = ticket_to(station)
    private = invitation_key(ticket).private_bytes_raw()
    async with station.reach(private, [station.library.keys.signing_key], invitation_gate(ticket)) as reached:
        async with station.server.invitation(ticket):
            await reached.node.post_message(BoxId(ticket.mailbox), b"mail")
            assert list(await reached.node.messages(BoxId(ticket.mailbox))) == [b"mail"]
        with pytest.raises(UnreachableError):
            await reached.node.hello()


# A relay beside it


async def test_with_a_relay_beside_it_the_local_network_is_used_and_the_relay_knows_the_device(station: Station, tmp_path: Path) -> None:
    async with relay_served() as url:
        await register_library(station.library, url, TOKEN, run_in_thread)
        meeting = Meeting(station, ticket_to(station))
        await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
        (phone,) = meeting.joined
        assert meeting.let_in == LetIn(device=phone.device, over_lan=True)
        (relay,) = phone.nodes.relays()
        async with library_at(phone, relay, run_in_thread) as api:
            await api.heads()
    phone.close()


async def test_where_the_local_network_doesn_t_lead_there_the_relay_is_used(station: Station, tmp_path: Path) -> None:
    async with relay_served() as url:
        await register_library(station.library, url, TOKEN, run_in_thread)
        meeting = Meeting(station, ticket_to(station, 9))
        await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    (phone,) = meeting.joined
    assert meeting.let_in == LetIn(device=phone.device, over_lan=False)
    assert phone.records.content(RecordId.asset(file_of("sea"))) is not None
    phone.close()


async def test_a_relay_that_is_away_holds_nobody_up(station: Station, tmp_path: Path) -> None:
    station.library.nodes.add("http://127.0.0.1:9", bytes(32))
    meeting = Meeting(station, ticket_to(station))
    await together(meeting.invite, lambda: meeting.join(tmp_path / "two"))
    assert meeting.errors == []
    meeting.joined[0].close()


@asynccontextmanager
async def relay_served() -> AsyncGenerator[str]:
    node = make_node(SystemClock())
    listeners = await trio.open_tcp_listeners(0, host=LOOPBACK)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(serve, NodeApp(node.service), listeners, until=trio.sleep_forever))
        yield f"http://{LOOPBACK}:{listeners[0].socket.getsockname()[1]}"
        node.service.stop()
        nursery.cancel_scope.cancel()


# Found by discovery


async def test_an_inviter_whose_address_changed_is_found_by_the_invitation_s_tag(station: Station, tmp_path: Path) -> None:
    ticket = ticket_to(station, 9)
    network = FakeNetwork(station.port)
    around = replace(AROUND, discover=network.discovery)
    meeting = Meeting(station, ticket)

    async def join() -> None:
        await meeting.opened.wait()
        meeting.joined.append(await join_library(LibraryFolder(tmp_path / "two"), ticket, "phone", agrees, around))

    await together(meeting.invite, join)
    assert network.asked_for == {ticket.discovery_key}
    assert meeting.let_in == LetIn(device=meeting.joined[0].device, over_lan=True)
    meeting.joined[0].close()


class FakeNetwork:
    """Where two answer to the tag: somebody who only copied it, and the station."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked_for: set[bytes] = set()

    def discovery(self) -> Discovery:
        return self  # type: ignore[return-value]  # as much of it as a joining uses

    def set_keys(self, keys: Iterable[DiscoveryKey]) -> None:
        self.asked_for.update(key.secret for key in keys)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()

    def events(self) -> AsyncIterator[Event]:
        return Sightings(self._port)


class Sightings:
    """What discovery tells: that it can't, then what it finds."""

    def __init__(self, port: int) -> None:
        self._events: Iterator[Event] = iter([Unavailable(reason="not yet"), _found(9), _found(port)])

    def __aiter__(self) -> Sightings:
        return self

    async def __anext__(self) -> Event:
        for event in self._events:
            return event
        await trio.sleep_forever()
        raise StopAsyncIteration


def _found(port: int) -> Found:
    return Found(neighbour=Neighbour(instance=InstanceName(f"{port:016x}"), port=port, addresses=(IPv4Address(LOOPBACK),), keys=()))
