from __future__ import annotations

from pathlib import Path

import pytest

from store.ids import MASTER
from tests.fleet.authors import make_library
from tests.unit.tools.folders import Pair, change, fill_relay
from tests.unit.tools.running import Inspect


def test_each_log_with_its_device_and_tip(inspect: Inspect, root: Path, pair: Pair) -> None:
    entry = change(pair.phone, lambda draft: draft.set("rating", 3))
    document = inspect("heads", "--library", root / "phone", "--json").document()
    assert (document["library"], document["entries"]) == (pair.phone.id.hex(), pair.phone.log.count())
    logs = {log["device_name"]: log for log in document["logs"]}
    assert logs.keys() == {"laptop", "phone", "master key"}
    assert logs["phone"]["log"] == entry.log.hex()
    assert logs["phone"]["device"] == pair.phone.device.hex()
    assert logs["phone"]["tips"] == [{"seq": entry.seq, "name": entry.name.hex()}]
    assert logs["master key"]["device"] == MASTER.hex()


def test_branches_on_a_relay(inspect: Inspect, root: Path) -> None:
    library = make_library()
    anna = library.join("anna")
    clone = anna.fork()
    first, second, third = anna.change(), clone.change(), clone.change()
    fill_relay(root / "relay", library.id, library.raws())
    document = inspect("heads", "--library", root / "relay", "--json").document()
    (log,) = (log for log in document["logs"] if log["log"] == anna.log.hex())
    assert (log["device"], log["device_name"]) == (anna.device.hex(), None)
    assert log["tips"] == [{"seq": first.seq, "name": first.name.hex()}, {"seq": third.seq, "name": third.name.hex()}]
    assert [(branch["from"], branch["to"]) for branch in log["branches"]] == [(0, first.seq), (second.seq, third.seq)]
    assert {branch["device"] for branch in log["branches"]} == {anna.device.hex()}


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
    assert heading == f"library {pair.phone.id.hex()}: {pair.phone.log.count()} entries in 3 logs"
    assert {line.split("\t")[1] for line in lines} == {"laptop", "phone", "master key"}


def test_the_folder_may_be_named_before_the_verb_or_by_the_environment(
    inspect: Inspect, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = inspect("heads", "--library", root / "phone").out
    assert inspect("--library", root / "phone", "heads").out == expected
    monkeypatch.setenv("CALOTYPE_LIBRARY", str(root / "phone"))
    assert inspect("heads").out == expected
