"""Deliberate damage, one piece at a time: each is found and named, and hides nothing else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from peer.library.devices import rename_device
from peer.library.library import Library
from peer.library.removing import remove_devices
from peer.library.verifying import replayed_digest, verify
from store.entries import Entry
from tests.fleet.libraries import add_original, add_photo, content_of, edit, report
from tests.unit.peer.library.pair import Pair


def damage(library: Library, statement: str, *parameters: object) -> None:
    with library.database.write() as connection:
        connection.execute("PRAGMA defer_foreign_keys=ON")
        assert connection.execute(statement, parameters).rowcount > 0


def last_entry(library: Library) -> Entry:
    (arrived,) = library.log.after(library.log.arrival() - 1, limit_bytes=0)
    return arrived.entry


def test_a_library_that_is_whole_has_no_problems(pair: Pair) -> None:
    asset, _ = add_original(pair.anna, "sea")
    edit(pair.anna, asset, rating=3)
    pair.meet()
    for library in pair.both:
        for deep in (False, True):
            findings = verify(library, deep=deep)
            assert findings.problems == []
            assert findings.entries == library.log.count()
            assert findings.records == 3
    assert verify(pair.anna).originals == 1
    assert verify(pair.anna).to_json().keys() == {"entries", "records", "originals", "blobs", "problems"}


def test_what_came_without_what_it_builds_on_is_no_damage(pair: Pair) -> None:
    add_photo(pair.bert, "sea")
    rename_device(pair.bert, pair.bert.device, "bert, later")
    remove_devices(pair.bert, [pair.anna.device])
    raw = last_entry(pair.bert).raw
    pair.anna.receive([raw])
    assert pair.anna.log.figures().detached == 1
    for deep in (False, True):
        assert verify(pair.anna, deep=deep).problems == []


def test_tells_how_far_it_is(library: Library) -> None:
    add_original(library, "sea")
    counted: dict[str, int] = {}
    verify(library, progress=lambda what, count: counted.update({what: counted.get(what, 0) + count}))
    assert counted == {"entries": library.log.count(), "records": 2, "files": 1}


def flip_a_bit(library: Library) -> None:
    entry = last_entry(library)
    damage(library, "UPDATE log_entry SET raw = ? WHERE name = ?", entry.raw[:-1] + bytes([entry.raw[-1] ^ 1]), entry.name)


def by(statement: str) -> Callable[[Library], None]:
    return lambda library: damage(library, statement)


OTHER_BYTES = "UPDATE log_entry SET raw = (SELECT raw FROM log_entry WHERE arrival = 1) WHERE arrival = 6"
ENTRY_DAMAGE: list[tuple[str, Callable[[Library], None], str]] = [
    ("a flipped bit in an entry", flip_a_bit, "damaged"),
    ("another entry's bytes", by(OTHER_BYTES), "isn't what was stored"),
    ("an entry cut short", by("UPDATE log_entry SET raw = substr(raw, 1, 20) WHERE arrival = 6"), "damaged"),
    ("an entry that is gone", by("DELETE FROM log_entry WHERE arrival = 6"), "were stored"),
    ("a control entry that is damaged", by("UPDATE log_entry SET raw = substr(raw, 1, 20) WHERE arrival = 2"), "who wrote them"),
    ("entries in another order", lambda library: swap(library, 6, 7), "builds on"),
    ("a tip that is another", by("UPDATE log_branch SET last_seq = last_seq + 1"), "end elsewhere"),
]


def swap(library: Library, first: int, second: int) -> None:
    for before, after in ((first, 1000), (second, first), (1000, second)):
        damage(library, "UPDATE log_entry SET arrival = ? WHERE arrival = ?", after, before)


@pytest.mark.parametrize(("harm", "words"), [(harm, words) for _, harm, words in ENTRY_DAMAGE], ids=[what for what, _, _ in ENTRY_DAMAGE])
def test_damaged_entries_are_found(library: Library, harm: Callable[[Library], None], words: str) -> None:
    asset = add_photo(library, "sea")
    edit(library, asset, rating=1)
    edit(library, asset, rating=2)
    before = verify(library).entries
    harm(library)
    reopened = Library.open(library.folder)  # as a command would, which remembers nothing
    findings = verify(reopened, deep=True)
    reopened.close()
    assert any(words in problem for problem in findings.problems)
    assert findings.entries >= before - 1
    assert len(findings.problems) <= 6


RECORD_DAMAGE: list[tuple[str, str, str]] = [
    ("a state cut short", "UPDATE record SET state = substr(state, 1, 30)", "damaged"),
    ("another state", "UPDATE record SET state = (SELECT state FROM record ORDER BY record DESC LIMIT 1)", "isn't what it was"),
    ("another digest", "UPDATE record SET digest = zeroblob(16)", "isn't what it was"),
    ("a record that is gone", "DELETE FROM record WHERE substr(record, 1, 1) = x'01'", "add up"),
    ("another library digest", "UPDATE meta SET value = zeroblob(16) WHERE key = 'digest'", "add up"),
    ("a purge that nobody wrote", "INSERT INTO purged VALUES (zeroblob(17))", "add up"),
    ("a caption that no record has", "UPDATE asset SET caption = 'x'", "listings"),
    ("a photo that isn't listed", "DELETE FROM asset", "listings"),
    ("a photo that no record has", "INSERT INTO asset_album VALUES (zeroblob(17), x'01ffffffffffffffffffffffffffffffff', NULL, zeroblob(17))", "listings"),
    ("a device of another name", "UPDATE device SET name = 'x'", "listings"),
    ("a file that no record names", "INSERT INTO asset_file SELECT zeroblob(32), record, 'raw', 1 FROM asset", "listings"),
]  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    ["UPDATE log_seen SET raw = substr(raw, 1, 20)", "UPDATE log_seen SET raw = CAST(substr(raw, 1, length(raw) - 1) || x'00' AS BLOB)"],
)
def test_damaged_seen_reports_are_found(library: Library, statement: str) -> None:
    report(library)
    assert verify(library).problems == []
    damage(library, statement)
    assert any("seen report" in problem for problem in verify(library).problems)


@pytest.mark.parametrize(
    ("statement", "words"), [(statement, words) for _, statement, words in RECORD_DAMAGE], ids=[what for what, _, _ in RECORD_DAMAGE]
)
def test_damaged_records_and_listings_are_found(library: Library, statement: str, words: str) -> None:
    add_photo(library, "sea")
    damage(library, statement.replace("zeroblob(17)", f"x'01{bytes(16).hex()}'"))
    assert any(words in problem for problem in verify(library).problems)


def test_what_was_forged_so_that_it_adds_up_is_found_by_applying_all_entries_again(library: Library) -> None:
    asset = add_photo(library, "sea")
    edit(library, asset, rating=1)
    state, digest = library.records.state(asset), bytes(library.records.digest())
    row = library.records.stored_digest(asset)
    edit(library, asset, rating=2)
    damage(library, "UPDATE record SET state = ?, digest = ? WHERE record = ?", state, row, asset)
    damage(library, "UPDATE meta SET value = ? WHERE key = 'digest'", digest)
    damage(library, "UPDATE asset SET rating = 1")
    assert verify(library).problems == []
    assert any("applying all entries again" in problem for problem in verify(library, deep=True).problems)


def harm_bytes(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"x" * len(path.read_bytes()))


def harm_secretly(path: Path) -> None:
    """Other bytes, and the time of the old ones."""
    status = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"x")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("harm", "deep", "words"),
    [(harm_bytes, False, "its bytes are not"), (harm_secretly, True, "its bytes are not"), (Path.unlink, False, "missing")],
)
def test_damaged_files_are_found(library: Library, harm: Callable[[Path], None], deep: bool, words: str) -> None:
    _, path = add_original(library, "sea")
    add_original(library, "lake")
    harm(path)
    assert [problem for problem in verify(library, deep=deep).problems if words in problem and "sea.jpg" in problem]
    assert len(verify(library, deep=deep).problems) == 1


def test_a_file_that_was_only_touched_is_whole(library: Library) -> None:
    _, path = add_original(library, "sea")
    path.unlink()
    path.write_bytes(content_of("sea"))
    os.utime(path, ns=(1, 1))
    assert verify(library).problems == []


def test_a_file_that_waits_for_its_place_is_looked_for_where_it_is(library: Library) -> None:
    _, path = add_original(library, "sea")
    path.rename(library.folder.incoming / "1-1.part")
    damage(library, "UPDATE held SET incoming = '1-1.part'")
    assert verify(library, deep=True).problems == []


def test_a_file_that_was_placed_just_before_a_crash_is_looked_for_in_its_place(library: Library) -> None:
    _, path = add_original(library, "sea")
    damage(library, "UPDATE held SET incoming = '1-1.part'")
    assert verify(library, deep=True).problems == []
    path.unlink()
    assert verify(library).problems == ["originals/sea.jpg: missing"]


def test_damage_of_the_database_file_is_found(library: Library, tmp_path: Path) -> None:
    for number in range(60):
        add_photo(library, str(number))
    with library.database.read() as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'asset_moment'").fetchone()[0]
    library.close()
    raw = sqlite3.connect(library.folder.database)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = raw.execute("PRAGMA page_size").fetchone()[0]
    raw.close()
    with library.folder.database.open("r+b") as stream:
        stream.seek((page - 1) * size + size // 2)
        stream.write(b"\xa5" * (size // 2))
    reopened = Library.open(library.folder)
    try:
        assert verify(reopened).problems
    finally:
        reopened.close()


def test_the_replay_is_what_is_stored(pair: Pair) -> None:
    edit(pair.anna, add_photo(pair.anna, "sea"), rating=1)
    pair.bert.change([], purges=[add_photo(pair.bert, "lake")])
    pair.meet()
    assert replayed_digest(pair.anna) == replayed_digest(pair.bert) == pair.anna.records.digest()
