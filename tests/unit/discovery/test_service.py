"""Devices that share a key find each other and stay found, whatever happens to keys, days, networks and multicast. Time is simulated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
import trio
from trio.testing import MockClock

from discovery.announcement import Announcement
from discovery.neighbourhood import MAX_REMEMBERED, Changed, Found, Lost
from discovery.service import NO_NETWORK, ROUND_SECONDS, Available, Discovery, Event, Moved, Unavailable
from discovery.tags import DiscoveryKey
from tests.unit.discovery.lan import Calendar, Card, Lan, run_here
from tests.unit.discovery.seeded import DAY, Seeded, announcement, instance, key

KEY, EARLIER, FOREIGN = key("library"), key("earlier"), key("foreign")


def device(
    lan: Lan,
    name: str,
    keys: Iterable[DiscoveryKey] = (KEY,),
    *,
    port: int | None = 4000,
    card: Card | None = None,
    calendar: Calendar | None = None,
) -> Discovery:
    made = Discovery(
        clock=calendar or Calendar(),
        randomness=Seeded(name),
        run_blocking=run_here,
        list_interfaces=(card or Card()).list,
        open_multicast=lan.open,
    )
    made.set_keys(keys)
    made.set_port(port)
    return made


@asynccontextmanager
async def running(*devices: Discovery) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        for each in devices:
            await nursery.start(each.run)
        await trio.sleep(0.1)
        yield
        nursery.cancel_scope.cancel()


def sees(one: Discovery, *others: Discovery) -> bool:
    return {each.instance for each in one.neighbours} == {each.instance for each in others}


@asynccontextmanager
async def notes(discovery: Discovery) -> AsyncIterator[list[Event]]:
    """The events of one who follows all the time."""
    events: list[Event] = []

    async def follow() -> None:
        async for event in discovery.events():
            events.append(event)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(follow)
        yield events
        nursery.cancel_scope.cancel()


async def test_devices_of_one_library_find_each_other_and_nobody_else(autojump_clock: MockClock) -> None:
    lan = Lan()
    anna, bela, other = device(lan, "anna", port=1111), device(lan, "bela", port=2222), device(lan, "other", [FOREIGN])
    async with running(anna, bela, other):
        assert sees(anna, bela)
        assert sees(bela, anna)
        assert sees(other)
        (neighbour,) = anna.neighbours
        assert (neighbour.port, neighbour.addresses, neighbour.keys) == (2222, (ip_address("10.0.1.1"),), (KEY,))


async def test_goodbye_is_said_at_the_end(autojump_clock: MockClock) -> None:
    lan = Lan()
    anna, bela = device(lan, "anna"), device(lan, "bela")
    async with running(anna), notes(anna) as events:
        async with running(bela):
            assert sees(anna, bela)
        await trio.sleep(0.1)
        assert sees(anna)
        assert [type(event) for event in events] == [Found, Lost]
    assert lan.speakers == []


async def test_who_vanishes_without_a_word_is_lost(autojump_clock: MockClock) -> None:
    lan = Lan(goodbyes=False)
    anna, bela = device(lan, "anna"), device(lan, "bela")
    async with running(anna):
        async with running(bela):
            pass
        assert sees(anna, bela)
        await trio.sleep(ROUND_SECONDS)
        assert sees(anna)


async def test_who_only_looks_is_not_seen(autojump_clock: MockClock) -> None:
    lan = Lan()
    anna, joiner, keyless = device(lan, "anna"), device(lan, "joiner", port=None), device(lan, "keyless", [])
    async with running(anna, joiner, keyless):
        assert sees(joiner, anna)
        assert sees(anna)
        assert sees(keyless)
        said = [speaker.said for speaker in lan.speakers]
        assert sorted(map(len, said)) == [0, 0, 1]
        joiner.set_port(5)
        await trio.sleep(0.1)
        assert sees(anna, joiner)
        await trio.sleep(2)
        joiner.set_port(None)
        await trio.sleep(0.1)
        assert sees(anna)


async def test_a_new_key_finds_those_that_were_strangers(autojump_clock: MockClock) -> None:
    """An epoch begins on one device first; the other learns of it later; both keep the earlier key as long as it is needed."""
    lan = Lan()
    anna, bela = device(lan, "anna", [EARLIER]), device(lan, "bela", [EARLIER])
    async with running(anna, bela), notes(anna) as events:
        await trio.sleep(10)
        bela.set_keys([KEY])
        await trio.sleep(10)
        assert sees(anna)
        anna.set_keys([KEY, EARLIER])
        await trio.sleep(0.1)
        assert sees(anna, bela)
        await trio.sleep(10)
        assert sees(bela, anna)
        bela.set_keys([KEY, EARLIER])
        await trio.sleep(10)
    keys = [event.neighbour.keys if isinstance(event, Found | Changed) else None for event in events]
    assert keys == [(EARLIER,), None, (KEY,), (KEY, EARLIER)]


async def test_quick_changes_are_announced_slowly_and_the_last_one_stays(autojump_clock: MockClock) -> None:
    lan = Lan()
    anna = device(lan, "anna")
    async with running(anna):
        for port in range(1000, 1040):
            anna.set_port(port)
            await trio.sleep(0.1)
        await trio.sleep(3)
        ports = [each.port for each in lan.speakers[0].said if each]
        assert len(ports) <= 5
        assert ports[-1] == 1039


async def test_midnight_renews_the_tags_and_loses_nobody(autojump_clock: MockClock) -> None:
    lan = Lan()
    early, late = Calendar(), Calendar()
    anna, bela = device(lan, "anna", calendar=early), device(lan, "bela", calendar=late)
    async with running(anna, bela), notes(anna) as events:
        first = lan.speakers[0].said[-1]
        early.day += 1
        await trio.sleep(ROUND_SECONDS)
        second = lan.speakers[0].said[-1]
        assert first is not None
        assert second is not None
        assert not set(first.tags) & set(second.tags)
        assert sees(bela, anna)
        late.day += 1
        await trio.sleep(ROUND_SECONDS)
        early.day += 2
        await trio.sleep(ROUND_SECONDS)
        assert sees(anna)
        late.day += 2
        await trio.sleep(ROUND_SECONDS)
        assert sees(anna, bela)
        assert [type(event) for event in events] == [Found, Lost, Found]


async def test_a_device_that_moves_says_where_it_is(autojump_clock: MockClock) -> None:
    lan, card = Lan(), Card()
    anna, bela = device(lan, "anna"), device(lan, "bela", card=card)
    async with running(anna, bela), notes(anna) as events:
        await trio.sleep(10)
        card.networks = {1: "10.0.1.77"}
        await trio.sleep(ROUND_SECONDS + 2)
        (neighbour,) = anna.neighbours
        assert neighbour.addresses == (ip_address("10.0.1.77"),)
        assert [type(event) for event in events] == [Found, Changed]
    assert lan.opened == 2


async def test_a_second_network_is_used_and_nothing_on_the_first_is_disturbed(autojump_clock: MockClock) -> None:
    lan, card = Lan(), Card()
    anna, bela = device(lan, "anna", card=card), device(lan, "bela")
    carl = device(lan, "carl", card=Card({2: "10.0.2.3"}))
    async with running(anna, bela, carl), notes(anna) as events:
        assert sees(anna, bela)
        card.networks = {1: "10.0.1.1", 2: "10.0.2.1"}
        await trio.sleep(ROUND_SECONDS + 2)
        assert sees(anna, bela, carl)
        assert sees(carl, anna)
        card.networks = {1: "10.0.1.1"}
        await trio.sleep(ROUND_SECONDS + 8)
        assert sees(anna, bela)
        kinds = [type(event) for event in events]
        assert kinds.count(Moved) == 2
        assert [kind for kind in kinds if kind is not Moved] == [Found, Found, Lost]


async def test_an_interface_that_flaps_changes_nothing(autojump_clock: MockClock) -> None:
    lan, card = Lan(), Card()
    anna, bela = device(lan, "anna", card=card), device(lan, "bela")
    async with running(anna, bela), notes(bela) as events:
        for _ in range(50):
            card.networks = {1: "10.0.1.1", 2: "10.0.2.1"}
            await trio.sleep(0.4)
            card.networks = {1: "10.0.1.1"}
            await trio.sleep(0.4)
        assert [type(event) for event in events] == [Found]
        assert len(lan.speakers[0].said) == 1


async def test_no_network_is_said_and_waited_for(autojump_clock: MockClock) -> None:
    lan, card = Lan(), Card({})
    anna, bela = device(lan, "anna", card=card), device(lan, "bela")
    async with running(anna, bela), notes(anna) as events:
        assert anna.unavailable == NO_NETWORK
        card.networks = {1: "10.0.1.1"}
        await trio.sleep(ROUND_SECONDS)
        assert anna.unavailable is None
        assert sees(anna, bela)
        card.networks = {}
        await trio.sleep(ROUND_SECONDS + 2)
        assert anna.unavailable == NO_NETWORK
    assert [type(event) for event in events if not isinstance(event, Found)] == [Unavailable, Available, Unavailable]
    assert sum(isinstance(event, Found) for event in events) == 1


async def test_multicast_that_fails_is_said_and_tried_again(autojump_clock: MockClock) -> None:
    lan = Lan(refusal="Port 5353 is taken.")
    anna, bela = device(lan, "anna"), device(lan, "bela")
    async with running(anna, bela), notes(anna) as events:
        assert anna.unavailable == "Port 5353 is taken."
        lan.refusal = None
        await trio.sleep(ROUND_SECONDS)
        assert sees(anna, bela)
        lan.refusal = "The line is dead."
        await trio.sleep(ROUND_SECONDS)
        assert anna.unavailable == "The line is dead."
        lan.refusal = None
        await trio.sleep(2 * ROUND_SECONDS)
        assert sees(anna, bela)
        assert sees(bela, anna)
    assert events[0] == Unavailable(reason="Port 5353 is taken.")
    assert Unavailable(reason="The line is dead.") in events
    assert events.count(Available()) == 2


async def test_interfaces_that_cannot_be_listed(autojump_clock: MockClock) -> None:
    def broken() -> tuple[()]:
        raise OSError(24, "Too many open files")

    lan = Lan()
    anna = Discovery(clock=Calendar(), randomness=Seeded("anna"), run_blocking=run_here, list_interfaces=broken, open_multicast=lan.open)
    async with running(anna):
        assert anna.unavailable == "The network interfaces of this device can't be listed: Too many open files."


async def test_who_looks_late_learns_the_present_in_one_event_each(autojump_clock: MockClock) -> None:
    lan = Lan()
    anna, bela, carl = device(lan, "anna"), device(lan, "bela", port=1), device(lan, "carl")
    async with running(anna, bela):
        stream = anna.events()
        assert isinstance(await anext(stream), Found)
        async with running(carl):
            for port in range(2, 6):
                bela.set_port(port)
                await trio.sleep(3)
        await trio.sleep(3)
        event = await anext(stream)
        assert isinstance(event, Changed)
        assert event.neighbour.port == 5
        with trio.move_on_after(100) as scope:
            await anext(stream)
        assert scope.cancelled_caught
        late = anna.events()
        assert isinstance(await anext(late), Found)


async def test_what_strangers_say_moves_nothing(autojump_clock: MockClock) -> None:
    """Copied tags, our own name, and more instances than anybody remembers, faster than trio takes them."""
    lan = Lan()
    anna, bela = device(lan, "anna"), device(lan, "bela")
    async with running(anna, bela), notes(anna) as events:
        said = lan.speakers[1].said[-1]
        assert said is not None
        mirrored = lan.speakers[0].said[-1]
        assert mirrored is not None
        copied = Announcement(instance=instance("thief"), port=1, addresses=said.addresses, tags=said.tags)
        for fake in (copied, mirrored, *(announcement(f"flood {number}", FOREIGN, day=DAY) for number in range(MAX_REMEMBERED + 100))):
            lan.stranger(fake)
        await trio.sleep(ROUND_SECONDS)
        assert sees(anna, bela)
        assert [type(event) for event in events] == [Found]


async def test_names_are_random_and_the_machine_is_in_none_of_them(autojump_clock: MockClock) -> None:
    lan = Lan()
    names = {device(lan, f"run {number}").instance for number in range(20)}
    assert len(names) == 20


@pytest.mark.parametrize("moment", [0, 0.0001, 1])
async def test_it_can_be_cancelled_at_any_moment(autojump_clock: MockClock, moment: float) -> None:
    lan = Lan()
    with trio.move_on_after(moment):
        await device(lan, "anna").run()
    assert lan.speakers == []
