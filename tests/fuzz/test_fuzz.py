"""Every target keeps its promises over its seeds, its corpus and changes to them; and a promise that is broken is noticed. Without a fuzzer."""

from __future__ import annotations

import importlib.util
import re
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from click.testing import CliRunner

from relay.messages import ItemDecoder
from store.encoding import MalformedError, decode
from store.entries import Entry, is_signed_by, parse_entry
from store.errors import RefusedError
from tests.fuzz.chance import Chance
from tests.fuzz.mutation import changed_bytes
from tests.fuzz.registry import TARGETS
from tests.fuzz.run import fuzz, inputs_of, run_target
from tests.fuzz.seeds import CORPUS, inputs_in
from tests.fuzz.shrinking import failure_of, shrunk
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.resealing import library

MUTATIONS = 300
CORPUS_BYTES = 200 * 1024


def mutations(target: Target, number: int, seed: str = "") -> list[bytes]:
    """Changed inputs of a target, some of them several times; the same each time."""
    random = Random(f"{target.name} {seed}")
    seeds, inputs = list(target.seeds().values()), list(inputs_of(target).values())
    made = []
    for _ in range(number):
        data = random.choice(random.choice((seeds, seeds, inputs)))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            data = target.mutate(data, Chance(random, target.longest, changed_bytes(random)))[: target.longest]
        made.append(data)
    return made


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_keeps_its_promises(name: str) -> None:
    target = TARGETS[name]
    for data in (*inputs_of(target).values(), *mutations(target, MUTATIONS), b"", bytes(1), bytes(64), b"\xff" * 64):
        target.check(data)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_says_what_it_promises_and_has_seeds(name: str) -> None:
    assert TARGETS[name].promises.endswith(".")
    assert TARGETS[name].seeds()


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_the_same_each_time(name: str) -> None:
    assert mutations(TARGETS[name], 20) == mutations(TARGETS[name], 20)


class Anything:
    """Equal to whatever it is compared with: a comparison that was forgotten."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


SABOTAGE: dict[str, tuple[str, str, Any]] = {
    "ids in any order": ("control-body", "store.bodies.ascending", lambda _: None),
    "deps in any order": ("entry", "store.entries.ascending", lambda _: None),
    "heads in any order": ("heads", "store.heads.ascending", lambda _: None),
    "any spelling of CBOR": ("message", "store.encoding.encode", lambda _: Anything()),
    "deletes of what isn't there": ("gate", "crdt.gate._check_deletes", lambda *_: None),
    "items of anybody": ("gate", "crdt.gate._check_items", lambda *_: None),
    "any escape": ("element-spelling", "crdt.keys._spelled", lambda _: Anything()),
    "a slash in a name": ("tree-path", "peer.originals.names._FORBIDDEN", frozenset()),
    "a name that Windows reserves": ("file-name", "peer.originals.names._RESERVED", re.compile("(?!)")),
    "any bytes under a blob's name": ("many-stream", "store.ids.BlobId.of", lambda _: Anything()),
    "any size of an item": ("stream", "tests.fuzz.targets.streams.ItemDecoder", lambda longest: ItemDecoder(longest=1 << 20)),
    "any moment": ("capture-time", "peer.media.capture_time.FIRST_YEAR", 0),
    "any checksum": ("ticket", "peer.joining.ticket._checksum", lambda _: Anything()),
}
"""What: the target that has to notice, what is taken out of the program, and what stands there instead."""


@pytest.mark.parametrize("bug", SABOTAGE)
def test_a_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, place, replacement = SABOTAGE[bug]
    target = TARGETS[name]
    inputs = [*inputs_of(target).values(), *mutations(target, 8 * MUTATIONS, bug)]
    monkeypatch.setattr(place, replacement)
    assert any(failure_of(target.check, data) for data in inputs)


def test_changed_entries_reach_what_is_behind_hash_and_signature() -> None:
    """A change that isn't sealed again is refused for its hash; so most are."""
    target = TARGETS["entry"]
    accepted = [entry for data in mutations(target, MUTATIONS) if (entry := _accepted(data))]
    assert len(accepted) > MUTATIONS // 8
    keys = (library()[0].master_keys.signing_key, library()[1].keys.signing_key)
    assert sum(any(is_signed_by(entry, key) for key in keys) for entry in accepted) > MUTATIONS // 8


def _accepted(data: bytes) -> Entry | None:
    try:
        return parse_entry(data)
    except RefusedError:
        return None


def test_what_is_changed_in_its_structure_stays_cbor() -> None:
    target = TARGETS["seen-report"]
    made = mutations(target, MUTATIONS)
    assert sum(_is_cbor(data) for data in made) > MUTATIONS // 2
    assert len(set(made)) > MUTATIONS * 3 // 4


def _is_cbor(data: bytes) -> bool:
    try:
        decode(data, limit=1 << 20)
    except MalformedError:
        return False
    return True


def test_the_corpus_is_small_and_says_why_it_is_kept() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= set(TARGETS)
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < CORPUS_BYTES
    for path in files:
        assert path.read_text("utf-8").startswith("# "), path
        assert inputs_in(path)


def _holds_x(data: bytes) -> None:
    """There is no x."""
    promise(b"x" not in data, "there is an x")


def test_a_failing_input_is_made_shorter() -> None:
    assert shrunk(_holds_x, b"a long text with an x in it", seconds=60) == b"x"
    assert shrunk(_holds_x, b"none", seconds=60) == b"none"
    moments = count()
    assert b"x" in shrunk(_holds_x, bytes(1000) + b"x", seconds=3, clock=lambda: next(moments))


def test_a_find_is_replayed_from_digits_and_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(cast(dict[str, Target], TARGETS), "index", Target(name="index", check=_holds_x, seeds=dict))
    (tmp_path / "kept.hex").write_text("# why\n61\n6178\n", "ascii")
    (tmp_path / "raw").write_bytes(b"x")
    for given in ("6178", str(tmp_path / "kept.hex"), str(tmp_path / "raw")):
        answer = CliRunner().invoke(fuzz, ["index", "--replay", given])
        assert (answer.exit_code, "there is an x" in answer.output) == (1, True)
    good = CliRunner().invoke(fuzz, ["index", "--replay", "61"])
    assert (good.exit_code, good.output) == (0, "index: 1 inputs, every promise holds\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, "--seconds"),
        (["--list"], 0, "ticket"),
        (["nonsense"], 2, "nonsense"),
        (["--replay", "00"], 2, "one TARGET"),
        (["entry", "--replay", "no such file"], 2, "neither hexadecimal nor a file"),
        (["entry", "--seconds", "0"], 2, "--seconds"),
    ],
)
def test_the_command_explains_itself(arguments: list[str], code: int, said: str) -> None:
    answer = CliRunner().invoke(fuzz, arguments)
    assert (answer.exit_code, said in answer.output) == (code, True), answer.output


def test_without_the_fuzzer_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    answer = CliRunner().invoke(fuzz, ["index"])
    assert (answer.exit_code, "make fuzz" in answer.output) == (1, True)


@pytest.mark.process
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="the fuzzer isn't installed; `make fuzz` does that")
def test_the_fuzzer_runs_a_target_and_keeps_what_is_new(tmp_path: Path) -> None:
    first = run_target(TARGETS["gate-name"], 1, tmp_path)
    assert first.find is None
    assert first.executions > 100
    assert first.edges > 5
    assert len(list((tmp_path / "gate-name").iterdir())) == first.new_inputs
