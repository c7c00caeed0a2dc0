"""The chore that empties the trash, with engines that run and a relay between them."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from crdt.record import EMPTY
from crdt.values import Value
from peer.engine.engine import Engine, EngineParts
from peer.engine.trash_keeping import LOOK_SECONDS, STAGGER_MS, TrashKeeper
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.removing import remove_devices
from peer.library.retention import DAY_MS
from peer.library.taking_away import recovered_files
from peer.library.trashing import trash_assets
from store.bodies import Claim, Release, parse_control
from store.entries import EntryKind
from store.ids import LIBRARY_RECORD, RecordId
from tests.fleet.libraries import add_original, add_photo, content_of, edit, file_of, give
from tests.fleet.node import FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join, running, sync


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def keeping(library: Library, node: LocalNode, *, at_once: bool = True) -> Engine:
    return Engine(
        EngineParts(
            library=library,
            connect=node.connect(library),
            run_blocking=call_directly,
            chores=(TrashKeeper(call_directly),),
            report_at_once=at_once,
        )
    )


async def meet(*libraries: Library, node: LocalNode) -> None:
    for _ in range(2):
        for library in libraries:
            await sync(library, node)


async def test_what_is_due_goes_on_all_devices_and_its_blobs_are_released(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    one.change([Edit(LIBRARY_RECORD, lambda draft, stamp: draft.set("retention", 1))])
    photo, path = add_original(one, "sea")
    trash_assets(one, [photo])
    await meet(one, two, node=node)
    clock.time += DAY_MS + STAGGER_MS
    async with running(keeping(one, node)) as (engine,):
        await engine.until_settled()
        assert one.records.is_purged(photo)
        assert not path.exists()
    await meet(two, node=node)
    assert two.records.is_purged(photo)
    kinds = [arrived.entry.kind for arrived in two.log.control(0, limit_bytes=2**30)]
    assert kinds.count(EntryKind.RELEASE) == 1


async def test_a_running_peer_looks_again_every_hour(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one = await found(tmp_path / "one", node, clock)
    photo = add_photo(one, "sea")
    trash_assets(one, [photo])
    async with running(keeping(one, node, at_once=False)) as (engine,):
        await engine.until_settled()
        assert not one.records.is_purged(photo)
        clock.time += 31 * DAY_MS
        await trio.sleep(LOOK_SECONDS + 1)
        assert one.records.is_purged(photo)


async def test_who_comes_back_after_a_year_loses_nothing_that_it_worked_on(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    sea, lake = add_photo(one, "sea"), add_photo(one, "lake")
    await meet(one, two, node=node)
    _, untouched = add_original(two, "sea")
    _, worked_on = add_original(two, "lake")
    await meet(one, two, node=node)
    trash_assets(one, [sea, lake])
    edit(two, lake, caption="made while away")  # and not sent
    clock.time += 365 * DAY_MS
    async with running(keeping(one, node)) as (engine,):
        await engine.until_settled()
    assert one.records.is_purged(sea)
    assert one.records.is_purged(lake)
    async with running(keeping(two, node)) as (engine,):
        await engine.until_settled()
    assert two.records.digest() == one.records.digest()
    assert not untouched.exists()
    assert not worked_on.exists()
    assert [path.read_bytes() for path in recovered_files(two)] == [content_of("lake")]
    assert two.held.get(file_of("lake")) is None


async def test_a_concurrent_need_of_the_same_bytes_is_claimed(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = add_photo(one, "sea")
    other = add_photo(one, "other")
    trash_assets(one, [photo])
    await meet(one, two, node=node)
    (source,) = sources_of(one, photo)
    two.change([Edit(other, lambda draft, stamp: draft.add("source", file_of("sea").base64(), source, beside=True))])
    clock.time += 31 * DAY_MS
    async with running(keeping(one, node)) as (engine,):
        await engine.until_settled()
    (release,) = released(one)
    await meet(two, one, node=node)
    claims = [parse_control(each.entry) for each in one.log.control(0, limit_bytes=2**30) if each.entry.kind is EntryKind.CLAIM]
    assert claims
    assert all(isinstance(claim, Claim) and set(claim.blobs) <= set(release.blobs) for claim in claims)


async def test_a_device_that_was_removed_purges_nothing(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photo = add_photo(one, "sea")
    trash_assets(one, [photo])
    await meet(one, two, node=node)
    remove_devices(two, [one.device])
    give(two, one)
    clock.time += 365 * DAY_MS
    async with running(keeping(one, node)):
        await trio.sleep(LOOK_SECONDS * 3)
    assert not one.records.is_purged(photo)


def released(library: Library) -> list[Release]:
    bodies = [parse_control(each.entry) for each in library.log.control(0, limit_bytes=2**30) if each.entry.kind is EntryKind.RELEASE]
    return [body for body in bodies if isinstance(body, Release)]


def sources_of(library: Library, photo: RecordId) -> list[Value]:
    view = view_asset(library.records.content(photo) or EMPTY)
    return [source.value() for sources in view.sources.values() for source in sources]
