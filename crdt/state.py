"""States of records as plain data, and their one canonical encoding (PROTOCOL.md section 6.4). Pure.

What the engine saves differs from device to device, although the records are equal: it depends on the order of arrival and on when a
record was last loaded. And the engine must not be fed with bytes that somebody else made. So records travel in checkpoints in one form,
which is decoded, judged, merged and encoded here, without the engine:

    state   = count | (clients | client | 0 | struct…)… | deletes      clients ascending, each with its clocks from 0 on
    struct  = item, as in an update (``crdt.update``)                  a live one
            | 0 | length                                               a run of clocks whose items were deleted
    deletes = as in an update                                          exactly these runs

The engine reads it like any state. Two records are equal, in every clock, exactly when their canonical states are.

**Merging.** A client writes a record once, so a state knows either all of its clocks or none. An item is live in the merged state when it is
live in both, or live in one and unknown to the other: what one of two states knows and doesn't show was deleted. That is what the
engine makes of two states, too; ``tests/unit/crdt/test_state.py`` compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from crdt.client import MAX_CLIENT, WRITER_LENGTH
from crdt.lib0 import MalformedUpdateError, read_bytes, read_varuint, write_varuint
from crdt.record import Cell, Content
from crdt.update import ITEM_HEAD, MAX_ITEMS, DecodedUpdate, DeleteRange, Item, encoded_deletes, merged, read_deletes, read_item, write_item

MAX_CLIENTS = 1 << 20
"""Entries that wrote one record. A state takes some 15 bytes for each."""

MAX_CLOCKS = 1 << 22
"""All that these entries wrote into it. A run of clocks takes a few bytes in a state, however long it is, and each clock some in memory."""

_GONE = 0
_DELETED_ITEM = 0x21
"""What the engine keeps of an item whose value is gone: where it stood."""

_ROOT = ITEM_HEAD[1:]

Clocks = tuple[Item | None, ...]
"""What a client wrote, by clock; ``None`` for what was deleted."""


@dataclass(frozen=True, slots=True)
class RecordState:
    """All that a record knows: of each client what it wrote."""

    clients: Mapping[int, Clocks]

    def content(self) -> Content:
        """What the record says; ``MalformedUpdateError`` when two items stand at one key, which no history leads to."""
        items = list(self.live())
        live = {item.key: Cell(item.stamp, item.key[-WRITER_LENGTH:], item.value) for item in items}
        if len(live) != len(items):
            raise MalformedUpdateError("a key occurs twice")
        return Content(
            live=MappingProxyType(live), vector=MappingProxyType({client: len(clocks) for client, clocks in self.clients.items()})
        )

    def live(self) -> Iterator[Item]:
        """The items that weren't deleted."""
        for clocks in self.clients.values():
            for item in clocks:
                if item is not None:
                    yield item

    def after(self, update: DecodedUpdate) -> RecordState:
        """With an update that the gate accepted; ``MalformedUpdateError`` when its client wrote here already, or what it deletes isn't there."""
        clients = dict(self.clients)
        for piece in update.deletes:
            clocks = clients.get(piece.client, ())
            if piece.end > len(clocks):
                raise MalformedUpdateError("an update deletes what isn't there yet")
            clients[piece.client] = (*clocks[: piece.clock], *(None,) * piece.length, *clocks[piece.end :])
        if update.client is not None:
            if update.client in clients:
                raise MalformedUpdateError("the client of an update has written here already")
            clients[update.client] = update.items
        return RecordState(clients)

    def merged_with(self, other: RecordState) -> RecordState:
        """What knows all that both know; ``MalformedUpdateError`` when they differ in what a client wrote."""
        clients = dict(self.clients)
        for client, theirs in other.clients.items():
            ours = clients.get(client)
            clients[client] = theirs if ours is None else _known_to_both(ours, theirs)
        return RecordState(clients)

    def encode(self) -> bytes:
        """The canonical state."""
        out = bytearray()
        write_varuint(out, len(self.clients))
        for client, clocks in sorted(self.clients.items()):
            _write_client(out, client, clocks)
        out += encoded_deletes(merged(_deletes(self.clients)))
        return bytes(out)


def read_state(data: bytes) -> RecordState:
    """What the engine saved, or a canonical state; ``MalformedUpdateError`` when it can't be the state of a record."""
    try:
        count, position = read_varuint(data, 0)
        if count > MAX_CLIENTS:
            raise MalformedUpdateError(f"a record was written by more than {MAX_CLIENTS} entries")
        clients: dict[int, list[Item | None]] = {}
        known = 0
        for _ in range(count):
            client, clocks, position = _read_client(data, position)
            clients[client] = clocks
            known += len(clocks)
            if known > MAX_CLOCKS:
                raise MalformedUpdateError(f"a record was written more than {MAX_CLOCKS} times")
        deletes, end = read_deletes(data, position, at_most=known)
    except IndexError:
        raise MalformedUpdateError("a state ends too early") from None
    if end != len(data) or len(clients) != count:
        raise MalformedUpdateError("a state names a client twice, or is followed by more bytes")
    for piece in deletes:
        if piece.end > len(clients.get(piece.client, ())):
            raise MalformedUpdateError("a state deletes what it doesn't have")
        clients[piece.client][piece.clock : piece.end] = (None,) * piece.length
    return RecordState({client: tuple(clocks) for client, clocks in clients.items()})


def read_canonical(data: bytes) -> RecordState:
    """A canonical state, from anybody; ``MalformedUpdateError`` when it is anything else, or no record could have come to it."""
    state = read_state(data)
    if state.encode() != data:
        raise MalformedUpdateError("a state is not in its canonical form")
    state.content()
    return state


def _read_client(data: bytes, position: int) -> tuple[int, list[Item | None], int]:
    structs, position = read_varuint(data, position)
    client, position = read_varuint(data, position)
    clock, position = read_varuint(data, position)
    if clock or not structs or client > MAX_CLIENT:
        raise MalformedUpdateError("the clocks of a client don't begin at 0")
    clocks: list[Item | None] = []
    for _ in range(structs):
        item, length, position = _read_struct(data, position)
        if len(clocks) + length > MAX_ITEMS:
            raise MalformedUpdateError(f"a client wrote more than {MAX_ITEMS} items")
        clocks += [item] * length
    return client, clocks, position


def _read_struct(data: bytes, position: int) -> tuple[Item | None, int, int]:
    """One struct: its item, unless that was deleted; how many clocks it takes; where it ends."""
    info = data[position]
    if info == ITEM_HEAD[0]:
        item, position = read_item(data, position, by_engine=True)
        return item, 1, position
    position += 1
    if info == _DELETED_ITEM:
        end = position + len(_ROOT)
        if data[position:end] != _ROOT:
            raise MalformedUpdateError("an item is not a key of the root map")
        _, position = read_bytes(data, end)
    elif info != _GONE:
        raise MalformedUpdateError("a struct is no plain value, nor what is left of one")
    length, position = read_varuint(data, position)
    if not length:
        raise MalformedUpdateError("a struct is empty")
    return None, length, position


def _known_to_both(ours: Clocks, theirs: Clocks) -> Clocks:
    if len(ours) != len(theirs):
        raise MalformedUpdateError("two states differ in how much a client wrote")
    return tuple(None if other is None else item for item, other in zip(ours, theirs, strict=True))


def _write_client(out: bytearray, client: int, clocks: Clocks) -> None:
    structs = bytearray()
    count = 0
    for is_gone, run in groupby(clocks, lambda item: item is None):
        if is_gone:
            structs.append(_GONE)
            write_varuint(structs, sum(1 for _ in run))
            count += 1
            continue
        for item in run:
            assert item is not None
            write_item(structs, item)
            count += 1
    write_varuint(out, count)
    write_varuint(out, client)
    out.append(0)
    out += structs


def _deletes(clients: Mapping[int, Clocks]) -> Iterator[DeleteRange]:
    for client, clocks in clients.items():
        clock = 0
        for is_gone, run in groupby(clocks, lambda item: item is None):
            length = sum(1 for _ in run)
            if is_gone:
                yield DeleteRange(client, clock, length)
            clock += length
