from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from peer.library.coverage import uncovered
from peer.library.devices import ACTIVE_MS, device_rows
from peer.library.health import library_status
from peer.library.instance import state_folder
from peer.library.library import Library
from peer.library.queues import Download, Priority, Upload
from store.heads import Heads
from store.ids import BlobId, StoreId
from tests.fleet.libraries import add_original, add_photo, admit, edit, exchange, file_of, give, make_library, report
from tests.unit.peer.library.pair import Pair

RELAY = "https://relay.example.org"
LISTENING = {
    "name": RELAY,
    "kind": "relay",
    "address": RELAY,
    "state": "listening",
    "last_contact": "2023-11-14T22:13:20.000Z",
    "behind": 0,
    "ahead": 0,
    "reason": "",
}
FIELDS = {
    *("library", "device", "converged", "digest", "assets", "trashed", "entries", "pending", "uploads", "downloads", "stuck", "void"),
    *("forks", "held_back_by", "nodes", "storage"),
}


def rows(library: Library) -> dict[str, dict[str, object]]:
    return {str(row["name"]): row for row in device_rows(library)}


def test_devices_know_of_each_other_what_they_reported(pair: Pair) -> None:
    pair.meet()
    known = rows(pair.anna)
    assert list(known) == ["anna", "bert"]
    assert known["anna"]["this"] is True
    assert known["bert"] == {
        "id": pair.bert.device.hex(),
        "name": "bert",
        "model": known["anna"]["model"],
        "this": False,
        "member": True,
        "active": False,
        "last_seen": None,
        "policy": "everything",
        "behind": None,
        "clock_skew": 0,
    }
    report(*pair.both)
    known = rows(pair.anna)
    assert (known["bert"]["active"], known["bert"]["behind"], known["bert"]["last_seen"]) == (True, 0, "2023-11-14T22:13:20.000Z")


def test_a_device_is_behind_by_what_its_report_doesnt_cover_but_never_by_its_own_entries(pair: Pair) -> None:
    report(*pair.both)
    add_photo(pair.anna, "sea")
    add_photo(pair.anna, "lake")
    add_photo(pair.bert, "wood")
    give(pair.bert, pair.anna)
    assert rows(pair.anna)["bert"]["behind"] == 2
    assert library_status(pair.anna, None).held_back_by == ("bert",)
    pair.meet()
    report(*pair.both)
    assert rows(pair.anna)["bert"]["behind"] == 0
    assert library_status(pair.anna, None).held_back_by == ()


def test_a_report_that_covers_nothing_lacks_all_that_others_wrote(pair: Pair) -> None:
    pair.meet()
    own = len([tip for log, tip in pair.anna.log.heads().tips() if log in pair.anna.roster().logs_of(pair.bert.device)])
    assert own == 1
    assert uncovered(pair.anna, Heads(), by=pair.bert.device) == pair.anna.log.count() - 2


def test_a_device_that_was_silent_for_ninety_days_is_not_active(pair: Pair) -> None:
    pair.meet()
    report(*pair.both)
    pair.clock.pass_by(ACTIVE_MS)
    assert rows(pair.anna)["bert"]["active"] is True
    pair.clock.pass_by(1)
    assert rows(pair.anna)["bert"]["active"] is False
    assert rows(pair.anna)["anna"]["active"] is True


def test_a_library_without_relay_and_without_work_is_converged(library: Library) -> None:
    add_original(library, "sea")
    document = library_status(library, None).to_json()
    assert document.keys() >= FIELDS
    assert document["converged"] is True
    assert (document["assets"], document["trashed"], document["entries"]) == (1, 0, library.log.count())
    assert (document["uploads"], document["downloads"], document["void"], document["forks"]) == (0, 0, 0, 0)
    assert document["digest"] == bytes(library.records.digest()).hex()
    assert document["storage"]["originals"] == len(b"the bytes of sea")
    assert document["storage"]["database"] > 0


def test_what_is_queued_is_counted_and_what_failed_says_why(library: Library) -> None:
    node = library.nodes.add(RELAY, bytes(32))
    upload = Upload(blob=BlobId(bytes(32)), file=file_of("sea"), segment=0, size=7, priority=Priority.ORIGINAL)
    library.uploads.add([node.number], [upload])
    assert library_status(library, [LISTENING]).to_json()["uploads"] == 1
    library.uploads.failed(node.number, upload.blob, "the relay is full", 1_700_000_060_000)
    state = library_status(library, [LISTENING])
    assert not state.converged
    assert state.stuck == (
        {"item": f"upload {file_of('sea').short()}#0 to {RELAY}", "reason": "the relay is full", "next_try": "2023-11-14T22:14:20.000Z"},
    )
    library.uploads.done(node.number, [upload.blob])
    assert library_status(library, [LISTENING]).converged
    library.downloads.ask(Download(file=file_of("sea"), record=add_photo(library, "lake"), size=9, priority=Priority.ORIGINAL))
    document = library_status(library, [LISTENING]).to_json()
    assert (document["converged"], document["downloads"], document["download_bytes"]) == (False, 2, 9 + len(b"the bytes of lake"))


@pytest.mark.parametrize(
    ("change", "converged"),
    [({}, True), ({"state": "away"}, False), ({"state": "pulling entries"}, False), ({"behind": 1}, False), ({"ahead": 1}, False)],
)
def test_is_converged_when_every_node_listens_and_nothing_is_left(library: Library, change: dict[str, object], converged: bool) -> None:
    state = library_status(library, [LISTENING | change])
    assert state.converged is converged
    assert state.nodes[0]["last_contact"] == "2023-11-14T22:13:20.000Z"


def test_without_an_engine_it_goes_by_what_was_last_exchanged(library: Library) -> None:
    node = library.nodes.add(RELAY, bytes(32))
    (shown,) = library_status(library, None).nodes
    assert shown == {
        "name": RELAY,
        "kind": "relay",
        "device": None,
        "address": RELAY,
        "state": "not running",
        "last_contact": None,
        "behind": 0,
        "ahead": library.log.arrival(),
        "reason": "",
    }
    library.nodes.met(node.number, StoreId(bytes(16)), 1_700_000_000_000)
    library.nodes.advance(node.number, cursor=3, pushed=library.log.arrival(), now=1_700_000_000_000)
    state = library_status(library, None)
    assert state.converged
    assert state.nodes[0]["last_contact"] == "2023-11-14T22:13:20.000Z"
    add_original(library, "sea")
    assert library_status(library, None).nodes[0]["ahead"] == 1


def test_a_device_that_applied_the_same_and_has_another_digest_is_named(pair: Pair) -> None:
    add_photo(pair.anna, "sea")
    pair.meet()
    report(*pair.both)
    assert library_status(pair.anna, None).disagreeing == ()
    with pair.bert.database.write() as connection:
        connection.execute("UPDATE meta SET value = zeroblob(16) WHERE key = 'digest'")
    report(*pair.both)
    state = library_status(pair.anna, None)
    assert state.disagreeing == ("bert",)
    assert not state.converged
    pair.bert.records.digest()
    with pair.bert.database.write() as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'digest'", (bytes(pair.anna.records.digest()),))


def test_a_fork_is_shown_with_its_ends(tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna")
    bert = admit(anna, tmp_path / "bert")
    asset = add_photo(bert, "sea")
    exchange(anna, bert)
    bert.close()
    backup = bert.folder.database.read_bytes()
    shutil.copytree(state_folder() / "instances", tmp_path / "notes" / "instances")  # the whole machine is put back, its notes too
    again = Library.open(bert.folder, clock=anna.clock)
    edit(again, asset, rating=1)
    give(again, anna)
    again.close()
    for leftover in bert.folder.private.glob("library.db*"):
        leftover.unlink()
    bert.folder.database.write_bytes(backup)
    restored = Library.open(bert.folder, clock=anna.clock, notes=tmp_path / "notes")
    edit(restored, asset, rating=2)
    give(restored, anna)
    document = library_status(anna, None).to_json()
    assert document["forks"] == 1
    (fork,) = document["forked_logs"]
    assert fork["device"] == "bert"
    assert len({tip["entry"] for tip in fork["tips"]}) == 2
    anna.close()
    restored.close()


def test_entries_that_wait_are_pending_with_their_reason(pair: Pair) -> None:
    with pair.anna.database.write() as connection:
        name = connection.execute("SELECT name FROM log_entry WHERE arrival = 5").fetchone()[0]
        connection.execute(
            "INSERT INTO waiting (arrival, name, reason, since)"
            " SELECT arrival, name, 'its key hasn''t come yet', 1700000000000 FROM log_entry WHERE arrival = 5"
        )
    state = library_status(pair.anna, None)
    assert not state.converged
    assert state.to_json()["pending"] == [{"entry": name.hex(), "reason": "its key hasn't come yet", "since": "2023-11-14T22:13:20.000Z"}]
    assert rows(pair.anna)["anna"]["behind"] == 1
    with pair.anna.database.write() as connection:
        connection.execute("DELETE FROM waiting")
