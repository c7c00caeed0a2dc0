"""Several processes and threads write one library at once: nothing is lost, and what is stored is what its entries say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.verifying import replayed_digest, verify
from store.log import Arrived
from tests.fleet.libraries import add_photo, make_library
from tests.fleet.writer import keyword, write

PHOTOS = 40
NAMES = ("anna", "bert", "carla", "dora")


def prepared(folder: Path) -> LibraryFolder:
    library = make_library(folder)
    for number in range(PHOTOS):
        add_photo(library, f"photo {number}")
    library.close()
    return library.folder


def check(folder: LibraryFolder, names: Sequence[str], count: int) -> None:
    library = Library.open(folder)
    try:
        found = [word for row in Queries(library.database).assets() for word in row.keywords]
        assert sorted(found) == sorted(keyword(name, number) for name in names for number in range(count))
        assert {row.caption for row in Queries(library.database).assets() if row.keywords} <= set(names)
        assert verify(library).problems == []
        assert replayed_digest(library) == library.records.digest()
        entries = [arrived.entry for arrived in everything(library)]
        own = [entry for entry in entries if entry.log == library.own_log()]
        assert [entry.seq for entry in own] == list(range(len(own)))  # one chain, without a branch
    finally:
        library.close()


def everything(library: Library) -> list[Arrived]:
    return library.log.after(0, limit_bytes=1 << 30)


@pytest.mark.process
def test_four_processes_lose_nothing(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "library")
    count = 600
    processes = [
        subprocess.Popen([sys.executable, "-m", "tests.fleet.writer", str(folder.root), name, str(count)], stderr=subprocess.PIPE)
        for name in NAMES
    ]
    ended = [(process.communicate(timeout=100)[1], process.returncode) for process in processes]
    assert ended == [(b"", 0)] * len(NAMES)
    check(folder, NAMES, count)


def test_threads_with_connections_of_their_own_lose_nothing(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "library")
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, folder.root, name, 20) for name in NAMES[:2]]:
            done.result()
    check(folder, NAMES[:2], 20)


def test_threads_that_share_a_library_lose_nothing(tmp_path: Path) -> None:
    library = make_library(tmp_path / "library")
    with ThreadPoolExecutor(3) as pool:
        photos = list(pool.map(lambda number: add_photo(library, str(number)), range(30)))
    assert {row.record for row in Queries(library.database).assets()} == set(photos)
    assert verify(library).problems == []
    assert replayed_digest(library) == library.records.digest()
    library.close()
