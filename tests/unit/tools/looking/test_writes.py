from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.update import DeleteRange, Item, encode_update
from store.ids import FileHash, RecordId
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import PHOTO, Pair, change, forge
from tools.looking.contents import Contents
from tools.looking.folder import Inspected, look_into
from tools.looking.writes import UNSEEN, RecordWrites, Writes

T = TypeVar("T")


def with_writes(root: Path, gather: Callable[[Writes], T]) -> T:
    def gathered(inspected: Inspected) -> T:
        (library,) = inspected.libraries
        return gather(Writes(inspected, library, Contents.of(inspected, library)))

    look = look_into(root, gathered)
    assert look.problems == ()
    return look.result


def writes_of(root: Path, record: RecordId = PHOTO, *, complete: bool = False) -> RecordWrites:
    return with_writes(root, lambda writes: writes.of(record, complete=complete))


def test_what_entries_set_is_found_at_once_and_what_they_only_take_away_on_demand(root: Path, pair: Pair) -> None:
    added = change(pair.laptop, lambda draft: draft.add("keyword", "sea"))
    removed = change(pair.laptop, lambda draft: draft.discard("keyword", "sea"))
    change(pair.laptop, lambda draft: draft.set("rating", 1), RecordId.asset(FileHash(b"\x77" * 32)))
    quick, whole = writes_of(root / "laptop"), writes_of(root / "laptop", complete=True)
    assert ([write.logged.name for write in quick.writes], quick.is_complete) == ([added.name], False)
    assert ([write.logged.name for write in whole.writes], whole.is_complete) == ([added.name, removed.name], True)
    write, removal = whole.writes
    assert write.update is not None
    assert removal.update is not None
    assert removal.update.deletes == (DeleteRange(write.client, 0, 1),)
    assert write.counts
    assert whole.stubs == ()


def test_the_same_entries_by_their_arrivals(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.add("keyword", "sea"))
    change(pair.laptop, lambda draft: draft.discard("keyword", "sea"))
    whole = writes_of(root / "laptop", complete=True)
    arrivals = [write.logged.arrival for write in whole.writes]
    assert with_writes(root / "laptop", lambda writes: writes.among(PHOTO, [*reversed(arrivals), 10_000])) == whole


def test_purged_records_have_their_writes(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 4))
    change(pair.phone, lambda draft: draft.set("rating", 5))
    pair.laptop.change([], purges=[PHOTO])
    pair.exchange()
    found = writes_of(root / "phone")
    assert found.is_complete
    assert sorted(write.is_purge for write in found.writes) == [False, False, True]
    (purge,) = (write for write in found.writes if write.is_purge)
    assert (purge.update, purge.raw) == (None, b"")


def test_void_updates_say_why(root: Path, pair: Pair) -> None:
    def stray(client: int, stamp: Stamp) -> bytes:
        return encode_update(client, [Item(f"v/rating/{writer(client)}", stamp, 5)], [DeleteRange(7, 0, 1)])

    forge(pair.laptop, [(PHOTO, stray), (RecordId.asset(FileHash(b"\x77" * 32)), lambda client, stamp: b"\xff")])
    (write,) = writes_of(root / "laptop", complete=True).writes
    assert (write.counts, write.update is not None) == (False, True)
    assert "causal past" in write.void
    (broken,) = writes_of(root / "laptop", RecordId.asset(FileHash(b"\x77" * 32)), complete=True).writes
    assert (broken.update, broken.raw, broken.counts) == (None, b"\xff", False)


def test_what_was_not_looked_at_yet_waits(root: Path, pair: Pair) -> None:
    """As after a kill between storing and applying."""
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    change(pair.laptop, lambda draft: draft.set("caption", "sea"))
    pair.phone.log.append([arrived.entry.raw for arrived in pair.laptop.log.after(0, limit_bytes=1 << 30)], now=1)
    found = writes_of(root / "phone", complete=True)
    assert [write.waiting for write in found.writes] == [UNSEEN, UNSEEN]


def test_who_had_seen_whom(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    change(pair.laptop, lambda draft: draft.set("rating", 2))
    change(pair.phone, lambda draft: draft.set("rating", 3))
    pair.exchange()
    change(pair.phone, lambda draft: draft.set("rating", 4))
    pair.exchange()

    def seen(writes: Writes) -> list[list[bool]]:
        logged = [write.logged for write in writes.of(PHOTO, complete=True).writes]
        return [[writes.has_seen(later, earlier) for earlier in logged] for later in logged]

    assert with_writes(root / "laptop", seen) == [
        [False, False, False, False],
        [True, False, False, False],
        [False, False, False, False],
        [True, True, True, False],
    ]


def test_who_had_seen_whom_where_entries_are_not_applied(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    change(pair.laptop, lambda draft: draft.set("rating", 2))
    pair.phone.log.append([arrived.entry.raw for arrived in pair.laptop.log.after(0, limit_bytes=1 << 30)], now=1)

    def seen(writes: Writes) -> tuple[bool, bool]:
        first, second = (write.logged for write in writes.of(PHOTO, complete=True).writes)
        return writes.has_seen(second, first), writes.has_seen(first, second)

    assert with_writes(root / "phone", seen) == (True, False)


def test_stubs_are_named_and_their_places_in_the_past_known(tmp_path: Path) -> None:
    anna = make_library(tmp_path / "anna", clock=MovedClock())
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(anna, "sea")
    exchange(anna, bert)
    report(anna, bert)
    assert settle_one(anna, bert) is not None
    assert prune_all(anna) > 0
    edit(anna, photo, rating=3)

    def gather(writes: Writes) -> tuple[int, int, bool, bool]:
        found = writes.of(photo)
        ((stub,), (write,)) = found.stubs, found.writes
        return len(found.stubs), len(found.writes), writes.has_seen(write.logged, stub), writes.has_seen(stub, write.logged)

    assert with_writes(tmp_path / "anna", gather) == (1, 1, True, False)
    anna.close()
    bert.close()


def test_client_ids_are_those_of_the_entries(root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 1))
    (write,) = writes_of(root / "laptop").writes
    assert write.update is not None
    assert write.client == write.update.client
    assert client_id(entry.log, entry.previous, write.stamp, bytes(16)) != write.client
