"""What is synced survives a power cut, and what isn't doesn't: by the ways in which files are written here."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from peer.keys.device import DeviceKeys
from peer.library.segments import write_at
from peer.originals.copying import clear_incoming, copy_verified, place
from relay.data_folder import DataFolder
from store.durable import make_folders, sync_folder, write_synced
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from tests.simulation.clocks import START_MS
from tests.simulation.disk import WRITE_BACK_SECONDS, Disk, Disks, PowerCutError, Survival
from tests.unit.simulation.cuts import one_disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    with one_disk() as made:
        yield made


def restarted(disk: Disk, survival: Survival = Survival.STRICT) -> list[str]:
    """The files that are there after a power cut."""
    disk.cut_power(survival)
    disk.power_on()
    return files_on(disk)


def files_on(disk: Disk) -> list[str]:
    return sorted(path.relative_to(disk.root).as_posix() for path in disk.root.rglob("*") if path.is_file())


def test_written_synced_named_and_synced(disk: Disk) -> None:
    write_synced(disk.root / "new", b"light")
    (disk.root / "new").replace(disk.root / "photo")
    sync_folder(disk.root)
    assert restarted(disk) == ["photo"]
    assert (disk.root / "photo").read_bytes() == b"light"


def test_without_the_sync_of_the_folder_the_name_is_gone(disk: Disk) -> None:
    write_synced(disk.root / "new", b"light")
    (disk.root / "new").replace(disk.root / "photo")
    assert restarted(disk) == []


def test_without_the_sync_of_the_file_the_contents_are_gone(disk: Disk) -> None:
    (disk.root / "new").write_bytes(b"light")
    (disk.root / "new").replace(disk.root / "photo")
    sync_folder(disk.root)
    assert restarted(disk) == ["photo"]
    assert (disk.root / "photo").read_bytes() == b""


def test_a_kind_disk_keeps_all(disk: Disk) -> None:
    (disk.root / "new").write_bytes(b"light")
    (disk.root / "new").rename(disk.root / "photo")
    assert restarted(disk, Survival.KIND) == ["photo"]
    assert (disk.root / "photo").read_bytes() == b"light"


def test_a_removed_name_is_back_unless_its_folder_was_synced(disk: Disk) -> None:
    for name in ("one", "two"):
        (disk.root / name).mkdir()
        write_synced(disk.root / name / "file", b"light")
        sync_folder(disk.root / name)
    sync_folder(disk.root)
    for name in ("one", "two"):
        (disk.root / name / "file").unlink()
    sync_folder(disk.root / "two")
    assert restarted(disk) == ["one/file"]
    assert (disk.root / "one" / "file").read_bytes() == b"light"


def test_a_replaced_file_is_back_with_its_contents(disk: Disk) -> None:
    write_synced(disk.root / "file", b"old")
    sync_folder(disk.root)
    write_synced(disk.root / "new", b"new")
    (disk.root / "new").replace(disk.root / "file")
    assert restarted(disk) == ["file"]
    assert (disk.root / "file").read_bytes() == b"old"


def test_a_whole_folder_that_was_removed_is_back(disk: Disk) -> None:
    make_folders(disk.root / "one" / "two")
    write_synced(disk.root / "one" / "two" / "file", b"light")
    sync_folder(disk.root / "one" / "two")
    shutil.rmtree(disk.root / "one")
    assert files_on(disk) == []
    assert restarted(disk) == ["one/two/file"]
    shutil.rmtree(disk.root / "one")
    sync_folder(disk.root)
    assert restarted(disk) == []


def test_a_folder_whose_name_was_not_synced_is_gone_with_all_in_it(disk: Disk) -> None:
    (disk.root / "folder").mkdir()
    write_synced(disk.root / "folder" / "file", b"light")
    sync_folder(disk.root / "folder")
    assert restarted(disk) == []
    make_folders(disk.root / "folder")
    write_synced(disk.root / "folder" / "file", b"light")
    sync_folder(disk.root / "folder")
    assert restarted(disk) == ["folder/file"]


def test_a_link_and_its_source_stay_one_file(disk: Disk) -> None:
    write_synced(disk.root / "one", b"light")
    os.link(disk.root / "one", disk.root / "two")
    sync_folder(disk.root)
    inode = (disk.root / "one").stat().st_ino
    assert restarted(disk) == ["one", "two"]
    assert (disk.root / "one").stat().st_ino == (disk.root / "two").stat().st_ino == inode


def test_a_rename_comes_about_as_a_whole_or_not_at_all() -> None:
    found = set()
    for seed in range(12):
        with one_disk(seed) as disk:
            for folder in ("from", "to"):
                make_folders(disk.root / folder)
            write_synced(disk.root / "from" / "file", b"light")
            sync_folder(disk.root / "from")
            (disk.root / "from" / "file").rename(disk.root / "to" / "file")
            found.add(tuple(restarted(disk, Survival.MIXED)))
    assert found == {("from/file",), ("to/file",)}


def test_contents_that_were_not_synced_end_in_several_ways() -> None:
    found = set()
    for seed in range(40):
        with one_disk(seed) as disk:
            write_synced(disk.root / "file", b"old")
            sync_folder(disk.root)
            with (disk.root / "file").open("ab") as stream:
                stream.write(b"+new")
            restarted(disk, Survival.MIXED)
            found.add((disk.root / "file").read_bytes())
    assert {b"old", b"old+new", b"old\0\0\0\0"} < found
    assert all(content.startswith(b"old") for content in found)
    assert any(content not in {b"old", b"old+new"} and b"old+new".startswith(content) for content in found), "a part of it"


def test_the_dead_write_nothing_and_read_on(disk: Disk) -> None:
    write_synced(disk.root / "file", b"light")
    sync_folder(disk.root)
    stream = (disk.root / "file").open("ab", buffering=0)
    disk.cut_power(Survival.STRICT)
    assert stream.write(b" and more") == 9
    stream.close()
    for write in (
        lambda: (disk.root / "other").touch(),
        lambda: (disk.root / "file").unlink(),
        lambda: (disk.root / "folder").mkdir(),
        lambda: (disk.root / "file").rename(disk.root / "other"),
        lambda: (disk.root / "file").chmod(0o600),
        lambda: os.truncate(disk.root / "file", 0),
    ):
        with pytest.raises(PowerCutError):
            write()
    assert (disk.root / "file").read_bytes() == b"light"
    disk.cut_power()
    disk.power_on()
    assert files_on(disk) == ["file"]


def test_the_power_goes_before_or_after_an_operation(disk: Disk) -> None:
    for after in (False, True):
        disk.cut_power_at(3, after=after, survival=Survival.KIND)
        (disk.root / f"one {after}").mkdir()
        (disk.root / f"two {after}").mkdir()
        with pytest.raises(PowerCutError):
            (disk.root / f"three {after}").mkdir()
        assert disk.last_operation == "make a folder"
        disk.power_on()
    assert [path.name for path in sorted(disk.root.iterdir())] == ["one False", "one True", "three True", "two False", "two True"]


def test_a_power_cut_that_was_called_off(disk: Disk) -> None:
    disk.cut_power_at(1)
    disk.spare_power()
    (disk.root / "one").mkdir()
    assert not disk.is_dead


def test_the_system_writes_out_by_itself_what_is_old(tmp_path: Path) -> None:
    seconds = 0.0
    with Disks(now=lambda: seconds) as disks:
        disk = disks.add(tmp_path.resolve() / "disk", random=Random(1))
        (disk.root / "old").write_bytes(b"old")
        seconds = WRITE_BACK_SECONDS + 1
        (disk.root / "new").write_bytes(b"new")
        assert restarted(disk) == ["old"]
        assert (disk.root / "old").read_bytes() == b"old"


def test_what_is_old_in_the_incoming_folder_is_old_by_the_worlds_time(tmp_path: Path) -> None:
    seconds = 0.0
    with Disks(now=lambda: seconds) as disks:
        incoming = disks.add(tmp_path.resolve() / "disk", random=Random(1)).root / "incoming"
        incoming.mkdir()
        (incoming / "old.part").write_bytes(b"light")
        seconds = 7200.0
        (incoming / "new.part").write_bytes(b"light")
        hour_ago = START_MS * 1_000_000 + 3_600 * 10**9
        assert clear_incoming(incoming, keep=(), before_ns=hour_ago) == 1
        assert [path.name for path in incoming.iterdir()] == ["new.part"]


def test_what_lies_elsewhere_is_left_alone(disk: Disk, tmp_path: Path) -> None:
    disk.cut_power_at(1)
    (tmp_path / "file").write_bytes(b"light")
    os.link(tmp_path / "file", tmp_path / "other")
    (tmp_path / "other").replace(tmp_path / "file")
    write_synced(tmp_path / "more", b"")
    sync_folder(tmp_path)
    shutil.copytree(tmp_path, tmp_path.with_name(tmp_path.name + "2"))
    shutil.rmtree(tmp_path)
    assert not disk.is_dead
    assert disk.operations == 0


def test_two_disks_die_alone(tmp_path: Path) -> None:
    with Disks() as disks:
        one, two = (disks.add(tmp_path.resolve() / name, random=Random(1)) for name in ("one", "one more"))
        for disk in (one, two):
            (disk.root / "file").write_bytes(b"light")
        assert restarted(one) == []
        assert files_on(two) == ["file"]


def test_a_blob_that_was_put_survives(disk: Disk) -> None:
    store = FileBlobStore(disk.root)
    sealed = b"light"
    blob = BlobId.of(sealed)
    store.put(blob, sealed, now=7)
    restarted(disk)
    again = FileBlobStore(disk.root)
    assert again.get(blob) == sealed
    again.close()


def test_an_original_that_was_placed_survives_as_the_same_file(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"light")
    make_folders(disk.root / "incoming")
    copied = copy_verified(tmp_path / "source", disk.root / "incoming")
    place(copied.path, disk.root / "2024" / "07" / "photo.jpg")
    restarted(disk)
    photo = disk.root / "2024" / "07" / "photo.jpg"
    assert photo.read_bytes() == b"light"
    assert photo.stat().st_ino == copied.stamp.inode
    assert photo.stat().st_mode & 0o777 == 0o444


def test_an_original_that_is_being_placed_is_always_somewhere(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"light")
    for seed in range(30):
        with one_disk(seed) as disk:
            for folder in ("incoming", "2024"):
                make_folders(disk.root / folder)
            copied = copy_verified(tmp_path / "source", disk.root / "incoming")
            sync_folder(disk.root / "incoming")
            disk.cut_power_at(1 + seed % 6)
            with contextlib.suppress(PowerCutError):
                place(copied.path, disk.root / "2024" / "photo.jpg")
            disk.cut_power()
            disk.power_on()
            assert {(disk.root / name).read_bytes() for name in files_on(disk)} == {b"light"}
            if copied.path.exists():
                place(copied.path, disk.root / "2024" / "photo.jpg")
            assert files_on(disk) == ["2024/photo.jpg"]


def test_keys_survive(disk: Disk) -> None:
    keys = DeviceKeys.generate(Random(1).randbytes)
    keys.save(disk.root / "device.key")
    relay = DataFolder(disk.root / "relay")
    relay.create()
    public = relay.node_key(Random(2).randbytes).public_key()
    restarted(disk)
    assert DeviceKeys.load(disk.root / "device.key").id == keys.id
    assert relay.node_key(Random(3).randbytes).public_key() == public


def test_a_segment_that_was_written_survives_in_a_file_that_has_its_name(disk: Disk) -> None:
    write_at(disk.root / "file.download", 0, b"light")
    assert restarted(disk) == []
    write_at(disk.root / "file.download", 0, b"light")
    sync_folder(disk.root)
    write_at(disk.root / "file.download", 5, b" and more")
    assert restarted(disk) == ["file.download"]
    assert (disk.root / "file.download").read_bytes() == b"light and more"
