"""Bytes that are pinned: what was written by any released version stays readable, and is written the same way.

``{"hex": …}`` stands for bytes. The states are the engine's own; they are only read, since the engine may encode a content in several ways.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map

from crdt import record
from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.digest import EMPTY_DIGEST, Digest, purged_digest, record_digest
from crdt.gate import Accepted, judge
from crdt.keys import escape
from crdt.record import Changes
from crdt.update import decode_state_vector, decode_update
from store.ids import EntryHash, LogId, RecordId

GOLDEN = Path(__file__).parents[2] / "golden" / "crdt"


def load(name: str) -> Any:
    return json.loads(
        (GOLDEN / name).read_text(encoding="utf-8"), object_hook=lambda o: bytes.fromhex(o["hex"]) if list(o) == ["hex"] else o
    )


@pytest.mark.parametrize("case", load("clients.json"), ids=lambda case: case["writer"])
def test_clients(case: dict[str, Any]) -> None:
    stamp = Stamp(case["stamp"])
    assert stamp == Stamp.of(case["millis"], case["counter"])
    client = client_id(LogId(case["log"]), EntryHash(case["previous"]), stamp, case["random"])
    assert client == case["client"]
    assert writer(client) == case["writer"]


@pytest.mark.parametrize("case", load("elements.json"), ids=lambda case: case["escaped"])
def test_elements(case: dict[str, Any]) -> None:
    assert escape(case["bytes"].decode("utf-8", "surrogateescape")) == case["escaped"]


@pytest.mark.parametrize("case", load("records.json"), ids=lambda case: case["name"])
def test_records(case: dict[str, Any]) -> None:
    """Writing gives these updates; the gate takes them; applying them, and reading the state of then, gives this digest."""
    target = RecordId(case["record"])
    state: bytes | None = None
    made: dict[int, int] = {}
    for entry in case["entries"]:
        changes = Changes(sets=entry["sets"], deletes=frozenset(entry["deletes"]))
        written = record.write(state, entry["client"], Stamp(entry["stamp"]), changes)
        assert written.update == entry["update"]
        assert isinstance(judge(entry["update"], client=entry["client"], stamp=Stamp(entry["stamp"]), made=made.get), Accepted)
        applied = record.apply(state, entry["update"], decode_update(entry["update"]))
        assert record_digest(target, applied.content) == entry["digest"]
        state, made = applied.state, dict(applied.content.vector)
    old = record.read(case["state"])
    assert record_digest(target, old) == case["entries"][-1]["digest"]
    assert decode_state_vector(case["state_vector"]) == old.vector == made


def test_the_engine_s_state_vector_of_one_client() -> None:
    case = load("records.json")[0]
    document: Doc[Map[object]] = Doc()
    document.apply_update(case["entries"][0]["update"])
    assert document.get_state() == case["state_vector"]


def test_the_library_s_digest() -> None:
    case = load("library.json")
    total = EMPTY_DIGEST
    for digest in case["records"]:
        total = total.add(Digest(digest))
    assert total == case["without_purges"]
    assert purged_digest(RecordId(case["purged"])) == case["purged_digest"]
    assert total.add(purged_digest(RecordId(case["purged"]))).hex() == case["digest"]
