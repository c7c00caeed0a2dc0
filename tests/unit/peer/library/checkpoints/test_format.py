"""The content of checkpoints: its bytes are pinned, it comes back as it was written however it was cut, and nothing else passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.keys.codec import pack
from peer.library.checkpoints.format import (
    PIECE_BYTES,
    PORTION_BYTES,
    CoveredEntry,
    End,
    Header,
    Item,
    ItemReader,
    Kind,
    PurgedRecord,
    RecordSnapshot,
    VoidUpdate,
    encode_items,
)
from relay.messages.framing import frame
from store.encoding import MalformedError, encode
from store.entries import Dep, EntryKind
from store.heads import Heads, Tip
from store.ids import MASTER, NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId, RecordId, RecordKind
from store.skeleton import SkeletonEntry
from tests.fleet.authors import filler

GOLDEN = Path(__file__).parents[4] / "golden" / "checkpoint.hex"
LIBRARY = LibraryId(filler("library", 32))
LOG = LogId(filler("log", 16))
NAMES = [EntryHash(filler(f"entry {number}", 32)) for number in range(3)]
HEADS = Heads.of([(LOG, Tip(1, NAMES[1]))])
HEADER = Header(library=LIBRARY, heads=HEADS)


def record(number: int) -> RecordId:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


def entry(number: int, *, deps: tuple[Dep, ...] = (), client: int | None = None) -> CoveredEntry:
    return CoveredEntry(
        entry=SkeletonEntry(
            kind=EntryKind.CHANGE if number else EntryKind.OPEN,
            log=LOG,
            seq=number,
            name=NAMES[number],
            previous=NAMES[number - 1] if number else NO_ENTRY,
            deps=deps,
            author=DeviceId(filler("device", 16)) if number else MASTER,
        ),
        client=client,
    )


SOME: list[Item] = [
    HEADER,
    entry(0),
    entry(1, deps=(Dep(LogId(filler("other", 16)), 7, NAMES[2]),), client=(1 << 53) - 1),
    *sorted([VoidUpdate(NAMES[1], None), VoidUpdate(NAMES[1], record(1))], key=lambda void: void.place),
    PurgedRecord(record(5)),
    RecordSnapshot(record(1), b"one"),
    RecordSnapshot(record(2), b"two" * 400),
]


def read(content: bytes, cut: int = 1 << 20) -> list[Item]:
    reader = ItemReader()
    items = [item for start in range(0, len(content), cut) for item in reader.feed(content[start : start + cut])]
    reader.finish()
    return items


def test_the_bytes_are_pinned() -> None:
    content = b"".join(encode_items(SOME))
    assert read(bytes.fromhex(GOLDEN.read_text("ascii"))) == [*SOME, End(entries=2, voids=2, purged=1, records=2)]
    assert read(content) == read(bytes.fromhex(GOLDEN.read_text("ascii")))


@given(st.integers(1, 5000), st.lists(st.integers(0, 3 * PIECE_BYTES), max_size=4))
@settings(max_examples=25)
def test_it_comes_back_as_it_was_written_wherever_it_was_cut(cut: int, lengths: list[int]) -> None:
    states: list[Item] = [RecordSnapshot(record(9 + number), filler("state", 1 + length)) for number, length in enumerate(lengths)]
    content = b"".join(encode_items([*SOME, *states]))
    assert read(content, max(cut, len(content) // 100)) == [*SOME, *states, End(entries=2, voids=2, purged=1, records=2 + len(states))]


def test_portions_are_bounded_and_memory_with_them() -> None:
    def many() -> Iterator[Item]:
        yield HEADER
        for number in range(30_000):
            yield RecordSnapshot(record(number), filler("state", 200))

    assert all(len(piece) < 2 * PORTION_BYTES for piece in encode_items(many()))


def portion(kind: int, *items: object) -> bytes:
    return frame(kind, pack(encode(list(items))))


BEGIN = portion(Kind.HEADER, "calotype checkpoint", 1, LIBRARY, HEADS.to_wire())
FINISH = portion(Kind.END, 0, 0, 0, 0)
HOSTILE: dict[str, Sequence[bytes]] = {
    "nothing": [],
    "no end": [BEGIN],
    "no header": [FINISH],
    "two headers": [BEGIN, BEGIN, FINISH],
    "two ends": [BEGIN, FINISH, FINISH],
    "another label": [portion(Kind.HEADER, "calotype", 1, LIBRARY, []), FINISH],
    "a later version": [portion(Kind.HEADER, "calotype checkpoint", 2, LIBRARY, []), FINISH],
    "an unknown kind": [BEGIN, portion(9, 1), FINISH],
    "kinds in another order": [
        BEGIN,
        portion(Kind.RECORDS, [record(1), b"x"]),
        portion(Kind.PURGED, record(2)),
        portion(Kind.END, 0, 0, 1, 1),
    ],
    "records in another order": [BEGIN, portion(Kind.RECORDS, [record(2), b"x"], [record(1), b"x"]), portion(Kind.END, 0, 0, 0, 2)],
    "a record twice": [
        BEGIN,
        portion(Kind.RECORDS, [record(1), b"x"], [record(2), b"x"], [record(1), b"x"]),
        portion(Kind.END, 0, 0, 0, 3),
    ],
    "a purged id twice": [BEGIN, portion(Kind.PURGED, record(1)), portion(Kind.PURGED, record(1)), portion(Kind.END, 0, 0, 2, 0)],
    "voids in another order": [BEGIN, portion(Kind.VOIDS, [NAMES[1], record(2)], [NAMES[1], record(1)]), portion(Kind.END, 0, 2, 0, 0)],
    "an empty piece": [BEGIN, portion(Kind.RECORDS, [record(1), b""]), portion(Kind.END, 0, 0, 0, 1)],
    "smaller pieces than agreed": [BEGIN, portion(Kind.RECORDS, [record(1), b"x"], [record(1), b"y"]), portion(Kind.END, 0, 0, 0, 1)],
    "a portion without items": [BEGIN, portion(Kind.VOIDS), FINISH],
    "fewer than it says": [BEGIN, portion(Kind.END, 0, 0, 0, 1)],
    "an id of no kind": [BEGIN, portion(Kind.PURGED, bytes(17)), portion(Kind.END, 0, 0, 1, 0)],
    "an entry without a predecessor": [
        BEGIN,
        portion(Kind.ENTRIES, [0, LOG, 1, NAMES[1], b"", [], MASTER, None]),
        portion(Kind.END, 1, 0, 0, 0),
    ],
    "a client id of a control entry": [
        BEGIN,
        portion(Kind.ENTRIES, [2, LOG, 0, NAMES[1], b"", [], MASTER, 1]),
        portion(Kind.END, 1, 0, 0, 0),
    ],
    "a client id of 54 bits": [
        BEGIN,
        portion(Kind.ENTRIES, [0, LOG, 0, NAMES[1], b"", [], MASTER, 1 << 53]),
        portion(Kind.END, 1, 0, 0, 0),
    ],
    "more behind the end": [BEGIN, FINISH, b"\x40"],
    "half an item": [BEGIN, FINISH[:-1]],
    "an item of gigabytes": [b"\x5a\xff\xff\xff\xff"],
    "text": [BEGIN, b"\x61x"],
    "an unknown codec": [BEGIN, frame(Kind.PURGED, b"\x07xyz"), FINISH],
    "no list": [BEGIN, frame(Kind.PURGED, pack(encode({}))), FINISH],
}


@pytest.mark.parametrize("pieces", HOSTILE.values(), ids=HOSTILE.keys())
def test_anything_else_is_refused(pieces: Sequence[bytes]) -> None:
    with pytest.raises(MalformedError):
        read(b"".join(pieces))


@given(st.integers(0), st.integers(1, 255))
@settings(max_examples=100)
def test_a_changed_byte_is_refused_or_another_content(place: int, flip: int) -> None:
    content = bytearray(b"".join(encode_items(SOME)))
    content[place % len(content)] ^= flip
    try:
        items = read(bytes(content))
    except MalformedError:
        return
    assert items != read(b"".join(encode_items(SOME))) or b"".join(encode_items(items[:-1])) == b"".join(encode_items(SOME))
