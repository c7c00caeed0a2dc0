"""The causal buffer: any order in, causal order out."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map

from store.causal import BufferFullError, CausalBuffer


@st.composite
def histories(draw: st.DrawFn) -> dict[int, set[int]]:
    """For each item the items before it that it needs."""
    length = draw(st.integers(1, 15))
    return {item: draw(st.sets(st.integers(0, item - 1), max_size=3)) if item else set() for item in range(length)}


@given(histories(), st.randoms(use_true_random=False))
def test_every_item_comes_once_and_after_what_it_needs(history: dict[int, set[int]], order: random.Random) -> None:
    buffer: CausalBuffer[int, str] = CausalBuffer(max_items=100, max_bytes=100)
    offered = list(history) * 2
    order.shuffle(offered)
    given_out: list[int] = []
    for item in offered:
        buffer.offer(item, history[item], str(item), size=1)
        for name, value in buffer.drain():
            assert history[name] <= set(given_out)
            assert value == str(name)
            given_out.append(name)
    assert sorted(given_out) == list(history)
    assert buffer.waiting() == {}


def test_an_order_that_is_causal_already_is_kept() -> None:
    buffer: CausalBuffer[str, None] = CausalBuffer(max_items=10, max_bytes=0)
    for name, needs in (("a", ""), ("b", ""), ("c", "a"), ("d", ""), ("e", "c")):
        buffer.offer(name, needs, None, size=0)
    assert [name for name, _ in buffer.drain()] == list("abcde")


def test_what_needs_something_refused_waits_for_it() -> None:
    buffer: CausalBuffer[str, None] = CausalBuffer(max_items=10, max_bytes=0, settled=["root"])
    buffer.offer("child", ["parent", "root"], None, size=0)
    buffer.offer("parent", ["root"], None, size=0)
    assert buffer.take() == ("parent", None)
    assert buffer.take() is None, "parent was taken but never settled"
    assert buffer.waiting() == {"child": frozenset({"parent"})}
    buffer.settle("parent")
    assert buffer.take() == ("child", None)


def test_duplicates_are_harmless() -> None:
    buffer: CausalBuffer[str, int] = CausalBuffer(max_items=10, max_bytes=100, settled=["known"])
    assert not buffer.offer("known", [], 0, size=1)
    assert buffer.offer("new", [], 1, size=1)
    assert not buffer.offer("new", [], 2, size=1)
    assert list(buffer.drain()) == [("new", 1)]
    assert not buffer.offer("new", [], 3, size=1)
    buffer.settle("new")
    assert buffer.take() is None


def test_what_doesn_t_fit_is_refused_by_name_and_fits_later() -> None:
    buffer: CausalBuffer[str, None] = CausalBuffer(max_items=2, max_bytes=10)
    buffer.offer("a", [], None, size=8)
    with pytest.raises(BufferFullError) as caught:
        buffer.offer("b", [], None, size=3)
    assert caught.value.name == "b"
    buffer.offer("c", [], None, size=2)
    with pytest.raises(BufferFullError):
        buffer.offer("d", [], None, size=0)
    assert [name for name, _ in buffer.drain()] == ["a", "c"]
    assert buffer.offer("b", [], None, size=3)


WRITES_OF_ONE_CLIENT = {
    "a=v0": (set(), bytes.fromhex("010101002801016d0161017702763000")),
    "b=v1": ({"a=v0"}, bytes.fromhex("010101012801016d0162017702763100")),
    "a=v2": ({"b=v1"}, bytes.fromhex("01010102a8010001770276320101010001")),
}


def apply(updates: list[bytes]) -> dict[str, str]:
    """What the engine makes of updates, one after the other."""
    document: Doc[Map[str]] = Doc()
    for update in updates:
        document.apply_update(update)
    return dict(document.get("m", type=Map).to_py() or {})


def test_the_engine_loses_data_when_updates_come_out_of_order() -> None:
    """Why there is a buffer. Should this fail after an upgrade, the engine has become better; the buffer stays."""
    updates = {name: update for name, (_, update) in WRITES_OF_ONE_CLIENT.items()}
    assert apply([updates[name] for name in ("b=v1", "a=v2", "a=v0")]) == {"b": "v1"}


@pytest.mark.parametrize("order", list(itertools.permutations(WRITES_OF_ONE_CLIENT)))
def test_the_buffer_makes_that_harmless(order: tuple[str, ...]) -> None:
    buffer: CausalBuffer[str, bytes] = CausalBuffer(max_items=10, max_bytes=1000)
    updates: list[bytes] = []
    for name in order:
        needs, update = WRITES_OF_ONE_CLIENT[name]
        buffer.offer(name, needs, update, size=len(update))
        updates += [ready for _, ready in buffer.drain()]
    assert apply(updates) == {"a": "v2", "b": "v1"}
