"""A checkpoint is acknowledged only when every byte of it is what is here: whatever a member puts into one, nobody else puts their name to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from crdt.clock import Stamp
from crdt.state import RecordState, read_canonical
from crdt.update import Item
from peer.library.checkpoints.acknowledging import acknowledge_best, wanted_blobs
from peer.library.checkpoints.contents import keep_sealed
from peer.library.checkpoints.format import CoveredEntry, Header, PurgedRecord, RecordSnapshot, VoidUpdate, encode_items
from peer.library.checkpoints.format import Item as AnyItem
from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.snapshot import snapshot
from peer.library.checkpoints.table import acknowledged, differing
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.library import Library
from peer.library.verifying import verify
from store.bodies import Checkpoint
from store.entries import EntryKind
from store.heads import Heads
from store.ids import BlobId, EntryHash, LibraryId, RecordId, RecordKind
from tests.fleet.authors import filler
from tests.fleet.checkpoints import EAGER, fetch, settle_one
from tests.fleet.libraries import add_photo, edit, exchange, report
from tests.unit.peer.library.three import Three

Change = Callable[[list[AnyItem]], Iterable[AnyItem]]


def write_as(library: Library, change: Change, *, records: int | None = None, heads: Heads | None = None) -> EntryHash:
    """What ``library`` would write, changed."""
    with snapshot(library) as now:
        items = list(change(list(now.items())))
        covered = now.heads
    blobs = keep_sealed(library, library.write_epoch(), encode_items(items))
    count = sum(isinstance(item, RecordSnapshot) for item in items)
    body = Checkpoint(heads=heads or covered, records=count if records is None else records, blobs=blobs)
    return library.author().control(EntryKind.CHECKPOINT, body.encode())


def compare_at(target: Library, source: Library) -> None:
    exchange(source, target)
    fetch(source, target, wanted_blobs(target))
    acknowledge_best(target)


def prepared(three: Three) -> None:
    """A void update, a purged record, several photos."""
    hand = three.mallory.hand()
    hostile = three.mallory.change(hand, (three.photo, b"noise"), (three.other, hand.update("v/rating", 4)))
    three.anna.receive([hostile.raw])
    gone = add_photo(three.anna, "gone")
    three.anna.change([], purges=[gone])
    add_photo(three.anna, "more")
    exchange(three.anna, three.bert)


def of(kind: type, items: list[AnyItem]) -> list[int]:
    return [place for place, item in enumerate(items) if isinstance(item, kind)]


def changed_state(items: list[AnyItem], change: Callable[[RecordState], RecordState]) -> list[AnyItem]:
    place = of(RecordSnapshot, items)[-1]
    item = items[place]
    assert isinstance(item, RecordSnapshot)
    items[place] = RecordSnapshot(item.record, change(read_canonical(item.state)).encode())
    return items


def another_value(state: RecordState) -> RecordState:
    client, clocks = next((client, clocks) for client, clocks in state.clients.items() if clocks[0] is not None)
    first = clocks[0]
    assert first is not None
    return RecordState({**state.clients, client: (first._replace(value="forged"), *clocks[1:])})


def another_stamp(state: RecordState) -> RecordState:
    client, clocks = next((client, clocks) for client, clocks in state.clients.items() if clocks[0] is not None)
    first = clocks[0]
    assert first is not None
    return RecordState({**state.clients, client: (first._replace(stamp=Stamp(b"\xff" * 8)), *clocks[1:])})


def one_more_client(state: RecordState) -> RecordState:
    return RecordState({**state.clients, 77: (Item("v/rating/AAAAAAABN", Stamp(bytes(8)), 5),)})


def one_client_less(state: RecordState) -> RecordState:
    return RecordState(dict(list(state.clients.items())[1:]))


def deleted(state: RecordState) -> RecordState:
    client, clocks = next((client, clocks) for client, clocks in state.clients.items() if clocks[0] is not None)
    return RecordState({**state.clients, client: (None, *clocks[1:])})


def without(kind: type) -> Change:
    return lambda items: [item for place, item in enumerate(items) if place != of(kind, items)[-1]]


def with_client(client: int | None) -> Change:
    def change(items: list[AnyItem]) -> list[AnyItem]:
        place = of(CoveredEntry, items)[-1]
        item = items[place]
        assert isinstance(item, CoveredEntry)
        assert item.client is not None
        items[place] = replace(item, client=client)
        return items

    return change


def twice(items: list[AnyItem]) -> list[AnyItem]:
    place = of(CoveredEntry, items)[-1]
    return [*items[: place + 1], items[place], *items[place + 1 :]]


EXTRA = RecordId.make(RecordKind.ASSET, b"\xff" * 16)
FORGERIES: dict[str, Change] = {
    "another value in one field": lambda items: changed_state(items, another_value),
    "another stamp": lambda items: changed_state(items, another_stamp),
    "a write that nobody made": lambda items: changed_state(items, one_more_client),
    "a write that is left out": lambda items: changed_state(items, one_client_less),
    "a field that is deleted": lambda items: changed_state(items, deleted),
    "a state that is none": lambda items: [RecordSnapshot(i.record, b"x") if isinstance(i, RecordSnapshot) else i for i in items],
    "a record left out": without(RecordSnapshot),
    "a record more": lambda items: sorted_records([*items, RecordSnapshot(EXTRA, RecordState({}).encode())]),
    "a void update left out": without(VoidUpdate),
    "a void update more": lambda items: more_void(items),
    "a purged id left out": without(PurgedRecord),
    "a purged id more": lambda items: more_purged(items),
    "an entry left out": without(CoveredEntry),
    "an entry twice": twice,
    "another client id": with_client(5),
    "no client id": with_client(None),
    "another library": lambda items: [replace(i, library=LibraryId(filler("x", 32))) if isinstance(i, Header) else i for i in items],
    "other heads inside": lambda items: [replace(i, heads=Heads()) if isinstance(i, Header) else i for i in items],
}


def sorted_records(items: list[AnyItem]) -> list[AnyItem]:
    records = sorted((i for i in items if isinstance(i, RecordSnapshot)), key=lambda i: i.record)
    return [*(i for i in items if not isinstance(i, RecordSnapshot)), *records]


def more_void(items: list[AnyItem]) -> list[AnyItem]:
    entry = next(i.entry.name for i in items if isinstance(i, CoveredEntry) and i.client is not None)
    record = next(i.record for i in items if isinstance(i, RecordSnapshot))
    voids = sorted([*(i for i in items if isinstance(i, VoidUpdate)), VoidUpdate(entry, record)], key=lambda i: i.place)
    first = of(VoidUpdate, items)[0]
    return [*items[:first], *voids, *(i for i in items[first:] if not isinstance(i, VoidUpdate))]


def more_purged(items: list[AnyItem]) -> list[AnyItem]:
    last = of(PurgedRecord, items)[-1]
    return [*items[: last + 1], PurgedRecord(EXTRA), *items[last + 1 :]]


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_checkpoint_is_a_finding_and_never_settled(three: Three, forge: Change) -> None:
    prepared(three)
    name = write_as(three.anna, forge)
    edit(three.bert, three.photo, caption="meanwhile")
    compare_at(three.bert, three.anna)
    assert acknowledged(three.bert) is None
    ((found, reason),) = differing(three.bert)
    assert found == name
    assert f"checkpoint {name.short()}: {reason}" in verify(three.bert).problems
    report(three.anna, three.bert)
    assert settle(three.bert, EAGER) is None
    assert three.bert.log.settled() == ()


def test_another_number_of_records_is_a_finding(three: Three) -> None:
    prepared(three)
    write_as(three.anna, lambda items: items, records=3)
    compare_at(three.bert, three.anna)
    assert "says that it holds 3" in differing(three.bert)[0][1]


def test_so_many_blobs_that_nobody_fetches_them_are_a_finding(three: Three) -> None:
    prepared(three)
    with snapshot(three.anna) as now:
        heads = now.heads
    blobs = tuple(BlobId(filler(f"blob {number}", 32)) for number in range(500))
    three.anna.author().control(EntryKind.CHECKPOINT, Checkpoint(heads=heads, records=1, blobs=blobs).encode())
    exchange(three.anna, three.bert)
    assert wanted_blobs(three.bert) == []
    assert "more than this library can have" in differing(three.bert)[0][1]


def test_what_is_sealed_otherwise_or_isnt_a_checkpoint_is_a_finding(three: Three) -> None:
    prepared(three)
    blobs = keep_sealed(three.anna, three.anna.write_epoch(), [b"not a checkpoint"])
    with snapshot(three.anna) as now:
        heads = now.heads
    three.anna.author().control(EntryKind.CHECKPOINT, Checkpoint(heads=heads, records=1, blobs=blobs).encode())
    compare_at(three.bert, three.anna)
    assert "not what it should be" in differing(three.bert)[0][1]


def test_an_honest_one_is_acknowledged_however_far_ahead_who_compares_it_is(three: Three) -> None:
    prepared(three)
    write_as(three.anna, lambda items: items)
    edit(three.bert, three.photo, caption="meanwhile", rating=2)
    three.bert.change([], purges=[add_photo(three.bert, "new and gone"), next(r for r, _ in three.bert.records.all() if r != three.photo)])
    add_photo(three.bert, "new")
    hand = three.mallory.hand()
    three.bert.receive([three.mallory.change(hand, (three.photo, b"more noise"), (three.other, hand.update("v/rating", 1))).raw])
    compare_at(three.bert, three.anna)
    assert differing(three.bert) == []
    assert acknowledged(three.bert) is not None


def test_after_a_forgery_an_honest_one_can_still_be_settled(three: Three) -> None:
    prepared(three)
    write_as(three.anna, FORGERIES["a record left out"])
    compare_at(three.bert, three.anna)
    assert settle_one(three.bert, three.anna) is not None


def test_one_who_cannot_have_all_that_it_covers_says_nothing_yet(three: Three) -> None:
    prepared(three)
    add_photo(three.anna, "bert lacks this")
    name = write_checkpoint(three.anna)
    entry = three.anna.log.get(name)
    assert entry is not None
    three.bert.receive([entry.entry.raw])
    assert wanted_blobs(three.bert) == []
    assert not acknowledge_best(three.bert)
    compare_at(three.bert, three.anna)
    assert acknowledged(three.bert) == name


def test_of_two_at_once_all_choose_the_same(three: Three) -> None:
    prepared(three)
    write_checkpoint(three.anna)
    write_checkpoint(three.bert)
    exchange(three.anna, three.bert)
    for target, source in ((three.anna, three.bert), (three.bert, three.anna)):
        compare_at(target, source)
    assert acknowledged(three.anna) == acknowledged(three.bert)
