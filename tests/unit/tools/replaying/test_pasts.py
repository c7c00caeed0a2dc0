"""Pasts in real libraries: what the log makes of a record is what is stored, and what it was at each time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.record import EMPTY, Content
from crdt.update import Item, encode_update
from peer.library.library import Library
from store.ids import RecordId
from tests.fleet.checkpoints import admit_by_checkpoint, prune_all, settle_one
from tests.fleet.libraries import IN_MEMORY, MovedClock, add_photo, admit, edit, exchange, make_library, report
from tests.unit.tools.folders import PHOTO, Pair, change, forge
from tools.looking.folder import Inspected, look_into
from tools.replaying.beginnings import BeginsWith
from tools.replaying.moments import By
from tools.replaying.pasts import Pasts, RecordPast


class Two:
    """Two devices, one clock that moves a second with everything that is done."""

    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.root = root
        self.anna = make_library(root / "anna", clock=self.clock)
        self.bert = admit(self.anna, root / "bert", name="bert", seed=2)
        self.photo = add_photo(self.anna, "sea")
        self.sync()

    def sync(self) -> None:
        self.clock.pass_by()
        exchange(self.anna, self.bert)
        report(self.anna, self.bert)

    def edit(self, library: Library, **fields: object) -> None:
        self.clock.pass_by()
        edit(library, self.photo, **fields)

    def settle(self, *pruning: Library) -> None:
        self.sync()
        assert settle_one(self.anna, self.bert) is not None
        assert prune_all(*pruning) > 0
        self.clock.pass_by()


@contextmanager
def two_devices(root: Path) -> Iterator[Two]:
    made = Two(root)
    yield made
    made.anna.close()
    made.bert.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with two_devices(tmp_path) as made:
        yield made


def past_of(library: Library, record: RecordId) -> RecordPast:
    look = look_into(library.folder.root, lambda inspected: _past(inspected, record))
    assert look.problems == ()
    return look.result


def _past(inspected: Inspected, record: RecordId) -> RecordPast:
    """Asked for all at once, as a past is good for one look only."""
    (library,) = inspected.libraries
    past = Pasts(inspected, library).of(record)
    (same,) = Pasts(inspected, library).among({record: [write.logged.arrival for write in (*past.covered, *past.writes)]})
    assert (same.writes, same.covered, same.beginning) == (past.writes, past.covered, past.beginning)
    return past


def contents_at(library: Library, record: RecordId, times: list[int], by: By) -> list[Content]:
    def gather(inspected: Inspected) -> list[Content]:
        (id_,) = inspected.libraries
        past = Pasts(inspected, id_).of(record)
        return [past.at(time, by).standing.content for time in times]

    return look_into(library.folder.root, gather).result


def stored(library: Library, record: RecordId) -> Content:
    return library.records.content(record) or EMPTY


@given(st.integers(0, 1 << 32))
@settings(max_examples=4, deadline=None)
def test_the_past_is_what_it_was_and_ends_in_what_is_stored(seed: int) -> None:
    """By arrival, each device's own past, with checkpoints on the way."""
    random = Random(seed)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, two_devices(Path(folder)) as two:
        libraries = (two.anna, two.bert)
        was: dict[str, list[tuple[int, Content]]] = {"anna": [], "bert": []}
        since = 0
        for _ in range(12):
            match random.randrange(6):
                case 0 | 1:
                    two.sync()
                case 2 if not since and random.random() < 0.5:
                    two.settle(two.anna)
                    since = two.clock.time
                case _:
                    two.edit(random.choice(libraries), rating=random.randrange(6), caption=str(random.random()))
            for name, library in zip(was, libraries, strict=True):
                was[name].append((two.clock.time, stored(library, two.photo)))
        for (name, moments), library in zip(was.items(), libraries, strict=True):
            past = past_of(library, two.photo)
            assert past.end().content == stored(library, two.photo)
            assert past.beginning.begins_with is (BeginsWith.CHECKPOINT if since and name == "anna" else BeginsWith.FIRST)
            told = [(time, content) for time, content in moments if name == "bert" or time >= since]
            assert contents_at(library, two.photo, [time for time, _ in told], By.ARRIVED) == [content for _, content in told]


def test_both_devices_tell_the_same_by_when_changes_were_made(two: Two) -> None:
    two.edit(two.anna, rating=1)
    two.edit(two.bert, rating=2)
    middle = two.clock.time
    two.edit(two.anna, rating=3)
    two.sync()
    (ours,), (theirs,) = (contents_at(library, two.photo, [middle], By.MADE) for library in (two.anna, two.bert))
    assert ours == theirs
    assert {cell.value for key, cell in ours.live.items() if key.startswith("v/rating")} == {1, 2}


def test_what_was_made_before_and_arrived_later(two: Two) -> None:
    two.edit(two.bert, rating=2)
    middle = two.clock.time
    two.sync()

    def surprises(inspected: Inspected) -> list[int]:
        (library,) = inspected.libraries
        past = Pasts(inspected, library).of(two.photo)
        return [len(past.at(middle, by).surprises) for by in By]

    assert look_into(two.anna.folder.root, surprises).result == [1, 1]
    assert look_into(two.bert.folder.root, surprises).result == [0, 0]


def test_without_its_checkpoint_what_remains_is_told(two: Two) -> None:
    two.edit(two.anna, rating=1, caption="sea")
    two.settle(two.anna)
    two.edit(two.bert, rating=2)
    two.sync()
    (settled,) = two.anna.log.settled()
    for blob in settled.blobs:
        two.anna.checkpoint_blobs.delete(blob)
    past = past_of(two.anna, two.photo)
    assert past.beginning.begins_with is BeginsWith.REMAINS
    assert past.beginning.given_up == 2
    assert f"checkpoint {settled.checkpoint.short()} isn't here" in past.beginning.sentence
    assert past.end().content == stored(two.anna, two.photo)
    (step,) = past.steps()
    assert step.forgotten == 1
    values = [cell.value for cell in past.beginning.standing.content.live.values()]
    assert "sea" in values
    assert 1 not in values, "it was replaced, and nobody knows it any more"


def test_who_begins_with_a_checkpoint_says_so(two: Two) -> None:
    two.edit(two.anna, rating=1)
    two.settle(two.anna)
    new = admit_by_checkpoint(two.anna, two.root / "new")
    try:
        two.clock.pass_by()
        edit(new, two.photo, rating=5)
        past = past_of(new, two.photo)
        assert past.beginning.begins_with is BeginsWith.CHECKPOINT
        assert [write.counts for write in past.writes] == [True]
        assert past.end().content == stored(new, two.photo)
        (before,) = contents_at(new, two.photo, [0], By.MADE)
        assert not before.live
    finally:
        new.close()


def test_a_damaged_record_is_told_from_its_entries(two: Two) -> None:
    two.edit(two.anna, rating=1)
    content = stored(two.anna, two.photo)
    with two.anna.database.write() as connection:
        connection.execute("UPDATE record SET state = x'01ff00' WHERE record = ?", (two.photo,))
    look = look_into(two.anna.folder.root, lambda inspected: Pasts(inspected, inspected.libraries[0]).of(two.photo).end())
    assert look.result.content == content
    assert all(f"asset:{two.photo.body.hex()} is damaged" in problem for problem in look.problems)
    assert look.problems


def test_a_damaged_entry_leaves_what_remains(two: Two) -> None:
    two.edit(two.anna, rating=1, caption="sea")
    two.edit(two.anna, rating=2)
    with two.anna.database.write() as connection:
        connection.execute(
            "UPDATE log_entry SET raw = CAST(substr(raw, 1, 60) || x'ff' || substr(raw, 62) AS BLOB) WHERE arrival = (SELECT max(arrival) - 1 FROM log_entry)"
        )
    look = look_into(two.anna.folder.root, lambda inspected: Pasts(inspected, inspected.libraries[0]).of(two.photo))
    assert look.result.beginning.begins_with is BeginsWith.REMAINS
    assert look.result.end().content == stored(two.anna, two.photo)
    assert len(look.problems) == 1


def test_an_update_that_only_lost_bookkeeping_lets_count(root: Path, pair: Pair) -> None:
    change(pair.laptop, lambda draft: draft.set("rating", 1))
    forge(pair.laptop, [(PHOTO, lambda client, stamp: encode_update(client, [Item("no key", stamp, 5)], []))])
    with pair.laptop.database.write() as connection:
        connection.execute("DELETE FROM void")
    look = look_into(root / "laptop", lambda inspected: Pasts(inspected, inspected.libraries[0]).of(PHOTO).end())
    assert look.result.content == stored(pair.laptop, PHOTO)
    assert "isn't known to be void" in look.problems[0]
