"""Each check of the oracle can fail: a fleet that is right is broken in one place, and the oracle says in which."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crdt.clock import Stamp
from crdt.record import Changes, write
from peer.keys.blobs import open_blob
from store.ids import BlobId, RecordId
from store.sqlite_log import SqliteLogStore
from tests.fleet.libraries import IN_MEMORY, content_of, edit, file_of
from tests.simulation.oracle import watch
from tests.simulation.oracle.checks.originals import blob_path
from tests.unit.simulation.oracle_household import Household, household, newest, tamper, undone


@pytest.fixture(scope="module")
def whole() -> Iterator[Household]:
    """Two photos, with captions; everybody has met."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, household(Path(folder)) as made:
        sea = made.photo(made.anna, "sea")
        made.photo(made.bert, "lake")
        made.meet()
        edit(made.cleo, sea, caption="a caption that nobody else may read", rating=3)
        made.meet()
        yield made


@pytest.fixture
def house(whole: Household) -> Iterator[Household]:
    with undone(whole) as made:
        yield made


def a_record_is_changed(house: Household) -> None:
    state = house.bert.records.state(house.photos["sea"])
    written = write(state, 7, Stamp(bytes(8)), Changes(sets={"v/caption": "forged"}))
    tamper(house.bert, "UPDATE record SET state = ? WHERE record = ?", written.state, house.photos["sea"])


def a_record_is_changed_with_its_digest(house: Household) -> None:
    state = house.bert.records.state(house.photos["sea"])
    written = write(state, 7, Stamp(bytes(8)), Changes(sets={"v/caption": "forged"}))
    house.bert.records.put({house.photos["sea"]: (written.state, written.content)})


def a_record_is_damaged(house: Household) -> None:
    tamper(house.bert, "UPDATE record SET state = x'ff' WHERE record = ?", house.photos["sea"])


def a_record_is_missing(house: Household) -> None:
    tamper(house.bert, "DELETE FROM record WHERE record = ?", house.photos["lake"])


def a_record_is_purged_by_nobody(house: Household) -> None:
    house.bert.records.purge(house.photos["lake"])


def an_update_is_called_void(house: Household) -> None:
    query = "INSERT INTO void SELECT arrival, ?, 'no reason' FROM past WHERE name = ?"
    tamper(house.bert, query, house.photos["sea"], newest(house.bert).name)


def an_entry_is_dropped(house: Household) -> None:
    tamper(house.bert, "DELETE FROM log_entry WHERE name = ?", newest(house.bert).name)


def an_entry_never_came(house: Household) -> None:
    edit(house.anna, house.photos["sea"], rating=5)
    house.tell()


def an_entry_is_forgotten(house: Household) -> None:
    tamper(house.bert, "DELETE FROM past WHERE name = ?", newest(house.bert).name)


def an_entry_waits_for_nothing(house: Household) -> None:
    name = newest(house.bert).name
    tamper(house.bert, "DELETE FROM past WHERE name = ?", name)
    query = "INSERT INTO waiting (arrival, name, reason, since, code, needs) SELECT arrival, name, 'a key', 0, 'key', ? FROM log_entry WHERE name = ?"
    tamper(house.bert, query, house.bert.write_epoch().id, name)


def a_listing_is_wrong(house: Household) -> None:
    tamper(house.bert, "UPDATE asset SET rating = 1 WHERE record = ?", house.photos["sea"])


def a_file_is_not_listed(house: Household) -> None:
    tamper(house.bert, "DELETE FROM asset_file WHERE record = ?", house.photos["sea"])


def an_original_is_gone(house: Household) -> None:
    (house.bert.folder.originals / "sea.jpg").unlink()


def an_original_has_other_bytes(house: Household) -> None:
    (house.bert.folder.originals / "sea.jpg").write_bytes(b"something else")


def an_original_is_gone_everywhere(house: Household) -> None:
    for library in house.libraries.values():
        (library.folder.originals / "sea.jpg").unlink()
    _blob(house, "sea").unlink()


def a_file_was_never_fetched(house: Household) -> None:
    house.bert.held.forget(file_of("sea"))


def a_blob_is_gone(house: Household) -> None:
    _blob(house, "sea").unlink()


def a_blob_has_other_bytes(house: Household) -> None:
    _blob(house, "sea").write_bytes(b"something else")


def a_blob_is_not_accounted_for(house: Household) -> None:
    with house.relay_database.write() as connection:
        connection.execute("DELETE FROM relay_holding")


def an_import_came_to_nothing(house: Household) -> None:
    record = RecordId.asset(file_of("never"))
    house.archive.imported("bert", file_of("never"), content_of("never"), record)


def the_relay_reads_a_caption(house: Household) -> None:
    house.secrets = ("a caption that nobody else may read",)
    (house.relay_folder.root / "notes").write_bytes(b"... a caption that nobody else may read ...")


def the_relay_has_an_open_photo(house: Household) -> None:
    house.secrets = (content_of("sea"),)
    (house.relay_folder.root / "blobs" / "open").write_bytes(content_of("sea"))


def an_upload_is_left(house: Household) -> None:
    query = "INSERT INTO upload (node, blob, file, segment, size, priority) SELECT id, ?, ?, 0, 1, 3 FROM node"
    tamper(house.bert, query, bytes(32), bytes(32))


def a_download_is_left(house: Household) -> None:
    tamper(house.bert, "INSERT INTO download (file, record, size, priority) VALUES (?, ?, 1, 3)", file_of("sea"), house.photos["sea"])


def a_preview_is_left(house: Household) -> None:
    tamper(house.bert, "INSERT INTO preview_wanted VALUES (?, ?)", house.photos["sea"], file_of("sea"))


def parts_are_left(house: Household) -> None:
    tamper(house.bert, "INSERT INTO download_part VALUES (?, 0)", file_of("sea"))


def a_file_is_not_placed(house: Household) -> None:
    tamper(house.bert, "UPDATE held SET incoming = 'somewhere' WHERE file = ?", file_of("sea"))


def a_head_is_wrong(house: Household) -> None:
    tamper(house.bert, "UPDATE log_branch SET tip = ?, last_seq = last_seq + 1 WHERE tip = ?", bytes(32), newest(house.bert).name)


def a_report_covers_what_is_not_there(house: Household) -> None:
    edit(house.anna, house.photos["sea"], rating=5)
    house.tell()
    made = house.anna.report_seen()
    assert made is not None
    tamper(house.bert, "UPDATE log_seen SET raw = ? WHERE device = ?", made.raw, house.anna.device)


def a_report_never_came(house: Household) -> None:
    tamper(house.bert, "DELETE FROM log_seen WHERE device = ?", house.anna.device)


def an_entry_is_pruned_too_early(house: Household) -> None:
    tamper(house.bert, "UPDATE log_entry SET raw = x'' WHERE name = ?", newest(house.bert).name)


def a_past_is_wrong(house: Household) -> None:
    tamper(house.bert, "UPDATE past SET vector = (SELECT vector FROM past WHERE arrival = 1) WHERE arrival > 4")
    house.bert._pasts._newest.clear()


def a_temporary_file_is_left(house: Household) -> None:
    (house.bert.folder.incoming / "left").write_bytes(b"half of a photo")


def a_strange_file_lies_in_the_private_folder(house: Household) -> None:
    (house.bert.folder.private / "library.db.new").write_bytes(b"")


def a_file_in_the_tree_is_nobodys(house: Household) -> None:
    (house.bert.folder.originals / "twice.jpg").write_bytes(b"a photo")


def a_good_blob_is_in_quarantine(house: Household) -> None:
    (house.relay_folder.root / "quarantine" / "blob").write_bytes(b"a blob")


BREAKAGES: dict[Callable[[Household], None], set[str]] = {
    a_record_is_changed: {"stored-digest"},
    a_record_is_changed_with_its_digest: {"no-agreement", "record"},
    a_record_is_damaged: {"damaged-record"},
    a_record_is_missing: {"record", "change-invisible"},
    a_record_is_purged_by_nobody: {"purge-by-nobody"},
    an_update_is_called_void: {"verdict"},
    an_entry_is_dropped: {"entry-vanished", "entry-missing"},
    an_entry_never_came: {"entry-missing"},
    an_entry_is_forgotten: {"entry-forgotten"},
    an_entry_waits_for_nothing: {"reason-gone", "not-applied"},
    a_listing_is_wrong: {"listing", "verify"},
    a_file_is_not_listed: {"listing"},
    an_original_is_gone: {"original-missing"},
    an_original_has_other_bytes: {"original-missing"},
    an_original_is_gone_everywhere: {"original-lost"},
    a_file_was_never_fetched: {"original-missing"},
    a_blob_is_gone: {"blob-missing", "blob-vanished"},
    a_blob_has_other_bytes: {"blob-missing"},
    a_blob_is_not_accounted_for: {"blob-missing"},
    an_import_came_to_nothing: {"import-lost"},
    the_relay_reads_a_caption: {"plaintext"},
    the_relay_has_an_open_photo: {"plaintext"},
    an_upload_is_left: {"upload-queued"},
    a_download_is_left: {"download-queued"},
    a_preview_is_left: {"preview-wanted"},
    parts_are_left: {"leftover-parts"},
    a_file_is_not_placed: {"not-placed"},
    a_head_is_wrong: {"heads"},
    a_report_covers_what_is_not_there: {"report-ahead"},
    a_report_never_came: {"report-behind"},
    an_entry_is_pruned_too_early: {"pruned-too-much"},
    a_past_is_wrong: {"descent"},
    a_temporary_file_is_left: {"leftover"},
    a_strange_file_lies_in_the_private_folder: {"stray-file"},
    a_file_in_the_tree_is_nobodys: {"stray-original"},
    a_good_blob_is_in_quarantine: {"quarantine"},
}
AT_ANY_MOMENT: dict[Callable[[Household], None], str] = {
    a_record_is_changed: "stored-digest",
    a_record_is_damaged: "damaged-record",
    an_original_is_gone: "held-file",
    an_original_has_other_bytes: "held-file",
}


def _blob(house: Household, label: str) -> Path:
    evidence = house.evidence()
    (blob,) = {
        info.blob
        for info in house.relay_blobs.blobs()
        if info.size == len(content_of(label)) + 65 and label.encode() in _opened(house, info.blob)
    }
    return blob_path(evidence.relays[0], blob)


def _opened(house: Household, blob: BlobId) -> bytes:
    sealed = house.relay_blobs.get(blob)
    assert sealed is not None
    return open_blob(house.anna.keyring(), sealed)


def test_a_fleet_that_is_right_is_found_right(house: Household) -> None:
    house.secrets = ("a caption that nobody else may read", content_of("sea"), "sea.jpg")
    assert watch(house.evidence()) == []
    assert [house.judged(seed) for seed in range(3)] == [[], [], []]


@pytest.mark.parametrize("breaks", BREAKAGES, ids=lambda breaks: breaks.__name__)
def test_what_is_broken_is_found(house: Household, breaks: Callable[[Household], None]) -> None:
    breaks(house)
    assert house.kinds() >= BREAKAGES[breaks]


@pytest.mark.parametrize("breaks", AT_ANY_MOMENT, ids=lambda breaks: breaks.__name__)
def test_some_of_it_is_found_at_any_moment(house: Household, breaks: Callable[[Household], None]) -> None:
    breaks(house)
    assert AT_ANY_MOMENT[breaks] in {complaint.kind for complaint in watch(house.evidence())}


def test_what_arrived_before_what_it_builds_on_is_found(house: Household) -> None:
    last = house.bert.log.arrival()
    tamper(house.bert, "UPDATE log_entry SET arrival = -1 WHERE arrival = ?", last)
    assert "causal-order" in {complaint.kind for complaint in watch(house.evidence())}


def test_what_is_applied_without_its_past_is_found(house: Household) -> None:
    tamper(house.bert, "DELETE FROM past WHERE name = ?", newest(house.bert).previous)
    assert "causal-closure" in {complaint.kind for complaint in watch(house.evidence())}


def test_a_sentence_is_in_the_words_of_the_story(house: Household) -> None:
    a_record_is_changed_with_its_digest(house)
    said = [complaint.sentence for complaint in house.judged() if complaint.kind == "record"]
    assert said == ["On bert sea still has v/caption."]


def test_a_relay_that_can_take_no_more_owes_nothing(house: Household) -> None:
    a_blob_is_not_accounted_for(house)
    house.relay_is_whole = False
    assert house.judged() == []


def test_the_judge_says_the_same_each_time(house: Household) -> None:
    a_record_is_missing(house)
    an_original_is_gone(house)
    assert house.judged(3) == house.judged(3)


def test_a_relay_without_an_entry_is_found(house: Household) -> None:
    fresh = SqliteLogStore(house.relay_database, house.anna.id, trusts_settled=True)
    with house.relay_database.write() as connection:
        connection.execute("DELETE FROM log_entry WHERE name = ?", (newest(house.anna).name,))
    assert fresh.get(newest(house.anna).name) is None
    assert {"entry-vanished", "entry-missing"} <= house.kinds()
