"""What the blobs of a checkpoint hold (PROTOCOL.md section 3.6). Pure.

    content = portion…                      a CBOR sequence, cut into segments of 4 MiB
    portion = byte string: kind (1 byte) | packed CBOR([item, …])    packed like the body of a change: at most 2 MiB

    0 header    ["calotype checkpoint", 1, library, heads]           its four members are the items
    1 entries   [kind, log, seq, name, previous or empty, [[log, seq, name], …], author, client or null]   each after all that it needs
    2 voids     [name of the entry, record or empty]                 ascending
    3 purged    record                                               ascending
    4 records   [record, state]                                      ascending; a long state in pieces, one after the other
    5 end       [entries, voids, purged, records]                    how many came; its four members are the items

Kinds come in this order; those without items are left out, the header and the end come once. States are canonical (``crdt.state``). Nothing about
an item is judged here but its form and its order: whether it is *true* is for those to find out who compare it with what they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias

from crdt.client import MAX_CLIENT
from peer.keys.codec import MAX_PLAIN_BYTES, pack, unpack
from peer.keys.errors import BodyError, UnknownCodecError
from relay.messages.framing import ItemDecoder, frame
from store.encoding import MalformedError, TooLongError, decode, encode
from store.entries import MAX_DEPS, Dep, EntryKind
from store.heads import Heads
from store.ids import NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId, RecordId
from store.shapes import array, ascending, identifier, number, octets, optional, several, versioned
from store.skeleton import SkeletonEntry

PORTION_BYTES = 1024 * 1024
"""A portion ends when it has as many; nothing that is added at once is longer than ``PIECE_BYTES``."""

PIECE_BYTES = 512 * 1024
MAX_STATE_BYTES = 64 * 1024 * 1024
MAX_PORTION_BYTES = MAX_PLAIN_BYTES + 2
_LABEL = "calotype checkpoint"
_VERSION = 1
_DEPTH = 5
_MOST_ITEMS = 1 << 17


class Kind(IntEnum):
    """What a portion holds."""

    HEADER = 0
    ENTRIES = 1
    VOIDS = 2
    PURGED = 3
    RECORDS = 4
    END = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the checkpoint is of."""

    library: LibraryId
    heads: Heads


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredEntry:
    """An entry that the checkpoint covers. ``client``: the CRDT client id that it writes under, of a change whose body decodes."""

    entry: SkeletonEntry
    client: int | None


@dataclass(frozen=True, slots=True, order=True)
class VoidUpdate:
    """An update that never changes its record; ``record`` is ``None`` when the whole body is void."""

    entry: EntryHash
    record: RecordId | None

    @property
    def place(self) -> tuple[bytes, bytes]:
        """What they are sorted by."""
        return self.entry, self.record or b""


@dataclass(frozen=True, slots=True)
class PurgedRecord:
    """A record that was removed for good."""

    record: RecordId


@dataclass(frozen=True, slots=True)
class RecordSnapshot:
    """A record with its canonical state."""

    record: RecordId
    state: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How many items came."""

    entries: int = 0
    voids: int = 0
    purged: int = 0
    records: int = 0


Item: TypeAlias = Header | CoveredEntry | VoidUpdate | PurgedRecord | RecordSnapshot | End


def encode_items(items: Iterable[Item]) -> Iterator[bytes]:
    """The content of a checkpoint in pieces of any length. ``items`` in their order, but for the end, which is added."""
    counts = dict.fromkeys(Kind, 0)
    kind, wires, size = Kind.HEADER, list[Any](), 0
    for item in items:
        next_kind = _KINDS[type(item)]
        counts[next_kind] += 1
        for wire, length in _WRITERS[next_kind](item):
            if wires and (next_kind is not kind or size >= PORTION_BYTES):
                yield _portion(kind, wires)
                wires, size = [], 0
            kind = next_kind
            wires.append(wire)
            size += length
    yield _portion(kind, wires)
    yield _portion(Kind.END, [counts[each] for each in (Kind.ENTRIES, Kind.VOIDS, Kind.PURGED, Kind.RECORDS)])


class ItemReader:
    """Takes the content segment by segment and gives its items, the header first and the end last.

    ``feed`` and ``finish`` raise ``MalformedError`` for anything that ``encode_items`` wouldn't have written in this order.
    """

    def __init__(self) -> None:
        self._frames = ItemDecoder(longest=MAX_PORTION_BYTES)
        self._kind = Kind.HEADER
        self._began = False
        self._place: Any = None
        self._counts = dict.fromkeys(Kind, 0)
        self._record: RecordId | None = None
        self._pieces: list[bytes] = []
        self._length = 0

    def feed(self, segment: bytes) -> Iterator[Item]:
        """The items that are complete now; to be used up before the next call."""
        for tag, packed in self._frames.feed(segment):
            kind = self._next_kind(tag)
            wires = _unpacked(packed)
            if kind is Kind.RECORDS:
                yield from self._records(wires)
                continue
            yield from self._finished_record()
            for item in _READERS[kind](wires):
                self._in_order(kind, item)
                self._counts[kind] += 1
                yield item

    def finish(self) -> None:
        """The content has ended."""
        self._frames.finish()
        if self._kind is not Kind.END:
            raise MalformedError("a checkpoint that doesn't end")

    def _next_kind(self, tag: int) -> Kind:
        if tag not in set(Kind):
            raise MalformedError(f"a portion of kind {tag}")
        kind = Kind(tag)
        comes_first = not self._began
        if (kind is Kind.HEADER) != comes_first or kind < self._kind or self._kind is Kind.END:
            raise MalformedError("portions in another order than agreed")
        if kind is not self._kind:
            self._place = None
        self._kind, self._began = kind, True
        return kind

    def _in_order(self, kind: Kind, item: Item) -> None:
        if isinstance(item, End):
            counted = [self._counts[each] for each in (Kind.ENTRIES, Kind.VOIDS, Kind.PURGED, Kind.RECORDS)]
            if [item.entries, item.voids, item.purged, item.records] != counted:
                raise MalformedError("a checkpoint with other numbers of items than it says")
        place = item.place if isinstance(item, VoidUpdate) else item.record if isinstance(item, PurgedRecord) else None
        if place is not None:
            self._comes_after(place)

    def _comes_after(self, place: Any) -> None:
        if self._place is not None and place <= self._place:
            raise MalformedError("items that are not sorted, or occur twice")
        self._place = place

    def _records(self, wires: list[Any]) -> Iterator[Item]:
        for wire in wires:
            record, piece = _record(wire)
            if record != self._record:
                yield from self._finished_record()
                self._comes_after(record)
                self._record = record
            elif len(self._pieces[-1]) < PIECE_BYTES:
                raise MalformedError("a record in other pieces than agreed")
            self._pieces.append(piece)
            self._length += len(piece)
            if self._length > MAX_STATE_BYTES:
                raise TooLongError(f"a record with a state of more than {MAX_STATE_BYTES} bytes")

    def _finished_record(self) -> Iterator[Item]:
        if self._record is not None:
            self._counts[Kind.RECORDS] += 1
            yield RecordSnapshot(self._record, b"".join(self._pieces))
            self._record, self._pieces, self._length = None, [], 0


def _portion(kind: Kind, wires: list[Any]) -> bytes:
    return frame(kind, pack(encode(wires)))


def _unpacked(packed: bytes) -> list[Any]:
    try:
        wires = decode(unpack(packed), limit=MAX_PLAIN_BYTES, depth=_DEPTH)
    except (BodyError, UnknownCodecError) as error:
        raise MalformedError("a portion that can't be unpacked") from error
    items = list(several(wires, lambda wire: wire, at_most=_MOST_ITEMS))
    if not items:
        raise MalformedError("a portion without items")
    return items


def _write_header(item: Any) -> Iterator[tuple[Any, int]]:
    for wire in (_LABEL, _VERSION, item.library, item.heads.to_wire()):
        yield wire, 0


def _write_entry(item: Any) -> Iterator[tuple[Any, int]]:
    entry: SkeletonEntry = item.entry
    previous = b"" if entry.previous == NO_ENTRY else bytes(entry.previous)
    deps = [[dep.log, dep.seq, dep.name] for dep in entry.deps]
    yield [int(entry.kind), entry.log, entry.seq, entry.name, previous, deps, entry.author, item.client], 140 + 60 * len(deps)


def _write_void(item: Any) -> Iterator[tuple[Any, int]]:
    yield [item.entry, item.record or b""], 60


def _write_purged(item: Any) -> Iterator[tuple[Any, int]]:
    yield item.record, RecordId.SIZE + 1


def _write_record(item: Any) -> Iterator[tuple[Any, int]]:
    if len(item.state) > MAX_STATE_BYTES:
        raise TooLongError(f"a record with a state of more than {MAX_STATE_BYTES} bytes")
    for start in range(0, len(item.state), PIECE_BYTES):
        piece = item.state[start : start + PIECE_BYTES]
        yield [item.record, piece], len(piece) + 25


def _read_header(wires: list[Any]) -> Iterator[Item]:
    library, heads = versioned(wires, _VERSION, 4, label=_LABEL)
    yield Header(library=identifier(LibraryId, library), heads=Heads.from_wire(heads))


def _read_entries(wires: list[Any]) -> Iterator[Item]:
    for wire in wires:
        kind, log, seq, name, previous, deps, author, client = array(wire, 8)
        entry = SkeletonEntry(
            kind=_entry_kind(kind),
            log=identifier(LogId, log),
            seq=number(seq),
            name=identifier(EntryHash, name),
            previous=optional(EntryHash, previous) or NO_ENTRY,
            deps=several(deps, _dep, at_most=MAX_DEPS),
            author=identifier(DeviceId, author),
        )
        ascending(entry.deps)
        if (entry.seq == 0) != (entry.previous == NO_ENTRY):
            raise MalformedError("only the first entry of a log has no predecessor")
        if client is not None and (entry.kind is not EntryKind.CHANGE or number(client) > MAX_CLIENT):
            raise MalformedError("a client id that is none")
        yield CoveredEntry(entry=entry, client=client)


def _entry_kind(value: Any) -> EntryKind:
    try:
        return EntryKind(number(value))
    except ValueError as error:
        raise MalformedError("no such kind of entry") from error


def _dep(value: Any) -> Dep:
    log, seq, name = array(value, 3)
    return Dep(identifier(LogId, log), number(seq), identifier(EntryHash, name))


def _read_voids(wires: list[Any]) -> Iterator[Item]:
    for wire in wires:
        entry, record = array(wire, 2)
        yield VoidUpdate(identifier(EntryHash, entry), None if record == b"" else _record_id(record))


def _read_purged(wires: list[Any]) -> Iterator[Item]:
    for wire in wires:
        yield PurgedRecord(_record_id(wire))


def _record(wire: Any) -> tuple[RecordId, bytes]:
    record, piece = array(wire, 2)
    if piece == b"":
        raise MalformedError("an empty piece of a record")
    return _record_id(record), octets(piece, at_most=PIECE_BYTES)


def _record_id(value: Any) -> RecordId:
    try:
        return identifier(RecordId, value)
    except ValueError as error:
        raise MalformedError("no record id") from error


def _read_end(wires: list[Any]) -> Iterator[Item]:
    entries, voids, purged, records = (number(each) for each in array(wires, 4))
    yield End(entries=entries, voids=voids, purged=purged, records=records)


_KINDS: dict[type, Kind] = {
    Header: Kind.HEADER,
    CoveredEntry: Kind.ENTRIES,
    VoidUpdate: Kind.VOIDS,
    PurgedRecord: Kind.PURGED,
    RecordSnapshot: Kind.RECORDS,
}
_WRITERS: dict[Kind, Callable[[Any], Iterator[tuple[Any, int]]]] = {
    Kind.HEADER: _write_header,
    Kind.ENTRIES: _write_entry,
    Kind.VOIDS: _write_void,
    Kind.PURGED: _write_purged,
    Kind.RECORDS: _write_record,
}
_READERS: dict[Kind, Callable[[list[Any]], Iterator[Item]]] = {
    Kind.HEADER: _read_header,
    Kind.ENTRIES: _read_entries,
    Kind.VOIDS: _read_voids,
    Kind.PURGED: _read_purged,
    Kind.END: _read_end,
}
