"""Which folders can be looked into, and that a look leaves no trace."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from peer.errors import CalotypeError, IntegrityError
from peer.layout import LibraryFolder
from relay.data_folder import DataFolder
from tests.fleet.authors import make_library
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay
from tests.unit.tools.running import Inspect
from tools.looking import folder

VIEWS = (("heads",), ("show", PHOTO.body.hex()), ("entry", "0:0"))


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its bytes and its time."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def entries_of(inspect: Inspect, root: Path) -> int:
    count: int = inspect("heads", "--library", root, "--json").document()["entries"]
    return count


def test_a_closed_library_stays_as_it_is(inspect: Inspect, root: Path) -> None:
    before = contents(root)
    for view in VIEWS:
        inspect(*view, "--library", root / "laptop")
    assert contents(root) == before


def test_a_library_in_use_shows_its_newest_entry_and_stays_as_it_is(inspect: Inspect, root: Path, pair: Pair) -> None:
    def but_for_locks() -> dict[str, tuple[bytes, int]]:
        return {name: content for name, content in contents(root).items() if not name.endswith("-shm")}

    change(pair.laptop, lambda draft: draft.set("rating", 1))
    names, before = contents(root).keys(), but_for_locks()
    for view in VIEWS:
        inspect(*view, "--library", root / "laptop")
    assert entries_of(inspect, root / "laptop") == pair.laptop.log.count()
    assert (contents(root).keys(), but_for_locks()) == (names, before)
    change(pair.laptop, lambda draft: draft.set("rating", 2))
    assert entries_of(inspect, root / "laptop") == pair.laptop.log.count()


@pytest.mark.parametrize("left_out", [(), ("library.db-shm",)])
def test_a_copy_of_a_library_in_use_has_its_newest_entry(inspect: Inspect, root: Path, pair: Pair, left_out: tuple[str, ...]) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    shutil.copytree(root / "laptop", root / "copy", ignore=shutil.ignore_patterns(*left_out))
    before = contents(root / "copy")
    assert ".calotype/library.db-wal" in before
    assert entries_of(inspect, root / "copy") == pair.laptop.log.count()
    assert contents(root / "copy") == before


def test_a_relay_s_folder_stays_as_it_is(inspect: Inspect, root: Path) -> None:
    library = make_library()
    library.join("anna")
    fill_relay(root / "relay", library.id, library.raws())
    before = contents(root / "relay")
    assert entries_of(inspect, root / "relay") == len(library.entries)
    assert contents(root / "relay") == before


def test_a_write_during_an_unlocked_look_is_noticed_and_the_look_taken_again(root: Path) -> None:
    path = LibraryFolder(root / "laptop").database
    looks = 0

    def gather(inspected: folder.Inspected) -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            with sqlite3.connect(path) as other:
                other.execute("DELETE FROM device")
            other.close()
        return len(inspected.device_names())

    assert folder.look_into(root / "laptop", gather).result == 1
    assert looks == 2


def test_who_is_written_to_all_the_time_is_given_up_with_a_sentence(root: Path) -> None:
    path = LibraryFolder(root / "laptop").database

    def gather(_: folder.Inspected) -> None:
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    with pytest.raises(CalotypeError, match="being written too often") as caught:
        folder.look_into(root / "laptop", gather)
    assert caught.value.exit_code == 4


def test_a_missing_folder(inspect: Inspect, root: Path) -> None:
    assert inspect("heads", "--library", root / "nothing", "--json").failure() == (2, f"There is no folder {root / 'nothing'}.")


def test_a_folder_of_something_else(inspect: Inspect, root: Path) -> None:
    code, sentence = inspect("heads", "--library", root, "--json").failure()
    assert (code, sentence) == (2, f"{root} is neither the folder of a library nor that of a relay.")


def test_somebody_else_s_database(inspect: Inspect, root: Path) -> None:
    with sqlite3.connect(root / "relay.db") as database:
        database.execute("CREATE TABLE photos (name TEXT)")
    database.close()
    code, sentence = inspect("heads", "--library", root, "--json").failure()
    assert (code, sentence) == (3, f"{root / 'relay.db'} is no database of Calotype, or was never completed.")


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"", "an empty file"), (b"hello", "a text file"), (b"\xff\xd8\xff\xe0", "no SQLite database"), (bytes(99), "a file of zeros")],
)
def test_a_file_that_is_no_library(inspect: Inspect, root: Path, content: bytes, what: str) -> None:
    named = root / "something"
    named.write_bytes(content)
    code, sentence = inspect("heads", "--library", named, "--json").failure()
    assert (code, sentence) == (3, f"{named} is {what}, and no database of Calotype.")
    LibraryFolder(root / "laptop").database.write_bytes(content)
    code, sentence = inspect("heads", "--library", root / "laptop", "--json").failure()
    assert code == 3
    assert sentence.endswith("or was never completed.") if not content else what in sentence


def test_a_database_named_by_itself(inspect: Inspect, root: Path) -> None:
    folder = LibraryFolder(root / "laptop")
    expected = inspect("heads", "--library", folder.root, "--json").document()
    assert inspect("heads", "--library", folder.database, "--json").document() == expected
    copy = root / "copy of a library"
    shutil.copyfile(folder.database, copy)
    assert inspect("heads", "--library", copy, "--json").document() == expected


def test_a_newer_version_s_database_is_shown_as_far_as_it_is_understood(inspect: Inspect, root: Path) -> None:
    expected = inspect("heads", "--library", root / "laptop", "--json").document()
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        database.execute("UPDATE schema_part SET version = 99 WHERE name = 'peer'")
        database.execute("ALTER TABLE device ADD COLUMN shoe_size INTEGER")
    database.close()
    said = inspect("heads", "--library", root / "laptop", "--json")
    assert said.code == 3
    document = json.loads(said.out)
    (problem,) = document["problems"]
    assert "a newer version of Calotype (peer 99" in problem
    assert {**document, "problems": []} == expected
    assert problem in inspect("heads", "--library", root / "laptop").out


def test_an_older_version_s_database_is_converted_elsewhere(inspect: Inspect, root: Path) -> None:
    """Version 1 of the log's tables: the later scripts run on a copy."""
    expected = inspect("heads", "--library", root / "laptop", "--json").document()
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        for column in ("detached", "stubs", "pruned_bytes"):
            database.execute(f"ALTER TABLE log_library DROP COLUMN {column}")
        database.execute("DROP INDEX log_branch_follows")
        for table, column in (("log_entry", "deps"), ("log_branch", "follows"), ("log_branch", "pruned")):
            database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        for table in ("log_detached", "log_awaited", "log_settled"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE schema_part SET version = 1 WHERE name = 'log'")
    database.close()
    before = contents(root)
    assert inspect("heads", "--library", root / "laptop", "--json").document() == expected
    assert contents(root) == before


@pytest.mark.parametrize("offset", [0, 4096 + 8])
def test_a_database_of_which_nothing_is_left(inspect: Inspect, root: Path, offset: int) -> None:
    path = LibraryFolder(root / "laptop").database
    damaged = bytearray(path.read_bytes())
    damaged[offset:] = bytes(len(damaged) - offset)
    path.write_bytes(damaged)
    code, sentence = inspect("heads", "--library", root / "laptop", "--json").failure()
    assert code == 3, sentence
    assert sentence.startswith(f"{path} can't be read at all")
    assert "originals/ are ordinary files" in sentence


def test_an_entry_that_is_damaged_in_the_database(inspect: Inspect, root: Path) -> None:
    master_log = inspect("heads", "--library", root / "laptop", "--json").document()["library"][:32]
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        database.execute("UPDATE log_entry SET raw = x'00' WHERE arrival = 1")
    database.close()
    said = inspect("entry", f"{master_log}:0", "--library", root / "laptop", "--json")
    assert said.code == 3
    assert "is damaged in the database" in said.out + said.err


def test_a_database_that_may_not_be_read(inspect: Inspect, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = LibraryFolder(root / "laptop").database
    monkeypatch.setattr(os, "access", lambda path, mode: path != database)
    code, sentence = inspect("heads", "--library", root / "laptop", "--json").failure()
    assert code == 5
    assert sentence.endswith("can't be read by this user.")


def test_errors_are_sentences_for_people_too(inspect: Inspect, root: Path) -> None:
    said = inspect("--library", root / "nothing", "heads")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("calotype-inspect: There is no folder ")
    assert inspect("heads", "--nonsense").code == 2


def test_a_relay_that_stores_nothing_yet(inspect: Inspect, root: Path) -> None:
    with DataFolder(root / "relay").opened():
        pass
    assert inspect("heads", "--library", root / "relay", "--json").documents() == []
    assert inspect("heads", "--library", root / "relay").out == "No library is stored here yet.\n"


def test_nothing_can_be_written_through_it(root: Path) -> None:
    def gather(inspected: folder.Inspected) -> None:
        with inspected.database.read() as connection:
            connection.execute("DELETE FROM device")

    with pytest.raises(IntegrityError, match="readonly"):
        folder.look_into(root / "laptop", gather)
