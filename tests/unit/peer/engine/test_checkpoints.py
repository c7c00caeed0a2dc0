"""Checkpoints with engines that run: written by one, compared by all, settled, given to who is new, and used to give entries up on devices and relays."""

from __future__ import annotations

from pathlib import Path
from random import Random

import trio
from trio.testing import MockClock

from peer.engine.bootstrapping import bootstrap
from peer.engine.connecting import session_of
from peer.engine.engine import Engine, EngineParts
from peer.engine.exchanging import pull_all, push_all
from peer.engine.registering import membership_entries
from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library.albums import create_album, rename_album
from peer.library.checkpoints.contents import queue_uploads
from peer.library.checkpoints.loading import checkpoint_to_load
from peer.library.checkpoints.rules import Rules
from peer.library.checkpoints.standing import stuck
from peer.library.checkpoints.table import acknowledged, differing
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.creating import begin_as
from peer.library.library import Library
from peer.library.membership import admit
from peer.library.queries import Queries
from peer.library.verifying import verify
from relay.messages import Registration
from relay.pruning import prune_library
from store.settlement import ACTIVE_MS
from tests.fleet.libraries import digest
from tests.fleet.node import TOKEN, URL, FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join, running, sync
from tests.unit.peer.library.checkpoints.test_comparing import write_as

RULES = Rules(entries=20, share=0.5, longest_delay=30.0)
WHILE = 300.0
"""Seconds of virtual time in which everything about a checkpoint gets done."""


def eager(library: Library, node: LocalNode) -> Engine:
    return Engine(
        EngineParts(
            library=library,
            connect=node.connect(library),
            run_blocking=call_directly,
            checkpoint_rules=RULES,
        )
    )


async def let_run(*pairs: tuple[Library, LocalNode]) -> None:
    async with running(*(eager(library, node) for library, node in pairs)):
        await trio.sleep(WHILE)


async def join_late(folder: Path, inviter: Library, node: LocalNode, clock: FakeClock, *, name: str = "late", seed: int = 9) -> Library:
    """By what a joining does after the codes were compared, the checkpoint first."""
    random = Random(seed)
    place = LibraryFolder(folder)
    keys = DeviceKeys.generate(random.randbytes)
    admit(inviter, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    await push_all(inviter, session_of(inviter, node.service, inviter.nodes.all()[0]), call_directly)
    place.create()
    keys.save(place.device_key)
    library = Library.create(place, keys, inviter.id, clock=clock, randomness=random.randbytes)
    api = session_of(library, node.service, library.nodes.add(URL, node.key))
    await bootstrap(library, api, call_directly)
    await pull_all(library, api, call_directly)
    begin_as(library, name)
    await push_all(library, api, call_directly)
    return library


async def introduce(node: LocalNode, *libraries: Library) -> None:
    """Everybody has said something: who never did holds nothing back."""
    for library in libraries:
        await sync(library, node)


def write_many(library: Library, count: int = 25, *, label: str = "album") -> None:
    for number in range(count):
        create_album(library, f"{label} {number}")


def assert_whole(*libraries: Library) -> None:
    assert len({digest(library) for library in libraries}) == 1
    for library in libraries:
        assert verify(library, deep=True).problems == []
        assert differing(library) == []


async def test_two_devices_and_a_relay_agree_on_one_and_give_entries_up(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)  # writes nothing but what says that it is there
    await introduce(node, one, two)
    write_many(one)
    await let_run((one, node), (two, node))
    (settled,) = one.log.settled()
    assert two.log.settled() == (settled,)
    assert acknowledged(one) == acknowledged(two) == settled.checkpoint
    assert settled.acknowledged_by == {one.device, two.device}
    for library in (one, two):
        assert library.log.figures().stubs > 20
        assert library.checkpoint_blobs.info(settled.blobs[0]) is not None
    assert node.parts.blobs.info(settled.blobs[0]) is not None
    assert_whole(one, two)


async def test_a_new_device_begins_with_it_and_everybody_goes_on(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await introduce(node, one, two)
    write_many(one)
    await let_run((one, node), (two, node))
    write_many(two, 5, label="later")
    await sync(two, node)
    late = await join_late(tmp_path / "late", one, node, clock)
    assert late.log.figures().stubs > 20
    await let_run((one, node), (two, node), (late, node))
    assert_whole(one, two, late)
    write_many(late, 40, label="even later")
    await let_run((one, node), (two, node), (late, node))
    newest = one.log.settled()[0]
    assert newest.acknowledged_by == {one.device, two.device, late.device}
    assert {library.log.settled()[0].checkpoint for library in (two, late)} == {newest.checkpoint}
    assert_whole(one, two, late)
    assert {info.blob for info in one.checkpoint_blobs.blobs()} == set(newest.blobs), "the blobs of the one before were removed"


async def test_a_device_that_is_away_for_90_days_holds_nothing_back_and_returns_with_all_that_only_it_has(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    away = await join(tmp_path / "away", one, node, clock, name="away", seed=10)
    await introduce(node, one, two, away)
    album = create_album(away, "only here")
    write_many(one)
    await let_run((one, node), (two, node))
    assert one.log.settled() == ()
    clock.time += ACTIVE_MS + 1
    write_many(two, 3, label="much later")
    await let_run((one, node), (two, node))
    (settled,) = one.log.settled()
    assert settled.acknowledged_by == {one.device, two.device}
    assert one.log.figures().stubs > 20
    assert (await prune_library(node.parts, one.id)).entries > 20
    log_before = away.own_log()
    rename_album(away, album, "written on the day before it came back")
    await let_run((one, node), (two, node), (away, node))
    assert away.own_log() != log_before
    assert checkpoint_to_load(away) is None
    assert_whole(one, two, away)
    assert "written on the day before it came back" in {row.title for row in Queries(one.database).albums()}


async def test_a_relay_that_joins_after_entries_went_gets_all_that_a_new_device_needs(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    first = make_node(clock)
    one = await found(tmp_path / "one", first, clock)
    two = await join(tmp_path / "two", one, first, clock)
    await introduce(first, one, two)
    write_many(one)
    await let_run((one, first), (two, first))
    write_many(one, 3, label="later")
    assert one.log.figures().stubs > 20
    second = make_node(clock, seed=2)
    genesis, members = membership_entries(one)
    await second.service.register(Registration(token=TOKEN, genesis=genesis, entries=tuple(members)))
    one.nodes.remove(URL)
    one.nodes.add(URL, second.key)
    await let_run((one, second))
    late = await join_late(tmp_path / "late", one, second, clock)
    await introduce(second, one, late)
    assert_whole(one, late)
    two.nodes.remove(URL)
    two.nodes.add(URL, second.key)
    write_many(two, 2, label="from two")
    await let_run((one, second), (two, second), (late, second))
    assert_whole(one, two, late)


async def test_a_device_that_only_syncs_now_and_then_compares_too(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await introduce(node, one, two)
    write_many(one, 3)
    name = write_checkpoint(one)
    await introduce(node, one, two)
    assert acknowledged(two) == name
    said = {report.device: report.checkpoint for report in node.parts.logs.of(one.id).seen()}
    assert said == {one.device: name, two.device: name}


async def test_a_forged_checkpoint_is_shown_and_keeps_nothing_else_from_being_done(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await introduce(node, one, two)
    write_many(one, 3)
    write_as(one, lambda items: items[:-1])
    blobs = list(one.checkpoint_blobs.blobs())
    queue_uploads(one, [info.blob for info in blobs])
    await introduce(node, one, two)
    assert acknowledged(two) is None
    assert [item for item, _ in stuck(two)] == [f"checkpoint {name.short()}" for name, _ in differing(two)] != []
    rename_album(one, create_album(one, "and it goes on"), "on and on")
    await introduce(node, one, two)
    assert digest(one) == digest(two)


async def test_one_device_alone_gives_nothing_up(tmp_path: Path, autojump_clock: MockClock) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    write_many(one)
    await let_run((one, node))
    (settled,) = one.log.settled()
    assert settled.acknowledged_by == {one.device}
    assert one.log.figures().stubs == 0
