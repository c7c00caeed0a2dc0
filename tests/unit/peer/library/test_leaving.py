"""What leaves the disk when a photo is deleted for good: nothing that somebody worked on, nothing twice, and nothing stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.values import Plain
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.patched_files import keep_patch
from peer.library.placing import keep_original, partial_path
from peer.library.purging import purge_now
from peer.library.queues import Priority
from peer.library.taking_away import anything_leaves, recovered_files, take_away
from peer.library.trashing import trash_assets
from peer.originals.held import HeldStamp
from store.ids import BlobId, RecordId
from tests.fleet.libraries import add_original, add_photo, content_of, edit, file_of, make_library

PATCH = BlobId(b"p" * 32)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "anna")
    yield made
    made.close()


class PowerCutError(Exception):
    """Nothing after this happened."""


def cut(*_: object, **__: object) -> None:
    raise PowerCutError


def purge(library: Library, photo: RecordId) -> None:
    trash_assets(library, [photo])
    assert purge_now(library, [photo]).purged == (photo,)


def write_over(path: Path, content: bytes) -> None:
    """As an editor does that keeps the file."""
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_somebody_wrote_into_an_original_goes_to_the_recovery_folder(
    library: Library, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    photo, path = add_original(library, "sea")
    write_over(path, b"an evening's work")
    purge(library, photo)
    if interrupted:
        with monkeypatch.context() as patched:
            patched.setattr(library.downloads, "done", cut)  # after the rename, before the commit
            with pytest.raises(PowerCutError):
                take_away(library)
    assert take_away(library).recovered == 1
    (recovered,) = recovered_files(library)
    assert recovered.read_bytes() == b"an evening's work"
    assert not path.exists()


def test_another_time_alone_is_no_work(library: Library) -> None:
    photo, path = add_original(library, "sea")
    path.touch()
    purge(library, photo)
    assert take_away(library).deleted == 1
    assert recovered_files(library) == []


def test_brought_back_and_deleted_again_before_the_first_time_was_ended(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = add_original(library, "sea")
    purge(library, photo)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", cut)  # moved out and committed, not deleted yet
        with pytest.raises(PowerCutError):
            take_away(library)
    again = RecordId.asset(file_of("sea"), 1)
    path = library.folder.originals / "again.jpg"
    path.write_bytes(content_of("sea"))
    stamp, place = HeldStamp.of(path.stat()), path.relative_to(library.folder.root)
    file = HeldFile(
        file=file_of("sea"), kind="original", path=place, incoming=None, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode
    )
    library.held.put(file)
    edit(library, again, primary=bytes(file_of("sea")))
    purge(library, again)
    take_away(library)
    assert not path.exists()
    assert library.held.get(file_of("sea")) is None
    assert not anything_leaves(library)


def test_a_file_whose_photo_was_deleted_while_it_came_is_not_kept(library: Library) -> None:
    photo = add_photo(library, "sea")
    (wanted,) = [each for each in library.downloads.due(2**60, 10) if each.priority is Priority.ORIGINAL]
    path = partial_path(library, wanted.file)
    path.write_bytes(content_of("sea"))
    purge(library, photo)
    take_away(library)
    keep_original(library, wanted, path)
    assert library.held.get(file_of("sea")) is None
    assert list(library.folder.originals.rglob("*.jpg")) == []
    assert not path.exists()


def test_a_patch_leaves_with_the_photo_that_needed_it(library: Library) -> None:
    photo, _ = add_original(library, "sea")
    source: dict[str, Plain] = {"size": 10, "base": bytes(file_of("sea")), "patch": [PATCH]}
    library.change([Edit(photo, lambda draft, stamp: draft.add("source", file_of("edited").base64(), source))])
    with library.database.write():
        relay = library.nodes.add("http://127.0.0.1:1", bytes(32))
        library.uploads.add([relay.number], keep_patch(library, b"what to do to the sea", [PATCH]))
    (kept,) = library.held.all("index")
    purge(library, photo)
    taken = take_away(library)
    assert (taken.deleted, taken.recovered) == (1, 0)
    assert not (library.folder.root / kept.path).exists()
    assert list(library.held.all("index")) == []
    assert library.uploads.count() == (0, 0)


def test_a_patch_that_another_photo_needs_stays(library: Library) -> None:
    photo, other = add_original(library, "sea")[0], add_photo(library, "other")
    source: dict[str, Plain] = {"size": 10, "base": bytes(file_of("sea")), "patch": [PATCH]}
    for each in (photo, other):
        library.change([Edit(each, lambda draft, stamp: draft.add("source", file_of("edited").base64(), source))])
    with library.database.write():
        keep_patch(library, b"what to do to the sea", [PATCH])
    purge(library, photo)
    take_away(library)
    (kept,) = library.held.all("index")
    assert (library.folder.root / kept.path).exists()
    assert not anything_leaves(library)


def test_nothing_leaves_while_the_records_of_a_checkpoint_come(library: Library) -> None:
    photo, path = add_original(library, "sea")
    purge(library, photo)
    library.meta.put("loading", b"")
    take_away(library)
    assert path.exists()
    library.meta.delete("loading")
    assert take_away(library).deleted == 1
    assert not path.exists()
