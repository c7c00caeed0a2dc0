from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from crdt.client import writer
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.update import Item, encode_update
from peer.keys.epochs import Epoch
from peer.layout import LibraryFolder
from peer.library.library import Library
from store.bodies import Checkpoint, Claim, Release, Remove, Settled
from store.entries import Entry, EntryKind
from store.ids import MASTER, FileHash, RecordId
from tests.fleet.authors import Author, FleetLibrary, filler_blob, make_library
from tests.fleet.checkpoints import prune_all, settle_one
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, forge, raws_of
from tests.unit.tools.running import Inspect

OTHER = RecordId.asset(FileHash(b"\x77" * 32))


def place(entry: Entry) -> str:
    return f"{entry.log.hex()[:12]}:{entry.seq}"


def good_update(client: int, stamp: Stamp) -> bytes:
    return encode_update(client, [Item(f"v/rating/{writer(client)}", stamp, 2)], ())


def test_the_envelope(inspect: Inspect, root: Path, pair: Pair) -> None:
    seen = change(pair.laptop, lambda draft: draft.set("rating", 4))
    pair.exchange()
    entry = change(pair.phone, lambda draft: draft.set("rating", 5))
    document = inspect("entry", place(entry), "--library", root / "phone", "--json").document()
    expected = {
        "library": pair.phone.id.hex(),
        "log": entry.log.hex(),
        "seq": entry.seq,
        "name": entry.name.hex(),
        "kind": "change",
        "previous": entry.previous.hex(),
        "deps": [{"log": seen.log.hex(), "seq": seen.seq, "name": seen.name.hex(), "stored": True}],
        "followed_by": [],
        "written_under_now": True,
        "stub": False,
        "epoch": pair.phone.write_epoch().id.hex(),
        "size": len(entry.raw),
        "body_size": len(entry.body),
        "signature": {"verified": True, "device": pair.phone.device.hex(), "device_name": "phone", "reason": ""},
        "arrival": pair.phone.log.arrival(),
        "verdict": "applied",
        "reason": "",
        "sealed": "",
    }
    assert expected.items() <= document.items()


def test_what_is_inside_a_change(inspect: Inspect, root: Path, pair: Pair) -> None:
    before = change(pair.laptop, lambda draft: draft.set("rating", 4))

    def edit(draft: Draft) -> None:
        draft.set("rating", 5)
        draft.derive("thumbhash", b"\x01\x02")

    entry = change(pair.laptop, edit)
    change_document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()["change"]
    (update,) = change_document["updates"]
    name = change_document["writer"]
    assert writer(change_document["client"]) == name
    assert (update["record"], update["kind"], update["void"]) == (PHOTO.body.hex(), "asset", False)
    assert [(item["key"], item["value"], item["clock"]) for item in update["items"]] == [
        (f"d/thumbhash/{name}", "0102", 0),
        (f"v/rating/{name}", 5, 1),
    ]
    assert sum(item["bytes"] for item in update["items"]) < update["bytes"]
    (deleted,) = update["deletes"]
    assert (deleted["clock"], deleted["length"], deleted["device_name"]) == (0, 1, "laptop")
    (was,) = deleted["deleted"]
    assert (was["key"].rpartition("/")[0], was["value"]) == ("v/rating", 4)
    assert deleted["entry"] == {"log": before.log.hex(), "seq": before.seq, "name": before.name.hex()}
    assert change_document["batch"] is None
    text = inspect("entry", place(entry), "--library", root / "laptop").out
    assert f"\tv/rating/{name}\t5\n" in text
    assert "verified, laptop" in text


def test_purges(inspect: Inspect, root: Path, pair: Pair) -> None:
    (name,) = pair.laptop.change([], purges=[PHOTO])
    arrived = pair.laptop.log.get(name)
    assert arrived is not None
    document = inspect("entry", place(arrived.entry), "--library", root / "laptop", "--json").document()
    assert document["change"]["purges"] == [{"record": PHOTO.body.hex(), "kind": "asset"}]
    assert f"purges asset {PHOTO.body.hex()}" in inspect("entry", place(arrived.entry), "--library", root / "laptop").out


def test_an_update_that_the_gate_refused_beside_one_that_counts(inspect: Inspect, root: Path, pair: Pair) -> None:
    def for_another_author(client: int, stamp: Stamp) -> bytes:
        return good_update(client ^ 1, stamp)

    entry = forge(pair.laptop, [(PHOTO, for_another_author), (OTHER, good_update)])
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    void, good = document["change"]["updates"]
    assert (void["void"], void["reason"]) == (True, "an item has a client id that is not its entry's")
    assert len(void["items"]) == 1
    assert (good["void"], good["reason"]) == (False, "")
    assert document["verdict"] == "applied"


def test_an_update_that_can_t_be_decoded(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = forge(pair.laptop, [(PHOTO, lambda client, stamp: b"\xff\xff")])
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    (update,) = document["change"]["updates"]
    assert (update["void"], update["items"], update["deletes"]) == (True, [], [])
    assert update["unreadable"]
    assert "It can't be read" in inspect("entry", place(entry), "--library", root / "laptop").out


def test_an_entry_that_waits(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = forge(pair.laptop, [(PHOTO, good_update)], epoch=Epoch(bytes(32)))
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    assert document["verdict"] == "waiting"
    assert "hasn't come yet" in document["reason"]
    assert document["change"] is None
    assert "has not received yet" in document["sealed"]
    assert "The body stays sealed" in inspect("entry", place(entry), "--library", root / "laptop").out


def test_an_entry_whose_body_is_void(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = forge(pair.laptop, [(PHOTO, good_update)])
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        database.execute("INSERT INTO void VALUES (?, x'', 'the body doesn''t decode')", (arrival_of(pair.laptop, entry),))
    database.close()
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    assert (document["verdict"], document["reason"]) == ("void", "the body doesn't decode")


@pytest.mark.parametrize("how", ["missing", "open to others"])
def test_without_usable_keys_the_envelope_is_shown(inspect: Inspect, root: Path, pair: Pair, how: str) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))
    key = LibraryFolder(root / "laptop").device_key
    if how == "missing":
        key.unlink()
    else:
        key.chmod(0o644)
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    assert document["change"] is None
    assert str(key) in document["sealed"]
    assert document["signature"]["verified"]


def test_a_relay_has_envelopes_only(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("caption", "a secret"))
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    said = inspect("entry", place(entry), "--library", root / "relay", "--json")
    document = said.document()
    assert (document["change"], document["sealed"]) == (None, "a relay has no keys")
    assert document["signature"] == {"verified": True, "device": pair.laptop.device.hex(), "device_name": None, "reason": ""}
    assert "verdict" not in document
    assert "a secret" not in said.out


def test_control_entries_of_a_real_library(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = pair.laptop.id.hex()[:32]
    bodies = [inspect("entry", f"{log}:{seq}", "--library", root / "laptop", "--json").document() for seq in range(3)]
    assert [body["kind"] for body in bodies] == ["genesis", "certificate", "packages"]
    assert bodies[0]["control"]["library"] == pair.laptop.id.hex()
    assert bodies[0]["signature"]["device_name"] == "master key"
    assert bodies[1]["control"]["device_name"] == "laptop"
    assert bodies[1]["control"]["signer"]["device"] == MASTER.hex()
    assert {each["device_name"] for each in bodies[2]["control"]["recipients"]} == {"laptop", "master key"}
    own = pair.phone.own_log()
    assert own is not None
    opened = inspect("entry", f"{own.hex()}:0", "--library", root / "laptop", "--json").document()
    assert (opened["kind"], opened["control"]["device_name"], opened["control"]["number"]) == ("open", "phone", 0)
    assert opened["previous"] is None
    assert "device name: phone" in inspect("entry", f"{own.hex()}:0", "--library", root / "laptop").out


def write_every_control_entry(library: FleetLibrary, anna: Author) -> dict[str, Any]:
    """Each of the kinds that this version only stores, and something of its body."""
    epoch, blob = library.epoch, filler_blob("blob")
    remove = Remove(devices=(anna.device,), pins=library.heads(), epoch=epoch, packages=((MASTER, b"package"),))
    checkpoint = anna.control(EntryKind.CHECKPOINT, Checkpoint(heads=library.heads(), records=7, blobs=(blob,)))
    release = anna.control(EntryKind.RELEASE, Release(blobs=(blob,)))
    anna.control(EntryKind.CLAIM, Claim(blobs=(blob,), releases=(release.name,)))
    anna.control(EntryKind.SETTLED, Settled(checkpoint=checkpoint.name, reports=(anna.report(),)))
    anna.control(EntryKind.REMOVE, remove)
    return {
        "checkpoint": ("records", 7),
        "release": ("blobs", [blob.hex()]),
        "claim": ("releases", [release.name.hex()]),
        "settled": ("checkpoint", checkpoint.name.hex()),
        "remove": ("recipients", [{"device": MASTER.hex(), "device_name": "master key", "bytes": 7}]),
    }


def test_control_entries_of_later_versions(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    expected = write_every_control_entry(library, anna)
    fill_relay(root / "relay", library.id, library.raws())
    for entry in library.entries[-5:]:
        document = inspect("entry", place(entry), "--library", root / "relay", "--json").document()
        name, value = expected.pop(document["kind"])
        assert document["control"][name] == value
    assert not expected


def test_branches_give_an_entry_each(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    clone = anna.fork()
    entries = anna.change(), clone.change()
    fill_relay(root / "relay", library.id, library.raws())
    documents = inspect("entry", place(entries[0]), "--library", root / "relay", "--json").documents()
    assert [document["name"] for document in documents] == [entry.name.hex() for entry in entries]
    assert "The log has branches: 2 entries" in inspect("entry", place(entries[0]), "--library", root / "relay").out


def test_a_signature_that_doesn_t_verify_is_an_integrity_problem(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))
    raw = entry.raw.replace(entry.signature, bytes(64))
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        database.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (raw, entry.name))
    database.close()
    said = inspect("entry", place(entry), "--library", root / "laptop")
    assert said.code == 3
    assert "NOT VERIFIED: not signed by who opened the log" in said.out


def test_places_that_name_no_entry(inspect: Inspect, root: Path, pair: Pair) -> None:
    folder = ("--library", root / "laptop", "--json")
    log = pair.laptop.own_log()
    assert log is not None
    assert inspect("entry", "here", *folder).failure() == (2, "'here' names no entry.")
    assert inspect("entry", f"{log.hex()}:-1", *folder).failure()[0] == 2
    last = pair.laptop.log.heads()[log][0].seq
    assert inspect("entry", f"{log.hex()}:{10**17}", *folder).failure() == (
        2,
        f"Log {log.short()} has no entry {10**17}: it ends at {last}.",
    )
    others = {each.hex()[0] for each in pair.laptop.log.heads()}
    free = next(digit for digit in "0123456789abcdef" if digit not in others)
    assert inspect("entry", f"{free}:0", *folder).failure() == (2, f"No log has an id that begins with {free}.")


def test_a_stub_has_its_place_and_nothing_inside(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))
    after = change(pair.laptop, lambda draft: draft.set("rating", 5))
    pair.exchange()
    settle_one(pair.laptop, pair.phone)
    assert prune_all(pair.laptop)
    document = inspect("entry", place(entry), "--library", root / "laptop", "--json").document()
    assert (document["stub"], document["size"], document["change"]) == (True, None, None)
    assert (document["name"], document["previous"]) == (entry.name.hex(), entry.previous.hex())
    assert document["followed_by"] == [{"log": after.log.hex(), "seq": after.seq, "name": after.name.hex()}]
    assert document["signature"]["verified"] is None
    assert document["signature"]["device"] == pair.laptop.device.hex()
    said = inspect("entry", place(entry), "--library", root / "laptop").out
    assert "can't be verified: its bytes were given up for a checkpoint" in said


def test_damaged_bytes_leave_the_place(inspect: Inspect, root: Path, pair: Pair) -> None:
    before = change(pair.laptop, lambda draft: draft.set("rating", 4))
    entry = change(pair.laptop, lambda draft: draft.set("rating", 5))
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        flipped = entry.raw[:100] + bytes([entry.raw[100] ^ 1]) + entry.raw[101:]
        database.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (flipped, entry.name))
    database.close()
    said = inspect("entry", place(entry), "--library", root / "laptop", "--json")
    assert said.code == 3
    document = json.loads(said.out)
    assert (document["stub"], document["size"], document["signature"]["verified"]) == (False, None, None)
    assert document["previous"] == before.name.hex()
    (problem,) = document["problems"]
    assert problem == f"entry {entry.name.hex()} isn't what was stored under its name"


def test_an_entry_that_came_before_what_it_builds_on(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    anna.change()
    bert = library.join("bert")
    (began,) = (entry for entry in library.entries if entry.log == bert.log)
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    folder = ("--library", root / "relay")
    document = inspect("entry", place(began), *folder, "--json").document()
    assert (document["detached"], document["verdict"]) == (True, "detached")
    assert document["signature"]["verified"]
    assert {dep["stored"] for dep in document["deps"]} == {True, False}
    said = inspect("entry", place(began), *folder).out
    assert "NOT STORED" in said
    assert "detached: what it builds on isn't here" in said
    assert "newest of its branch" not in said
    missing = inspect("entry", f"{bert.log.hex()}:1", *folder, "--json").failure()
    assert missing == (2, f"Log {bert.log.short()} has no entry 1: what of it is here came before what it builds on.")


def test_an_entry_that_was_lost(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))
    change(pair.laptop, lambda draft: draft.set("rating", 5))
    with sqlite3.connect(LibraryFolder(root / "laptop").database) as database:
        database.execute("DELETE FROM log_entry WHERE name = ?", (entry.name,))
    database.close()
    code, sentence = inspect("entry", place(entry), "--library", root / "laptop", "--json").failure()
    assert (code, sentence) == (2, f"Log {entry.log.short()} has no entry {entry.seq}: it should be there, and is missing.")


def test_an_ambiguous_log_and_an_ambiguous_library(inspect: Inspect, root: Path) -> None:
    first, second = make_library(1), make_library(2)
    log = first.join("anna").log
    bert = second.author("bert")
    second.certify(bert)
    bert.open_log(log=log)
    for library in (first, second):
        fill_relay(root / "relay", library.id, library.raws())
    folder = ("--library", root / "relay", "--json")
    assert inspect("entry", f"{log.hex()}:0", *folder).failure()[1].startswith("More than one log")
    chosen = inspect("entry", f"{log.hex()}:0", "--library-id", second.id.hex()[:10], *folder).document()
    assert chosen["signature"]["device"] == bert.device.hex()


def arrival_of(library: Library, entry: Entry) -> int:
    arrived = library.log.get(entry.name)
    assert arrived is not None
    return arrived.arrival
