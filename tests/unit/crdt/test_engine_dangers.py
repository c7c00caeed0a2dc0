"""What the engine does to those who trust it, as measured; each line guards data.

A failure here after an upgrade of the engine means: it changed, in a place that ``crdt.record`` and the gate were built around.
Read them again before moving the line.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import trio
import trio.testing
from pycrdt import Array, Doc, Map, Snapshot, TransactionEvent, merge_updates

from tests.unit.crdt.raw_updates import RawItem, RawUpdate, float64, integer, nested, pair

STAMP = b"12345678"
# One client writes a=v0, b=v1, a=v2 under the root map m.
OUT_OF_ORDER = [
    bytes.fromhex("010101002801016d0161017702763000"),
    bytes.fromhex("010101012801016d0162017702763100"),
    bytes.fromhex("01010102a8010001770276320101010001"),
]


def opened(*updates: bytes, root: str = "r") -> tuple[Doc[Any], Map[Any]]:
    document: Doc[Any] = Doc()
    mapping: Map[Any] = document.get(root, type=Map)
    for update in updates:
        document.apply_update(update)
    return document, mapping


def written(client: int, state: bytes | None, change: Callable[[Map[Any]], object]) -> tuple[bytes, bytes]:
    """The update and the state after ``change`` by ``client``."""
    document: Doc[Any] = Doc(client_id=client)
    if state is not None:
        document.apply_update(state)
    mapping: Map[Any] = document.get("r", type=Map)
    updates: list[bytes] = []
    subscription = document.observe(lambda event: updates.append(event.update))
    with document.transaction():
        change(mapping)
    document.unobserve(subscription)
    return updates[0], document.get_update()


def test_out_of_order_updates_lose_data() -> None:
    first, second, third = OUT_OF_ORDER
    assert opened(second, third, first, root="m")[1].to_py() == {"b": "v1"}
    assert opened(first, second, third, root="m")[1].to_py() == {"a": "v2", "b": "v1"}
    assert opened(merge_updates(second, third, first), root="m")[1].to_py() == {"a": "v2", "b": "v1"}


def test_what_waits_in_a_document_is_not_saved() -> None:
    first, second, third = OUT_OF_ORDER
    waiting, _ = opened(third, root="m")
    saved = waiting.get_update()
    assert opened(saved, first, second, root="m")[1].to_py() == {"a": "v0", "b": "v1"}


def test_a_gap_in_the_clocks_shows_content_that_the_state_vector_denies() -> None:
    _, second, _ = OUT_OF_ORDER
    document, mapping = opened(second, root="m")
    assert mapping.to_py() == {"b": "v1"}
    assert document.get_state() == bytes([1, 1, 0])


def test_a_delete_that_waits_is_not_saved() -> None:
    set_it, _ = written(1, None, lambda m: m.update({"a": "x"}))
    delete_it = RawUpdate(deletes=[(1, [(0, 1)])]).encoded()
    waiting, _ = opened(delete_it)
    assert opened(waiting.get_update(), set_it)[1].to_py() == {"a": "x"}


def test_of_nested_types_made_at_one_key_by_two_one_is_dropped_with_all_in_it() -> None:
    one, _ = written(1, None, lambda m: m.update({"list": Array(["from one"])}))
    two, _ = written(2, None, lambda m: m.update({"list": Array(["from two"])}))
    kept = opened(one, two)[1].to_py()
    assert kept in ({"list": ["from one"]}, {"list": ["from two"]})


def test_a_map_key_is_not_add_wins() -> None:
    """A sets k; B sets k and takes its own away: A's value, which B never saw, vanishes."""
    lost = []
    for a, b in ((1, 2), (2, 1)):
        from_a, _ = written(a, None, lambda m: m.update({"k": "A"}))
        b_sets, b_state = written(b, None, lambda m: m.update({"k": "B"}))
        b_deletes, _ = written(b, b_state, lambda m: m.pop("k"))
        lost.append("k" not in (opened(from_a, b_sets, b_deletes)[1].to_py() or {}))
    assert any(lost)


def test_a_client_id_used_twice_forks_silently() -> None:
    _, base = written(7, None, lambda m: m.update({"start": 1}))
    one, one_state = written(7, base, lambda m: m.update({"caption": "one"}))
    two, two_state = written(7, base, lambda m: m.update({"caption": "two"}))
    left, right = opened(one_state, two), opened(two_state, one)
    assert left[0].get_state() == right[0].get_state()
    assert left[1].to_py() != right[1].to_py()


def test_after_a_fork_a_delete_hits_another_item() -> None:
    _, base = written(7, None, lambda m: m.update({"start": 1}))
    _, rated = written(7, base, lambda m: m.update({"rating": 5}))
    _, favored = written(7, base, lambda m: m.update({"favorite": True}))
    replaced, _ = written(8, favored, lambda m: m.pop("favorite"))
    assert opened(rated)[1].to_py() == {"start": 1, "rating": 5}
    assert opened(rated, replaced)[1].to_py() == {"start": 1}


def test_from_snapshot_copies_the_client_id() -> None:
    document: Doc[Any] = Doc(client_id=7, skip_gc=True)
    document.get("r", type=Map)["a"] = 1
    assert Doc.from_snapshot(Snapshot.from_doc(document), document).client_id == 7


@pytest.mark.parametrize("cut", [1, 5, 20, 30])
def test_truncated_bytes_raise_and_change_nothing(cut: int) -> None:
    update, _ = written(1, None, lambda m: m.update({"a": "some text", "b": [STAMP, 1]}))
    document, mapping = opened()
    with pytest.raises(ValueError, match="decode"):
        document.apply_update(update[:cut])
    assert mapping.to_py() == {}
    assert document.get_state() == b"\x00"


def test_an_update_can_speak_for_another_client() -> None:
    """The engine has no idea of authors: nothing but the gate stops this."""
    honest, _ = written(1, None, lambda m: m.update({"a": "honest"}))
    forged = RawUpdate(blocks=[(1, 0, [RawItem(key="a", content=b"\x77\x06forged")])]).encoded()
    assert opened(forged, honest)[1].to_py() == {"a": "forged"}


@pytest.mark.process
def test_a_value_nested_very_deep_kills_the_process() -> None:
    update = RawUpdate(blocks=[(1, 0, [RawItem(key="a", content=pair(STAMP, nested(16_000)))])]).encoded()
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "from pycrdt import Doc, Map\n"
        "d = Doc(); m = d.get('r', type=Map); d.apply_update(bytes.fromhex(sys.stdin.read())); m.to_py()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], input=update.hex(), text=True, capture_output=True, timeout=60, check=False)
    assert result.returncode < 0


def test_an_exception_in_a_transaction_takes_nothing_back() -> None:
    document, mapping = opened()

    def fail_half_way() -> None:
        with document.transaction():
            mapping["a"] = 1
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    assert mapping.to_py() == {"a": 1}


async def test_a_cancellation_inside_an_async_transaction_breaks_its_lock(autojump_clock: trio.testing.MockClock) -> None:
    """Hence plain synchronous transactions, and no ``await`` inside."""
    document, _ = opened()
    with trio.move_on_after(1):
        async with document.new_transaction():
            await trio.sleep_forever()
    with pytest.raises(RuntimeError):
        async with document.new_transaction():
            pass


def test_an_observer_lives_until_it_is_taken_off() -> None:
    class Witness:
        def see(self, event: TransactionEvent) -> None: ...

    def observed(*, unobserve: bool) -> weakref.ref[Witness]:
        witness = Witness()
        document, mapping = opened()
        subscription = document.observe(witness.see)
        mapping["a"] = 1
        if unobserve:
            document.unobserve(subscription)
        return weakref.ref(witness)

    gc.collect()
    assert observed(unobserve=True)() is None
    kept = observed(unobserve=False)
    gc.collect()
    assert kept() is not None


@pytest.mark.parametrize("bad", [1 << 63, "\ud800", {1: "x"}], ids=["2^63", "surrogate", "number as key"])
def test_some_values_panic(bad: object) -> None:
    """A panic is no ``Exception``: it passes every ``except Exception``."""
    _, mapping = opened()
    with pytest.raises(BaseException) as caught:  # noqa: PT011  # the panic's class can't be imported
        mapping["a"] = [bad]
    assert type(caught.value).__name__ == "PanicException"
    assert not isinstance(caught.value, Exception)


def test_values_come_back_as_something_else() -> None:
    _, mapping = opened()
    mapping["a"] = [5, (1 << 53) - 1, b"bytes", object(), True, None]
    back = mapping["a"]
    assert [type(item) for item in back] == [float, float, bytearray, type(None), bool, type(None)]
    assert back[:3] == [5, (1 << 53) - 1, b"bytes"]


@pytest.mark.parametrize("number", [0, 1, -1, 63, 64, -64, 2**40 + 1, 2**53 - 1, -(2**53) + 1])
def test_whole_numbers_written_as_varints_are_read_exactly(number: int) -> None:
    update = RawUpdate(blocks=[(1, 0, [RawItem(key="a", content=pair(STAMP, integer(number)))])]).encoded()
    assert opened(update)[1]["a"][1] == number


def test_bigints_become_floats_in_a_save() -> None:
    """Hence none in records: whether a number is whole would depend on how often its record was saved."""
    update = RawUpdate(blocks=[(1, 0, [RawItem(key="a", content=b"\x7a" + (2**60).to_bytes(8, "big"))])]).encoded()
    document, mapping = opened(update)
    assert type(mapping["a"]) is int
    assert type(opened(document.get_update())[1]["a"]) is float


def test_floats_survive_saves_exactly() -> None:
    update = RawUpdate(blocks=[(1, 0, [RawItem(key="a", content=pair(STAMP, float64(0.1)))])]).encoded()
    assert opened(opened(update)[0].get_update())[1]["a"][1] == 0.1


def test_after_loading_a_root_is_none_until_it_was_asked_for() -> None:
    _, state = written(1, None, lambda m: m.update({"a": 1}))
    document: Doc[Any] = Doc()
    document.apply_update(state)
    assert document["r"] is None
    mapping: Map[Any] = document.get("r", type=Map)
    assert mapping.to_py() == {"a": 1}


def test_a_root_asked_for_with_a_wrong_type_reads_as_empty() -> None:
    _, state = written(1, None, lambda m: m.update({"a": 1}))
    document: Doc[Any] = Doc()
    document.apply_update(state)
    wrong: Array[Any] = document.get("r", type=Array)
    assert wrong.to_py() == []


def test_maps_inside_values_are_written_in_no_fixed_order() -> None:
    """Hence our own encoder: the bytes of an entry must not differ from run to run."""
    value = {f"k{n}": n for n in range(8)}
    assert len({written(1, None, lambda m: m.update({"a": value}))[0] for _ in range(20)}) > 1
