"""The oracle and checkpoints: what is pruned rightly is found right, and what isn't is found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crdt.clock import Stamp
from crdt.record import Changes, write
from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.table import Verdict, judge
from peer.library.checkpoints.writing import write_checkpoint
from store.entries import EntryKind
from tests.fleet.checkpoints import EAGER, acknowledge_all, admit_by_checkpoint, prune_all, settle_one
from tests.fleet.libraries import IN_MEMORY, edit
from tests.unit.simulation.oracle_household import Household, household, newest, tamper


@pytest.fixture
def house() -> Iterator[Household]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, household(Path(folder)) as made:
        sea = made.photo(made.anna, "sea")
        made.meet()
        edit(made.bert, sea, caption="by bert")
        edit(made.cleo, sea, caption="by cleo")
        made.meet()
        yield made


def settled_and_pruned(house: Household) -> None:
    settle_one(house.anna, house.bert, house.cleo)
    bring_checkpoint(house)
    house.meet()
    assert prune_all(*house.present) > 0
    house.meet()


def bring_checkpoint(house: Household) -> None:
    """Its blobs, to the relay."""
    for info in list(house.anna.checkpoint_blobs.blobs()):
        sealed = house.anna.checkpoint_blobs.get(info.blob)
        assert sealed is not None
        house.relay_blobs.put(info.blob, sealed, now=house.clock.now())
        house.accounts.add_blob(house.anna.id, info.blob, info.size, now=house.clock.now())
    for library in house.present:
        tamper(library, "DELETE FROM upload")


def test_entries_that_were_pruned_rightly_are_replayed_from_the_archive(house: Household) -> None:
    settled_and_pruned(house)
    assert house.archive.prunings
    assert [house.judged(seed) for seed in range(4)] == [[]] * 4


def test_a_device_that_began_with_the_checkpoint_is_judged_like_any_other(house: Household) -> None:
    settled_and_pruned(house)
    root = house.anna.folder.root.with_name("dora")
    dora = admit_by_checkpoint(house.anna, root, name="dora", clock=house.clock)
    dora.nodes.add("https://relay", house.evidence().relays[0].key)
    house.libraries["dora"] = dora
    edit(dora, house.photos["sea"], rating=5)
    house.meet()
    bring_checkpoint(house)
    assert [house.judged(seed) for seed in range(2)] == [[], []]


def test_an_entry_above_the_checkpoint_that_was_given_up_is_found(house: Household) -> None:
    settled_and_pruned(house)
    edit(house.bert, house.photos["sea"], rating=1)
    house.meet()
    tamper(house.bert, "UPDATE log_entry SET raw = x'' WHERE name = ?", newest(house.bert).name)
    assert "pruned-too-much" in house.kinds()


def test_a_control_entry_that_was_given_up_is_found(house: Household) -> None:
    settled_and_pruned(house)
    tamper(house.bert, "UPDATE log_entry SET raw = x'' WHERE kind = ?", int(EntryKind.CERTIFICATE))
    assert "pruned-too-much" in house.kinds()


def test_pruning_without_the_word_of_an_active_device_is_found(house: Household) -> None:
    write_checkpoint(house.anna)
    house.away.add("cleo")
    house.meet()
    acknowledge_all(house.anna, house.bert)
    with_all = [report.raw for report in house.anna.log.seen()]
    tamper(house.anna, "DELETE FROM log_seen WHERE device = ?", house.cleo.device)  # it doesn't know that cleo is active …
    assert settle(house.anna, EAGER) is not None
    for raw in with_all:
        house.anna.take_report(raw)  # … and learns it
    house.tell()
    (checkpoint,) = house.anna.log.settled()
    house.anna.log.prune(checkpoint.covered)
    house.tell()
    assert "pruned-early" in house.kinds()


def test_a_past_that_is_forgotten_with_the_bytes_is_found(house: Household) -> None:
    settled_and_pruned(house)
    tamper(house.bert, "UPDATE log_entry SET deps = NULL WHERE length(raw) = 0")
    tamper(house.bert, "UPDATE past SET vector = x'80'")
    house.bert._pasts._newest.clear()
    assert "descent" in house.kinds()


def test_a_checkpoint_that_says_something_else_is_found(house: Household) -> None:
    settle_one(house.anna, house.bert, house.cleo)
    bring_checkpoint(house)
    house.meet()
    (checkpoint,) = house.bert.log.settled()
    judge(house.bert, checkpoint.checkpoint, Verdict.DIFFERS, "a record is another one")
    assert {"checkpoint-differs", "verify"} <= house.kinds()


def test_a_checkpoint_that_lies_at_no_relay_is_found(house: Household) -> None:
    settle_one(house.anna, house.bert, house.cleo)
    house.meet()
    assert "blob-missing" in house.kinds()


def test_a_library_that_is_taking_a_checkpoint_in_is_found(house: Household) -> None:
    settled_and_pruned(house)
    (checkpoint,) = house.bert.log.settled()
    house.bert.meta.put("loading", checkpoint.checkpoint)
    assert "still-loading" in house.kinds()


def test_a_record_that_was_changed_after_its_entries_went_is_found(house: Household) -> None:
    settled_and_pruned(house)
    state = house.bert.records.state(house.photos["sea"])
    written = write(state, 7, Stamp(bytes(8)), Changes(sets={"v/caption": "forged"}))
    house.bert.records.put({house.photos["sea"]: (written.state, written.content)})
    assert "record" in house.kinds()
