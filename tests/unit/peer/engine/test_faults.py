"""Sessions that end, clocks that are wrong, disks that refuse one file: the engine goes on, and says what it can't do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.engine.control import sync_report
from peer.engine.progress import Fault
from peer.library import placing, segments
from peer.library.albums import create_album, rename_album
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.queues import Download, Priority
from peer.library.verifying import verify
from relay.memory_accounts import MemorySessions
from store.errors import NoSpaceError
from store.ids import FileHash
from tests.fixtures.pictures import box, jpeg, movie
from tests.fleet.imports import bring
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, make_engine, running, sync
from tests.unit.peer.importing.looking import unfinished

YEAR = 365 * 24 * 60 * 60 * 1000
HOUR = 60 * 60 * 1000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def card(root: Path, *seeds: int) -> Path:
    folder = root / "card"
    folder.mkdir(exist_ok=True)
    for seed in seeds:
        (folder / f"{seed}.jpg").write_bytes(jpeg(64, 48, seed=seed))
    return folder


@pytest.mark.parametrize("fault", ["revoked", "expired"])
async def test_a_session_that_is_gone_is_opened_again(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, fault: str
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    album = create_album(one, "Sweden")
    first, second = make_engine(one, node), make_engine(two, node)
    async with running(first, second):
        await first.until_settled()
        await second.until_settled()
        if fault == "revoked":
            sessions = node.parts.sessions
            assert isinstance(sessions, MemorySessions)
            sessions._sessions.clear()
        else:
            clock.time += 2 * HOUR
        rename_album(one, album, "Norway")
        await first.library_changed()
        with trio.fail_after(600):
            while one.records.digest() != two.records.digest():
                await second.progress.changed.next()
            await first.until_settled(all_reached=True)
            await second.until_settled(all_reached=True)


@pytest.mark.parametrize("years", [-1, 1, 30])
async def test_a_device_whose_clock_is_years_off(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, years: int
) -> None:
    """It joins, syncs, and, once it has met the relay, its edits count for when they were made."""
    one = await found(tmp_path / "one", node, clock)
    wrong = FakeClock(clock.time + years * YEAR)
    two = await join(tmp_path / "two", one, node, wrong)
    album = create_album(one, "Sweden")
    await sync(one, node)
    await sync(two, node)
    rename_album(two, album, "first, by the wrong clock")
    clock.time += 60_000
    wrong.time += 60_000
    rename_album(one, album, "second, by the right one")
    for library in (one, two, one):
        await sync(library, node)
    for library in (one, two):
        (row,) = Queries(library.database).albums()
        assert row.title == "second, by the right one"
        assert row.conflicts == 1
    assert one.records.digest() == two.records.digest()


async def test_a_clock_that_is_set_right_leaves_nothing_waiting_for_years(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """What failed while the clock was a year ahead is due then, by that clock; meeting a node makes it due."""
    one = await found(tmp_path / "one", node, clock)
    ahead = FakeClock(clock.time + YEAR)
    two = await join(tmp_path / "two", one, node, ahead)
    await sync(one, node)
    await bring(one, card(tmp_path, 1))
    number = one.nodes.all()[0].number
    queued = one.uploads.due(number, clock.now(), 10)
    one.uploads.done(number, [upload.blob for upload in queued])
    await sync(one, node)
    await sync(two, node)
    assert two.downloads.stuck()
    one.uploads.add([number], queued)
    await sync(one, node)
    ahead.time = clock.time
    await sync(two, node)
    assert two.downloads.count() == (0, 0)


async def test_a_file_that_can_t_be_kept_costs_itself(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, card(tmp_path, 1, 2, 3))
    await sync(one, node)
    refused: set[Path] = set()

    def refusing(path: Path, offset: int, data: bytes) -> None:
        if not refused or path in refused:
            refused.add(path)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        segments.write_at(path, offset, data)

    with monkeypatch.context() as patch:
        patch.setattr("peer.engine.downloads.write_at", refusing)
        await sync(two, node)
    assert len(list(two.held.all("original"))) == 2
    assert [stuck.reason for stuck in two.downloads.stuck()] == ["it can't be kept on this device's disk: Permission denied"]
    await assert_all_arrive(two, node, clock, 3)


async def test_a_full_disk_is_said_and_what_was_fetched_is_kept(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, card(tmp_path, 1, 2, 3))
    await sync(one, node)
    real, left = segments.write_at, [1]

    def full(path: Path, offset: int, data: bytes) -> None:
        if not left:
            raise NoSpaceError("no room for a file: No space left on device")
        left.pop()
        real(path, offset, data)

    with monkeypatch.context() as patch:
        patch.setattr("peer.engine.downloads.write_at", full)
        engine = await sync(two, node)
    assert len(list(two.held.all("original"))) == 1
    report = sync_report(two, engine, {})
    assert not report["converged"]
    assert report["nodes"][0]["fault"] == Fault.NO_SPACE
    assert "no room left" in report["nodes"][0]["reason"]
    await assert_all_arrive(two, node, clock, 3)


async def test_a_disk_that_is_full_when_a_file_is_placed(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is here, and gets its name in the tree when the engine starts the next time."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    await bring(one, card(tmp_path, 1))
    await sync(one, node)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", full)
        engine = await sync(two, node)
    assert sync_report(two, engine, {})["nodes"][0]["fault"] == Fault.NO_SPACE
    assert verify(two, deep=True).problems == []
    placing.finish_placing(two)
    await assert_all_arrive(two, node, clock, 1)


async def assert_all_arrive(library: Library, node: LocalNode, clock: FakeClock, count: int) -> None:
    clock.time += HOUR
    await sync(library, node)
    assert len(list(library.held.all("original"))) == count
    assert unfinished(library) == []
    assert verify(library, deep=True).problems == []


async def test_a_file_that_was_imported_while_it_was_fetched_is_there_once(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    photos = card(tmp_path, 1)
    await bring(one, photos)
    await sync(one, node)
    engine = make_engine(two, node)
    blobs = node.parts.blobs
    real = blobs.get

    def importing(blob: object) -> bytes | None:
        imported.set()
        return real(blob)  # type: ignore[arg-type]

    imported = trio.Event()
    monkeypatch.setattr(blobs, "get", importing)
    async with running(engine):
        await imported.wait()
        await bring(two, photos)
        await engine.library_changed()
        await engine.until_settled()
    assert sum(path.is_file() for path in two.folder.originals.rglob("*")) == 1
    await assert_all_arrive(two, node, clock, 1)


async def test_a_long_file_that_was_removed_by_hand_doesn_t_keep_a_new_relay_away(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    folder = card(tmp_path)
    (folder / "long.mp4").write_bytes(movie() + box(b"free", bytes(17 * 4 * 1024 * 1024)))
    await bring(one, folder)
    (held,) = one.held.all("original")
    (one.folder.root / held.path).unlink()
    engine = await sync(one, node)
    assert engine.reached
    assert {stuck.reason for stuck in one.uploads.stuck()} == {f"{held.path} can't be read: No such file or directory"}


async def test_a_thumbnail_that_no_record_names_any_more_is_not_wanted(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    """Another device made another one, which counts now."""
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    (record,) = (await bring(one, card(tmp_path, 1))).assets
    await sync(one, node)
    two.downloads.ask(Download(file=FileHash(bytes(32)), record=record, size=1000, priority=Priority.THUMBNAIL))
    two.downloads.ask(Download(file=FileHash(b"1" * 32), record=record, size=1000, priority=Priority.ORIGINAL))
    engine = await sync(two, node)
    assert two.downloads.count() == (0, 0)
    assert sync_report(two, engine, {})["converged"]


async def test_a_node_that_is_removed_while_it_is_dialled(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await found(tmp_path / "one", node, clock)
    url = one.nodes.all()[0].url

    def removed_meanwhile(*_: object) -> None:
        one.nodes.remove(url)

    monkeypatch.setattr("peer.engine.monitor.met", removed_meanwhile)
    engine = make_engine(one, node)
    async with running(engine):
        await trio.sleep(5)
        await engine.library_changed()
        assert engine.progress.nodes == {}
        create_album(one, "still alive")
