"""`verify`: what is proven, what is found damaged, and where two folders part."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.digest import Digest, LibraryDigest, record_digest
from crdt.draft import Draft
from crdt.record import Changes, read, write
from crdt.update import Item, encode_update
from peer.keys.change_body import ChangeBody
from peer.keys.sealing import seal_body
from peer.layout import LibraryFolder
from peer.library.library import Library
from peer.library.membership import keep_up
from peer.library.meta import Meta
from peer.library.purging import purge_now
from peer.library.removing import remove_devices
from peer.library.reprojecting import PROJECTED, VERSION
from peer.library.trashing import trash_assets
from store.entries import Entry, EntryKind, make_prefix, seal_entry
from store.ids import BlobId, FileHash, LibraryId, RecordId
from tests.fleet.checkpoints import admit_by_checkpoint, fetch, prune_all, settle_one
from tests.fleet.libraries import add_photo, edit, exchange, give, report
from tests.unit.tools.folders import NOW, PHOTO, Pair, change, fill_relay, forge, open_pair, raws_of
from tests.unit.tools.running import Inspect, Said
from tests.unit.tools.test_folder import contents
from tools.looking.folder import look_into
from tools.proving import proof
from tools.views.verify import Thoroughness, gather_verify

OTHER = RecordId.asset(FileHash(b"\x77" * 32))


def describe(draft: Draft) -> None:
    """A photo that is listed."""
    draft.set("primary", b"\x3f" * 32)
    draft.add("name", "IMG_0001.JPG")
    draft.set("caption", "the sea")


def add_both(pair: Pair) -> Entry:
    """One photo that both have, and the entry that made it."""
    entry = change(pair.laptop, describe)
    pair.exchange()
    return entry


def tamper(folder: Path, statement: str, *values: object) -> int:
    """Changes the database as no program of ours would; how many rows."""
    with closing(sqlite3.connect(LibraryFolder(folder).database, isolation_level=None)) as connection:
        return connection.execute(statement, values).rowcount


def look(inspect: Inspect, *folders: Path) -> tuple[int, dict[str, Any]]:
    said: Said = inspect("verify", *folders, "--json")
    assert said.err == "", said
    (line,) = said.out.splitlines()
    return said.code, json.loads(line)


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    (library,) = document["libraries"]
    found: list[dict[str, Any]] = library["findings"]
    return found


def only(document: dict[str, Any]) -> dict[str, Any]:
    (library,) = document["libraries"]
    return dict(library)


# One folder


def test_a_library_is_proven_from_its_entries(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    code, document = look(inspect, root / "laptop")
    library = only(document)
    assert code == 0
    assert (document["kind"], document["verified"], document["agreement"], document["problems"]) == ("library", True, None, [])
    assert (library["level"], library["entries"], library["waiting"]) == ("contents", pair.laptop.log.count(), 0)
    assert library["digest"] == library["replay"]["digest"] == pair.laptop.records.digest().hex()
    assert library["replay"]["begins"] is None


def test_the_folder_is_that_of_the_library_option_or_the_first_argument(inspect: Inspect, root: Path) -> None:
    by_option = inspect("verify", "--library", root / "phone", "--json").document()
    assert by_option == look(inspect, root / "phone")[1]


def test_processes_find_what_this_one_finds(root: Path, pair: Pair) -> None:
    add_both(pair)
    forge(pair.laptop, [(PHOTO, void_update)])
    found = []
    for processes in (1, 2):
        with patch.object(proof, "LITTLE", 0):
            found.append(look_into(root / "laptop", partial(gather_verify, how=Thoroughness(processes=processes))))
    assert found[0] == found[1]
    assert found[0].problems == ()


def test_nothing_in_the_folders_changes(inspect: Inspect, root: Path) -> None:
    before = contents(root)
    look(inspect, root / "laptop")
    look(inspect, root / "laptop", root / "phone")
    assert contents(root) == before


def test_a_database_may_be_named_instead_of_its_folder(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    named = inspect("verify", "--library", LibraryFolder(root / "laptop").database, "--json").document()
    assert (named["verified"], named["libraries"]) == (True, inspect("verify", root / "laptop", "--json").document()["libraries"])


def test_without_keys_envelopes_records_and_listings_are_proven(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    pair.close()
    LibraryFolder(root / "laptop").device_key.unlink()
    code, document = look(inspect, root / "laptop")
    library = only(document)
    assert (code, library["level"], library["replay"]) == (0, "envelopes", None)
    assert library["sealed"]
    assert library["records"] == 3
    tamper(root / "laptop", "UPDATE asset SET caption = 'no'")
    assert [finding["sort"] for finding in findings(look(inspect, root / "laptop")[1])] == ["listing"]


# What is damaged


def rewritten(folder: Path, changed: Changes, record: RecordId = PHOTO) -> tuple[bytes, Digest]:
    """The state of a record with a change that no entry made, and its digest."""
    with closing(sqlite3.connect(LibraryFolder(folder).database)) as connection:
        (state,) = connection.execute("SELECT state FROM record WHERE record = ?", (record,)).fetchone()
    key = next(key for key in read(state).live if key.startswith("v/caption/"))
    made = write(state, 7, Stamp(b"\x01" * 8), Changes(sets=changed.sets, deletes=frozenset({key})))
    return made.state, record_digest(record, made.content)


def change_state(folder: Path, caption: str) -> None:
    """So thoroughly that record, digest and library's digest agree with each other."""
    state, digest = rewritten(folder, Changes(sets={"v/caption": caption}))
    with closing(sqlite3.connect(LibraryFolder(folder).database)) as connection:
        (old,) = connection.execute("SELECT digest FROM record WHERE record = ?", (PHOTO,)).fetchone()
        (total,) = connection.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()
    total = LibraryDigest(total).remove(Digest(old)).add(digest)
    tamper(folder, "UPDATE record SET state = ?, digest = ? WHERE record = ?", state, digest, PHOTO)
    tamper(folder, "UPDATE meta SET value = ? WHERE key = 'digest'", bytes(total))
    tamper(folder, "UPDATE asset SET caption = ?, search = replace(search, 'the sea', ?)", caption, caption)


def test_a_record_that_its_entries_do_not_make_is_named_with_field_and_values(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    pair.close()
    change_state(root / "laptop", "somebody else's")
    code, document = look(inspect, root / "laptop")
    (finding,) = findings(document)
    assert code == 3
    assert document["problems"] == [finding["sentence"]]
    assert {name: finding[name] for name in ("sort", "record", "kind", "name", "fields")} == {
        "sort": "record",
        "record": PHOTO.body.hex(),
        "kind": "asset",
        "name": "IMG_0001.JPG",
        "fields": [{"field": "caption", "stored": ["somebody else's"], "replayed": ["the sea"]}],
    }


def test_listings_of_an_older_version_are_no_damage(inspect: Inspect, root: Path, pair: Pair) -> None:
    """It made others, and this one makes them anew when it opens the library."""
    add_both(pair)
    assert only(look(inspect, root / "laptop")[1])["listings_compared"]
    tamper(root / "laptop", "UPDATE asset SET picture = 'as an older version has it'")
    assert inspect("verify", root / "laptop").code == 3
    Meta(pair.laptop.database).put_int(PROJECTED, VERSION - 1)
    said = inspect("verify", root / "laptop")
    assert said.code == 0
    assert "Listings were made by an older version" in said.out
    assert "stored and listed" not in said.out


@pytest.mark.parametrize(
    ("statement", "sorts"),
    [
        ("UPDATE record SET digest = zeroblob(16) WHERE record = ?", ["record"]),
        ("UPDATE record SET state = x'ffff' WHERE record = ?", ["record", "digest"]),
        ("DELETE FROM record WHERE record = ?", ["record", "listing", "listing", "digest"]),
        ("UPDATE meta SET value = x'00' WHERE key = 'digest' AND ? IS NOT NULL", ["digest"]),
        ("UPDATE asset SET caption = 'another' WHERE record = ?", ["listing"]),
        ("DELETE FROM asset WHERE record = ?", ["listing"]),
        ("INSERT INTO asset_album VALUES (?1, ?1, NULL, ?1)", ["listing"]),
        ("INSERT INTO purged VALUES (?)", ["digest", "purged"]),
        ("INSERT INTO void VALUES (1, ?, 'because')", ["void"]),
    ],
)
def test_each_table_that_follows_from_entries_is_held_to_them(
    inspect: Inspect, root: Path, pair: Pair, statement: str, sorts: list[str]
) -> None:
    add_both(pair)
    pair.close()
    assert tamper(root / "laptop", statement, PHOTO) == 1
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert [finding["sort"] for finding in findings(document)] == sorts


def test_a_flipped_bit_in_an_entry_is_found_in_a_device_and_in_a_relay(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    pair.close()
    raw = bytearray(entry.raw)
    raw[-20] ^= 1
    for database in (LibraryFolder(root / "laptop").database, root / "relay" / "relay.db"):
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (bytes(raw), entry.name))
    for folder in ("laptop", "relay"):
        code, document = look(inspect, root / folder)
        assert code == 3
        assert findings(document)[0]["name"] == entry.name.hex()
        assert "damaged" in findings(document)[0]["sentence"]


def test_an_entry_that_somebody_else_signed_is_found(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    pair.close()
    tamper(root / "laptop", "UPDATE log_branch SET author = ? WHERE log = ?", pair.phone.device, entry.log)
    sentences = [finding["sentence"] for finding in findings(look(inspect, root / "laptop")[1])]
    assert all("isn't signed" in sentence for sentence in sentences)
    assert len(sentences) > 1


def test_entries_that_are_gone_are_counted_and_what_they_made_is_named(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    change(pair.laptop, lambda draft: draft.set("rating", 3))
    pair.close()
    tamper(root / "laptop", "DELETE FROM log_entry WHERE arrival = (SELECT max(arrival) FROM log_entry)")
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert {"entries", "bookkeeping", "record"} <= {finding["sort"] for finding in findings(document)}
    (record,) = (finding for finding in findings(document) if finding["sort"] == "record")
    assert record["fields"] == [{"field": "rating", "stored": [3], "replayed": []}]


def test_an_entry_in_the_middle_that_is_gone_is_missed_by_those_that_build_on_it(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    change(pair.laptop, lambda draft: draft.set("rating", 3))
    pair.close()
    tamper(root / "laptop", "DELETE FROM log_entry WHERE name = ?", entry.name)
    sentences = [finding["sentence"] for finding in findings(look(inspect, root / "laptop")[1])]
    assert any("which isn't stored" in sentence for sentence in sentences)
    assert any("1 of its entries" in sentence for sentence in sentences)


def test_another_end_of_a_log_than_is_remembered_is_found(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    pair.close()
    tamper(root / "laptop", "UPDATE log_branch SET tip = zeroblob(32) WHERE log = ?", entry.log)
    assert [finding["sort"] for finding in findings(look(inspect, root / "laptop")[1])] == ["heads"]


def test_a_roster_that_is_remembered_for_other_entries_is_found(inspect: Inspect, root: Path) -> None:
    tamper(root / "laptop", "UPDATE log_library SET roster_state = zeroblob(32)")
    assert [finding["sort"] for finding in findings(look(inspect, root / "laptop")[1])] == ["roster"]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM past WHERE arrival = ?", "INSERT INTO waiting (arrival, name, reason, since) VALUES (?, x'', '', 0)"]
)
def test_every_entry_is_applied_or_waits(inspect: Inspect, root: Path, pair: Pair, statement: str) -> None:
    entry = add_both(pair)
    arrived = pair.laptop.log.get(entry.name)
    assert arrived is not None
    pair.close()
    tamper(root / "laptop", statement, arrived.arrival)
    assert "bookkeeping" in {finding["sort"] for finding in findings(look(inspect, root / "laptop")[1])}


def test_many_findings_of_a_sort_are_counted(inspect: Inspect, root: Path, pair: Pair) -> None:
    for number in range(60):
        change(pair.laptop, describe, RecordId.asset(FileHash(bytes([number]) * 32)))
    pair.close()
    tamper(root / "laptop", "UPDATE asset SET caption = 'no'")
    code, document = look(inspect, root / "laptop")
    assert (code, len(findings(document)), only(document)["found"]) == (3, 50, {"listing": 60})
    assert document["problems"][-1] == "and 10 more findings of the sort “listing”"


# What is no damage


def void_update(client: int, stamp: Stamp) -> bytes:
    return encode_update(client, [Item(f"v/rating/{writer(client + 1)}", stamp, 5)], ())


def test_void_updates_are_proven_to_be_void(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    forge(pair.phone, [(PHOTO, void_update)])
    pair.exchange()
    assert look(inspect, root / "laptop", root / "phone")[1]["agreement"]["state"] == "agree"
    pair.close()
    assert tamper(root / "phone", "DELETE FROM void") == 1
    (finding,) = findings(look(inspect, root / "phone")[1])
    assert finding["sort"] == "void"
    assert "isn't noted as that" in finding["sentence"]


def test_a_body_that_says_nothing_is_proven_to_be_void(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = pair.phone.own_log()
    assert log is not None
    (tip,) = pair.phone.log.heads()[log]
    epoch = pair.phone.write_epoch()
    prefix = make_prefix(kind=EntryKind.CHANGE, library=pair.phone.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=epoch.id)
    pair.phone.receive([seal_entry(prefix, seal_body(epoch, prefix, b"nonsense"), pair.phone.keys.sign).raw])
    pair.exchange()
    code, document = look(inspect, root / "laptop", root / "phone")
    assert (code, document["verified"], document["agreement"]["state"]) == (0, True, "agree")


def test_purged_photos_are_proven(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    trash_assets(pair.laptop, [PHOTO])
    purge_now(pair.laptop, [PHOTO])
    change(pair.phone, lambda draft: draft.set("rating", 5))
    pair.exchange()
    code, document = look(inspect, root / "laptop", root / "phone")
    assert (code, document["verified"], document["agreement"]["state"]) == (0, True, "agree")
    pair.close()
    tamper(root / "phone", "DELETE FROM purged WHERE record = ?", PHOTO)
    code, document = look(inspect, root / "laptop", root / "phone")
    assert (code, document["agreement"]["state"]) == (3, "agree")
    assert [finding["sort"] for finding in findings(document["b"])] == ["digest", "purged"]


def fork(library: Library, stem: str, value: str) -> Entry:
    """Another entry with the number of the newest one of this device, as a copy of it would write it."""
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    newest = library.log.get(tip.name)
    assert newest is not None
    stamp, random, epoch = library.hlc.next(), bytes(16), library.write_epoch()
    client = client_id(log, newest.entry.previous, stamp, random)
    update = encode_update(client, [Item(f"{stem}/{writer(client)}", stamp, value)], ())
    prefix = make_prefix(
        kind=EntryKind.CHANGE, library=library.id, log=log, seq=tip.seq, previous=newest.entry.previous, deps=(), epoch=epoch.id
    )
    body = ChangeBody(stamp=bytes(stamp), random=random, updates=((PHOTO, update),))
    entry = seal_entry(prefix, seal_body(epoch, prefix, body.encode()), library.keys.sign)
    library.receive([entry.raw])
    return entry


def test_branches_of_a_log_are_proven(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    change(pair.phone, lambda draft: draft.set("caption", "one"))
    entry = fork(pair.phone, "v/caption", "two")
    change(pair.laptop, lambda draft: draft.set("caption", "three"))
    for source, target in ((pair.phone, pair.laptop), (pair.laptop, pair.phone)):
        target.receive(raws_of(source))
    assert len(pair.laptop.log.heads()[entry.log]) == 2
    code, document = look(inspect, root / "laptop", root / "phone")
    assert (code, document["verified"], document["agreement"]["state"]) == (0, True, "agree")


def test_what_a_removed_device_wrote_beyond_the_pin_is_set_aside_and_proven(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    remove_devices(pair.laptop, [pair.phone.device])
    change(pair.phone, lambda draft: draft.set("caption", "I don't know yet"))
    give(pair.phone, pair.laptop)
    keep_up(pair.laptop)
    code, document = look(inspect, root / "laptop")
    assert (code, document["verified"], only(document)["waiting"]) == (0, True, 1)
    code, document = look(inspect, root / "laptop", root / "phone")
    agreement = document["agreement"]
    assert (code, document["verified"], agreement["state"], agreement["differing_records"]) == (0, True, "behind", 0)
    assert agreement["a_holds_back"]["entries"] == 1
    assert "removed" in agreement["a_holds_back"]["logs"][0]["reason"]
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    assert look(inspect, root / "laptop", root / "relay")[1]["agreement"]["state"] == "agree"


# With a checkpoint


def test_a_replay_begins_with_the_checkpoint_and_says_so(inspect: Inspect, root: Path, pair: Pair) -> None:
    both = pair.laptop, pair.phone
    photo = add_photo(pair.laptop, "sea")
    exchange(*both)
    report(*both)
    assert settle_one(*both) is not None
    edit(pair.laptop, photo, caption="later")
    change(pair.phone, describe)
    assert prune_all(pair.laptop) > 0
    exchange(*both)
    code, document = look(inspect, root / "laptop", root / "phone")
    pruned, whole = only(document["a"]), only(document["b"])
    assert (code, document["verified"], document["agreement"]["state"]) == (0, True, "agree")
    assert pruned["stubs"] > 0
    assert pruned["replay"]["begins"]["covered_entries"] > pruned["stubs"]
    assert pruned["replay"]["entries"] < whole["replay"]["entries"]
    assert (whole["stubs"], whole["replay"]["begins"]) == (0, None)
    assert "from a checkpoint over" in inspect("verify", root / "laptop").out
    pair.close()
    tamper(root / "laptop", "UPDATE record SET digest = zeroblob(16) WHERE record = ?", photo)
    assert findings(look(inspect, root / "laptop")[1])[0]["record"] == photo.body.hex()


def test_without_its_checkpoint_a_library_with_given_up_entries_can_not_be_replayed(inspect: Inspect, root: Path, pair: Pair) -> None:
    both = pair.laptop, pair.phone
    add_both(pair)
    report(*both)
    settle_one(*both)
    prune_all(pair.laptop)
    (settled,) = pair.laptop.log.settled()
    pair.laptop.checkpoint_blobs.delete(settled.blobs[0])
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert only(document)["replay"] is None
    assert "isn't here as a whole" in findings(document)[0]["sentence"]
    fetch(pair.phone, pair.laptop, settled.blobs)
    assert look(inspect, root / "laptop")[0] == 0


def test_a_device_that_began_with_a_checkpoint_agrees_with_who_has_everything(inspect: Inspect, root: Path, pair: Pair) -> None:
    both = pair.laptop, pair.phone
    photo = add_photo(pair.laptop, "sea")
    forge(pair.phone, [(photo, void_update)])
    exchange(*both)
    report(*both)
    assert settle_one(*both) is not None
    with closing(admit_by_checkpoint(pair.laptop, root / "new")) as new:
        edit(new, photo, caption="by the new one")
        exchange(pair.laptop, new)
        code, document = look(inspect, root / "laptop", root / "new")
        assert (code, document["verified"], document["agreement"]["state"]) == (0, True, "agree")
        assert only(document["b"])["stubs"] > 0


def test_what_entries_wrote_that_one_gave_up_and_the_other_lacks_can_not_be_told(inspect: Inspect, root: Path, pair: Pair) -> None:
    pair.close()
    shutil.copytree(root / "phone", root / "old")
    pair = open_pair(root)
    both = pair.laptop, pair.phone
    add_both(pair)
    report(*both)
    assert settle_one(*both) is not None
    assert prune_all(pair.laptop) > 0
    code, document = look(inspect, root / "laptop", root / "old")
    agreement = document["agreement"]
    assert (code, agreement["state"], agreement["agree"], agreement["differing_records"]) == (0, "unknown", False, None)
    assert "gave up" in agreement["reason"]
    assert "can't be told" in inspect("verify", root / "laptop", root / "old").out
    pair.close()


# Two folders


def test_two_libraries_that_exchanged_everything_agree(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    code, document = look(inspect, root / "laptop", root / "phone")
    agreement = document["agreement"]
    assert (code, document["verified"], agreement["state"], agreement["agree"], agreement["heads_equal"]) == (0, True, "agree", True, True)
    assert agreement["digests"] == {"a": pair.laptop.records.digest().hex(), "b": pair.phone.records.digest().hex(), "equal": True}
    assert "A and B agree" in inspect("verify", root / "laptop", root / "phone").out


def test_who_has_not_looked_at_an_entry_yet_is_behind_and_no_convergence_problem(inspect: Inspect, root: Path, pair: Pair) -> None:
    """It is stored, and the program ended before it was applied, or it is taking in a checkpoint."""
    pair.exchange()
    entry = change(pair.laptop, lambda draft: draft.set("caption", "Sea"))
    pair.phone.log.append([entry.raw], now=NOW)
    for folders in ((root / "laptop", root / "phone"), (root / "phone", root / "laptop")):
        code, document = look(inspect, *folders)
        held_back = document["agreement"]["a_holds_back" if folders[0].name == "phone" else "b_holds_back"]
        assert (code, document["agreement"]["state"]) == (0, "behind")
        assert (held_back["entries"], held_back["logs"][0]["reason"]) == (1, "this device hasn't looked at it yet")
        compared = inspect("diff", *folders, "--json").document()
        assert (compared["state"], compared["counts"]["only in A"] + compared["counts"]["only in B"]) == ("behind", 1)


def test_who_is_behind_is_not_damaged_and_what_both_have_is_the_same(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    entry = change(pair.laptop, lambda draft: draft.set("caption", "later"))
    change(pair.laptop, describe, OTHER)
    code, document = look(inspect, root / "laptop", root / "phone")
    agreement = document["agreement"]
    assert (code, agreement["state"], agreement["agree"], agreement["differing_records"]) == (0, "behind", False, 0)
    assert agreement["a_lacks"]["entries"] == 0
    (log,) = agreement["b_lacks"]["logs"]
    assert (log["log"], log["from"], log["to"], log["device_name"]) == (entry.log.hex(), entry.seq, entry.seq + 1, "laptop")
    assert agreement["b_lacks"]["bytes"] > len(entry.raw)
    assert "B is behind" in inspect("verify", root / "laptop", root / "phone").out


def test_both_may_lack_something_of_each_other(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    change(pair.laptop, lambda draft: draft.set("caption", "one"))
    change(pair.phone, lambda draft: draft.set("caption", "two"))
    code, document = look(inspect, root / "laptop", root / "phone")
    agreement = document["agreement"]
    assert (code, agreement["state"], agreement["differing_records"]) == (0, "behind", 0)
    assert (agreement["a_lacks"]["entries"], agreement["b_lacks"]["entries"]) == (1, 1)


def test_the_first_record_that_differs_is_named_with_the_entry_where_they_part(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    change(pair.laptop, lambda draft: draft.set("rating", 5))
    pair.exchange()
    pair.close()
    change_state(root / "phone", "somebody else's")
    code, document = look(inspect, root / "laptop", root / "phone")
    agreement = document["agreement"]
    assert (code, agreement["state"], agreement["heads_equal"], agreement["differing_records"]) == (3, "differ", True, 1)
    record = agreement["record"]
    assert (record["record"], record["name"]) == (PHOTO.body.hex(), "IMG_0001.JPG")
    assert record["fields"] == [{"field": "caption", "a": ["the sea"], "b": ["somebody else's"]}]
    assert (record["entry"]["name"], record["entry"]["device_name"]) == (entry.name.hex(), "laptop")
    assert (record["entry"]["a"], record["entry"]["b"]) == ("applied", "applied")
    text = inspect("verify", root / "laptop", root / "phone").out
    assert "A and B differ in 1 record" in text
    assert f"They part at {entry.log.hex()[:10]}:{entry.seq} by laptop" in text


def test_a_record_that_lacks_an_entry_parts_there(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    before = pair.phone.records.state(PHOTO)
    assert before is not None
    entry = change(pair.laptop, lambda draft: draft.set("rating", 5))
    change(pair.laptop, lambda draft: draft.set("caption", "later"))
    pair.exchange()
    pair.close()
    tamper(root / "phone", "UPDATE record SET state = ?, digest = ? WHERE record = ?", before, record_digest(PHOTO, read(before)), PHOTO)
    code, document = look(inspect, root / "laptop", root / "phone")
    record = document["agreement"]["record"]
    assert code == 3
    assert [each["field"] for each in record["fields"]] == ["caption", "rating"]
    assert record["entry"]["name"] == entry.name.hex()


def test_devices_that_judged_an_entry_apart_part_at_it(inspect: Inspect, root: Path, pair: Pair) -> None:
    """Two entries under one client id: each device took the one that came first. It takes a hostile member; here a row says so."""
    add_both(pair)
    entry = change(pair.laptop, lambda draft: draft.set("rating", 5))
    before = pair.phone.records.state(PHOTO)
    assert before is not None
    pair.exchange()
    arrived = pair.phone.log.get(entry.name)
    assert arrived is not None
    pair.close()
    tamper(root / "phone", "INSERT INTO void VALUES (?, ?, 'another came first')", arrived.arrival, PHOTO)
    tamper(root / "phone", "UPDATE record SET state = ?, digest = ? WHERE record = ?", before, record_digest(PHOTO, read(before)), PHOTO)
    record = look(inspect, root / "laptop", root / "phone")[1]["agreement"]["record"]
    assert (record["entry"]["name"], record["entry"]["a"], record["entry"]["b"]) == (entry.name.hex(), "applied", "void")


def test_damage_is_found_also_between_folders_of_which_one_is_behind(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    change(pair.laptop, lambda draft: draft.set("rating", 5), OTHER)
    pair.close()
    change_state(root / "phone", "somebody else's")
    agreement = look(inspect, root / "laptop", root / "phone")[1]["agreement"]
    assert (agreement["state"], agreement["differing_records"]) == ("differ", 1)


def test_copies_of_one_folder_agree(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    pair.close()
    shutil.copytree(root / "laptop", root / "copy")
    assert look(inspect, root / "laptop", root / "copy")[1]["agreement"]["state"] == "agree"


def test_folders_of_two_libraries_can_not_be_compared(inspect: Inspect, root: Path) -> None:
    fill_relay(root / "relay", LibraryId(b"\x01" * 32), [])
    code, sentence = inspect("verify", root / "laptop", root / "relay", "--json").failure()
    assert code == 2
    assert "no library in common" in sentence


# A library and a relay


def hold_blobs(root: Path, library: LibraryId, blobs: dict[BlobId, bytes]) -> None:
    """The relay holds these for the library."""
    with closing(sqlite3.connect(root / "relay.db", isolation_level=None)) as connection:
        size = sum(map(len, blobs.values()))
        connection.execute("INSERT OR IGNORE INTO relay_token VALUES (x'00', 0, 0, 0)")
        connection.execute(
            "INSERT INTO relay_library (name, token, quota, blobs, blob_bytes, registered_at) VALUES (?, x'00', 0, ?, ?, 0)",
            (library, len(blobs), size),
        )
        for blob, sealed in blobs.items():
            connection.execute("INSERT INTO relay_holding (library, blob, size, stored_at) VALUES (1, ?, ?, 0)", (blob, len(sealed)))
            path = root / "blobs" / blob.hex()[:2] / blob.hex()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sealed)


def blob_of(sealed: bytes) -> BlobId:
    return BlobId(hashlib.sha256(sealed).digest())


def test_a_relay_that_has_everything_agrees(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    for folders in ((root / "laptop", root / "relay"), (root / "relay", root / "laptop")):
        code, document = look(inspect, *folders)
        agreement = document["agreement"]
        assert (code, document["verified"], agreement["state"], agreement["digests"]["equal"]) == (0, True, "agree", None)
        assert agreement["blobs"]["needed"] == 0


def test_what_a_relay_lacks_and_has_more_is_named(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    missing = change(pair.laptop, lambda draft: draft.set("caption", "not there yet"))
    change(pair.phone, lambda draft: draft.set("caption", "not here yet"))
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.phone))
    code, document = look(inspect, root / "laptop", root / "relay")
    agreement = document["agreement"]
    assert (code, agreement["state"], agreement["heads_equal"]) == (0, "behind", False)
    assert (agreement["a_lacks"]["entries"], agreement["b_lacks"]["entries"]) == (1, 1)
    assert agreement["b_lacks"]["logs"][0]["log"] == missing.log.hex()


def test_an_entry_that_a_relay_has_in_other_bytes_is_named(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = add_both(pair)
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    with closing(sqlite3.connect(root / "relay" / "relay.db", isolation_level=None)) as connection:
        raw = bytearray(entry.raw)
        at = entry.raw.index(entry.signature)
        raw[at] ^= 1
        connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (bytes(raw), entry.name))
    code, document = look(inspect, root / "laptop", root / "relay")
    assert (code, document["agreement"]["state"]) == (3, "differ")
    assert "the bytes of A aren't those of B" in findings(document["a"])[0]["sentence"]
    assert "isn't signed" in findings(document["b"])[0]["sentence"]


def test_blobs_that_a_relay_holds_are_looked_at(inspect: Inspect, root: Path, pair: Pair) -> None:
    photo = add_photo(pair.laptop, "sea")
    (needed,) = pair.laptop.database._connection.execute("SELECT blob FROM needed_blob").fetchone()
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    whole, short, rotten, gone = (b"one", b"two", b"three", b"four")
    hold_blobs(root / "relay", pair.laptop.id, {blob_of(each): each for each in (whole, short, rotten, gone)})

    def path(sealed: bytes) -> Path:
        return root / "relay" / "blobs" / blob_of(sealed).hex()[:2] / blob_of(sealed).hex()

    path(short).write_bytes(b"tw")
    path(rotten).write_bytes(b"thrEe")
    path(gone).unlink()
    code, document = look(inspect, root / "relay")
    assert code == 3
    assert {finding["blob"] for finding in findings(document)} == {blob_of(short).hex(), blob_of(gone).hex()}
    deep = inspect("verify", root / "relay", "--deep", "--json")
    assert deep.code == 3
    assert blob_of(rotten).hex() in deep.out
    agreement = look(inspect, root / "laptop", root / "relay")[1]["agreement"]
    assert agreement["blobs"] == {"needed": 1, "held": 0, "missing": 1, "uploading": 0, "missing_blobs": [needed.hex()]}
    assert photo.body.hex()


def test_a_relay_is_not_said_to_hold_what_its_files_lack(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_photo(pair.laptop, "sea")
    (needed,) = pair.laptop.database._connection.execute("SELECT blob FROM needed_blob").fetchone()
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    hold_blobs(root / "relay", pair.laptop.id, {BlobId(needed): b"sealed"})
    holds = "The relay holds all blobs"
    assert holds in inspect("verify", root / "laptop", root / "relay").out
    (root / "relay" / "blobs" / needed.hex()[:2] / needed.hex()).unlink()
    said = inspect("verify", root / "laptop", root / "relay")
    assert said.code == 3
    assert holds not in said.out
    assert "The relay doesn't hold all that it lists: 1 finding about blobs" in said.out


def test_a_relay_has_a_document_for_each_library(inspect: Inspect, root: Path, pair: Pair) -> None:
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    fill_relay(root / "relay", LibraryId(b"\x01" * 32), [])
    assert len(look(inspect, root / "relay")[1]["libraries"]) == 2
    said = inspect("verify", root / "relay", "--library-id", pair.laptop.id.hex()[:8], "--json").document()
    assert [library["library"] for library in said["libraries"]] == [pair.laptop.id.hex()]


# What is more than damaged


def test_without_who_wrote_what_can_be_read_is_looked_at(inspect: Inspect, root: Path, pair: Pair) -> None:
    add_both(pair)
    pair.close()
    tamper(root / "laptop", "UPDATE log_entry SET raw = zeroblob(100) WHERE kind = ?", int(EntryKind.CERTIFICATE))
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert findings(document)[0]["sort"] == "roster"
    assert {finding["sort"] for finding in findings(document)} == {"roster", "entry"}
    assert only(document)["records"] == 3


def test_rows_under_ids_that_no_record_has_are_counted(inspect: Inspect, root: Path) -> None:
    tamper(root / "laptop", "INSERT INTO record VALUES (x'ff00', x'00', zeroblob(16))")
    tamper(root / "laptop", "INSERT INTO purged VALUES (x'09')")
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert [finding["table"] for finding in findings(document)] == ["record", "purged"]


def test_pages_of_a_damaged_database_file_are_salvaged_and_the_rest_proven(inspect: Inspect, root: Path, pair: Pair) -> None:
    for number in range(60):
        change(pair.laptop, describe, RecordId.asset(FileHash(bytes([number]) * 32)))
    pair.close()
    path = LibraryFolder(root / "laptop").database
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'asset'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)
    code, document = look(inspect, root / "laptop")
    assert code == 3
    assert only(document)["replay"]["digest"] == only(document)["digest"]
    assert only(document)["found"] == {"listing": 60}


def test_pages_that_no_proof_reads_are_looked_at_too(inspect: Inspect, root: Path, pair: Pair) -> None:
    """An index of a listing: `ls` goes by it, and replaying the log doesn't. Of two folders the damaged one is named, whichever comes first."""
    add_both(pair)
    pair.close()
    database = LibraryFolder(root / "laptop").database
    with closing(sqlite3.connect(database)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'asset_trashed'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    laptop, phone = root / "laptop", root / "phone"
    for folders, label in (((laptop,), ""), ((laptop, phone), "A: "), ((phone, laptop), "B: ")):
        code, document = look(inspect, *folders)
        assert code == 3
        (problem,) = document["problems"]
        assert problem.startswith(f"{label}the database {database} is damaged: SQLite finds faults in it, the first: ")
        assert not document["verified"]
        assert document["agreement"] is None or document["agreement"]["agree"]
