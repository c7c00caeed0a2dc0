"""What the world destroyed is nobody's fault; everything else is."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.removing import remove_devices
from tests.fleet.libraries import IN_MEMORY, content_of, edit, file_of, give
from tests.unit.simulation.oracle_household import Household, household, newest, tamper


@pytest.fixture
def house() -> Iterator[Household]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, household(Path(folder)) as made:
        made.photo(made.anna, "sea")
        made.meet()
        yield made


def dies(house: Household, name: str) -> None:
    """For ever."""
    house.tell()
    house.archive.destroyed(name)
    house.away.add(name)
    house.libraries.pop(name).close()


def test_what_died_with_the_only_device_that_had_it_is_excused(house: Household) -> None:
    record = house.photo(house.cleo, "lake")
    house.archive.imported("cleo", file_of("lake"), content_of("lake"), record)
    lost = newest(house.cleo).name
    dies(house, "cleo")
    house.meet()
    assert lost in house.archive.lost
    assert house.judged() == []


def test_what_one_other_device_has_is_not_lost_with_its_author(house: Household) -> None:
    edit(house.cleo, house.photos["sea"], caption="by cleo")
    give(house.cleo, house.bert)
    last = newest(house.cleo).name
    dies(house, "cleo")
    house.meet()
    assert last not in house.archive.lost
    assert house.judged() == []
    tamper(house.anna, "DELETE FROM log_entry WHERE name = ?", last)
    assert "entry-vanished" in house.kinds()


def test_an_original_that_only_the_dead_device_had_is_excused_and_one_that_another_had_is_not(house: Household) -> None:
    house.photo(house.cleo, "lake")
    give(house.cleo, house.anna)  # the entry came through, the photo didn't
    dies(house, "cleo")
    house.meet()
    tamper(house.anna, "UPDATE download SET tries = 1, reason = 'nobody has it'")
    tamper(house.bert, "UPDATE download SET tries = 1, reason = 'nobody has it'")
    assert house.judged() == []
    tamper(house.bert, "UPDATE download SET reason = ''")
    assert house.kinds() == {"no-reason"}


def test_the_last_copy_that_was_deleted_by_nobody_is_missed_although_others_died_before(house: Household) -> None:
    dies(house, "cleo")
    for library in house.libraries.values():
        (library.folder.originals / "sea.jpg").unlink()
    for info in list(house.relay_blobs.blobs()):
        house.relay_blobs.delete(info.blob)
    assert "original-lost" in house.kinds()


def test_a_file_that_rotted_where_it_lay_alone_is_excused(house: Household) -> None:
    house.photo(house.cleo, "lake")
    house.tell()
    give(house.cleo, house.anna)
    (house.cleo.folder.originals / "lake.jpg").write_bytes(b"rotten")
    house.archive.spoiled("cleo", files=[file_of("lake")])
    assert "original-lost" not in house.kinds()


def test_a_store_that_was_put_back_begins_again(house: Household) -> None:
    edit(house.cleo, house.photos["sea"], rating=4)
    house.tell()
    last = newest(house.cleo)
    house.archive.destroyed("cleo", kept=house.archive.of("cleo") - {last.name})
    assert house.archive.lost == {last.name}
    house.archive.collect("cleo", house.cleo, anew=True)  # the backup was newer than was thought
    assert house.archive.lost == set()
    assert last.name in house.archive.of("cleo")


def test_a_machine_that_is_away_owes_nothing_and_is_owed_nothing(house: Household) -> None:
    house.away.add("cleo")
    edit(house.cleo, house.photos["sea"], caption="written far away")
    edit(house.anna, house.photos["sea"], caption="written at home")
    house.meet()
    assert house.judged() == []
    house.away.clear()
    house.meet()
    assert house.judged() == []


def test_a_removed_device_is_no_part_of_the_group(house: Household) -> None:
    remove_devices(house.anna, {house.cleo.device}, master=None)
    house.away.add("cleo")
    house.meet()
    house.away.clear()
    edit(house.cleo, house.photos["sea"], caption="as if nothing had happened")
    house.tell()
    assert house.judged() == []


def test_what_a_removed_device_wrote_beyond_its_pin_is_not_to_be_applied(house: Household) -> None:
    remove_devices(house.anna, {house.cleo.device}, master=None)
    edit(house.cleo, house.photos["sea"], caption="as if nothing had happened")
    late = newest(house.cleo)
    house.meet()
    assert house.bert.waiting.find(late.name) is not None
    assert house.judged() == []
    tamper(house.bert, "INSERT INTO past SELECT arrival, name, 1, 99, x'80' FROM waiting WHERE name = ?", late.name)
    tamper(house.bert, "DELETE FROM waiting WHERE name = ?", late.name)
    assert "removed-counts" in house.kinds()


def test_what_a_relay_can_read_in_its_database_is_found(house: Household) -> None:
    house.secrets = ("a caption that nobody else may read",)
    assert house.judged() == []
    with house.relay_database.write() as connection:
        connection.execute("INSERT INTO relay_mail VALUES (?, 0, ?, 0)", (b"box", b"... a caption that nobody else may read ..."))
    assert house.kinds() == {"plaintext"}


def test_a_copy_of_a_device_is_judged_like_any_other(house: Household) -> None:
    root = house.cleo.folder.root
    copy = root.with_name("copy")
    house.cleo.note_progress()
    _copy(root, copy)
    twin = Library.open(LibraryFolder(copy), clock=house.clock, randomness=house.cleo.randomness, notes=copy / "notes")
    house.libraries["twin"] = twin
    edit(twin, house.photos["sea"], rating=1)
    edit(house.cleo, house.photos["sea"], rating=2)
    for _ in range(2):
        house.meet()
    assert [complaint for complaint in house.judged() if complaint.kind != "stray-file"] == []


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("library.db*"))
    with sqlite3.connect(source / ".calotype" / "library.db") as old, sqlite3.connect(target / ".calotype" / "library.db") as new:
        old.backup(new)
    old.close()
    new.close()
