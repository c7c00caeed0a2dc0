"""Records at rest: what goes in comes out, and nothing is half done."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt import record
from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.record import EMPTY, Cell, Changes, EngineError, NotLiveError
from crdt.update import DecodedUpdate, DeleteRange, Item, decode_update, encode_update
from store.ids import NO_ENTRY, LogId
from tests.unit.crdt.raw_updates import RawItem, RawUpdate
from tests.unit.crdt.strategies import clients, stamps, stems, values

STAMP = Stamp.of(1_700_000_000_000)


def changes(sets: dict[str, Any], *deletes: str) -> Changes:
    return Changes(sets=sets, deletes=frozenset(deletes))


BASE = record.write(None, 1, STAMP, changes({"v/rating": 3, "v/caption": "x", "s/keyword/sea": None}))


@given(clients, stamps, st.dictionaries(stems, values, min_size=1, max_size=5))
def test_a_new_record_says_what_was_written(client: int, stamp: Stamp, sets: dict[str, Any]) -> None:
    written = record.write(None, client, stamp, Changes(sets=sets))
    name = writer(client)
    assert written.content.live == {f"{stem}/{name}": Cell(stamp, name, value) for stem, value in sets.items()}
    assert written.content.vector == {client: len(sets)}
    assert record.read(written.state) == written.content


@given(clients, stamps, st.dictionaries(stems, values, min_size=1, max_size=5))
def test_who_receives_an_update_has_what_the_author_has(client: int, stamp: Stamp, sets: dict[str, Any]) -> None:
    written = record.write(None, client, stamp, Changes(sets=sets))
    received = record.apply(None, written.update, decode_update(written.update))
    assert received.content == written.content
    assert written.update == record.write(None, client, stamp, Changes(sets=sets)).update


def test_an_edit_replaces_what_it_saw() -> None:
    old = f"v/rating/{writer(1)}"
    edited = record.write(BASE.state, 2, STAMP, changes({"v/rating": 4}, old))
    assert old not in edited.content.live
    assert edited.content.live[f"v/rating/{writer(2)}"].value == 4
    assert len(edited.content.live) == 3
    assert edited.content.vector == {1: 3, 2: 1}
    assert len(edited.update) <= 50
    assert record.apply(BASE.state, edited.update, decode_update(edited.update)).content == edited.content


def test_a_removal_alone_takes_no_clock() -> None:
    emptied = record.write(BASE.state, 2, STAMP, changes({}, *BASE.content.live))
    assert emptied.content.live == {}
    assert emptied.content.vector == {1: 3}
    assert decode_update(emptied.update) == DecodedUpdate(client=None, items=(), deletes=(DeleteRange(1, 0, 3),))
    assert record.read(emptied.state) == emptied.content


def test_removing_what_is_removed_already_is_no_error() -> None:
    gone = record.write(BASE.state, 2, STAMP, changes({}, f"v/rating/{writer(1)}"))
    again = record.write(BASE.state, 3, STAMP, changes({"v/rating": 5}, f"v/rating/{writer(1)}"))
    applied = record.apply(gone.state, again.update, decode_update(again.update))
    assert applied.content.live[f"v/rating/{writer(3)}"].value == 5


def test_nothing_to_change() -> None:
    with pytest.raises(ValueError, match="nothing"):
        record.write(BASE.state, 2, STAMP, Changes())


@pytest.mark.parametrize("state", [None, BASE.state])
def test_deleting_a_key_that_is_not_live(state: bytes | None) -> None:
    with pytest.raises(NotLiveError):
        record.write(state, 2, STAMP, changes({"v/rating": 4}, f"v/rating/{writer(9)}"))


@pytest.mark.parametrize(
    ("stem", "value"),
    [("v/rating", float("nan")), ("v/rating", 1 << 53), ("v/rating", "\ud800"), ("rating", 1), ("v/Rating", 1), ("v/a/b", 1)],
)
def test_what_can_t_be_written_is_refused_before_the_engine_sees_it(stem: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        record.write(BASE.state, 2, STAMP, changes({stem: value}))


def test_an_update_before_what_it_depends_on_is_an_error_and_loses_nothing() -> None:
    edited = record.write(BASE.state, 2, STAMP, changes({"v/rating": 4}, f"v/rating/{writer(1)}"))
    with pytest.raises(EngineError, match="isn't there yet"):
        record.apply(None, edited.update, decode_update(edited.update))


def test_a_client_writes_a_record_once() -> None:
    with pytest.raises(EngineError, match="already"):
        record.apply(BASE.state, BASE.update, decode_update(BASE.update))
    with pytest.raises(EngineError, match="already"):
        record.write(BASE.state, 1, STAMP, changes({"v/favorite": True}))


@pytest.mark.parametrize("state", [b"", b"\x01", b"\xff" * 40, BASE.state[:-3]])
def test_a_state_that_is_none(state: bytes) -> None:
    with pytest.raises(EngineError):
        record.read(state)


def test_a_state_with_something_else_than_pairs() -> None:
    update = RawUpdate(blocks=[(1, 0, [RawItem(key="k", content=b"\x7e")])]).encoded()
    with pytest.raises(EngineError, match="pairs"):
        record.read(update)


@pytest.mark.parametrize(
    "decoded",
    [
        DecodedUpdate(client=2, items=(Item(f"v/rating/{writer(2)}", STAMP, 5),), deletes=(DeleteRange(1, 0, 1),)),
        DecodedUpdate(client=2, items=(Item(f"v/other/{writer(2)}", STAMP, 4),), deletes=(DeleteRange(1, 0, 1),)),
        DecodedUpdate(client=2, items=(), deletes=(DeleteRange(1, 0, 1),)),
        DecodedUpdate(client=3, items=(Item(f"v/rating/{writer(2)}", STAMP, 4),), deletes=(DeleteRange(1, 0, 1),)),
        DecodedUpdate(client=2, items=(Item(f"v/rating/{writer(2)}", STAMP, 4),), deletes=()),
        DecodedUpdate(client=2, items=(Item(f"v/rating/{writer(2)}", STAMP, 4),), deletes=(DeleteRange(1, 0, 2),)),
    ],
    ids=["another value", "another key", "an item more", "another client", "a delete more", "a delete less"],
)
def test_an_engine_that_does_something_else_than_was_decoded_is_noticed(decoded: DecodedUpdate) -> None:
    # The keys of a record are written in the order of their stems: the rating has clock 2.
    update = encode_update(2, [Item(f"v/rating/{writer(2)}", STAMP, 4)], [DeleteRange(1, 2, 1)])
    with pytest.raises(EngineError):
        record.apply(BASE.state, update, decoded)


def test_a_panic_of_the_engine_is_an_engine_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(document: Doc[Any], update: bytes) -> None:
        mapping: Map[Any] = document.get("r", type=Map)
        mapping["a"] = [1 << 63]

    monkeypatch.setattr(Doc, "apply_update", panic)
    with pytest.raises(EngineError, match="panicked"):
        record.apply(None, BASE.update, decode_update(BASE.update))


def test_an_interruption_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(document: Doc[Any], update: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Doc, "apply_update", interrupt)
    with pytest.raises(KeyboardInterrupt):
        record.read(BASE.state)


def test_no_document_outlives_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    documents: list[weakref.ref[Doc[Any]]] = []
    create = Doc.__init__

    def remember(document: Doc[Any], *args: Any, **kwargs: Any) -> None:
        create(document, *args, **kwargs)
        documents.append(weakref.ref(document))

    monkeypatch.setattr(Doc, "__init__", remember)
    gc.disable()
    try:
        record.read(BASE.state)
        record.write(BASE.state, 2, STAMP, changes({"v/rating": 4}, f"v/rating/{writer(1)}"))
        assert len(documents) == 3
        assert [document() for document in documents] == [None] * 3
    finally:
        gc.enable()


def test_a_hundred_edits_cost_what_was_measured() -> None:
    state, content = BASE.state, BASE.content
    for n in range(100):
        client = client_id(LogId(bytes(16)), NO_ENTRY, STAMP, n.to_bytes(16, "big"))
        old = [key for key in content.live if key.startswith("v/rating/")]
        written = record.write(state, client, STAMP, changes({"v/rating": n % 6}, *old))
        state, content = written.state, written.content
        assert len(written.update) <= 64
    assert len(content.live) == 3
    assert len(state) < 100 * 50


def test_nothing_is_an_empty_record() -> None:
    assert EMPTY.live == {}
    assert EMPTY.vector == {}
    with pytest.raises(TypeError):
        EMPTY.live["k"] = Cell(STAMP, "w", 1)  # type: ignore[index]  # frozen
