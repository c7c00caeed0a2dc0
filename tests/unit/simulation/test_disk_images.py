"""Backups, clones, room, rot and bounds; and that two runs of one seed do the same."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from peer.errors import NoSpaceLeftError
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.verifying import verify
from store.durable import sync_folder, write_synced
from store.errors import DamagedError, NoSpaceError
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.libraries import MovedClock, add_photo
from tests.simulation.disk import Disk, Disks, Survival
from tests.unit.simulation.cuts import one_disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    with one_disk() as made:
        yield made


def create_on(disk: Disk) -> Library:
    library, _ = create_library(
        LibraryFolder(disk.root / "library"), "anna", clock=MovedClock(), randomness=Random(1).randbytes, notes=disk.root / "notes"
    )
    return library


def open_on(disk: Disk) -> Library:
    return Library.open(LibraryFolder(disk.root / "library"), clock=MovedClock(), randomness=Random(5).randbytes, notes=disk.root / "notes")


def photos_on(disk: Disk) -> int:
    library = open_on(disk)
    with closing(library):
        assert verify(library, deep=True).problems == []
        return len(list(Queries(library.database).assets()))


@pytest.mark.parametrize("runs", [False, True])
def test_a_backup_that_is_put_back(disk: Disk, runs: bool) -> None:
    library = create_on(disk)
    add_photo(library, "sea")
    if not runs:
        library.close()
    image = disk.image()
    if not runs:
        library = open_on(disk)
    add_photo(library, "land")
    library.close()
    assert photos_on(disk) == 2
    disk.put_back(image)
    assert disk.digest() == image.digest()
    assert photos_on(disk) == 1


def test_with_and_without_the_notes_outside(disk: Disk) -> None:
    create_on(disk).close()
    image = disk.image()
    for parts, noticed in ((None, False), (["library"], True)):
        library = open_on(disk)
        add_photo(library, "sea")
        library.close()
        disk.put_back(image, parts)
        with closing(open_on(disk)) as library:
            assert bool(library.went_elsewhere) == noticed


def test_a_clone_has_the_library_and_no_note(disk: Disk, tmp_path: Path) -> None:
    create_on(disk).close()
    with one_disk() as other:
        disk.clone_to(other, parts=["library"])
        assert not (other.root / "notes").exists()
        with closing(open_on(other)) as library:
            assert library.went_elsewhere


def test_a_machine_that_runs_gets_nothing_put_back(disk: Disk) -> None:
    image = disk.image()
    library = create_on(disk)
    with pytest.raises(RuntimeError, match="switched off"):
        disk.put_back(image)
    library.close()
    disk.cut_power()
    with pytest.raises(RuntimeError, match="switched off"):
        disk.put_back(image)
    disk.power_on()
    with pytest.raises(RuntimeError, match="is on"):
        disk.power_on()
    disk.put_back(image)
    assert disk.digest() == image.digest()


def test_digests_tell_what_differs(disk: Disk) -> None:
    digests = [disk.digest()]
    (disk.root / "one").write_bytes(b"light")
    digests.append(disk.digest())
    (disk.root / "one").chmod(0o400)
    digests.append(disk.digest())
    (disk.root / "two").write_bytes(b"light")
    (disk.root / "two").chmod(0o400)
    digests.append(disk.digest())
    (disk.root / "two").unlink()
    (disk.root / "two").hardlink_to(disk.root / "one")
    digests.append(disk.digest())
    assert len(set(digests)) == len(digests)
    image = disk.image()
    disk.put_back(image)
    assert disk.digest() == digests[-1]


async def test_a_full_disk_refuses_and_loses_nothing(disk: Disk, tmp_path: Path, autojump_clock: MockClock) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(64, 48, seed=number))
    library = create_on(disk)
    full = 0
    for room in (0, 3_000, 20_000, 60_000, 150_000):
        disk.room = room
        try:
            await bring(library, tmp_path)
        except* (NoSpaceLeftError, NoSpaceError):
            full += 1
        disk.room = None
        assert verify(library, deep=True).problems == []
    assert full >= 2
    assert (await bring(library, tmp_path)).skipped == []
    assert len(list(Queries(library.database).assets())) == 4
    library.close()


def test_room_that_is_freed_can_be_used_again(disk: Disk) -> None:
    disk.room = 1000
    write_synced(disk.root / "one", bytes(900))
    with pytest.raises(OSError, match="No space left") as caught:
        write_synced(disk.root / "two", bytes(900))
    assert caught.value.errno == errno.ENOSPC
    assert not (disk.root / "two").exists()
    (disk.root / "one").unlink()
    write_synced(disk.root / "two", bytes(900))
    with pytest.raises(OSError, match="No space left"):
        (disk.root / "folder").mkdir()


def test_a_blob_that_rots_is_noticed(disk: Disk) -> None:
    assert disk.rot_blob() == ""
    store = FileBlobStore(disk.root)
    blob = BlobId.of(b"light")
    store.put(blob, b"light", now=1)
    assert disk.rot_blob() == "a bit of a sealed blob turns"
    with pytest.raises(DamagedError):
        store.get(blob)
    assert disk.bounds().quarantine == (f"quarantine/{blob.hex()}",)
    store.close()


def test_rot_outlives_a_power_cut(disk: Disk) -> None:
    write_synced(disk.root / "photo.jpg", b"light")
    sync_folder(disk.root)
    (disk.root / "photo.jpg").chmod(0o444)
    before = (disk.root / "photo.jpg").stat()
    assert disk.rot_file("*.png") == ""
    assert disk.rot_file("*.jpg") == "a bit of a file turns"
    after = (disk.root / "photo.jpg").stat()
    assert (before.st_mtime_ns, before.st_ino, before.st_mode) == (after.st_mtime_ns, after.st_ino, after.st_mode)
    rotten = (disk.root / "photo.jpg").read_bytes()
    assert rotten != b"light"
    disk.cut_power(Survival.STRICT)
    disk.power_on()
    assert (disk.root / "photo.jpg").read_bytes() == rotten


def test_an_entry_that_rots_is_noticed(disk: Disk) -> None:
    library = create_on(disk)
    add_photo(library, "sea")
    assert verify(library, deep=True).problems == []
    assert disk.rot_entry() == "a bit of a stored entry turns"
    assert verify(library, deep=True).problems != []
    library.close()


def test_bounds_name_what_lies_about(disk: Disk) -> None:
    (disk.root / "incoming").mkdir()
    for name in ("photo", "key.new", "incoming/1.part", "incoming/1.lock", "test.db-wal"):
        (disk.root / name).write_bytes(b"light")
    bounds = disk.bounds()
    assert (bounds.files, bounds.bytes) == (4, 20)
    assert (bounds.incoming, bounds.temporary, bounds.quarantine) == (("incoming/1.part",), ("key.new",), ())


def one_life(folder: Path, seed: int) -> list[str]:
    """Digests of a disk on which the power goes again and again."""
    digests = []
    with Disks() as disks:
        disk = disks.add(folder.resolve(), random=Random(seed))
        for round_number in range(8):
            (disk.root / f"folder {round_number}").mkdir()
            for number in range(10):
                path = disk.root / f"folder {round_number}" / str(number)
                path.write_bytes(bytes([number]) * 100)
                path.replace(disk.root / str(number))
            disk.cut_power()
            disk.power_on()
            digests.append(disk.digest())
    return digests


def test_two_runs_of_one_seed_end_the_same(tmp_path: Path) -> None:
    first, second, other = (one_life(tmp_path / name, seed) for name, seed in (("one", 1), ("two", 1), ("three", 2)))
    assert first == second
    assert first != other
