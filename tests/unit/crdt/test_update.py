"""The update decoder and encoder: one encoding for each change, limits before work, no crash on any bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Map, TransactionEvent

from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError
from crdt.update import (
    MAX_DELETES,
    MAX_ITEMS,
    MAX_UPDATE_BYTES,
    MAX_VALUE_BYTES,
    DeleteRange,
    Item,
    decode_deletes,
    decode_state_vector,
    decode_update,
    encode_update,
    merged,
)
from crdt.values import MAX_WHOLE_NUMBER, BadValueError, canonical
from tests.unit.crdt.raw_updates import NULL, RawItem, RawUpdate, float32, float64, integer, nested, pair, text, varuint
from tests.unit.crdt.strategies import clients, delete_ranges, items, stamps

STAMP = Stamp(b"12345678")


def with_value(encoded: bytes) -> bytes:
    return RawUpdate(blocks=[(5, 0, [RawItem(key="k", content=pair(STAMP, encoded))])]).encoded()


def with_item(item: RawItem) -> bytes:
    return RawUpdate(blocks=[(5, 0, [item])]).encoded()


@given(st.data(), clients, stamps, st.lists(delete_ranges, max_size=5))
def test_what_is_written_is_read_back(data: st.DataObject, client: int, stamp: Stamp, deletes: list[DeleteRange]) -> None:
    written = data.draw(items(client, stamp))
    decoded = decode_update(encode_update(client, written, deletes))
    assert decoded.client == (client if written else None)
    assert list(decoded.items) == written
    assert [type(item.value) for item in decoded.items] == [type(item.value) for item in written]
    assert list(decoded.deletes) == merged(deletes)


@given(st.data(), clients, stamps, st.lists(delete_ranges, max_size=3), st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_each_change_has_one_encoding(
    data: st.DataObject, client: int, stamp: Stamp, deletes: list[DeleteRange], at: int, patch: bytes
) -> None:
    """Whatever mutated bytes are accepted are exactly what our encoder writes for what they say."""
    original = encode_update(client, data.draw(items(client, stamp)), deletes)
    at %= len(original)
    mutated = original[:at] + patch + original[at + len(patch) :]
    try:
        decoded = decode_update(mutated)
    except MalformedUpdateError:
        return
    assert encode_update(decoded.client or 0, decoded.items, decoded.deletes) == mutated


@given(st.binary(max_size=200))
def test_random_bytes_never_crash(data: bytes) -> None:
    for decode in (decode_update, decode_state_vector, decode_deletes):
        with suppress(MalformedUpdateError):
            decode(data)


@given(st.data(), clients, stamps, st.lists(delete_ranges, max_size=3))
def test_every_truncation_is_refused(data: st.DataObject, client: int, stamp: Stamp, deletes: list[DeleteRange]) -> None:
    update = encode_update(client, data.draw(items(client, stamp)), deletes)
    for end in range(len(update)):
        with pytest.raises(MalformedUpdateError):
            decode_update(update[:end])


@given(st.data(), clients, stamps)
def test_the_engine_reads_what_we_write(data: st.DataObject, client: int, stamp: Stamp) -> None:
    written = data.draw(items(client, stamp))
    document: Doc[Map[object]] = Doc()
    root = document.get("r", type=Map)
    document.apply_update(encode_update(client, written, []))
    assert {key: canonical(value) for key, value in (root.to_py() or {}).items()} == {item.key: [stamp, item.value] for item in written}


def test_we_read_what_the_engine_writes() -> None:
    """For values with one form in both: the format is the engine's own, not only ours."""
    document: Doc[Map[object]] = Doc(client_id=(1 << 53) - 1)
    root = document.get("r", type=Map)
    updates: list[bytes] = []

    def remember(event: TransactionEvent) -> None:
        updates.append(event.update)

    subscription = document.observe(remember)
    with document.transaction():
        root["v/a/x"] = [STAMP, "tést"]
        root["v/b/x"] = [STAMP, {"list": [None, True, b"\0", 1.5, 0.1]}]
    document.unobserve(subscription)
    decoded = decode_update(updates[0])
    assert decoded.client == (1 << 53) - 1
    assert decoded.items == (Item("v/a/x", STAMP, "tést"), Item("v/b/x", STAMP, {"list": [None, True, b"\0", 1.5, 0.1]}))


@pytest.mark.parametrize(
    ("why", "update"),
    [
        ("too early", b""),
        ("more bytes", b"\0\0\0"),
        ("several clients", RawUpdate(blocks=[(1, 0, []), (2, 0, [])]).encoded()),
        ("no items", RawUpdate(blocks=[(1, 0, [])]).encoded()),
        ("begin at 0", RawUpdate(blocks=[(1, 1, [RawItem(key="k", content=pair(STAMP))])]).encoded()),
        ("too early", b"\x01" + varuint(MAX_ITEMS) + b"\x05\0"),
        ("more than", b"\x01" + varuint(MAX_ITEMS + 1) + b"\x05\0"),
        ("origin", with_item(RawItem(key="k", content=pair(STAMP), info=0xA8, origins=b"\x01\0"))),
        ("origin", with_item(RawItem(key="k", content=pair(STAMP), info=0x68, origins=b"\x01\0"))),
        ("not a plain value", with_item(RawItem(key="k", content=b"\x01", info=0x27))),
        ("not a plain value", with_item(RawItem(key="k", content=pair(STAMP), info=0x24))),
        ("not a plain value", with_item(RawItem(key="k", content=b"", info=0x21))),
        ("not a plain value", b"\x01\x01\x05\0\0\x03\0"),
        ("not a plain value", b"\x01\x01\x05\0\x0a\x03\0"),
        ("root map", with_item(RawItem(key="k", content=pair(STAMP), parent=b"\x01\x01s"))),
        ("root map", with_item(RawItem(key="k", content=pair(STAMP), parent=b"\0\x01\0"))),
        ("root map", with_item(RawItem(key="k", content=pair(STAMP), info=0x08))),
        ("one pair", with_item(RawItem(key="k", content=pair(STAMP) * 2, count=2))),
        ("one pair", with_item(RawItem(key="k", content=b"", count=0))),
        ("one pair", with_item(RawItem(key="k", content=NULL))),
        ("one pair", with_item(RawItem(key="k", content=b"\x75\x01\x74\x0812345678"))),
        ("one pair", with_item(RawItem(key="k", content=b"\x75\x03\x74\x0812345678\x7e\x7e"))),
        ("one pair", with_item(RawItem(key="k", content=b"\x75\x02\x77\x0812345678\x7e"))),
        ("one pair", with_item(RawItem(key="k", content=pair(b"1234567")))),
        ("UTF-8", with_item(RawItem(key=b"\xff", content=pair(STAMP)))),
        ("UTF-8", with_item(RawItem(key=b"\xed\xa0\x80", content=pair(STAMP)))),
        ("UTF-8", with_value(b"\x77\x02\xc3\x28")),
        ("UTF-8", with_value(b"\x76\x01\x01\xff\x7e")),
        ("kind", with_value(b"\x7f")),
        ("kind", with_value(b"\x7a" + bytes(8))),
        ("kind", with_value(b"\x00")),
        ("negative zero", with_value(b"\x7d\x40")),
        ("shortest", with_value(b"\x7d\x81\x00")),
        ("shortest", with_value(b"\x77" + varuint(1, padding=1) + b"a")),
        ("shortest", with_value(float64(1.5))),
        ("whole", with_value(float64(7.0))),
        ("whole", with_value(float32(-0.0))),
        ("whole", with_value(float64(1e300))),
        ("not a number", with_value(float64(math.nan))),
        ("infinite", with_value(float32(math.inf))),
        ("too large", with_value(integer(1 << 53))),
        ("too large", with_value(integer(-(1 << 53)))),
        ("too many bytes", with_value(b"\x77" + b"\xff" * 9 + b"\x01")),
        ("too large", with_value(b"\x77" + b"\xff" * 7 + b"\x1f")),
        ("too early", with_value(b"\x77" + varuint(MAX_WHOLE_NUMBER))),
        ("kind", with_value(b"\x75" + varuint(MAX_WHOLE_NUMBER))),
        ("too early", with_value(b"\x76" + varuint(MAX_WHOLE_NUMBER))),
        ("not sorted", with_value(b"\x76\x02" + text("b") + NULL + text("a") + NULL)),
        ("twice", with_value(b"\x76\x02" + text("a") + NULL + text("a") + NULL)),
        ("too deep", with_value(nested(8))),
        ("too deep", with_value(nested(100_000))),
        ("longer than", with_value(b"\x74" + varuint(MAX_VALUE_BYTES) + bytes(MAX_VALUE_BYTES))),
        ("longer than", bytes(MAX_UPDATE_BYTES + 1)),
        ("empty", RawUpdate(deletes=[(1, [(0, 0)])]).encoded()),
        ("without any", RawUpdate(deletes=[(1, [])]).encoded()),
        ("not sorted", RawUpdate(deletes=[(2, [(0, 1)]), (1, [(0, 1)])]).encoded()),
        ("not sorted", RawUpdate(deletes=[(1, [(0, 1)]), (1, [(5, 1)])]).encoded()),
        ("not sorted", RawUpdate(deletes=[(1, [(5, 1), (0, 1)])]).encoded()),
        ("overlap", RawUpdate(deletes=[(1, [(0, 3), (2, 2)])]).encoded()),
        ("touch", RawUpdate(deletes=[(1, [(0, 1), (1, 1)])]).encoded()),
        ("more than", RawUpdate(deletes=[(1, [(2 * n, 1) for n in range(MAX_DELETES + 1)])]).encoded()),
        ("too early", b"\0" + varuint(MAX_WHOLE_NUMBER)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_refused(why: str, update: bytes) -> None:
    with pytest.raises(MalformedUpdateError, match=why):
        decode_update(update)


def test_the_limits_themselves_are_allowed() -> None:
    value = bytes(MAX_VALUE_BYTES - 12 - 4)
    assert decode_update(with_value(b"\x74" + varuint(len(value)) + value)).items[0].value == value
    assert decode_update(with_value(nested(7))).items
    many = [Item(f"k{n}", STAMP, None) for n in range(MAX_ITEMS)]
    assert len(decode_update(encode_update(1, many, [])).items) == MAX_ITEMS
    ranges = [DeleteRange(1, 2 * n, 1) for n in range(MAX_DELETES)]
    assert len(decode_update(encode_update(1, [], ranges)).deletes) == MAX_DELETES


@pytest.mark.parametrize(
    "make",
    [
        lambda: encode_update(1, [Item("k", STAMP, bytes(MAX_VALUE_BYTES))], []),
        lambda: encode_update(1, [Item(f"k{n}", STAMP, None) for n in range(MAX_ITEMS + 1)], []),
        lambda: encode_update(1, [], [DeleteRange(1, 2 * n, 1) for n in range(MAX_DELETES + 1)]),
        lambda: encode_update(1, [Item(f"k{n}", STAMP, bytes(60_000)) for n in range(5)], []),
    ],
)
def test_what_the_gate_would_refuse_is_not_written(make: Callable[[], bytes]) -> None:
    with pytest.raises(BadValueError):
        make()


@given(st.lists(delete_ranges, max_size=8))
def test_merging_keeps_exactly_the_same_items(ranges: list[DeleteRange]) -> None:
    def covered(pieces: list[DeleteRange]) -> set[tuple[int, int]]:
        return {(piece.client, clock) for piece in pieces for clock in range(piece.clock, piece.end)}

    assert covered(merged(ranges)) == covered(ranges)
    assert merged(merged(ranges)) == merged(ranges)


@given(st.dictionaries(clients, st.integers(1, 1 << 40), max_size=6))
def test_state_vectors(vector: dict[int, int]) -> None:
    encoded = varuint(len(vector)) + b"".join(varuint(client) + varuint(clocks) for client, clocks in vector.items())
    assert decode_state_vector(encoded) == vector
    with pytest.raises(MalformedUpdateError):
        decode_state_vector(encoded + b"\0")


def test_a_state_vector_names_a_client_once() -> None:
    with pytest.raises(MalformedUpdateError):
        decode_state_vector(bytes([2, 1, 1, 1, 2]))
