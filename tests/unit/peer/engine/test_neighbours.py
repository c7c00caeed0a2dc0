"""Devices on one network, in virtual time: they find each other, have the same soon, and don't tell each other what is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.engine.control import sync_report
from peer.engine.engine import Engine
from peer.library.albums import create_album, rename_album
from peer.library.library import Library
from peer.library.removing import remove_devices
from peer.place import Place
from tests.fleet.lan import PORT, Host, LocalNetwork, running_on
from tests.fleet.libraries import admit, exchange, make_library
from tests.fleet.node import FakeClock, make_node
from tests.fleet.peers import found, join, make_engine, running, sync

SOON = 0.06
NOWHERE = Place("10.0.0.99", PORT)


@pytest.fixture
def network() -> LocalNetwork:
    return LocalNetwork()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[Library]]:
    """Anna, Bert and Cleo, who have the same."""
    anna = make_library(tmp_path / "anna", name="anna", seed=1)
    bert = admit(anna, tmp_path / "bert", name="bert", seed=2)
    cleo = admit(anna, tmp_path / "cleo", name="cleo", seed=3)
    exchange(anna, bert, cleo)
    yield [anna, bert, cleo]
    for library in (anna, bert, cleo):
        library.close()


async def same(*libraries: Library, within: float = 30.0) -> float:
    """Seconds until all have the same entries."""
    start, pause = trio.current_time(), 0.005
    with trio.fail_after(within):
        while len({library.log.heads() for library in libraries}) > 1:
            await trio.sleep(pause)
            pause = min(pause * 1.05, 1)
    assert len({bytes(library.records.digest()) for library in libraries}) == 1
    return trio.current_time() - start


async def settled(*engines: Engine) -> None:
    with trio.fail_after(60):
        for engine in engines:
            await engine.until_settled()


async def test_devices_that_wrote_apart_have_the_same_when_they_meet(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, _ = three
    album = create_album(anna, "sea")
    create_album(bert, "lake")
    async with running_on(network.join(anna), network.join(bert)) as engines:
        await same(anna, bert)
        await settled(*engines)
        (node,) = engines[0].node_documents()
        assert (node["kind"], node["name"], node["address"], node["state"]) == ("peer", "bert", "10.0.0.2:40000", "listening")
    assert bert.records.content(album) is not None


async def test_a_change_is_seen_within_moments_and_travels_once(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, _ = three
    album = create_album(anna, "sea")
    hosts = [network.join(library) for library in three]
    async with running_on(*hosts) as engines:
        await same(*three)
        await trio.sleep(60)
        before = carried(hosts)
        rename_album(anna, album, "title 4")
        await engines[0].library_changed()
        assert await same(*three, within=SOON) < SOON
        await trio.sleep(60)
        await settled(*engines)
        assert carried(hosts) - before == 2
        rename_album(bert, album, "title 5")
        await engines[1].library_changed()
        assert await same(*three, within=SOON) < SOON
        await settled(*engines)


def carried(hosts: list[Host]) -> int:
    """How many entries were sent, in whichever direction."""
    return sum(host.carried["pull"] + host.carried["push"] for host in hosts)


async def test_a_long_history_travels_once_although_both_dial(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, _ = three
    for number in range(100):
        create_album(anna, f"photo {number}")
    hosts = [network.join(anna), network.join(bert)]
    async with running_on(*hosts):
        await same(anna, bert)
        await trio.sleep(60)
    assert carried(hosts) == 100


async def test_a_chain_converges(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, _, cleo = three
    hosts = [network.join(library) for library in three]
    network.cut(hosts[0], hosts[2])
    album = create_album(anna, "sea")
    async with running_on(*hosts) as engines:
        await same(*three)
        await trio.sleep(60)
        rename_album(anna, album, "title 3")
        await engines[0].library_changed()
        assert await same(*three) < 2 * SOON
        rename_album(cleo, album, "from the other end")
        await engines[2].library_changed()
        await same(*three)
        await settled(*engines)


async def test_one_that_can_t_be_dialled_gives_and_gets_too(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, bert, _ = three
    one, other = network.join(anna), network.join(bert)
    one.dials = False
    album = create_album(anna, "sea")
    async with running_on(one, other) as engines:
        await same(anna, bert)
        await trio.sleep(60)
        for library, engine in ((anna, engines[0]), (bert, engines[1])):
            rename_album(library, album, f"by {library.device.short()}")
            await engine.library_changed()
            assert await same(anna, bert, within=SOON) < SOON


async def test_a_device_without_internet_reaches_the_relay_through_a_neighbour(
    network: LocalNetwork, tmp_path: Path, autojump_clock: MockClock
) -> None:
    clock = FakeClock()
    relay = make_node(clock)
    one = await found(tmp_path / "one", relay, clock)
    two = await join(tmp_path / "two", one, relay, clock)
    await sync(one, relay)
    inside, way_out = network.join(one), network.join(two)
    first, second = inside.engine(), way_out.engine(relay)
    inside.is_up = way_out.is_up = True
    async with running(first, second):
        network.tell()
        create_album(one, "sea")
        await first.library_changed()
        with trio.fail_after(60):
            while relay.parts.logs.of(one.id).heads() != one.log.heads():
                await second.progress.changed.next()
        await second.until_settled()
        (away,) = [document for document in first.node_documents() if document["kind"] == "relay"]
        assert away["state"] == "away"


async def test_what_the_relay_brought_goes_on_to_a_neighbour_and_is_not_sent_back(
    network: LocalNetwork, tmp_path: Path, autojump_clock: MockClock
) -> None:
    clock = FakeClock()
    relay = make_node(clock)
    one = await found(tmp_path / "one", relay, clock)
    two = await join(tmp_path / "two", one, relay, clock)
    far = await join(tmp_path / "far", one, relay, clock, name="far", seed=9)
    for library in (one, two, far):
        await sync(library, relay)
    hosts = [network.join(one), network.join(two)]
    engines = [hosts[0].engine(relay), hosts[1].engine(relay)]
    for host in hosts:
        host.is_up = True
    async with running(*engines, make_engine(far, relay, report_at_once=False)) as all_engines:
        network.tell()
        await same(one, two, far)
        await trio.sleep(60)
        album = create_album(far, "sea")
        await all_engines[2].library_changed()
        await same(one, two, far)
        await trio.sleep(60)
        before = relay.parts.logs.of(one.id).count()
        rename_album(one, album, "title 2")
        await engines[0].library_changed()
        await same(one, two, within=SOON)
        await same(one, two, far)
        assert relay.parts.logs.of(one.id).count() == before + 1


async def test_a_neighbour_that_moves_is_followed_at_once(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, bert, _ = three
    one, other = network.join(anna), network.join(bert)
    album = create_album(anna, "sea")
    async with running_on(one, other) as engines:
        await same(anna, bert)
        await trio.sleep(60)
        other.addresses = ["10.0.0.77"]
        network.tell()
        await trio.sleep(1)
        rename_album(anna, album, "title 1")
        await engines[0].library_changed()
        assert await same(anna, bert, within=SOON) < SOON
        assert engines[0].node_documents()[0]["address"] == "10.0.0.77:40000"


async def test_who_comes_back_is_met_without_waiting_for_a_backoff(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, _ = three
    one, other = network.join(anna), network.join(bert)
    create_album(anna, "lake")
    async with running_on(one, other) as engines:
        await same(anna, bert)
        other.is_up = False
        network.tell()
        await trio.sleep(3600)
        assert engines[0].node_documents()[0]["state"] == "away"
        assert engines[0].settled
        assert engines[0].reached
        create_album(anna, "sea")
        await engines[0].library_changed()
        other.is_up = True
        network.tell()
        await same(anna, bert, within=2)


async def test_where_a_neighbour_was_met_is_tried_again_although_nothing_is_heard(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    """Multicast is lost on many networks."""
    anna, bert, _ = three
    one, other = network.join(anna), network.join(bert)
    create_album(anna, "lake")
    async with running_on(one, other):
        await same(anna, bert)
        await trio.sleep(10)
    one.announced = other.announced = False
    create_album(anna, "sea")
    async with running_on(one, other):
        await same(anna, bert)
        other.is_up = False
        await trio.sleep(3600)
        create_album(bert, "lake")
        other.is_up = True
        await same(anna, bert, within=7 * 60)


async def test_a_place_that_leads_nowhere_is_said_and_one_that_somebody_named_is_missed(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, _ = three
    one, other = network.join(anna, announced=False), network.join(bert, announced=False)
    async with running_on(one, other, named=(NOWHERE,), discovers=False) as engines:
        await settled(*engines)
        assert not engines[0].reached
        (document,) = engines[0].node_documents()
        assert (document["address"], document["state"], document["reason"]) == (str(NOWHERE), "away", "nobody answers there")
        assert not sync_report(anna, engines[0], {})["converged"]
        other.addresses = [NOWHERE.host]
        create_album(bert, "sea")
        await same(anna, bert, within=7 * 60)
        await settled(*engines)
        assert engines[0].reached


async def test_a_spoofed_announcement_leads_nowhere_and_costs_nothing_else(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, cleo = three
    one, other, liar = network.join(anna), network.join(bert), network.join(cleo)
    async with running_on(one, other) as engines:
        liar.addresses, liar.is_up = ["10.0.0.200"], True
        network.cut(one, liar)
        network.cuts.clear()
        liar.dials = False
        real, network.host_at = network.host_at, lambda place: None if place in liar.places else real(place)  # type: ignore[method-assign]
        network.tell()
        create_album(anna, "sea")
        await engines[0].library_changed()
        await same(anna, bert, within=5)
        await settled(*engines)
        assert engines[0].reached


async def test_a_sync_meets_who_is_there_and_ends(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, bert, _ = three
    one, other = network.join(anna), network.join(bert)
    create_album(anna, "Sweden")
    async with running_on(other):
        async with running_on(one, once=True) as engines:
            start = trio.current_time()
            await settled(*engines)
            assert 2 <= trio.current_time() - start < 5
            assert sync_report(anna, engines[0], {})["converged"]
        assert anna.log.heads() == bert.log.heads()


async def test_a_sync_where_nobody_is_ends_too(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, *_ = three
    async with running_on(network.join(anna), once=True) as engines:
        start = trio.current_time()
        await settled(*engines)
        assert trio.current_time() - start < 5
        assert sync_report(anna, engines[0], {})["converged"]


async def test_the_clock_of_a_neighbour_moves_nobody_s(network: LocalNetwork, three: list[Library], autojump_clock: MockClock) -> None:
    anna, bert, _ = three
    before = anna.hlc.physical()
    async with running_on(network.join(anna), network.join(bert)) as engines:
        await settled(*engines)
        await trio.sleep(10)
    assert anna.hlc.physical() == before


async def test_one_that_was_removed_is_no_neighbour_any_more(
    network: LocalNetwork, three: list[Library], autojump_clock: MockClock
) -> None:
    anna, bert, cleo = three
    create_album(anna, "Sweden")
    hosts = [network.join(library) for library in three]
    async with running_on(*hosts) as engines:
        await same(*three)
        await settled(*engines)
        assert len(engines[0].node_documents()) == 2
        remove_devices(anna, [cleo.device])
        await engines[0].library_changed()
        await same(anna, bert)
        await settled(engines[0], engines[1])
        for library, engine in ((anna, engines[0]), (bert, engines[1])):
            assert cleo.device not in [node.device for node in library.nodes.peers()]
            assert len(engine.node_documents()) == 1
