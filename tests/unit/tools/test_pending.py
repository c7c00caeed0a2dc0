"""What is held back, made by real means: entries out of order, keys that didn't come, removed devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peer.keys.epochs import Epoch
from peer.keys.packages import make_packages
from peer.library.epochs import recipient_keys
from store.bodies import Packages
from store.database import Database
from store.entries import Entry, EntryKind
from store.ids import LibraryId
from store.log import Status
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, FleetLibrary, filler, make_library
from tests.fleet.libraries import edit, give
from tests.unit.peer.library.household import Household, entries, make_household
from tests.unit.peer.library.test_waiting import COUNT, locked
from tests.unit.tools.folders import Pair, fill_relay
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.looking.held_back import CauseKind, held_back
from tools.views.pending import gather_pending

LATER = NOW + 3_600_000 * 5


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    with make_household(tmp_path) as made:
        yield made


def pending_of(root: Path, *, limit: int = 1000) -> Any:
    (document,) = look_into(root, lambda inspected: gather_pending(inspected, now=LATER, limit=limit)).result
    return document


def cause_of(root: Path) -> Any:
    (cause,) = pending_of(root)["causes"]
    return cause


def named(entry: Entry) -> dict[str, Any]:
    return {"log": entry.log.hex(), "seq": entry.seq, "name": entry.name.hex()}


def place(document: Any) -> dict[str, Any]:
    return {member: document[member] for member in ("log", "seq", "name")}


def holders(cause: Any) -> dict[str, str]:
    return {holder["device_name"]: holder["how"] for holder in cause["holders"]}


def test_nothing(inspect: Inspect, root: Path, pair: Pair) -> None:
    document = inspect("pending", "--library", root / "laptop", "--json").document()
    assert (document["held_back"], document["detached"], document["unseen"], document["causes"]) == (0, 0, 0, [])
    assert inspect("pending", "--library", root / "laptop").out == f"Nothing is held back in library {pair.laptop.id.short()}.\n"


def test_a_chain_that_waits_for_a_key_leads_to_it(inspect: Inspect, house: Household) -> None:
    epoch, chain = locked(house)
    give(house["carl"], house["anna"])
    document = pending_of(house.root / "anna")
    (cause,) = document["causes"]
    assert document["held_back"] == COUNT
    assert (cause["kind"], cause["missing"]) == ("key", {"epoch": epoch.id.hex()})
    assert (cause["entries"], cause["direct"]) == (COUNT, 1)
    assert (cause["since"], cause["age_ms"]) == ("2023-11-14T22:13:20.000Z", LATER - NOW)
    assert [place(each) for each in cause["waiting"]] == [named(entry) for entry in chain]
    last = cause["waiting"][-1]
    assert last["steps"] == COUNT - 1
    assert [place(step) for step in last["through"]] == [named(entry) for entry in chain[-2:-10:-1]]
    assert last["device_name"] == "carl"
    assert holders(cause)["carl"] == "gave it to others"
    assert "doesn't open" in cause["next"]  # carl gave anna something that isn't it
    said = inspect("pending", "--library", house.root / "anna").out
    assert f"Waiting for the key of epoch {epoch.id.hex()}" in said
    assert f"{chain[1].log.short()}:{chain[1].seq}" in said
    assert f"and {COUNT - 5} more entries" in said


def test_of_a_key_that_nobody_gave_to_this_device_who_has_it(house: Household) -> None:
    carl, anna = house["carl"], house["anna"]
    epoch = min((Epoch(filler(f"secret {number}", 32)) for number in range(1000)), key=lambda each: each.id)
    others = {device: key for device, key in recipient_keys(carl).items() if device != anna.device}
    packages = make_packages(epoch, library=carl.id, recipients=others, known=carl.keyring())
    carl.author().control(EntryKind.PACKAGES, packages.encode())
    with carl.database.write() as connection:
        connection.execute("INSERT INTO epoch_packaged VALUES (?)", (epoch.id,))
    edit(carl, house.photo, rating=1)
    give(carl, anna)
    cause = cause_of(house.root / "anna")
    assert cause["missing"] == {"epoch": epoch.id.hex()}
    assert holders(cause) == {"carl": "gave it to others", "bert": "was given it", "master key": "was given it"}
    assert cause["next"].startswith("A member that has the key gives it")
    assert cause["remedy"] == "Let carl and bert sync: `calotype sync` there, then here."


def test_an_entry_that_came_before_what_it_builds_on(inspect: Inspect, house: Household) -> None:
    anna, bert = house["anna"], house["bert"]
    for rating in (1, 2, 3):
        edit(bert, house.photo, rating=rating)
    house.remove("bert", "carl")
    *_, missing, removal = entries(bert)
    assert [outcome.status for outcome in anna.receive([removal.raw])] == [Status.STORED]
    document = pending_of(house.root / "anna")
    (cause,) = document["causes"]
    assert (document["held_back"], document["detached"]) == (1, 1)
    assert cause["kind"] == "entry"
    assert place(cause["missing"]) == named(missing)
    assert cause["missing"]["device_name"] == "bert"
    assert holders(cause) == {"bert": "wrote it"}
    assert cause["remedy"] == "Let bert sync: `calotype sync` there, then here."
    (waiting,) = cause["waiting"]
    assert (place(waiting), waiting["detached"], waiting["steps"]) == (named(removal), True, 0)
    said = inspect("pending", "--library", house.root / "anna").out
    assert f"Waiting for entry {missing.log.short()}:{missing.seq} ({missing.name.short()}) of bert, which isn't here" in said
    give(bert, anna)
    assert pending_of(house.root / "anna")["held_back"] == 0


def test_what_a_removed_device_wrote_waits_for_a_member(inspect: Inspect, house: Household) -> None:
    anna, carl = house["anna"], house["carl"]
    house.remove("anna", "carl")
    edit(carl, house.photo, rating=1)
    give(carl, anna)
    cause = cause_of(house.root / "anna")
    assert (cause["kind"], cause["missing"], cause["holders"], cause["entries"]) == ("removed", None, [], 1)
    assert "Waiting for a member to build on what a removed device wrote" in inspect("pending", "--library", house.root / "anna").out


@pytest.mark.parametrize(("code", "kind", "words"), [("version", "version", "Update Calotype"), ("again", "again", "calotype run")])
def test_what_waits_for_a_program(house: Household, code: str, kind: str, words: str) -> None:
    anna, bert = house["anna"], house["bert"]
    edit(bert, house.photo, rating=4)
    anna.log.append([entries(bert)[-1].raw], now=NOW)
    with anna.database.write() as connection:  # as an earlier version of the program left it
        query = "INSERT INTO waiting (arrival, name, reason, since, code) VALUES (?, ?, 'some', ?, ?)"
        connection.execute(query, (anna.log.arrival(), entries(bert)[-1].name, NOW, code))
    cause = cause_of(house.root / "anna")
    assert cause["kind"] == kind
    assert words in cause["remedy"]


def test_without_keys_the_same_is_told(house: Household) -> None:
    locked(house)
    give(house["carl"], house["anna"])
    with_keys = cause_of(house.root / "anna")
    house["anna"].folder.device_key.unlink()
    without = cause_of(house.root / "anna")
    assert {name: without[name] for name in ("kind", "missing", "entries", "waiting")} == {
        name: with_keys[name] for name in ("kind", "missing", "entries", "waiting")
    }


def test_at_most_so_many_entries_are_named(inspect: Inspect, house: Household) -> None:
    locked(house)
    give(house["carl"], house["anna"])
    document = inspect("pending", "--library", house.root / "anna", "--json", "--limit", 3).document()
    (cause,) = document["causes"]
    assert (len(cause["waiting"]), cause["entries"]) == (3, COUNT)
    assert len(pending_of(house.root / "anna", limit=0)["causes"][0]["waiting"]) == COUNT


def test_entries_that_wait_in_a_circle_are_shown_nevertheless(house: Household) -> None:
    """Only a damaged database has such rows."""
    _, chain = locked(house)
    give(house["carl"], house["anna"])
    with house["anna"].database.write() as connection:
        connection.execute("UPDATE waiting SET code = 'parent', needs = ? WHERE name = ?", (chain[-1].name, chain[0].name))
    document = pending_of(house.root / "anna")
    assert document["held_back"] == COUNT
    assert [cause["kind"] for cause in document["causes"]] == ["circle"]


# A relay's folder


def gapped(library: FleetLibrary) -> tuple[Entry, list[Entry]]:
    """What is missing, and entries that build on it one way or the other."""
    anna, bert = library.join("anna"), library.join("bert")
    missing = anna.change()
    bert.sees(missing)
    control = bert.control(EntryKind.PACKAGES, Packages(epoch=library.epoch, packages=()))
    anna.sees(control)
    after = anna.control(EntryKind.PACKAGES, Packages(epoch=library.epoch, packages=()))
    return missing, [control, after]


def test_detached_entries_in_a_relay_s_folder(inspect: Inspect, root: Path) -> None:
    library = make_library()
    missing, (control, after) = gapped(library)
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.name != missing.name])
    document = inspect("pending", "--library", root / "relay", "--json").document()
    (cause,) = document["causes"]
    assert (document["held_back"], document["detached"], document["unseen"]) == (2, 2, 0)
    assert place(cause["missing"]) == named(missing)
    assert (cause["entries"], cause["since"]) == (2, "2023-11-14T22:13:20.000Z")
    waiting = {each["name"]: each for each in cause["waiting"]}
    assert waiting.keys() == {control.name.hex(), after.name.hex()}
    assert [place(step) for step in waiting[after.name.hex()]["through"]] == [named(control)]
    assert [holder["how"] for holder in cause["holders"]] == ["wrote it", "built on it"]
    assert "The next device that syncs and has it brings it." in inspect("pending", "--library", root / "relay").out


def test_an_end_that_a_removal_names_and_that_is_not_here(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    missing = anna.change()
    library.remove(anna)
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.name != missing.name])
    document = inspect("pending", "--library", root / "relay", "--json").document()
    assert (document["held_back"], document["causes"]) == (0, [])
    (pinned,) = document["pinned"]
    assert place(pinned) == named(missing)
    assert pinned["device"] == anna.device.hex()
    assert "A removal names entry" in inspect("pending", "--library", root / "relay").out


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lost=st.sets(st.integers(3, 30), min_size=1, max_size=6), seed=st.integers(0, 1 << 16))
def test_whatever_is_lost_each_held_back_entry_leads_to_a_lost_one(
    tmp_path_factory: pytest.TempPathFactory, lost: set[int], seed: int
) -> None:
    """A relay that was sent all but some entries: what is held back is what has lost ones in its past, and is held back by exactly the nearest of them."""
    library = make_library(seed)
    chance = Random(seed)
    authors = [library.join(name) for name in ("anna", "bert", "carl")]
    for _ in range(20):
        author = chance.choice(authors)
        author.sees(*(entry for entry in chance.sample(library.entries, 2) if entry.log != author.log))
        author.control(EntryKind.PACKAGES, Packages(epoch=library.epoch, packages=()))
    gone = {library.entries[number].name for number in lost if number < len(library.entries)}
    sent = [entry for entry in library.entries if entry.name not in gone]
    root = tmp_path_factory.mktemp("relay")
    stored = store_all(root, library.id, sent)
    nearest: dict[bytes, set[bytes]] = {}
    for entry in library.entries:
        missing = {need for need in entry.needs if need not in stored}  # a change whose predecessor is lost isn't stored either
        nearest[entry.name] = missing.union(*(nearest[need] for need in entry.needs if need in stored))
    held = look_into(root, lambda inspected: held_back(inspected, library.id)).result
    expected = {name: ends for name, ends in nearest.items() if name in stored and ends}
    assert {name: {end.needs for end in ends} for name, ends in held.ends.items()} == expected
    assert {end.kind for ends in held.ends.values() for end in ends} <= {CauseKind.ENTRY}
    assert held.missing == {name for ends in expected.values() for name in ends}
    assert {name: (dep.log, dep.seq) for name, dep in held.places.items()} == {
        entry.name: (entry.log, entry.seq) for entry in library.entries if entry.name in held.missing
    }


def store_all(root: Path, library: LibraryId, sent: list[Entry]) -> set[bytes]:
    fill_relay(root, library, [entry.raw for entry in sent])
    database = Database(root / "relay.db", [LOG_SCHEMA])
    log = SqliteLogStore(database, library)
    stored = {entry.name for entry in sent if log.get(entry.name) is not None}
    database.close()
    return {bytes(name) for name in stored}
