"""`log`: entries of one log, gaps, branches, and what `--verify` proves."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from peer.layout import LibraryFolder
from store.ids import LogId
from tests.fleet.authors import make_library
from tests.fleet.checkpoints import prune_all, settle_one
from tests.unit.tools.folders import Pair, change, fill_relay, raws_of
from tests.unit.tools.running import Inspect
from tools.proving.findings import MOST_OF_A_SORT


def rated(pair: Pair, *ratings: int) -> LogId:
    """The laptop's log, with an entry more for each rating."""
    entries = [change(pair.laptop, lambda draft, rating=rating: draft.set("rating", rating)) for rating in ratings]  # type: ignore[misc]
    return entries[-1].log


def of_log(inspect: Inspect, folder: Path, log: LogId, *words: str | int) -> Any:
    return inspect("log", log.short(), *words, "--library", folder, "--json").document()


def damaged(inspect: Inspect, folder: Path, log: LogId, *words: str) -> Any:
    """The document of a command that ends because of damage."""
    said = inspect("log", log.short(), *words, "--library", folder, "--json")
    assert said.code == 3
    return json.loads(said.out)


def numbers(document: Any) -> list[int]:
    return [entry["seq"] for entry in document["entries"]]


def tamper(library: Path, statement: str) -> None:
    with closing(sqlite3.connect(LibraryFolder(library).database)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_line_for_each_log(inspect: Inspect, root: Path, pair: Pair) -> None:
    rated(pair, 1, 2)
    documents = inspect("log", "--library", root / "laptop", "--json").documents()
    assert {document["device_name"] for document in documents} == {"laptop", "phone", "master key"}
    assert sum(document["stored"] for document in documents) == pair.laptop.log.count()
    assert all(document["entries"] is None and document["verified"] is None for document in documents)
    assert f"{pair.laptop.log.count()} entries in 3 logs." in inspect("log", "--library", root / "laptop").out


def test_the_newest_entries_oldest_first(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, *range(5), *range(5))
    last = pair.laptop.log.heads()[log][0].seq
    assert numbers(of_log(inspect, root / "laptop", log)) == [*range(last + 1)]
    few = of_log(inspect, root / "laptop", log, "--limit", 3)
    assert (numbers(few), few["left_out"]) == ([last - 2, last - 1, last], last - 2)
    assert numbers(of_log(inspect, root / "laptop", log, "--from", 2, "--to", 4)) == [2, 3, 4]
    part = of_log(inspect, root / "laptop", log, "--from", 2, "--to", 6, "--limit", 2)
    assert (numbers(part), part["left_out"]) == ([5, 6], 3)
    assert numbers(of_log(inspect, root / "laptop", log, "--limit", 0)) == [*range(last + 1)]
    beyond = of_log(inspect, root / "laptop", log, "--from", last + 1)
    assert (beyond["entries"], beyond["left_out"]) == ([], 0)
    said = inspect("log", log.short(), "--limit", 3, "--library", root / "laptop").out
    assert f"… {last - 2} older ones, not shown" in said


def test_an_entry_says_what_it_did_and_what_it_builds_on(inspect: Inspect, root: Path, pair: Pair) -> None:
    first = change(pair.phone, lambda draft: draft.set("caption", "sea"))
    pair.exchange()
    log = rated(pair, 4)
    *_, newest = of_log(inspect, root / "laptop", log)["entries"]
    assert {"log": first.log.hex(), "seq": first.seq, "name": first.name.hex()} in newest["deps"]
    assert (newest["verdict"], newest["branch"]) == ("applied", 0)
    assert "rating" in inspect("log", log.short(), "--library", root / "laptop").out


def test_an_intact_log_is_verified(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1)
    said = inspect("log", log.short(), "--verify", "--library", root / "laptop", "--json")
    assert (said.code, said.document()["verified"], said.document()["findings"]) == (0, True, [])
    assert "Verified: signatures, chain, numbers and deps are right." in inspect("log", "--verify", "--library", root / "laptop").out


def test_a_signature_of_somebody_else_is_found(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 1))
    forged = entry.raw.replace(entry.signature, bytes(64))
    tamper(root / "laptop", f"UPDATE log_entry SET raw = x'{forged.hex()}' WHERE name = x'{entry.name.hex()}'")
    document = damaged(inspect, root / "laptop", entry.log, "--verify")
    assert not document["verified"]
    (finding,) = document["findings"]
    assert f"{entry.log.short()}:{entry.seq}" in finding["sentence"]
    other = next(log for log in pair.laptop.log.heads() if log != entry.log)
    assert of_log(inspect, root / "laptop", other, "--verify")["verified"]


def test_a_gap_is_counted_without_being_asked_for(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1, 2, 3, 4)
    last = pair.laptop.log.heads()[log][0].seq
    tamper(
        root / "laptop",
        f"DELETE FROM log_entry WHERE seq = {last - 1} AND branch IN (SELECT id FROM log_branch WHERE log = x'{log.hex()}')",
    )
    document = damaged(inspect, root / "laptop", log)
    (branch,) = document["branches"]
    assert (branch["missing"], branch["to"]) == (1, last)
    assert document["problems"] == [f"log {log.short()}: 1 of its entries 0 to {last} are missing"]
    assert numbers(document) == [*range(last - 1), last]


def test_gaps_of_one_log_are_not_held_against_another(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1, 2, 3, 4)
    tamper(root / "laptop", f"DELETE FROM log_entry WHERE seq = 2 AND branch IN (SELECT id FROM log_branch WHERE log = x'{log.hex()}')")
    assert not damaged(inspect, root / "laptop", log, "--verify")["verified"]
    assert of_log(inspect, root / "laptop", pair.laptop.id.master_log(), "--verify")["verified"]


def test_many_bad_entries_of_one_log_do_not_hide_one_of_another(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna, bert = library.join("anna"), library.join("bert")
    bad = [anna.change() for _ in range(MOST_OF_A_SORT + 10)] + [bert.change()]
    fill_relay(root / "relay", library.id, library.raws())
    with closing(sqlite3.connect(root / "relay" / "relay.db")) as connection:
        for entry in bad:
            forged = entry.raw.replace(entry.signature, bytes(64))
            connection.execute("UPDATE log_entry SET raw = ? WHERE name = ?", (forged, entry.name))
        connection.commit()
    of_bert, of_anna = (damaged(inspect, root / "relay", author.log, "--verify") for author in (bert, anna))
    assert [finding["seq"] for finding in of_bert["findings"]] == [bad[-1].seq]
    assert (of_bert["verified"], of_bert["more_findings"]) == (False, 0)
    assert (len(of_anna["findings"]), of_anna["more_findings"]) == (MOST_OF_A_SORT, 10)
    assert f"log {anna.log.short()}: and 10 more findings" in of_anna["problems"]
    said = inspect("log", anna.log.short(), "--verify", "--library", root / "relay").out
    assert f"NOT right: {MOST_OF_A_SORT + 10} findings" in said


def test_an_entry_that_came_before_what_it_builds_on(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    anna.change()
    bert = library.join("bert")
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    document = of_log(inspect, root / "relay", bert.log, "--verify")
    assert (document["device"], document["stored"], document["detached"], document["branches"]) == (bert.device.hex(), 0, 1, [])
    assert [(entry["seq"], entry["branch"], entry["detached"]) for entry in document["entries"]] == [(0, None, True)]
    assert (document["left_out"], document["verified"]) == (0, True)
    assert bert.log.hex() in {each["log"] for each in inspect("log", "--library", root / "relay", "--json").documents()}
    said = inspect("log", bert.log.short(), "--library", root / "relay").out
    assert "0 entries. 1 more came before what it builds on." in said
    assert "detached: what it builds on isn't here" in said


def test_a_detached_entry_with_a_bad_signature_is_held_against_its_log_alone(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    bert = library.join("bert")
    (began,) = (entry for entry in library.entries if entry.log == bert.log)
    fill_relay(root / "relay", library.id, [entry.raw for entry in library.entries if entry.log != anna.log])
    with closing(sqlite3.connect(root / "relay" / "relay.db")) as connection:
        connection.execute("UPDATE log_detached SET raw = ?", (began.raw.replace(began.signature, bytes(64)),))
        connection.commit()
    (finding,) = damaged(inspect, root / "relay", bert.log, "--verify")["findings"]
    assert (finding["log"], finding["seq"]) == (bert.log.hex(), 0)
    assert of_log(inspect, root / "relay", library.id.master_log(), "--verify")["verified"]


def test_a_branch_that_goes_on_where_another_ends_is_no_fork(inspect: Inspect, root: Path) -> None:
    """As when what came below a checkpoint came after what goes on from it."""
    library = make_library()
    anna = library.join("anna")
    for _ in range(4):
        anna.change()
    fill_relay(root / "relay", library.id, library.raws())
    with closing(sqlite3.connect(root / "relay" / "relay.db")) as connection:
        branch, key, author, last, tip = connection.execute(
            "SELECT id, library, author, last_seq, tip FROM log_branch WHERE log = ?", (anna.log,)
        ).fetchone()
        connection.execute(
            "INSERT INTO log_branch (id, library, parent, log, author, first_seq, last_seq, tip) VALUES (99, ?, ?, ?, ?, 3, ?, ?)",
            (key, branch, anna.log, author, last, tip),
        )
        connection.execute("UPDATE log_entry SET branch = 99 WHERE branch = ? AND seq >= 3", (branch,))
        connection.execute(
            "UPDATE log_branch SET last_seq = 2, tip = (SELECT name FROM log_entry WHERE branch = id AND seq = 2) WHERE id = ?", (branch,)
        )
        connection.commit()
    document = of_log(inspect, root / "relay", anna.log, "--verify")
    assert (document["ends"], len(document["branches"]), document["verified"]) == (1, 2, True)
    assert "fork" not in inspect("log", "--library", root / "relay").out
    assert inspect("clock", "--library", root / "relay", "--json").document()["devices"][0]["forked"] == []


def test_a_log_that_was_cut_off(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1, 2, 3, 4)
    last = pair.laptop.log.heads()[log][0].seq
    tamper(
        root / "laptop",
        f"DELETE FROM log_entry WHERE seq > {last - 2} AND branch IN (SELECT id FROM log_branch WHERE log = x'{log.hex()}')",
    )
    document = damaged(inspect, root / "laptop", log, "--verify")
    assert not document["verified"]
    assert [problem for problem in document["problems"] if log.short() in problem] == [
        f"log {log.short()}: 2 of its entries 0 to {last} are missing; what is left ends at {last - 2}"
    ]


def test_both_branches_of_a_fork(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    clone = anna.fork()
    first, second, third = anna.change(), clone.change(), clone.change()
    fill_relay(root / "relay", library.id, library.raws())
    document = of_log(inspect, root / "relay", anna.log, "--verify")
    assert [(each["from"], each["to"], each["goes_on_from"]) for each in document["branches"]] == [
        (0, first.seq, None),
        (second.seq, third.seq, {"branch": 0, "seq": second.seq - 1}),
    ]
    assert [(entry["seq"], entry["branch"], entry["name"]) for entry in document["entries"]][-3:] == [
        *sorted(
            [(first.seq, 0, first.name.hex()), (second.seq, 1, second.name.hex())],
            key=lambda each: [entry["name"] for entry in document["entries"]].index(each[2]),
        ),
        (third.seq, 1, third.name.hex()),
    ]
    assert document["verified"]
    said = inspect("log", anna.log.short(), "--library", root / "relay").out
    assert f"branch 1: {second.seq} to {third.seq}" in said
    assert f"goes on from entry {second.seq - 1} of branch 0" in said
    assert "forked, 2 ends" in inspect("log", "--library", root / "relay").out


def test_stubs_are_counted_and_keep_their_places(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1, 2, 3)
    pair.exchange()
    settle_one(pair.laptop, pair.phone)
    prune_all(pair.laptop)
    document = of_log(inspect, root / "laptop", log, "--verify")
    assert document["stubs"] > 0
    assert document["verified"]
    stub = document["entries"][1]
    assert (stub["stub"], stub["damaged"]) == (True, False)
    assert "given up for a checkpoint" in inspect("log", log.short(), "--library", root / "laptop").out


def test_a_span_that_ends_before_it_begins(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1)
    said = inspect("log", log.short(), "--from", 5, "--to", 3, "--library", root / "laptop", "--json")
    assert said.failure() == (2, "No number lies from 5 to 3.")


def test_a_beginning_of_several_logs(inspect: Inspect, root: Path) -> None:
    library = make_library()
    for log in ("ab" * 16, "ab" + "cd" * 15):
        device = library.author(log)
        library.certify(device)
        device.open_log(log=LogId(bytes.fromhex(log)))
    fill_relay(root / "relay", library.id, library.raws())
    folder = ("--library", root / "relay", "--json")
    assert inspect("log", "ab", *folder).failure() == (2, "More than one log has an id that begins with ab.")
    assert inspect("log", "abcd", *folder).document()["log"] == "ab" + "cd" * 15
    assert inspect("log", "ABAB", *folder).document()["log"] == "ab" * 16


@pytest.mark.parametrize("text", ["xyz", "ffffffffffffffffffffffffffffffffffff", "9:1"])
def test_what_names_no_log(inspect: Inspect, root: Path, pair: Pair, text: str) -> None:
    said = inspect("log", text, "--library", root / "laptop")
    assert said.code == 2
    assert "log" in said.err.lower()


def test_a_relay_shows_envelopes(inspect: Inspect, root: Path, pair: Pair) -> None:
    log = rated(pair, 1)
    fill_relay(root / "relay", pair.laptop.id, raws_of(pair.laptop))
    document = of_log(inspect, root / "relay", log, "--verify")
    assert document["verified"]
    assert document["entries"][-1]["verdict"] is None
    assert document["device_name"] is None
