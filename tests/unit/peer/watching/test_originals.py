"""What people do to the library's own tree by hand: nothing is lost, nothing is deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.library.library import Library
from peer.library.queries import Queries
from peer.watching.originals import OriginalsKeeper
from tests.fixtures.pictures import Shot, jpeg
from tests.fleet.imports import bring, in_this_process
from tests.fleet.node import FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, join, sync

BEFORE = jpeg(shot=Shot())
AFTER = BEFORE[:2] + b"\xff\xfe\x00\x06ours" + BEFORE[2:]


async def look(library: Library) -> None:
    """The chore looks once."""
    with trio.move_on_after(100):
        await OriginalsKeeper(call_directly, in_this_process)(library, Work(), Progress(serves=False))


async def two_devices(root: Path) -> tuple[Library, Library, LocalNode]:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(root / "one", node, clock)
    two = await join(root / "two", one, node, clock)
    (root / "a.jpg").write_bytes(BEFORE)
    await bring(one, root / "a.jpg")
    for library in (one, two):
        await sync(library, node)
    return one, two, node


def original(library: Library) -> Path:
    (held,) = library.held.all("original")
    return library.folder.root / held.path


def contents(library: Library) -> list[bytes]:
    return sorted((library.folder.root / held.path).read_bytes() for held in library.held.all("original"))


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


async def test_changed_bytes_are_a_version_and_the_older_ones_come_back(tmp_path: Path, autojump_clock: MockClock) -> None:
    one, two, node = await two_devices(tmp_path)
    path = original(two)
    overwrite(path, AFTER)
    await look(two)
    await sync(two, node)
    assert contents(two) == sorted([BEFORE, AFTER])
    assert path.read_bytes() == BEFORE
    (row,) = Queries(two.database).assets()
    content = two.records.content(row.record)
    assert content is not None
    assert sorted(view_asset(content).files.values()) == ["primary", "version"]
    await sync(one, node)
    assert contents(one) == contents(two)


async def test_another_picture_in_its_place_is_a_photo_of_its_own(tmp_path: Path, autojump_clock: MockClock) -> None:
    _, two, node = await two_devices(tmp_path)
    other = jpeg(seed=90, shot=Shot(taken="2019:01:01 00:00:00"))
    overwrite(original(two), other)
    await look(two)
    await sync(two, node)
    assert len(list(Queries(two.database).assets())) == 2
    assert contents(two) == sorted([BEFORE, other])


async def test_what_is_gone_is_fetched_back(tmp_path: Path, autojump_clock: MockClock) -> None:
    _, two, node = await two_devices(tmp_path)
    path = original(two)
    path.unlink()
    await look(two)
    await sync(two, node)
    assert path.read_bytes() == BEFORE
    (row,) = Queries(two.database).assets()
    assert row.trashed is None


async def test_a_tree_that_is_gone_as_a_whole_is_a_disk_that_is_not_connected(tmp_path: Path, autojump_clock: MockClock) -> None:
    _, two, _ = await two_devices(tmp_path)
    shutil.rmtree(two.folder.originals)
    await look(two)
    assert two.downloads.count() == (0, 0)


async def test_touched_but_the_same_is_recorded_anew(tmp_path: Path, autojump_clock: MockClock) -> None:
    _, two, _ = await two_devices(tmp_path)
    overwrite(original(two), BEFORE)
    await look(two)
    (held,) = two.held.all("original")
    assert held.untouched(two.folder.root)
    assert two.downloads.count() == (0, 0)


async def test_damage_is_left_for_verify(tmp_path: Path, autojump_clock: MockClock) -> None:
    _, two, _ = await two_devices(tmp_path)
    path = original(two)
    overwrite(path, b"no picture at all")
    await look(two)
    assert path.read_bytes() == b"no picture at all"
