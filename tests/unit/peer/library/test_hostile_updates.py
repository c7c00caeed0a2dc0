"""Updates that a member makes to do harm: what the gate refuses is void, what passes it is read by nobody who doesn't expect it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from crdt.client import client_of
from crdt.clock import Stamp
from crdt.record import Content
from crdt.update import DeleteRange, Item, encode_update
from crdt.values import Value
from peer.library import applying
from peer.library.queries import Queries
from store.bodies import Packages
from store.entries import EntryKind
from store.ids import MASTER, EpochId, RecordId, RecordKind
from tests.fleet import authors
from tests.fleet.libraries import edit, exchange, give
from tests.unit.crdt.raw_updates import NULL, RawItem, RawUpdate, float64, integer, nested, pair, text
from tests.unit.peer.library.mallory import Hand
from tests.unit.peer.library.three import Three, voids, waiting

Attack: TypeAlias = Callable[[Three, Hand, Content], bytes]


def _raw(hand: Hand, *values: bytes, stem: str = "v/rating", clock: int = 0) -> bytes:
    items = [RawItem(key=hand.key(stem), content=pair(hand.stamp, value)) for value in values]
    return RawUpdate(blocks=[(hand.client, clock, items)]).encoded()


def _somebody(content: Content) -> int:
    return next(iter(content.vector))


def _unseen(three: Three) -> DeleteRange:
    """What bert did meanwhile; mallory's entry doesn't have it in its past."""
    edit(three.bert, three.photo, caption="unseen")
    give(three.bert, three.anna)
    content = three.anna.records.content(three.photo)
    assert content is not None
    (caption,) = (cell for key, cell in content.live.items() if key.startswith("v/caption/"))
    return DeleteRange(client_of(caption.writer), 0, 1)


ATTACKS: dict[str, Attack] = {
    "nothing": lambda three, hand, content: b"",
    "no change": lambda three, hand, content: b"\0\0",
    "noise": lambda three, hand, content: authors.filler("noise", 80),
    "cut off": lambda three, hand, content: hand.update("v/rating", 1)[:-1],
    "more behind it": lambda three, hand, content: hand.update("v/rating", 1) + b"\0",
    "somebody else's client id": lambda three, hand, content: encode_update(
        _somebody(content), [Item(hand.key("v/rating"), hand.stamp, 1)], []
    ),
    "two clients": lambda three, hand, content: RawUpdate(
        blocks=[(client, 0, [RawItem(key=hand.key("v/rating"), content=pair(hand.stamp))]) for client in (hand.client, 7)]
    ).encoded(),
    "clocks from 1": lambda three, hand, content: _raw(hand, NULL, clock=1),
    "a key of somebody else": lambda three, hand, content: encode_update(hand.client, [Item(next(iter(content.live)), hand.stamp, 1)], []),
    "a key twice": lambda three, hand, content: _raw(hand, NULL, NULL),
    "a key without grammar": lambda three, hand, content: encode_update(hand.client, [Item("rating", hand.stamp, 1)], []),
    "a key that is no text": lambda three, hand, content: RawUpdate(
        blocks=[(hand.client, 0, [RawItem(key=b"v/\xff/" + hand.writer.encode(), content=pair(hand.stamp))])]
    ).encoded(),
    "another stamp": lambda three, hand, content: _raw(Hand(stamp=Stamp(b"\xff" * 8), random=b"", client=hand.client), NULL),
    "nested 8 deep": lambda three, hand, content: _raw(hand, nested(8)),
    "nested 16,000 deep": lambda three, hand, content: _raw(hand, nested(16_000)),
    "a shared type": lambda three, hand, content: RawUpdate(
        blocks=[(hand.client, 0, [RawItem(key=hand.key("v/rating"), content=b"", info=0x27)])]
    ).encoded(),
    "an origin": lambda three, hand, content: RawUpdate(
        blocks=[(hand.client, 0, [RawItem(key="", content=pair(hand.stamp), info=0xA8, origins=b"\x01\0")])]
    ).encoded(),
    "not a number": lambda three, hand, content: _raw(hand, float64(float("nan"))),
    "a number of 2^60": lambda three, hand, content: _raw(hand, integer(2**60)),
    "a value of 65 KiB": lambda three, hand, content: _raw(hand, b"\x77" + text("x" * 66_000)),
    "an update of 300 KiB": lambda three, hand, content: b"\0" * 300_000,
    "a count of billions": lambda three, hand, content: b"\x01\xff\xff\xff\xff\x0f",
    "deletes of its own": lambda three, hand, content: hand.update("v/rating", 1, deletes=[DeleteRange(hand.client, 0, 1)]),
    "deletes of nobody's": lambda three, hand, content: hand.update("v/rating", 1, deletes=[DeleteRange(12345, 0, 1)]),
    "deletes of too much": lambda three, hand, content: hand.update("v/rating", 1, deletes=[DeleteRange(_somebody(content), 0, 4000)]),
    "deletes of what it hadn't seen": lambda three, hand, content: hand.update("v/rating", 1, deletes=[_unseen(three)]),
    "deletes in the wrong order": lambda three, hand, content: RawUpdate(deletes=[(_somebody(content), [(1, 1), (0, 1)])]).encoded(),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_the_gate_refuses_is_void_in_its_record_and_nowhere_else(three: Three, attack: Attack) -> None:
    mallory, anna, bert = three.mallory, three.anna, three.bert
    content = anna.records.content(three.photo)
    assert content is not None
    hand = mallory.hand()
    update = attack(three, hand, content)
    hostile = mallory.change(hand, (three.photo, update), (three.other, hand.update("v/rating", 4)))
    honest = mallory.set(three.photo, "v/caption", "harmless")
    before = anna.records.state(three.photo)
    anna.receive([hostile.raw])
    assert list(voids(anna)) == [bytes(three.photo)]
    assert voids(anna)[bytes(three.photo)]
    assert anna.records.state(three.photo) == before
    assert three.rating(anna, three.other) == 4
    anna.receive([honest.raw])
    bert.receive([hostile.raw, honest.raw])
    edit(bert, three.photo, rating=3)
    three.assert_agreement()
    assert voids(anna) == voids(bert)
    assert waiting(anna) == waiting(bert) == []
    assert three.rating(anna, three.photo) == 3


VALUES: list[Value] = [
    None,
    True,
    -1,
    6,
    2.5,
    "x" * 5000,
    b"\0" * 40,
    [],
    {},
    [1, [2, [3]]],
    {"t": "yesterday"},
    {"at": b"", "seen": 3},
    ["", {}],
    "\0",
]
STEMS = [
    "v/primary",
    "v/role:raw",
    "v/favorite",
    "v/rating",
    "v/caption",
    "v/taken",
    "v/location",
    "v/trashed",
    "v/title",
    "v/cover",
    "v/name",
    "v/policy",
    "v/retention",
    "v/edit:crop",
    "v/position:AAAAAAAAAAAAAAAAAAAAAA",
    "v/field_of_the_future",
    "s/keyword/\0\x1b[31m",
    "s/name/..",
    "s/name/%FF%80",
    "s/version/short",
    "s/album/AAAAAAAAAAAAAAAAAAAAAA",
    "s/source/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "s/unknown/thing",
    "d/exif",
    "d/thumbnail",
    "d/preview",
    "d/thumbhash",
    "d/kind",
    "d/media",
]


@pytest.mark.parametrize("kind", RecordKind)
def test_values_of_wrong_types_pass_and_are_read_by_nobody(three: Three, kind: RecordKind) -> None:
    """The gate doesn't know the schema. Listings, views and everything else that reads have to bear what is there."""
    mallory = three.mallory
    entries = []
    for number, value in enumerate(VALUES):
        hand = mallory.hand()
        record = RecordId.make(kind, number.to_bytes(16, "big"))
        items = [Item(hand.key(stem), hand.stamp, value) for stem in STEMS]
        entries.append(mallory.change(hand, (record, encode_update(hand.client, items, [])), (three.photo, hand.update("v/rating", value))))
    for library in (three.anna, three.bert):
        library.receive([entry.raw for entry in entries])
        assert voids(library) == {}
        assert waiting(library) == []
        queries = Queries(library.database)
        assert three.photo in [row.record for row in queries.assets()]
        assert queries.albums() is not None
    edit(three.anna, three.photo, rating=5)
    three.assert_agreement()


def test_purges_of_anything(three: Three) -> None:
    """Even of records that must not go: devices and settings are then as if nobody had described them."""
    everything = tuple(sorted(record for record, _ in three.anna.records.all()))
    nothing = tuple(RecordId.make(kind, bytes([7] * 16)) for kind in RecordKind)
    entry = three.mallory.change(three.mallory.hand(), purges=tuple(sorted({*everything, *nothing})))
    three.anna.receive([entry.raw])
    edit(three.bert, three.photo, rating=3)
    assert list(Queries(three.anna.database).assets()) == []
    three.assert_agreement()
    assert list(Queries(three.bert.database).assets()) == []
    assert Queries(three.bert.database).device_names() == {}


def test_an_epoch_that_nobody_can_open_keeps_nobody_from_writing(three: Three) -> None:
    """Devices write under the smallest epoch that all were given; this one is smaller than any, and its packages hold nothing."""
    members = (*sorted(three.anna.roster().devices), MASTER)
    packages = tuple(sorted((member, authors.filler("package", authors.PACKAGE_BYTES)) for member in members))
    entry = three.mallory.write(Packages(epoch=EpochId(bytes(16)), packages=packages).encode(), kind=EntryKind.PACKAGES)
    for library in (three.anna, three.bert):
        library.receive([entry.raw])
        edit(library, three.photo, rating=4)
    three.assert_agreement()


def test_two_entries_under_one_client_id_hold_nothing_up(three: Three) -> None:
    """Ids have 53 bits: whoever wants to can make two entries that share one. They differ in one record until it is written again."""
    mallory, anna, bert = three.mallory, three.anna, three.bert
    hand = mallory.hand()
    seq, previous, deps = mallory.seq, mallory.previous, mallory._deps
    twins = []
    for rating in (1, 2):
        mallory.seq, mallory.previous, mallory._deps = seq, previous, deps
        twins.append(mallory.change(hand, (three.photo, hand.update("v/rating", rating))))
    anna.receive([twins[0].raw])
    bert.receive([twins[1].raw])
    edit(anna, three.other, caption="of anna")
    edit(bert, three.other, favorite=True)
    exchange(anna, bert)
    assert waiting(anna) == waiting(bert) == []
    assert voids(anna) == voids(bert) == {bytes(three.photo): applying.SAME_CLIENT}
    assert [three.rating(library, three.photo) for library in (anna, bert)] == [1, 2]
    contents = [library.records.content(three.other) for library in (anna, bert)]
    assert contents[0] == contents[1]
    edit(anna, three.photo, rating=5)
    three.assert_agreement()
    assert [three.rating(library, three.photo) for library in (anna, bert)] == [5, 5]
