"""Updates of records: Yjs v1 in the one form that Calotype writes (PROTOCOL.md section 6.2). Pure.

    update  = blocks | deletes
    blocks  = 0                                        nothing is set, or
              1 | count | client | 0 | item…           the items of one client, clocks from 0
    item    = 0x28 | 1 | 1 "r" | key | 1 | value       content "Any" with one element, parent: the root map "r", a key, no origins
    value   = 117 | 2 | 116 8 stamp | any              the pair [stamp, value]
    deletes = count | (client | count | (clock | length)…)…   clients and clocks ascending, ranges apart

All numbers are varints, text has its length before it (``crdt.lib0``). Each change has exactly one encoding: what ``decode_update``
accepts is byte for byte what ``encode_update`` writes. So the bytes that an author makes don't depend on the engine, its version
or its hash seeds, and are the same in every run.

Who may write what is not judged here but in ``crdt.gate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError, read_any, read_bytes, read_varuint, write_any, write_bytes, write_varuint
from crdt.values import FIELD_DEPTH, BadValueError, Value

MAX_UPDATE_BYTES = 256 * 1024
MAX_VALUE_BYTES = 64 * 1024
"""Of one encoded pair ``[stamp, value]``."""

MAX_ITEMS = 4096
MAX_DELETES = 4096

ITEM_HEAD = b"\x28\x01\x01r"
_PAIR_HEAD = b"\x01\x75\x02\x74\x08"
_PAIR_BYTES = 4 + Stamp.SIZE
"""What a pair takes besides its value: two tags and lengths, and the stamp."""

_ORIGINS = 0xC0
_CONTENT = 0x1F
_CONTENT_ANY = 8


class Item(NamedTuple):
    """One key that an update sets. Its clock is its place in the update."""

    key: str
    stamp: Stamp
    value: Value


class DeleteRange(NamedTuple):
    """``length`` items of ``client`` from ``clock`` on that an update deletes."""

    client: int
    clock: int
    length: int

    @property
    def end(self) -> int:
        """The first clock behind the range."""
        return self.clock + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedUpdate:
    """What an update does. ``client`` is ``None`` when it sets nothing."""

    client: int | None
    items: tuple[Item, ...]
    deletes: tuple[DeleteRange, ...]


def decode_update(data: bytes) -> DecodedUpdate:
    """What ``data`` does; ``MalformedUpdateError`` when it is not an update in the agreed form or within the limits."""
    if len(data) > MAX_UPDATE_BYTES:
        raise MalformedUpdateError(f"an update is longer than {MAX_UPDATE_BYTES} bytes")
    try:
        client, items, deletes_at = _read_items(data)
        deletes, end = read_deletes(data, deletes_at)
    except IndexError:
        raise MalformedUpdateError("an update ends too early") from None
    if end != len(data):
        raise MalformedUpdateError("an update is followed by more bytes")
    if deletes and data[deletes_at:] != encoded_deletes(merged(deletes)):
        raise MalformedUpdateError("deletes are not sorted, or overlap, or touch")
    return DecodedUpdate(client=client, items=items, deletes=deletes)


def encode_update(client: int, items: Sequence[Item], deletes: Iterable[DeleteRange]) -> bytes:
    """The update of ``client`` that sets ``items``, in this order, and deletes ``deletes``.

    ``BadValueError`` when it would be over a limit.
    """
    out = bytearray()
    if items:
        out.append(1)
        write_varuint(out, len(items))
        write_varuint(out, client)
        out.append(0)
        for item in items:
            write_item(out, item)
    else:
        out.append(0)
    ranges = merged(deletes)
    out += encoded_deletes(ranges)
    if len(items) > MAX_ITEMS or len(ranges) > MAX_DELETES or len(out) > MAX_UPDATE_BYTES:
        raise BadValueError(
            f"one change of a record sets at most {MAX_ITEMS} keys, deletes {MAX_DELETES} ranges and takes {MAX_UPDATE_BYTES} bytes"
        )
    return bytes(out)


def merged(deletes: Iterable[DeleteRange]) -> list[DeleteRange]:
    """The same items in as few ranges as possible, sorted."""
    ranges: list[DeleteRange] = []
    for piece in sorted(deletes):
        last = ranges[-1] if ranges else None
        if last is not None and last.client == piece.client and piece.clock <= last.end:
            ranges[-1] = last._replace(length=max(last.end, piece.end) - last.clock)
        else:
            ranges.append(piece)
    return ranges


def decode_deletes(data: bytes) -> list[DeleteRange]:
    """The deletes of an update that the engine made and that sets nothing, in the agreed form."""
    try:
        blocks, position = read_varuint(data, 0)
        deletes, position = read_deletes(data, position)
    except IndexError:
        raise MalformedUpdateError("an update ends too early") from None
    if blocks or position != len(data):
        raise MalformedUpdateError("an update does more than delete")
    return merged(deletes)


def decode_state_vector(data: bytes) -> dict[int, int]:
    """How many clocks of each client a document knows: client to number."""
    vector: dict[int, int] = {}
    try:
        count, position = read_varuint(data, 0)
        for _ in range(count):
            client, position = read_varuint(data, position)
            vector[client], position = read_varuint(data, position)
    except IndexError:
        raise MalformedUpdateError("a state vector ends too early") from None
    if position != len(data) or len(vector) != count:
        raise MalformedUpdateError("a state vector names a client twice or is followed by more bytes")
    return vector


def _read_items(data: bytes) -> tuple[int | None, tuple[Item, ...], int]:
    blocks, position = read_varuint(data, 0)
    if not blocks:
        return None, (), position
    if blocks > 1:
        raise MalformedUpdateError("an update holds items of several clients")
    count, position = read_varuint(data, position)
    if not 0 < count <= MAX_ITEMS:
        raise MalformedUpdateError(f"an update holds no items of its client, or more than {MAX_ITEMS}")
    client, position = read_varuint(data, position)
    clock, position = read_varuint(data, position)
    if clock:
        raise MalformedUpdateError("the clocks of an update don't begin at 0")
    items = []
    for _ in range(count):
        item, position = read_item(data, position)
        items.append(item)
    return client, tuple(items), position


def read_item(data: bytes, position: int, *, by_engine: bool = False) -> tuple[Item, int]:
    """An item and the position behind it; ``MalformedUpdateError``, or ``IndexError`` when the buffer ends too early. ``by_engine`` as in ``read_any``."""
    begin = position + len(ITEM_HEAD)
    if data[position:begin] != ITEM_HEAD:
        raise MalformedUpdateError(_what_is_wrong(data, position))
    raw_key, begin = read_bytes(data, begin)
    try:
        key = raw_key.decode()
    except UnicodeDecodeError:
        raise MalformedUpdateError("a key is not UTF-8") from None
    stamp_at = begin + len(_PAIR_HEAD)
    if data[begin:stamp_at] != _PAIR_HEAD:
        raise MalformedUpdateError("an item is not one pair of a stamp and a value")
    value_at = stamp_at + Stamp.SIZE
    raw_stamp = data[stamp_at:value_at]
    if len(raw_stamp) != Stamp.SIZE:
        raise IndexError
    value, end = read_any(data, value_at, FIELD_DEPTH, by_engine=by_engine)
    if end - value_at > MAX_VALUE_BYTES - _PAIR_BYTES:
        raise MalformedUpdateError(f"a value is longer than {MAX_VALUE_BYTES} bytes")
    return Item(key, Stamp(raw_stamp), value), end


def _what_is_wrong(data: bytes, position: int) -> str:
    info = data[position]
    if info & _ORIGINS:
        return "an item has an origin"
    if info & _CONTENT != _CONTENT_ANY:
        return "an item is not a plain value"
    return "an item is not a key of the root map"


def write_item(out: bytearray, item: Item) -> None:
    """Appends an item; ``BadValueError`` when its value is too long."""
    out += ITEM_HEAD
    write_bytes(out, item.key.encode())
    out += _PAIR_HEAD
    out += item.stamp
    begin = len(out)
    write_any(out, item.value)
    if len(out) - begin > MAX_VALUE_BYTES - _PAIR_BYTES:
        raise BadValueError(f"a value is longer than {MAX_VALUE_BYTES} bytes")


def read_deletes(data: bytes, position: int, *, at_most: int = MAX_DELETES) -> tuple[tuple[DeleteRange, ...], int]:
    """The ranges, in any order, and the position behind them; ``MalformedUpdateError``, or ``IndexError`` when the buffer ends too early."""
    deletes: list[DeleteRange] = []
    clients, position = read_varuint(data, position)
    for _ in range(clients):
        client, position = read_varuint(data, position)
        count, position = read_varuint(data, position)
        if not count or len(deletes) + count > at_most:
            raise MalformedUpdateError(f"an update holds more than {at_most} deletes, or a client without any")
        for _ in range(count):
            clock, position = read_varuint(data, position)
            length, position = read_varuint(data, position)
            if not length:
                raise MalformedUpdateError("a delete is empty")
            deletes.append(DeleteRange(client, clock, length))
    return tuple(deletes), position


def encoded_deletes(ranges: Sequence[DeleteRange]) -> bytes:
    """``ranges`` as ``merged`` gives them."""
    out = bytearray()
    by_client: dict[int, list[DeleteRange]] = {}
    for piece in ranges:
        by_client.setdefault(piece.client, []).append(piece)
    write_varuint(out, len(by_client))
    for client, pieces in by_client.items():
        write_varuint(out, client)
        write_varuint(out, len(pieces))
        for piece in pieces:
            write_varuint(out, piece.clock)
            write_varuint(out, piece.length)
    return bytes(out)
