from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from peer.library.library import Library
from peer.library.queues import Download, Priority, Upload
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.sqlite_accounts import SqliteLibraries
from relay.sqlite_releases import SqliteReleases
from store.ids import MASTER, BlobId, StoreId
from store.sqlite_log import SqliteLogStore
from tests.fleet.authors import NOW, FleetLibrary, filler_blob, make_library
from tests.fleet.libraries import add_photo, edit, exchange, file_of, give, report
from tests.unit.peer.library.household import Household, make_household
from tests.unit.peer.library.test_waiting import COUNT, locked
from tests.unit.tools.folders import PHOTO, Pair, change, fill_relay, raws_of
from tests.unit.tools.nodes import RELAY, met_relay
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.looking.spelling import spell_ago, spell_entries, spell_list, spell_span
from tools.views.status import gather_status

LATER = NOW + 2 * 86_400_000


def status_of(root: Path, *, now: int = LATER) -> Any:
    (document,) = look_into(root, lambda inspected: gather_status(inspected, now=now)).result
    return document


def node(document: Any, name: str) -> Any:
    (found,) = (each for each in document["nodes"] if each["name"] == name)
    return found


def clear_downloads(*libraries: Library) -> None:
    for library in libraries:
        library.downloads.done(library.downloads.files())


def test_in_sync_with_a_relay_and_a_device(root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    met_relay(pair.laptop)
    contact = pair.laptop.clock.now()
    document = status_of(root / "laptop", now=contact + 180_000)
    assert document["summary"] == f"In sync with relay {RELAY} and phone, last contact 3 min ago."
    assert document["in_sync"] is True
    relay, phone = document["nodes"]
    assert (relay["kind"], relay["state"], relay["ahead"], relay["ahead_bytes"], relay["behind"]) == ("relay", "in sync", 0, 0, 0)
    assert (phone["kind"], phone["state"], phone["ahead"], phone["member"]) == ("peer", "in sync", 0, True)
    assert phone["device"] == pair.phone.device.hex()
    assert phone["reported"] is not None
    assert phone["last_contact"] is None


def test_what_a_node_lacks_in_entries_and_bytes(root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    met_relay(pair.laptop)
    written = [change(pair.laptop, lambda draft, rating=rating: draft.set("rating", rating)) for rating in (1, 2, 3)]  # type: ignore[misc]
    clear_downloads(pair.laptop)
    size = sum(len(entry.raw) for entry in written)
    document = status_of(root / "laptop")
    for name in (RELAY, "phone"):
        assert (node(document, name)["ahead"], node(document, name)["ahead_bytes"]) == (3, size)
        assert node(document, name)["state"] == "lacks something"
    assert not document["in_sync"]
    amount = spell_entries(3, size)
    assert document["summary"] == f"Not in sync: relay {RELAY} lacks {amount}; phone lacks {amount}."
    pair.laptop.nodes.advance(1, cursor=1, pushed=pair.laptop.log.arrival(), now=NOW)
    document = status_of(root / "laptop")
    assert document["in_sync"]
    assert document["summary"].startswith(f"In sync with relay {RELAY}, last contact")
    assert document["summary"].endswith(f"Elsewhere: phone lacks {amount}.")


def test_what_a_device_wrote_itself_it_has_whatever_it_reported(root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    change(pair.phone, lambda draft: draft.set("rating", 1))
    give(pair.phone, pair.laptop)
    assert node(status_of(root / "laptop"), "phone")["ahead"] == 0


def test_what_a_node_acknowledged_it_has_before_it_reports_it(root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    for rating in (1, 2):
        change(pair.laptop, lambda draft, rating=rating: draft.set("rating", rating))  # type: ignore[misc]
    peer = pair.laptop.nodes.add_peer(pair.phone.device, bytes(32))
    pair.laptop.nodes.advance(peer.number, cursor=1, pushed=pair.laptop.log.arrival() - 1, now=NOW)
    assert node(status_of(root / "laptop"), "phone")["ahead"] == 1


def test_of_a_node_that_never_answered_or_has_another_store_nothing_is_known(root: Path, pair: Pair) -> None:
    relay = pair.laptop.nodes.add(RELAY, bytes(32))
    document = status_of(root / "laptop")
    assert (node(document, RELAY)["ahead"], node(document, RELAY)["reason"]) == (None, "it never answered so far")
    assert f"which entries relay {RELAY} has isn't known" in document["summary"]
    pair.laptop.nodes.met(relay.number, StoreId(b"\1" * StoreId.SIZE), NOW)
    unknown = node(status_of(root / "laptop"), RELAY)
    assert (unknown["state"], unknown["ahead"], unknown["behind"]) == ("not known", None, None)
    assert node(document, "phone")["reason"] == "it has reported nothing so far"


def test_stuck_transfers_with_reason_and_next_try(inspect: Inspect, root: Path, pair: Pair) -> None:
    number = met_relay(pair.laptop)
    blob = BlobId(b"\7" * BlobId.SIZE)
    upload = Upload(blob=blob, file=file_of("sea"), segment=0, size=2_000_000, priority=Priority.ORIGINAL)
    pair.laptop.uploads.add([number], [upload])
    pair.laptop.uploads.failed(number, blob, "its room is full", NOW + 60_000)
    document = status_of(root / "laptop")
    relay = node(document, RELAY)
    assert (relay["uploads"], relay["upload_bytes"], relay["failing"]) == (1, 2_000_000, 1)
    assert relay["reason"] == "1 blob can't be sent: its room is full"
    assert document["stuck"] == [
        {"item": f"upload {file_of('sea').short()}#0 to {RELAY}", "reason": "its room is full", "next_try": "2023-11-14T22:14:20.000Z"}
    ]
    said = inspect("status", "--library", root / "laptop").out
    assert f"relay {RELAY} lacks 1 blob" in said
    assert "its room is full\tnext try 2023-11-14 22:14:20Z" in said


def test_files_that_are_to_come(root: Path, pair: Pair) -> None:
    pair.laptop.downloads.add_missing([Download(file=file_of("sea"), record=PHOTO, size=10, priority=Priority.ORIGINAL)])
    document = status_of(root / "laptop")
    assert (document["downloads"], document["download_bytes"]) == (1, 10)
    assert "1 file still to come" in document["summary"]


@pytest.fixture
def house(tmp_path: Path) -> Any:
    with make_household(tmp_path) as made:
        yield made


def test_entries_that_wait_for_a_key(inspect: Inspect, house: Household) -> None:
    locked(house)
    give(house["carl"], house["anna"])
    document = status_of(house.root / "anna")
    assert (document["pending_count"], document["waiting"]) == (COUNT, {"key": COUNT})
    assert f"{COUNT} entries held back, see `calotype-inspect pending`" in document["summary"]
    assert f"Held back: {COUNT} for the key of an epoch." in inspect("status", "--library", house.root / "anna").out


def test_behind_a_device_by_what_its_later_entries_name(house: Household) -> None:
    anna, bert = house["anna"], house["bert"]
    for rating in (1, 2, 3):
        edit(bert, house.photo, rating=rating)
    house.remove("bert", "carl")
    newest = bert.log.after(bert.log.arrival() - 1, limit_bytes=1 << 20)[-1].entry
    assert [outcome.status.name for outcome in anna.receive([newest.raw])] == ["STORED"]
    document = status_of(house.root / "anna")
    assert node(document, "bert")["behind"] == newest.seq - 1 - max(tip.seq for tip in anna.log.heads()[newest.log])
    assert f"behind bert by at least {node(document, 'bert')['behind']} entries" in document["summary"]
    assert (document["detached"], document["missing"]) == (1, 1)


def test_a_device_that_disagrees(inspect: Inspect, house: Household) -> None:
    anna, bert = house["anna"], house["bert"]
    with bert.database.write() as connection:
        connection.execute("UPDATE meta SET value = zeroblob(16) WHERE key = 'digest'")
    again = Library.open(bert.folder, clock=bert.clock)
    report(again)
    (made,) = (each for each in again.log.seen() if each.device == bert.device)
    again.close()
    anna.take_report(made.raw)
    document = status_of(house.root / "anna")
    assert document["disagreeing"] == ["bert"]
    assert "bert saw the same changes and shows another library" in document["summary"]
    assert inspect("status", "--library", house.root / "anna", "--json").code == 3


def test_without_its_keys_a_library_tells_what_takes_none(inspect: Inspect, root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    met_relay(pair.laptop)
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    with_keys = status_of(root / "laptop")
    pair.laptop.folder.device_key.unlink()
    without = status_of(root / "laptop")
    assert without["sealed"]
    assert not with_keys["sealed"]
    same = with_keys.keys() - {"sealed", *(name for name, value in without.items() if value is None)}
    assert {name: without[name] for name in same} == {name: with_keys[name] for name in same}
    assert {"nodes", "device", "device_name", "summary", "uploads", "waiting", "member"} <= same
    said = inspect("status", "--library", root / "laptop")
    assert said.code == 0
    assert "Without its keys" in said.out


def test_a_library_that_nobody_else_has(inspect: Inspect, tmp_path: Path) -> None:
    with make_household(tmp_path, count=1) as house:
        clear_downloads(house["anna"])
        document = status_of(tmp_path / "anna")
    assert document["nodes"] == []
    assert "nobody else has it" in document["summary"]
    assert "changes stay here" in inspect("status", "--library", tmp_path / "anna").out


def test_entries_that_were_stored_and_not_looked_at(root: Path, pair: Pair) -> None:
    entry = change(pair.phone, lambda draft: draft.set("rating", 1))
    pair.laptop.log.append([entry.raw], now=NOW)
    document = status_of(root / "laptop")
    assert document["unseen"] == 1
    assert "1 entry not looked at yet" in document["summary"]


def test_a_damaged_report_is_a_problem_and_hides_nothing_else(inspect: Inspect, root: Path, pair: Pair) -> None:
    report(pair.laptop, pair.phone)
    with pair.laptop.database.write() as connection:
        connection.execute("UPDATE log_seen SET raw = x'00' WHERE device = ?", (pair.phone.device,))
    said = inspect("status", "--library", root / "laptop", "--json")
    assert said.code == 3
    assert "the seen report of device" in said.out
    assert "phone" in said.out


# A relay's folder


def relay_with(root: Path, library: FleetLibrary) -> None:
    fill_relay(root / "relay", library.id, library.raws())
    with DataFolder(root / "relay").opened() as database:
        libraries, releases = SqliteLibraries(database), SqliteReleases(database)
        libraries.add_token(TokenHash.of("token"), quota=10_000, uses=1, now=NOW)
        libraries.register(library.id, TokenHash.of("token"), now=NOW)
        releases.begin(StoreId(bytes(StoreId.SIZE)))
        releases.count(3_600_000)


def test_a_relay_says_how_far_each_device_is(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna, bert = library.join("anna"), library.join("bert")
    covered = bert.report()
    missed = [anna.change(), anna.change()]
    relay_with(root, library)
    with DataFolder(root / "relay").opened() as database:
        log = SqliteLogStore(database, library.id)
        for made in (anna.report(), covered):
            assert log.put_seen(made.raw, now=NOW)
        SqliteReleases(database).hear(library.id, [anna.device], reported=True)
        SqliteReleases(database).count(180_000)
        libraries = SqliteLibraries(database)
        for number in range(3):
            libraries.add_blob(library.id, filler_blob(f"blob {number}"), 1000, now=NOW)
        libraries.forget_blob(filler_blob("blob 1"))
    document = status_of(root / "relay")
    devices = {device["device"]: device for device in document["devices"]}
    assert MASTER.hex() not in devices
    assert (devices[anna.device.hex()]["behind"], devices[anna.device.hex()]["heard_ms"]) == (0, 180_000)
    assert devices[anna.device.hex()]["newest_entry"] == "2023-11-14T22:13:20.000Z"
    assert (devices[bert.device.hex()]["behind"], devices[bert.device.hex()]["behind_bytes"]) == (2, sum(len(each.raw) for each in missed))
    assert (document["quota"], document["blobs"], document["blob_bytes"]) == (10_000, 2, 2000)
    assert (document["wanted"], document["wanted_blobs"]) == (1, [filler_blob("blob 1").hex()])
    assert (document["trash_blobs"], document["releases"]["open"], document["forks"]) == (0, 0, 0)
    assert document["entries"] == len(library.entries)
    assert not document["in_sync"]
    assert "1 blob damaged or gone" in document["summary"]
    assert f"{bert.device.short()} lacks 2 entries" in document["summary"]
    said = inspect("status", "--library", root / "relay")
    assert "less than 18 min of running ago" in said.out
    assert "2 kB of 10 kB" in said.out


def test_a_relay_whose_devices_have_all(root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    relay_with(root, library)
    assert "reported nothing yet" in status_of(root / "relay")["summary"]
    with DataFolder(root / "relay").opened() as database:
        SqliteLogStore(database, library.id).put_seen(anna.report().raw, now=NOW)
    document = status_of(root / "relay", now=NOW + 60_000)
    assert document["in_sync"]
    assert document["summary"] == f"All is seen by 1 device: {len(library.entries)} entries; the newest entry came 1 min ago."


def test_a_relay_s_libraries_have_a_document_each(inspect: Inspect, root: Path) -> None:
    for seed in range(2):
        library = make_library(seed)
        fill_relay(root / "relay", library.id, library.raws())
    documents = inspect("status", "--library", root / "relay", "--json").documents()
    assert len(documents) == 2
    assert {document["quota"] for document in documents} == {None}
    assert inspect("status", "--library", root / "relay", "--library-id", documents[0]["library"][:8], "--json").document()


def test_a_real_device_s_entries_on_a_relay(root: Path, pair: Pair) -> None:
    """The same entries, and the same amounts, as on a device."""
    report(pair.laptop, pair.phone)
    add_photo(pair.laptop, "sea")
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    with DataFolder(root / "relay").opened() as database:
        for made in pair.laptop.log.seen():
            SqliteLogStore(database, pair.laptop.id).put_seen(made.raw, now=NOW)
    (phone,) = (each for each in status_of(root / "relay")["devices"] if each["device"] == pair.phone.device.hex())
    there = node(status_of(root / "laptop"), "phone")
    assert (phone["behind"], phone["behind_bytes"]) == (there["ahead"], there["ahead_bytes"]) != (0, 0)
    exchange(pair.laptop, pair.phone)


@pytest.mark.parametrize(
    ("milliseconds", "spelled"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (7_199_999, "119 min"),
        (7_200_000, "2 h"),
        (86_400_000 * 13, "13 days"),
    ],
)
def test_spans(milliseconds: int, spelled: str) -> None:
    assert spell_span(milliseconds) == spelled


def test_spelling() -> None:
    assert spell_ago(None, now=0) == "never"
    assert spell_ago(60_000, now=0) == "1 min ahead of this clock"
    assert (spell_entries(1, 4096), spell_entries(12_000, None)) == ("1 entry (4.1 kB)", "12,000 entries")
    assert (spell_list(["a"]), spell_list(["a", "b"]), spell_list(list("abcdef"))) == ("a", "a and b", "a, b, c and 3 others")


@pytest.mark.parametrize("view", ["status", "pending", "heads"])
def test_looking_leaves_no_trace(inspect: Inspect, root: Path, view: str) -> None:
    library = make_library()
    fill_relay(root / "relay", library.id, library.raws())
    for folder in (root / "laptop", root / "relay"):
        before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (folder, *folder.rglob("*"))}
        assert inspect(view, "--library", folder).code == 0
        assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in (folder, *folder.rglob("*"))} == before


def test_names_from_a_library_do_no_harm_on_the_screen(inspect: Inspect, root: Path, pair: Pair) -> None:
    met_relay(pair.laptop, url="https://relay.example.org/\x1b[2J")
    with pair.laptop.database.write() as connection:
        connection.execute("UPDATE device SET name = ? WHERE name = 'phone'", ("ph\x1b]0;one\r\n\u202e" + "x" * 10,))
    said = inspect("status", "--library", root / "laptop").out
    assert "\\x1b[2J" in said
    assert not {"\x1b", "\r", "\u202e"} & {*said}
