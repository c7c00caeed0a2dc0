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
    assert "forked in 2 branches" in inspect("log", "--library", root / "relay").out


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
