"""One photo on its way between folders: a laptop that imported it, a phone, and a relay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crdt.facts import Policy
from peer.keys.blobs import seal_segment
from peer.library.library import Library
from peer.library.policies import set_policy
from peer.library.queues import Priority, Upload
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.sqlite_accounts import SqliteLibraries, store_id
from store.ids import BlobId, RecordId, RecordKind, StoreId
from store.sqlite_log import SqliteLogStore
from tests.fleet.libraries import START, MovedClock, add_original, admit, content_of, edit, exchange, file_of, give, make_library, report
from tests.unit.tools.folders import raws_of
from tests.unit.tools.running import Inspect

RELAY = "https://relay.example.org"


@dataclass(kw_only=True)
class Fleet:
    """``photo`` was imported on the laptop a second after the phone had joined."""

    root: Path
    clock: MovedClock
    laptop: Library
    phone: Library
    photo: RecordId

    @property
    def blob(self) -> BlobId:
        return seal_segment(self.laptop.write_epoch(), content_of("sea")).id

    def relay(self, *, has_blob: bool) -> StoreId:
        """A relay's folder that got all of it now."""
        with DataFolder(self.root / "relay").opened() as database:
            store = store_id(database, lambda size: bytes(size))
            libraries = SqliteLibraries(database)
            libraries.add_token(TokenHash.of("t"), quota=1 << 30, uses=1, now=self.clock.now())
            libraries.register(self.laptop.id, TokenHash.of("t"), now=self.clock.now())
            SqliteLogStore(database, self.laptop.id, trusts_settled=True).append(raws_of(self.laptop), now=self.clock.now())
            if has_blob:
                libraries.add_blob(self.laptop.id, self.blob, 100, now=self.clock.now() + 250)
        return store

    def relay_is_known(self, library: Library, store: StoreId, *, pushed: int) -> None:
        node = library.nodes.add(RELAY, bytes(32))
        library.nodes.met(node.number, store, self.clock.now())
        library.nodes.advance(node.number, cursor=0, pushed=pushed, now=self.clock.now())


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    clock = MovedClock()
    laptop = make_library(tmp_path / "laptop", name="laptop", clock=clock)
    phone = admit(laptop, tmp_path / "phone", name="phone")
    exchange(laptop, phone)
    clock.pass_by(1000)
    photo, _ = add_original(laptop, "sea")
    yield Fleet(root=tmp_path, clock=clock, laptop=laptop, phone=phone, photo=photo)
    laptop.close()
    phone.close()


def node(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in document["nodes"] if each["name"] == name)
    return dict(found)


def after(document: dict[str, Any], name: str, step: str) -> Any:
    return node(document, name)["steps"][step]["after_ms"]


def state(document: dict[str, Any], name: str, step: str) -> Any:
    return node(document, name)["steps"][step]["state"]


def test_on_the_device_that_imported_it(inspect: Inspect, fleet: Fleet) -> None:
    digits = fleet.photo.body.hex()
    document = inspect("trace", digits[:8], "--library", fleet.root / "laptop", "--json").document()
    assert (document["asset"], document["title"], document["sealed"], document["asking"]) == (digits, "sea.jpg", "", None)
    (entry,) = document["entries"]
    assert (entry["device_name"], entry["import"], entry["kind"]) == ("laptop", True, "change")
    laptop = node(document, "laptop")
    assert (laptop["author"], laptop["this"], laptop["kind"], laptop["reached"]) == (True, True, "peer", None)
    assert [after(document, "laptop", step) for step in ("written", "stored", "applied", "original")] == [0, 0, 0, 0]
    assert laptop["steps"]["thumbnail"] is laptop["steps"]["preview"] is None
    assert state(document, "phone", "stored") == "unknown"
    assert document["way"][0].startswith("Written on laptop ")
    assert document["way"][1] == "on phone: not known, because it has reported nothing so far"
    (file,) = document["files"]
    assert (file["role"], file["file"], file["blobs"]) == ("original", file_of("sea").hex(), [fleet.blob.hex()])


def test_what_a_report_says_is_a_bound(inspect: Inspect, fleet: Fleet) -> None:
    fleet.clock.pass_by(400)
    give(fleet.laptop, fleet.phone)
    fleet.clock.pass_by(600)
    report(fleet.phone, fleet.laptop)
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop", "--json").document()
    applied = node(document, "phone")["steps"]["applied"]
    assert (applied["state"], applied["after_ms"], applied["bound"], applied["known_by"]) == ("done", 1000, True, "its seen report")
    assert "on phone by +1.0 s" in document["way"]


def test_another_device_folder_and_a_relay_folder_tell_their_own_times(inspect: Inspect, fleet: Fleet) -> None:
    fleet.clock.pass_by(400)
    store = fleet.relay(has_blob=True)
    fleet.clock.pass_by(500)
    give(fleet.laptop, fleet.phone)
    fleet.relay_is_known(fleet.laptop, store, pushed=fleet.laptop.log.arrival())
    words = ("--also", fleet.root / "phone", "--also", fleet.root / "relay", "--json")
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop", *words).document()
    assert [each["name"] for each in document["nodes"]] == ["laptop", RELAY, "phone"]
    assert (after(document, RELAY, "stored"), after(document, RELAY, "original")) == (400, 650)
    assert (after(document, "phone", "stored"), after(document, "phone", "applied")) == (900, 900)
    assert node(document, RELAY)["steps"]["applied"] is None
    original = node(document, "phone")["steps"]["original"]
    assert (original["state"], original["reason"]) == ("waiting", "it waits for its turn to be downloaded")
    assert {(each["node"], each["what"]) for each in document["waiting_for"]} == {("phone", "original")}
    assert f"at {RELAY} +0.4 s" in document["way"]
    assert "original: not on phone, because it waits for its turn to be downloaded" in document["way"]


def test_why_the_original_isn_t_there(inspect: Inspect, fleet: Fleet) -> None:
    set_policy(fleet.phone, Policy(keep="thumbnails"))
    exchange(fleet.laptop, fleet.phone)
    for folder, also in (("phone", ()), ("laptop", ()), ("laptop", ("--also", fleet.root / "phone"))):
        document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / folder, *also, "--json").document()
        assert state(document, "phone", "original") == "unwanted"
        assert "original: not on phone, because its policy is thumbnails" in document["way"]
        assert document["waiting_for"] == []


def test_what_is_queued_says_why_and_when(inspect: Inspect, fleet: Fleet) -> None:
    fleet.relay_is_known(fleet.laptop, StoreId(b"s" * 16), pushed=1)
    (relay,) = fleet.laptop.nodes.relays()
    upload = Upload(blob=fleet.blob, file=file_of("sea"), segment=0, size=9, priority=Priority.ORIGINAL)
    fleet.laptop.uploads.add([relay.number], [upload])
    with fleet.laptop.database.write() as connection:
        connection.execute("UPDATE upload SET tries = 3, reason = 'the quota is used up', next_try = ?", (START + 60_000,))
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop", "--json").document()
    waiting = {each["what"]: each for each in document["waiting_for"]}
    assert waiting.keys() == {"the change", "original"}
    assert waiting["original"]["reason"] == "one part of it is queued to be sent there: the quota is used up"
    assert waiting["original"]["next_try"] == "2023-11-14T22:14:20.000Z"
    assert waiting["the change"]["state"] == "not yet"
    said = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop")
    assert "still to come" in said.out.splitlines()


def test_a_relay_knows_the_change_and_who_saw_it(inspect: Inspect, fleet: Fleet) -> None:
    fleet.clock.pass_by(300)
    exchange(fleet.laptop, fleet.phone)
    fleet.relay(has_blob=False)
    with DataFolder(fleet.root / "relay").opened() as database:
        made = fleet.phone.report_seen()
        assert made is not None
        SqliteLogStore(database, fleet.laptop.id, trusts_settled=True).put_seen(made.raw, now=fleet.clock.now())
    log = fleet.laptop.own_log()
    assert log is not None
    (tip,) = fleet.laptop.log.heads()[log]
    document = inspect("trace", f"{log.hex()[:9]}:{tip.seq}", "--library", fleet.root / "relay", "--json").document()
    assert (document["asset"], document["sealed"], document["files"]) == (None, "a relay has no keys", [])
    relay = node(document, "relay")
    assert (relay["kind"], relay["this"], relay["steps"]["stored"]["time"]) == ("relay", True, "2023-11-14T22:13:21.300Z")
    seen = node(document, fleet.phone.device.short())["steps"]["applied"]
    assert (seen["state"], seen["bound"], seen["time"], seen["after_ms"]) == ("done", True, "2023-11-14T22:13:21.300Z", None)
    assert document["entries"][0]["written"] is None
    said = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "relay", "--json")
    assert said.failure() == (2, "A relay can't tell photos apart: what it stores is sealed.")


def test_a_change_leads_to_its_photo_where_there_are_keys(inspect: Inspect, fleet: Fleet) -> None:
    log = fleet.laptop.own_log()
    assert log is not None
    (tip,) = fleet.laptop.log.heads()[log]
    words = (f"{log.hex()}:{tip.seq}", "--library", fleet.root / "laptop", "--json")
    document = inspect("trace", *words).document()
    assert (document["asset"], document["sealed"]) == (fleet.photo.body.hex(), "")
    assert document["entries"][0]["written"] == "2023-11-14T22:13:21.000Z"
    fleet.laptop.folder.device_key.unlink()
    document = inspect("trace", *words).document()
    assert (document["asset"], document["files"]) == (None, [])
    assert document["sealed"]
    assert state(document, "laptop", "stored") == "done"
    assert inspect("trace", fleet.photo.body.hex(), *words[1:]).document()["entries"][0]["written"] == "2023-11-14T22:13:21.000Z"


def test_later_changes_follow_the_import(inspect: Inspect, fleet: Fleet) -> None:
    for number in range(60):
        fleet.clock.pass_by(1000)
        edit(fleet.laptop, fleet.photo, rating=number % 6)
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop", "--json").document()
    assert (len(document["entries"]), document["earlier"]) == (50, 11)
    assert [entry["import"] for entry in document["entries"]] == [True, *[False] * 49]
    assert document["entries"][-1]["written"] == "2023-11-14T22:14:21.000Z"
    written = [entry["at"][0]["stored"]["time"] for entry in document["entries"]]
    assert written == sorted(written)


def test_what_waits_says_for_what(inspect: Inspect, fleet: Fleet) -> None:
    exchange(fleet.laptop, fleet.phone)
    name = fleet.laptop.log.heads()[fleet.laptop.own_log()][0].name  # type: ignore[index]  # it has begun one
    with fleet.phone.database.write() as connection:
        (arrival,) = connection.execute("SELECT arrival FROM past WHERE name = ?", (name,)).fetchone()
        connection.execute("DELETE FROM past WHERE name = ?", (name,))
        connection.execute(
            "INSERT INTO waiting (arrival, name, reason, since) VALUES (?, ?, 'its key hasn''t come', ?)", (arrival, name, START)
        )
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "phone", "--json").document()
    (waiting,) = (each for each in document["waiting_for"] if each["what"] == "the change, to be applied")
    assert (waiting["node"], waiting["reason"], waiting["since"]) == ("phone", "its key hasn't come", "2023-11-14T22:13:20.000Z")
    with fleet.phone.database.write() as connection:
        connection.execute("INSERT INTO past VALUES (?, ?, 1, 1, x'80')", (arrival, name))
    fleet.clock.pass_by(5000)
    fleet.phone.waiting.drop(name, fleet.clock.now)
    document = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "phone", "--json").document()
    assert (after(document, "phone", "stored"), after(document, "phone", "applied")) == (0, 5000)


def test_a_folder_of_another_library_and_what_is_no_photo(inspect: Inspect, fleet: Fleet) -> None:
    make_library(fleet.root / "other", seed=9).close()
    words = ("--library", fleet.root / "laptop", "--json")
    code, sentence = inspect("trace", fleet.photo.body.hex(), "--also", fleet.root / "other", *words).failure()
    assert (code, "another library" in sentence) == (2, True)
    code, sentence = inspect("trace", f"device:{fleet.laptop.device.hex()}", *words).failure()
    assert (code, "no photo" in sentence) == (2, True)
    log = fleet.laptop.own_log()
    assert log is not None
    code, sentence = inspect("trace", f"{log.hex()}:999", *words).failure()
    assert (code, "has no entry 999" in sentence) == (2, True)


def test_a_damaged_record_is_a_finding(inspect: Inspect, fleet: Fleet) -> None:
    with fleet.laptop.database.write() as connection:
        connection.execute("UPDATE record SET state = x'00ff' WHERE record = ?", (fleet.photo,))
    code, sentence = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop", "--json").failure()
    assert (code, "is damaged" in sentence) == (3, True)


def test_asking_without_anybody_to_ask(inspect: Inspect, fleet: Fleet) -> None:
    words = (fleet.photo.body.hex(), "--ask", "--library", fleet.root / "laptop")
    document = inspect("trace", *words, "--json").document()
    assert document["asking"] == "Nobody was asked: this device knows no relay, and met no other device so far."
    assert document["asking"] in inspect("trace", *words).out
    fleet.relay_is_known(fleet.laptop, StoreId(b"s" * 16), pushed=1)
    fleet.laptop.folder.device_key.unlink()
    assert inspect("trace", *words, "--json").document()["asking"].startswith("Nobody was asked: ")


def test_names_make_no_lines_of_their_own(inspect: Inspect, fleet: Fleet) -> None:
    record = RecordId.make(RecordKind.DEVICE, fleet.phone.device)
    edit(fleet.laptop, record, name="phone\x1b[31m\n · at relay +0.0 s")
    lines = inspect("trace", fleet.photo.body.hex(), "--library", fleet.root / "laptop").out.splitlines()
    assert not any("\x1b" in line or line.strip().startswith("· at relay") for line in lines)
