"""The power goes at every write of what this project does: what was acknowledged is there afterwards, all of it opens, and work goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from trio.testing import MockClock

from peer.engine.connecting import session_of
from peer.engine.exchanging import push_all
from peer.engine.registering import membership_entries
from peer.errors import CalotypeError
from peer.layout import LibraryFolder
from peer.library import edits
from peer.library.assignments import parse_assignments
from peer.library.creating import create_library
from peer.library.library import Library
from peer.library.placing import clear_leftovers, finish_placing
from peer.library.queries import Queries
from peer.library.verifying import verify
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.messages import Registration
from relay.program import open_node
from relay.sqlite_accounts import SqliteLibraries
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from store.sqlite_log import SqliteLogStore
from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.libraries import MovedClock, add_photo, make_library
from tests.fleet.node import TOKEN, call_directly
from tests.simulation.disk import Disk, Survival
from tests.unit.simulation.cuts import every_cut, one_disk


@pytest.fixture
def disk() -> Iterator[Disk]:
    with one_disk() as made:
        yield made


def folder_on(disk: Disk) -> LibraryFolder:
    return LibraryFolder(disk.root / "library")


def open_on(disk: Disk) -> Library:
    return Library.open(folder_on(disk), clock=MovedClock(), randomness=Random(5).randbytes, notes=disk.root / "notes")


def create_on(disk: Disk) -> Library:
    library, _ = create_library(folder_on(disk), "anna", clock=MovedClock(), randomness=Random(1).randbytes, notes=disk.root / "notes")
    return library


def assert_whole(library: Library, where: str) -> None:
    assert verify(library).problems == [], where


def test_a_library_that_is_created(disk: Disk) -> None:
    for cut in every_cut(disk, disk.image()):
        with cut.work():
            library = create_on(disk)
            cut.acknowledged.append("created")
            library.close()
        if cut.acknowledged:
            library = open_on(disk)
            assert_whole(library, cut.where)
            library.close()
        else:
            with pytest.raises(CalotypeError):
                open_on(disk).close()
            library = create_on(disk)  # its person just does it again
            assert_whole(library, cut.where)
            library.close()


def test_a_change(disk: Disk) -> None:
    library = create_on(disk)
    photo = add_photo(library, "sea")
    library.close()
    for cut in every_cut(disk, disk.image()):
        with cut.work():
            library = open_on(disk)
            for rating in range(1, 4):
                library.change([edits.set_fields(photo, parse_assignments([f"rating={rating}"]))])
                cut.acknowledged.append(str(rating))
            library.close()
        library = open_on(disk)
        (row,) = Queries(library.database).assets()
        assert row.rating in (len(cut.acknowledged), len(cut.acknowledged) + 1), cut.where
        library.change([edits.set_fields(photo, parse_assignments(["rating=5"]))])
        assert_whole(library, cut.where)
        library.close()


async def test_an_import(disk: Disk, tmp_path: Path, autojump_clock: MockClock) -> None:
    picture = jpeg(48, 32)
    (tmp_path / "sea.jpg").write_bytes(picture)
    create_on(disk).close()
    for cut in every_cut(disk, disk.image()):
        with cut.work():
            library = open_on(disk)
            assert (await bring(library, tmp_path)).imported == 1
            cut.acknowledged.append("imported")
            library.close()
        library = open_on(disk)
        finish_placing(library)
        photos = len(list(Queries(library.database).assets()))
        assert photos >= len(cut.acknowledged), cut.where
        assert len(list(library.held.all("original"))) == photos, f"{cut.where}: it says that the bytes are there, and they aren't"
        await bring(library, tmp_path)
        clear_leftovers(library)
        assert_whole(library, cut.where)
        (held,) = library.held.all("original")
        assert held.incoming is None
        assert held.file == hashlib.sha256(picture).digest()
        assert [path.read_bytes() for path in folder_on(disk).originals.rglob("*.jpg")] == [picture], cut.where
        library.close()


def test_a_blob_that_is_put(disk: Disk) -> None:
    contents = [b"light", b"shadow"]
    for cut in every_cut(disk, disk.image(), Survival):
        with cut.work():
            store = FileBlobStore(disk.root)
            for content in contents:
                store.put(BlobId.of(content), content, now=1)
                cut.acknowledged.append(content.decode())
            store.close()
        store = FileBlobStore(disk.root)
        for content in contents:
            found = store.get(BlobId.of(content))
            assert found == content or (found is None and content.decode() not in cut.acknowledged), cut.where
            store.put(BlobId.of(content), content, now=1)
            assert store.get(BlobId.of(content)) == content
        store.close()
        assert disk.bounds().incoming == (), cut.where


async def test_a_push_to_a_relay(disk: Disk, tmp_path: Path) -> None:
    clock = MovedClock()
    library = make_library(tmp_path / "library", clock=clock)
    data = DataFolder(disk.root / "data")
    with data.opened() as database:
        SqliteLibraries(database).add_token(TokenHash.of(TOKEN), quota=10**9, uses=9, now=clock.now())
    with open_node(data, clock=clock, randomness=Random(3).randbytes, run_blocking=call_directly) as service:
        genesis, members = membership_entries(library)
        await service.register(Registration(token=TOKEN, genesis=genesis, entries=tuple(members)))
        library.nodes.add("http://127.0.0.1:1", (await service.hello()).key)
    (node,) = library.nodes.all()
    for label in ("sea", "land"):
        add_photo(library, label)
    for cut in every_cut(disk, disk.image()):
        with cut.work(), open_node(data, clock=clock, randomness=Random(4).randbytes, run_blocking=call_directly) as service:
            await push_all(library, session_of(library, service, node), call_directly)
            cut.acknowledged.append("pushed")
        with open_node(data, clock=clock, randomness=Random(5).randbytes, run_blocking=call_directly) as service:
            if cut.acknowledged:
                assert (await session_of(library, service, node).heads()).heads == library.log.heads(), cut.where
            await push_all(library, session_of(library, service, node), call_directly)
        with data.opened() as database:
            assert SqliteLogStore(database, library.id).heads() == library.log.heads()
    library.close()
