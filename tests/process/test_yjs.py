"""Records and Yjs itself: what is exported reads there as it does here, key by key, and what Yjs writes in the agreed form is read and applied here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from crdt.client import writer
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.gate import Accepted, Void, judge
from crdt.record import apply, read
from crdt.state import read_state
from crdt.values import Value
from peer.library.library import Library
from store.ids import FileHash, RecordId
from tests.process.yjs import Answer, LackingError, Written, ask, install
from tests.unit.tools.folders import PHOTO, Pair, change, make_pair

pytestmark = pytest.mark.process

try:
    install()
except LackingError as reason:
    pytest.skip(str(reason), allow_module_level=True)

VALUES: dict[str, Value] = {
    "null": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "minus": -1,
    "varints": [63, 64, -63, -64, 127, 128, 8191, 8192],
    "beyond_31_bits": [2**31 - 1, 2**31, 2**31 + 1, -(2**31), 2**32, 2**40 + 1],
    "largest": [2**53 - 1, 1 - 2**53],
    "floats": [0.5, -0.25, 0.1, 1.5e-300, 5e-324, 1.1754943508222875e-38, 1.0000000000000002],
    "text": "",
    "unicode": "Grüße 写真 📷 e\u0301 \u0000 \u2028 \\ \" '",
    "long": "é" * 5000,
    "bytes": b"\x00\xff\x80",
    "no_bytes": b"",
    "nested": {"a": [1, {"b": [b"x", None, {"c": "d", "": 0.5}]}], "z": {}, "e": []},
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = make_pair(tmp_path)
    yield opened
    opened.close()


def export(library: Library, record: RecordId, *words: str) -> bytes:
    """As a person exports it, through standard output."""
    command = [sys.executable, "-c", "from tools.commands.main import run; run()", "export-yjs", record.body.hex(), "-", *words]
    return subprocess.run([*command, "--library", str(library.folder.root)], capture_output=True, check=True).stdout


def assert_reads_alike(library: Library, record: RecordId, there: Answer) -> None:
    content = library.records.content(record)
    assert content is not None
    assert there.keys == {key: [bytes(cell.stamp), cell.value] for key, cell in content.live.items()}
    assert there.vector == dict(content.vector)
    assert there.roots == ["r"]
    assert not there.is_pending
    for state in (there.state, read_state(there.state).encode()):  # and back, after Yjs wrote it anew
        assert read(state) == content


def test_every_kind_of_value(pair: Pair) -> None:
    def edit(draft: Draft) -> None:
        for name, value in VALUES.items():
            draft.set(f"edit:{name}", value)

    change(pair.laptop, edit)
    (there,) = ask([export(pair.laptop, PHOTO)])
    assert_reads_alike(pair.laptop, PHOTO, there)
    assert {key.split("/")[1].removeprefix("edit:"): value[1] for key, value in there.keys.items() if isinstance(value, list)} == VALUES


def test_sets_derived_fields_deletions_and_conflicts(pair: Pair) -> None:
    def begin(draft: Draft) -> None:
        draft.set("caption", "Holiday")
        for word in ("sea/side", "100 %", "größe", "gone"):
            draft.add("keyword", word)
        draft.add("name", "IMG\udcff.jpg")
        draft.derive("thumbhash", b"\x01\x02")

    def on_laptop(draft: Draft) -> None:
        draft.set("caption", "Beach")
        draft.discard("keyword", "gone")

    def on_phone(draft: Draft) -> None:
        draft.set("caption", "Sea")
        draft.set("rating", None)

    change(pair.laptop, begin)
    pair.exchange()
    change(pair.laptop, on_laptop)
    change(pair.phone, on_phone)
    pair.exchange()
    exported = [export(library, PHOTO) for library in (pair.laptop, pair.phone)]
    assert exported[0] == exported[1]
    (there,) = ask([exported[0]])
    assert_reads_alike(pair.laptop, PHOTO, there)
    captions = [value for key, value in there.keys.items() if key.startswith("v/caption/")]
    assert len(captions) == 2
    assert not any("gone" in key for key in there.keys)


@pytest.mark.parametrize("seed", range(3))
def test_random_histories(pair: Pair, seed: int) -> None:
    random = Random(seed)
    records = [RecordId.asset(FileHash(bytes([number]) * 32)) for number in range(4)]
    for _ in range(40):
        library = random.choice((pair.laptop, pair.phone))
        change(library, _any_edit(random), random.choice(records))
        if random.random() < 0.2:
            pair.exchange()
    pair.exchange()
    states = [library.records.state(record) for record in records for library in (pair.laptop, pair.phone)]
    answers = ask(*([state] for state in states if state is not None))
    assert len(answers) == len(states)
    for number, there in enumerate(answers):
        assert_reads_alike((pair.laptop, pair.phone)[number % 2], records[number // 2], there)


def _any_edit(random: Random) -> Callable[[Draft], None]:
    choices: tuple[Callable[[Draft], None], ...] = (
        lambda draft: draft.set("caption", random.choice(("", "Sea", "写真", "Grüße"))),
        lambda draft: draft.set("edit:future", random.choice(list(VALUES.values()))),
        lambda draft: draft.add("keyword", random.choice("abc")),
        _discard_or_add,
        lambda draft: draft.set("rating", random.randrange(6)),
    )
    return random.choice(choices)


def _discard_or_add(draft: Draft) -> None:
    words = draft.fields.sets.get("keyword", {})
    if words:
        draft.discard("keyword", next(iter(words)))
    else:
        draft.add("keyword", "a")


def test_what_yjs_writes_is_read_and_passes_the_gate() -> None:
    clients, stamps = (7, 2**53 - 1), (Stamp(b"\x00" * 7 + b"\x01"), Stamp(b"\x01" * 8))
    first: dict[str, Value] = {
        "v/caption": "Grüße 写真",
        "s/keyword/sea%2Fside": None,
        "d/thumbhash": b"\x01",
        "v/edit:x": [1, 0.5, {"a": True}],
    }
    second: dict[str, Value] = {"v/caption": "Sea"}
    (one,) = ask(Written(client=clients[0], sets=_keyed(first, clients[0], stamps[0])))
    deleted = f"v/caption/{writer(clients[0])}"
    (two,) = ask(Written(updates=[one.update], client=clients[1], sets=_keyed(second, clients[1], stamps[1]), deletes=[deleted]))

    accepted = judge(one.update, client=clients[0], stamp=stamps[0], made=lambda _: None)
    assert isinstance(accepted, Accepted), accepted
    applied = apply(None, one.update, accepted.update)
    made = {clients[0]: len(first)}
    verdict = judge(two.update, client=clients[1], stamp=stamps[1], made=made.get)
    assert isinstance(verdict, Accepted), verdict
    after = apply(applied.state, two.update, verdict.update)
    assert {key: [bytes(cell.stamp), cell.value] for key, cell in after.content.live.items()} == two.keys
    assert read(two.state) == read_state(two.state).content() == after.content


def test_what_yjs_writes_in_another_form_is_read_and_void() -> None:
    client, stamp = 7, Stamp(b"\x01" * 8)
    sets = _keyed({"v/edit:big": 2**40 + 1, "v/edit:map": {"z": 1, "a": 2}}, client, stamp)
    (there,) = ask(Written(client=client, sets=sets))
    assert {key: [bytes(cell.stamp), cell.value] for key, cell in read(there.state).live.items()} == there.keys == sets
    assert read_state(there.state).content() == read(there.state)
    assert isinstance(judge(there.update, client=client, stamp=stamp, made=lambda _: None), Void)


def _keyed(values: dict[str, Value], client: int, stamp: Stamp) -> dict[str, Value]:
    return {f"{stem}/{writer(client)}": [bytes(stamp), value] for stem, value in values.items()}
