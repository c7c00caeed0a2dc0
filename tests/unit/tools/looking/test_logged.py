from __future__ import annotations

from pathlib import Path

from peer.library.library import Library
from store.entries import EntryKind
from store.ids import MASTER, EntryHash
from tests.fleet.checkpoints import prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import Pair, change, fill_relay, raws_of
from tools.looking.folder import Look, look_into
from tools.looking.logged import LoggedEntry, logged_at, logged_entries, logged_named


def walked(root: Path, *, after: int = 0) -> Look[list[LoggedEntry]]:
    return look_into(root, lambda inspected: list(logged_entries(inspected, inspected.libraries[0], after=after)))


def test_all_entries_in_the_order_of_arrival_with_their_authors(root: Path, pair: Pair) -> None:
    mine, theirs = change(pair.laptop, lambda draft: draft.set("rating", 4)), change(pair.phone, lambda draft: draft.set("rating", 5))
    pair.exchange()
    look = walked(root / "laptop")
    assert look.problems == ()
    assert [each.entry.raw for each in look.result if each.entry is not None] == raws_of(pair.laptop)
    assert [each.arrival for each in look.result] == sorted(each.arrival for each in look.result)
    by_name = {each.name: each for each in look.result}
    assert (by_name[mine.name].author, by_name[theirs.name].author) == (pair.laptop.device, pair.phone.device)
    assert look.result[0].author == MASTER
    for each in look.result:
        assert each.entry is not None
        assert (each.item.kind, each.item.previous, each.item.deps) == (each.entry.kind, each.entry.previous, each.entry.deps)
        assert each.place == f"{each.entry.log.hex()[:10]}:{each.entry.seq}"
    last = look.result[-1]
    assert [each.name for each in walked(root / "laptop", after=last.arrival - 1).result] == [last.name]


def test_one_by_number_or_name(root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))

    def gather(*_: object) -> None: ...

    look = look_into(
        root / "laptop",
        lambda inspected: (
            named := logged_named(inspected, pair.laptop.id, entry.name),
            named and logged_at(inspected, pair.laptop.id, named.arrival),
            logged_at(inspected, pair.laptop.id, 10_000),
            logged_named(inspected, pair.laptop.id, EntryHash(bytes(32))),
        ),
    )
    named, numbered, *missing = look.result
    assert named == numbered
    assert named is not None
    assert named.entry == entry
    assert missing == [None, None]


def test_a_damaged_entry_has_its_place_and_no_bytes(root: Path, pair: Pair) -> None:
    entry = change(pair.laptop, lambda draft: draft.set("rating", 4))
    with pair.laptop.database.write() as connection:
        connection.execute("UPDATE log_entry SET raw = substr(raw, 1, 40) WHERE name = ?", (entry.name,))
    look = walked(root / "laptop")
    (damaged,) = (each for each in look.result if each.is_damaged)
    assert (damaged.name, damaged.item.seq, damaged.author, damaged.entry) == (entry.name, entry.seq, pair.laptop.device, None)
    assert damaged.item.previous == entry.previous
    assert len(look.problems) == 1


def test_detached_entries_come_last_and_have_no_author(root: Path, pair: Pair) -> None:
    entries = [arrived.entry for arrived in pair.laptop.log.after(0, limit_bytes=1 << 30)]
    first = next(entry for entry in entries if entry.kind is not EntryKind.CHANGE and entry.seq > 0)
    fill_relay(
        root / "relay", pair.laptop.id, [entries[0].raw, *(entry.raw for entry in entries if entry is first or entry is entries[-1])]
    )
    found = walked(root / "relay").result
    detached = [each for each in found if each.is_detached]
    assert found[len(found) - len(detached) :] == detached
    assert all(each.author is None and each.entry is not None for each in detached)


def test_stubs_have_their_place_in_the_graph(tmp_path: Path) -> None:
    clock = MovedClock()
    anna: Library = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert")
    photo = add_photo(anna, "sea")
    exchange(anna, bert)
    edit(bert, photo, rating=3)
    exchange(anna, bert)
    report(anna, bert)
    whole = {each.name: each for each in walked(tmp_path / "anna").result}
    assert settle_one(anna, bert) is not None
    assert prune_all(anna) > 0
    pruned = walked(tmp_path / "anna")
    stubs = [each for each in pruned.result if each.entry is None]
    assert stubs
    assert pruned.problems == ()
    for stub in stubs:
        assert not stub.is_damaged
        assert (stub.item, stub.author, stub.arrival) == (whole[stub.name].item, whole[stub.name].author, whole[stub.name].arrival)
    anna.close()
    bert.close()
