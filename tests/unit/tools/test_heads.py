from __future__ import annotations

import time
from pathlib import Path

import pytest

from store.database import Database
from store.ids import MASTER
from tests.fleet.authors import NOW, make_library
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange
from tests.fleet.libraries import make_library as make_device
from tests.unit.peer.library.household import make_household
from tests.unit.tools.folders import Pair, change, fill_relay
from tests.unit.tools.running import Inspect
from tools.looking.folder import look_into
from tools.views.heads import ENDED_BY_NEXT, ENDED_BY_REMOVAL, gather_heads


def test_each_log_with_its_device_and_tip(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.phone, lambda draft: draft.set("rating", 3))
    document = inspect("heads", "--library", root / "phone", "--json").document()
    assert (document["library"], document["entries"]) == (pair.phone.id.hex(), pair.phone.log.count())
    assert (document["stubs"], document["detached"], document["arrival"]) == (0, 0, pair.phone.log.arrival())
    logs = {log["device_name"]: log for log in document["logs"]}
    assert logs.keys() == {"laptop", "phone", "master key"}
    phone = logs["phone"]
    assert (phone["log"], phone["device"], phone["number"]) == (entry.log.hex(), pair.phone.device.hex(), 0)
    (tip,) = phone["tips"]
    assert (tip["seq"], tip["name"]) == (entry.seq, entry.name.hex())
    assert tip["received"].startswith("2023-11-15T")
    assert (phone["entries"], phone["ended"], phone["forks"]) == (entry.seq + 1, None, [])
    assert (logs["master key"]["device"], logs["master key"]["ended"]) == (MASTER.hex(), None)


def test_branches_on_a_relay(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    clone = anna.fork()
    first, second, third = anna.change(), clone.change(), clone.change()
    fill_relay(root / "relay", library.id, library.raws())
    document = inspect("heads", "--library", root / "relay", "--json").document()
    (log,) = (log for log in document["logs"] if log["log"] == anna.log.hex())
    assert (log["device"], log["device_name"]) == (anna.device.hex(), None)
    received = "2023-11-14T22:13:20.000Z"
    assert log["tips"] == [
        {"seq": first.seq, "name": first.name.hex(), "received": received},
        {"seq": third.seq, "name": third.name.hex(), "received": received},
    ]
    assert [(branch["from"], branch["to"], branch["after"]) for branch in log["branches"]] == [
        (0, first.seq, None),
        (second.seq, third.seq, second.seq - 1),
    ]
    assert {branch["device"] for branch in log["branches"]} == {anna.device.hex()}
    assert log["forks"] == [{"seq": second.seq - 1, "branches": 2}]
    assert f"parts after {second.seq - 1} into 2" in inspect("heads", "--library", root / "relay").out


def test_three_ways_from_one_place(root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    clones = [anna.fork(), anna.fork()]
    for author in (anna, *clones):
        author.change()
    anna.change()
    clones[0].fork().change()
    clones[0].change()
    fill_relay(root / "relay", library.id, library.raws())
    (document,) = look_into(root / "relay", gather_heads).result
    (log,) = (log for log in document["logs"] if log["log"] == anna.log.hex())
    assert log["forks"] == [{"seq": 0, "branches": 3}, {"seq": 1, "branches": 2}]
    assert len(log["tips"]) == 4


def test_an_ended_log_says_why(tmp_path: Path) -> None:
    with make_household(tmp_path) as house:
        first = house["bert"].own_log()
        assert first is not None
        house["bert"].begin_log()
        exchange(*house.devices.values())
        house.remove("anna", "carl")
        carls = house["carl"].own_log()
        assert carls is not None
        (document,) = look_into(tmp_path / "anna", gather_heads).result
    ended = {log["log"]: log["ended"] for log in document["logs"] if log["ended"]}
    assert ended == {first.hex(): ENDED_BY_NEXT, carls.hex(): ENDED_BY_REMOVAL}
    numbers = [log["number"] for log in document["logs"] if log["device_name"] == "bert"]
    assert sorted(numbers) == [0, 1]


def test_stubs_are_counted_log_by_log(tmp_path: Path) -> None:
    clock = MovedClock()
    anna = make_device(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert", clock=clock)
    photo = add_photo(anna, "sea")
    for rating in range(4):
        edit(anna, photo, rating=rating)
    exchange(anna, bert)
    assert settle_one(anna, bert) is not None
    gone = prune_all(anna)
    (document,) = look_into(tmp_path / "anna", gather_heads).result
    for library in (anna, bert):
        library.close()
    assert gone
    assert document["stubs"] == gone == sum(log["stubs"] for log in document["logs"])
    stubs = {log["device_name"]: log["stubs"] for log in document["logs"]}
    assert (stubs["bert"], stubs["anna"], stubs["master key"]) == (1, gone - 1, 0)


def test_detached_entries_belong_to_their_log_though_it_has_no_end_yet(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    anna.change()
    bert = library.join("bert")
    (began,) = (entry for entry in library.entries if entry.log == bert.log)
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    document = inspect("heads", "--library", root / "relay", "--json").document()
    logs = {log["log"]: log for log in document["logs"]}
    assert document["detached"] == sum(log["detached"] for log in logs.values()) > 0
    assert (logs[began.log.hex()]["tips"], logs[began.log.hex()]["detached"]) == ([], 1)
    assert logs[began.log.hex()]["device"] == bert.device.hex()
    assert "1 detached" in inspect("heads", "--library", root / "relay").out


def test_a_relay_has_several_libraries_and_one_can_be_chosen(inspect: Inspect, root: Path) -> None:
    libraries = [make_library(seed) for seed in range(3)]
    for library in libraries:
        fill_relay(root / "relay", library.id, library.raws())
    every = inspect("heads", "--library", root / "relay", "--json").documents()
    assert [document["library"] for document in every] == sorted(library.id.hex() for library in libraries)
    chosen = libraries[1].id.hex()
    assert inspect("heads", "--library", root / "relay", "--library-id", chosen[:12], "--json").document()["library"] == chosen
    assert inspect("heads", "--library", root / "relay", "--library-id", "zz", "--json").failure() == (
        2,
        "No library here has an id that begins with zz.",
    )


def test_plain_lines_in_a_pipe(inspect: Inspect, root: Path, pair: Pair) -> None:
    said = inspect("heads", "--library", root / "phone")
    heading, *lines = said.out.splitlines()
    assert heading == f"library {pair.phone.id.short()}: {pair.phone.log.count()} entries in 3 logs"
    assert {line.split("\t")[1] for line in lines} == {"laptop", "phone", "master key"}


def test_the_folder_may_be_named_before_the_verb_or_by_the_environment(
    inspect: Inspect, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = inspect("heads", "--library", root / "phone").out
    assert inspect("--library", root / "phone", "heads").out == expected
    monkeypatch.setenv("CALOTYPE_LIBRARY", str(root / "phone"))
    assert inspect("heads").out == expected


def test_its_cost_is_that_of_the_logs_and_not_of_their_length(root: Path) -> None:
    """A log of 100,000 entries, as its rows would be; none of them is read."""
    library = make_library()
    library.join("anna")
    fill_relay(root / "relay", library.id, library.raws())
    database = Database(root / "relay" / "relay.db", ())
    with database.write() as connection:
        branch, last = connection.execute("SELECT id, last_seq FROM log_branch ORDER BY last_seq DESC LIMIT 1").fetchone()
        row = "INSERT INTO log_entry (library, arrival, branch, seq, kind, received, name, raw) VALUES (1, ?, ?, ?, 0, ?, randomblob(32), x'00')"
        connection.executemany(row, ((1000 + number, branch, last + 1 + number, NOW) for number in range(100_000)))
        connection.execute("UPDATE log_branch SET last_seq = ? WHERE id = ?", (last + 100_000, branch))
    database.close()
    began = time.perf_counter()
    (document,) = look_into(root / "relay", gather_heads).result
    assert time.perf_counter() - began < 0.5
    assert max(tip["seq"] for log in document["logs"] for tip in log["tips"]) == last + 100_000
