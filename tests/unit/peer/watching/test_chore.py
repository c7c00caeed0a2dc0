"""The chore over real folders, in virtual time: what is taken, when, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import trash_assets
from peer.watching.chore import FolderWatcher
from peer.watching.folders import add_folder, left_files
from peer.watching.hints import system_hints
from tests.fixtures.pictures import Shot, jpeg, png
from tests.fleet.imports import in_this_process
from tests.fleet.libraries import MovedClock, make_library
from tests.fleet.node import call_directly


@dataclass
class Told:
    """Hints that a test gives."""

    happened: list[Callable[[Collection[Path]], None]] = field(default_factory=list)
    broken: bool = False

    async def __call__(self, folders: Sequence[Path], happened: Callable[[Collection[Path]], None]) -> None:
        if self.broken:
            raise OSError("no more watches")
        self.happened.append(happened)
        await trio.sleep_forever()

    def tell(self, *paths: Path) -> None:
        self.happened[-1](paths)


@dataclass
class Watching:
    library: Library
    folder: Path
    work: Work
    hints: Told

    def names(self) -> list[str]:
        return sorted(row.name for row in Queries(self.library.database).assets())

    async def rest(self) -> float:
        """Until nothing is left to do; how long that took."""
        began = trio.current_time()
        self.work.look()
        with trio.fail_after(1000):
            while not self.work.settled:  # noqa: ASYNC110 - as `sync` asks
                await trio.sleep(0.01)
        return trio.current_time() - began


@asynccontextmanager
async def watching(root: Path, *, folder: Path | None = None, hints: Told | None = None) -> AsyncIterator[Watching]:
    library = make_library(root / "library", clock=MovedClock())
    chosen, told, work = folder or root / "in", hints or Told(), Work()
    chosen.mkdir(exist_ok=True)
    add_folder(library, chosen)
    chore = FolderWatcher(call_directly, in_this_process, told)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(chore, library, work, Progress(serves=False))
        on = Watching(library, chosen, work, told)
        await on.rest()
        yield on
        nursery.cancel_scope.cancel()
    library.close()


async def test_what_came_while_the_peer_was_off(tmp_path: Path, autojump_clock: MockClock) -> None:
    deep = tmp_path / "in" / "2024" / "07"
    deep.mkdir(parents=True)
    (deep / "a.jpg").write_bytes(jpeg(seed=1))
    (tmp_path / "in" / "b.png").write_bytes(png(seed=2))
    (tmp_path / "in" / "words.txt").write_bytes(b"words")
    async with watching(tmp_path) as on:
        await on.rest()
        assert on.names() == ["a.jpg", "b.png"]


async def test_a_whole_file_is_taken_within_a_tenth_of_a_second(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        await on.rest()
        path = on.folder / "a.jpg"
        path.write_bytes(jpeg())
        on.hints.tell(path)
        assert await on.rest() < 0.15
        assert on.names() == ["a.jpg"]


async def test_a_slow_copy_is_taken_when_it_is_whole(tmp_path: Path, autojump_clock: MockClock) -> None:
    data = jpeg()
    async with watching(tmp_path) as on:
        await on.rest()
        path = on.folder / "a.jpg"
        for end in range(0, len(data), len(data) // 5):
            path.write_bytes(data[:end])
            on.hints.tell(path)
            await trio.sleep(4)
            assert on.names() == []
        path.write_bytes(data)
        on.hints.tell(path)
        await on.rest()
        (row,) = Queries(on.library.database).assets()
        content = on.library.records.content(row.record)
        assert content is not None
        assert view_asset(content).versions == ()


async def test_one_hint_is_enough_for_a_slow_copy(tmp_path: Path, autojump_clock: MockClock) -> None:
    data = jpeg()
    async with watching(tmp_path) as on:
        path = on.folder / "a.jpg"
        with path.open("wb", buffering=0) as writer:
            writer.write(data[:1000])
            on.hints.tell(path)
            await trio.sleep(3)
            writer.write(data[1000:])
            await trio.sleep(3)
            assert on.names() == []
        await trio.sleep(1)
        assert on.names() == ["a.jpg"]


async def test_what_never_becomes_whole_is_reported_and_taken_when_it_does(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        path = on.folder / "a.jpg"
        path.write_bytes(jpeg()[:-500])
        on.hints.tell(path)
        await on.rest()
        assert on.names() == []
        (left,) = left_files(on.library, on.folder)
        assert "missing" in left.reason
        path.write_bytes(jpeg())
        on.hints.tell(path)
        await on.rest()
        assert on.names() == ["a.jpg"]
        assert left_files(on.library, on.folder) == []


async def test_what_is_open_for_writing_waits(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        with (on.folder / "a.jpg").open("wb") as writer:
            writer.write(jpeg())
            writer.flush()
            on.hints.tell(on.folder)
            await trio.sleep(30)
            assert on.names() == []
        await on.rest()
        assert on.names() == ["a.jpg"]


async def test_unfinished_names_wait_for_their_rename(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        part = on.folder / "a.jpg.part"
        part.write_bytes(jpeg())
        on.hints.tell(part)
        await on.rest()
        assert on.names() == []
        on.hints.tell(part.rename(on.folder / "a.jpg"))
        await on.rest()
        assert on.names() == ["a.jpg"]


async def test_what_disappears_or_moves_changes_nothing(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        first, second = on.folder / "a.jpg", on.folder / "b.jpg"
        first.write_bytes(jpeg(seed=1))
        second.write_bytes(jpeg(seed=2))
        on.hints.tell(on.folder)
        await on.rest()
        first.unlink()
        moved = second.rename(on.folder / "c.jpg")
        on.hints.tell(first, second, moved)
        await on.rest()
        rows = Queries(on.library.database).assets()
        assert len(list(rows)) == 2


async def test_a_rewritten_file_is_a_version_and_its_former_bytes_restore_it(tmp_path: Path, autojump_clock: MockClock) -> None:
    before = jpeg()
    after = before[:2] + b"\xff\xfe\x00\x06ours" + before[2:]
    async with watching(tmp_path) as on:
        path = on.folder / "a.jpg"
        primaries = []
        for data in (before, after, before):
            path.write_bytes(data)
            on.hints.tell(path)
            await on.rest()
            (row,) = Queries(on.library.database).assets()
            content = on.library.records.content(row.record)
            assert content is not None
            primaries.append(view_asset(content).primary)
        assert primaries[0] == primaries[2] != primaries[1]


async def test_another_photo_under_the_same_name_is_another_photo(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path) as on:
        path = on.folder / "IMG_0001.JPG"
        for seed in (1, 2):
            path.write_bytes(jpeg(seed=seed * 50, shot=Shot(taken=f"2024:07:2{seed} 10:00:00")))
            on.hints.tell(path)
            await on.rest()
        assert on.names() == ["IMG_0001.JPG", "IMG_0001.JPG"]


async def test_what_was_deleted_stays_deleted(tmp_path: Path, autojump_clock: MockClock) -> None:
    before = jpeg()
    async with watching(tmp_path) as on:
        path = on.folder / "a.jpg"
        path.write_bytes(before)
        on.hints.tell(path)
        await on.rest()
        (row,) = Queries(on.library.database).assets()
        trash_assets(on.library, [row.record])
        path.write_bytes(before[:2] + b"\xff\xfe\x00\x06ours" + before[2:])
        on.hints.tell(path)
        await on.rest()
        assert on.names() == []
        (left,) = left_files(on.library, on.folder)
        assert "deleted" in left.reason


async def test_a_folder_that_comes_back_is_looked_through(tmp_path: Path, autojump_clock: MockClock) -> None:
    disk = tmp_path / "disk"
    async with watching(tmp_path, folder=disk) as on:
        await on.rest()
        disk.rmdir()
        await on.rest()
        disk.mkdir()
        (disk / "a.jpg").write_bytes(jpeg())
        await trio.sleep(30)
        assert on.names() == ["a.jpg"]


async def test_without_hints_it_is_found_by_scans(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with watching(tmp_path, hints=Told(broken=True)) as on:
        await on.rest()
        (on.folder / "a.jpg").write_bytes(jpeg())
        await trio.sleep(320)
        (on.folder / "b.jpg").write_bytes(jpeg(seed=9))
        await trio.sleep(40)
        assert on.names() == ["a.jpg", "b.jpg"]


async def test_links_that_go_round_are_no_loop(tmp_path: Path, autojump_clock: MockClock) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self.jpg").symlink_to(tmp_path / "in" / "self.jpg")
    (tmp_path / "in" / "a.jpg").write_bytes(jpeg())
    async with watching(tmp_path) as on:
        await on.rest()
        assert on.names() == ["a.jpg"]


async def test_the_systems_hints_come_and_end_at_once(tmp_path: Path) -> None:
    came = trio.Event()
    named: set[Path] = set()

    def happened(paths: Collection[Path]) -> None:
        named.update(paths)
        came.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(system_hints, [tmp_path], happened)
        with trio.fail_after(10):
            while not came.is_set():
                (tmp_path / "a.jpg").write_bytes(b"x")
                with trio.move_on_after(0.3):
                    await came.wait()
        began = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began < 0.5
    assert named == {tmp_path / "a.jpg"}


@pytest.mark.parametrize("count", [3])
async def test_many_files_of_one_folder_at_once(tmp_path: Path, autojump_clock: MockClock, count: int) -> None:
    (tmp_path / "in").mkdir()
    for number in range(count):
        (tmp_path / "in" / f"{number}.jpg").write_bytes(jpeg(seed=number))
    async with watching(tmp_path) as on:
        await on.rest()
        assert len(on.names()) == count
