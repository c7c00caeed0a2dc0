"""The file store keeps the contract, and what only files have: crashes, full disks, damage, several processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.errors import DamagedError, NoSpaceError
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from tests.conformance.blob_store import BlobStoreConformance
from tests.fleet.authors import NOW, filler

SEALED = b"sealed bytes"
BLOB = BlobId.of(SEALED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Iterator[FileBlobStore]:
    store = FileBlobStore(root)
    yield store
    store.close()


class TestFileBlobStore(BlobStoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[FileBlobStore]:
        store = FileBlobStore(tmp_path / "store")
        yield store
        store.close()


def test_everything_is_there_after_reopening(root: Path, store: FileBlobStore) -> None:
    store.put(BLOB, SEALED, now=NOW)
    expected = store.info(BLOB)
    store.close()
    again = FileBlobStore(root)
    assert (again.get(BLOB), again.info(BLOB), again.total_bytes()) == (SEALED, expected, len(SEALED))
    again.close()
    assert files_of(root) == {f"blobs/{BLOB.hex()[:2]}/{BLOB.hex()}"}


@pytest.mark.parametrize("damaged", [b"", SEALED[:-1], SEALED + b"\0", b"S" + SEALED[1:]])
def test_a_damaged_blob_moves_aside_and_can_be_put_again(root: Path, store: FileBlobStore, damaged: bytes) -> None:
    store.put(BLOB, SEALED, now=NOW)
    assert store.total_bytes() == len(SEALED)
    path_of(root, BLOB).write_bytes(damaged)
    with pytest.raises(DamagedError, match=BLOB.short()):
        store.get(BLOB)
    assert store.get(BLOB) is None
    assert store.info(BLOB) is None
    assert (root / "quarantine" / BLOB.hex()).read_bytes() == damaged
    assert store.put(BLOB, SEALED, now=NOW)
    assert store.get(BLOB) == SEALED


def test_a_blob_that_lost_its_end_is_mended_by_putting_it_again(root: Path, store: FileBlobStore) -> None:
    store.put(BLOB, SEALED, now=NOW)
    path_of(root, BLOB).write_bytes(SEALED[:3])
    assert store.total_bytes() == 3
    store.put(BLOB, SEALED, now=NOW)
    assert (store.get(BLOB), store.total_bytes()) == (SEALED, len(SEALED))


def test_what_others_put_into_the_folders_is_left_alone(root: Path, store: FileBlobStore) -> None:
    (root / "blobs" / "README").write_text("not a blob")
    (root / "blobs" / "ab").mkdir()
    (root / "blobs" / "ab" / "Thumbs.db").write_text("not a blob")
    (root / "incoming" / "notes.txt").write_text("not ours")
    store.put(BLOB, SEALED, now=NOW)
    other = FileBlobStore(root)
    assert [info.blob for info in other.blobs()] == [BLOB]
    other.close()
    assert files_of(root) >= {"blobs/README", "blobs/ab/Thumbs.db", "incoming/notes.txt"}


def test_opening_clears_what_a_crash_left_but_not_what_another_store_is_writing(root: Path, store: FileBlobStore) -> None:
    crashed = FileBlobStore(root)
    (crashed._incoming.path / "0").write_bytes(b"half a blob")
    (store._incoming.path / "0").write_bytes(b"half a blob that somebody is writing")
    crashed._incoming.abandon()
    FileBlobStore(root).close()
    assert not crashed._incoming.path.exists()
    assert (store._incoming.path / "0").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "utime"])
def test_a_full_disk_leaves_nothing_behind(root: Path, store: FileBlobStore, monkeypatch: pytest.MonkeyPatch, code: int, call: str) -> None:
    before = files_of(root)

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(NoSpaceError):
            store.put(BLOB, SEALED, now=NOW)
    assert (files_of(root), store.total_bytes(), store.get(BLOB)) == (before, 0, None)
    assert store.put(BLOB, SEALED, now=NOW), "there is room again"


def test_a_blob_that_cannot_be_opened_now_is_not_doubted(root: Path, store: FileBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(BLOB, SEALED, now=NOW)

    def too_many(path: Path) -> bytes:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", too_many)
        with pytest.raises(OSError, match="open files"):
            store.get(BLOB)
    assert store.get(BLOB) == SEALED


def test_an_error_of_the_disk_is_no_success_and_leaves_nothing_behind(
    root: Path, store: FileBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(root)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="error"):
            store.put(BLOB, SEALED, now=NOW)
    assert (files_of(root), store.get(BLOB)) == (before, None)


def test_bytes_names_and_folders_reach_the_disk_in_this_order(root: Path, store: FileBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut can't be tried here, so what makes a put survive one is observed: bytes first, then the name, then the folder."""
    trace: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        trace.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "bytes")  # noqa: PTH112
        real_fsync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        trace.append("name")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    (root / "blobs" / BLOB.hex()[:2]).mkdir()
    store.put(BLOB, SEALED, now=NOW)
    assert trace == ["bytes", "name", "folder"]


def test_many_threads_put_the_same_blobs(store: FileBlobStore) -> None:
    blobs = {BlobId.of(filler(f"{number}", 1000)): filler(f"{number}", 1000) for number in range(20)}
    assert store.total_bytes() == 0
    begin = threading.Barrier(4)

    def put_all() -> int:
        begin.wait()
        return sum(store.put(blob, sealed, now=NOW) for blob, sealed in blobs.items())

    with ThreadPoolExecutor(4) as pool:
        new = sum(future.result() for future in [pool.submit(put_all) for _ in range(4)])
    assert new == len(blobs)
    assert store.total_bytes() == 1000 * len(blobs)
    assert {info.blob for info in store.blobs()} == blobs.keys()


PUTS_UNTIL_KILLED = """
import sys
from pathlib import Path
from store.file_blobs import FileBlobStore
from store.ids import BlobId
store = FileBlobStore(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    sealed = b"%d " % number * 40_000
    blob = BlobId.of(sealed)
    store.put(blob, sealed, now=number)
    print(blob, flush=True)
    number += 1
"""


@pytest.mark.process
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(root: Path) -> None:
    acknowledged: list[BlobId] = []
    for round_number in range(4):
        command = [sys.executable, "-c", PUTS_UNTIL_KILLED, str(root), str(round_number * 1_000_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(5 + 3 * round_number):
                acknowledged.append(BlobId.parse(process.stdout.readline().strip()))
            process.send_signal(signal.SIGKILL)
            acknowledged += [BlobId.parse(line.strip()) for line in process.stdout if line.endswith("\n")]
        store = FileBlobStore(root)
        held = {info.blob for info in store.blobs()}
        assert held.issuperset(acknowledged)
        assert all(store.get(blob) is not None for blob in held)
        assert store.total_bytes() == sum(info.size for info in store.blobs())
        store.close()
        assert len(files_of(root)) == len(held), "nothing half written is left"


PUTS_BEYOND_A_LIMIT = """
import resource, sys
from pathlib import Path
from store.errors import NoSpaceError
from store.file_blobs import FileBlobStore
from store.ids import BlobId
store = FileBlobStore(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for size in (200_000, 1_000):
    try:
        store.put(BlobId.of(bytes(size)), bytes(size), now=1)
    except NoSpaceError:
        print("full", flush=True)
    else:
        print("put", flush=True)
store.close()
"""


@pytest.mark.process
def test_a_real_limit_of_the_system_is_a_full_disk_and_small_blobs_still_fit(root: Path) -> None:
    pytest.importorskip("resource", reason="limits of this kind are a thing of POSIX")
    result = subprocess.run([sys.executable, "-c", PUTS_BEYOND_A_LIMIT, str(root)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["full", "put"]
    store = FileBlobStore(root)
    assert [info.size for info in store.blobs()] == [1_000]
    store.close()
    assert len(files_of(root)) == 1


def path_of(root: Path, blob: BlobId) -> Path:
    return root / "blobs" / blob.hex()[:2] / blob.hex()


def files_of(root: Path) -> set[str]:
    """All files under ``root`` but the locks of those who have it open."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}
