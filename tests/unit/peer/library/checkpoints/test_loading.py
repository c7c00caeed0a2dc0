"""Loading: interrupted anywhere it begins again; a device that returns keeps, applies and passes on all that only it has; nothing happens halfway."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.errors import IntegrityError, UnreachableNodeError
from peer.library.checkpoints.acknowledging import acknowledge_best
from peer.library.checkpoints.contents import keep_sealed
from peer.library.checkpoints.loading import checkpoint_to_load, load
from peer.library.checkpoints.table import acknowledged
from peer.library.checkpoints.writing import is_due
from peer.library.library import Library
from peer.library.verifying import verify
from store.errors import NoSpaceError
from store.settlement import ACTIVE_MS
from tests.fleet.checkpoints import EAGER, fetch, give_control, load_from, prune_all, settle_one
from tests.fleet.libraries import IN_MEMORY, MovedClock, add_photo, admit, digest, edit, exchange, give, make_library, report
from tests.unit.peer.library.test_histories import listing


class Fleet:
    """Two that settle and prune, one that is away meanwhile, and one that only the absent one meets."""

    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.anna = make_library(root / "anna", clock=self.clock)
        self.bert, self.away, self.friend = (
            admit(self.anna, root / name, name=name, seed=seed) for seed, name in enumerate(("bert", "away", "friend"), 2)
        )
        self.photo = add_photo(self.anna, "sea")
        exchange(self.anna, self.bert, self.away, self.friend)
        report(self.anna, self.bert, self.away, self.friend)

    def settle_without(self) -> None:
        """The absent ones are lost for 90 days; what they had seen is pruned."""
        self.clock.pass_by(ACTIVE_MS + 1)
        for number in range(5):
            add_photo(self.anna, f"photo {number}")
        exchange(self.anna, self.bert)
        assert settle_one(self.anna, self.bert) is not None
        assert prune_all(self.anna, self.bert) > 0

    def close(self) -> None:
        for library in (self.anna, self.bert, self.away, self.friend):
            library.close()


@pytest.fixture
def fleet(tmp_path: Path) -> Any:
    made = Fleet(tmp_path)
    yield made
    made.close()


def ready_to_load(fleet: Fleet) -> None:
    fleet.settle_without()
    give_control(fleet.anna, fleet.away)
    checkpoint = checkpoint_to_load(fleet.away)
    assert checkpoint is not None
    fetch(fleet.anna, fleet.away, checkpoint.blobs)


def load_now(library: Library) -> None:
    checkpoint = checkpoint_to_load(library)
    assert checkpoint is not None
    load(library, checkpoint)


@given(st.integers(0, 1 << 32))
@settings(max_examples=6)
def test_who_was_away_passes_on_every_entry_that_only_it_has(seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        fleet = Fleet(Path(folder))
        anna, bert, away, friend = fleet.anna, fleet.bert, fleet.away, fleet.friend
        for _ in range(chance.randrange(1, 6)):
            author = chance.choice([away, friend])
            match chance.randrange(4):
                case 0:
                    add_photo(author, f"away {chance.randrange(3)}")
                case 1:
                    exchange(away, friend)
                case 2:
                    author.change([], purges=[chance.choice([r for r, _ in author.records.all()])])
                case _:
                    edit(author, fleet.photo, rating=chance.randrange(6), caption=str(chance.random()))
        exchange(away, friend)
        edit(bert, fleet.photo, caption="meanwhile", rating=chance.randrange(6))
        if chance.random() < 0.3:
            anna.change([], purges=[fleet.photo])
        fleet.settle_without()
        late = chance.random() < 0.5
        if late:
            edit(away, fleet.photo, caption="just before")
        log_before, entries_before = away.own_log(), set(names(away))
        assert load_from(anna, away)
        assert away.own_log() != log_before
        assert entries_before <= set(names(away))
        exchange(anna, away, bert)
        assert entries_before <= set(names(anna)) | stubs(anna), "friend is gone for good, and so are its entries but for these"
        for library in (bert, away):
            assert digest(library) == digest(anna)
            assert listing(library) == listing(anna)
        for library in (anna, away):
            assert verify(library, deep=library is away).problems == []
        edit(away, add_photo(away, "after"), rating=1)
        exchange(anna, away, bert)
        assert settle_one(away, anna, bert) is not None
        fleet.close()


def names(library: Library) -> list[bytes]:
    return [bytes(arrived.entry.name) for arrived in library.log.after(0, limit_bytes=2**40)]


def stubs(library: Library) -> set[bytes]:
    return {bytes(entry.name) for entry in library.log.skeleton(library.log.heads())}


@pytest.mark.parametrize("at", range(1, 14))
def test_interrupted_anywhere_it_begins_again(fleet: Fleet, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ready_to_load(fleet)
    edit(fleet.away, fleet.photo, caption="only here")
    away, calls = fleet.away, 0

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == at:
                raise NoSpaceError("no room")
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for owner, name in (
            (away.log, "adopt"),
            (away.records, "put"),
            (away.records, "purge"),
            (away.projection, "update"),
            (away.applier, "take_over"),
            (away.applier, "look_at_everything"),
        ):
            patch.setattr(owner, name, failing(getattr(owner, name)))
        with pytest.raises(NoSpaceError):
            load_now(away)
    assert away.is_loading
    load_now(away)
    assert not away.is_loading
    exchange(fleet.anna, away, fleet.bert)
    assert digest(away) == digest(fleet.anna) == digest(fleet.bert)
    assert verify(away, deep=True).problems == []


def test_while_it_goes_on_nothing_is_applied_written_or_reported(fleet: Fleet) -> None:
    ready_to_load(fleet)
    away = fleet.away
    away.meta.put("loading", away.log.settled()[0].checkpoint)
    with pytest.raises(UnreachableNodeError):
        edit(away, fleet.photo, caption="not now")
    assert away.report_seen() is None
    assert not acknowledge_best(away)
    assert not is_due(away, EAGER)
    before = digest(away)
    edit(fleet.friend, fleet.photo, caption="from a friend")
    give(fleet.friend, away)
    assert digest(away) == before
    load_now(away)
    exchange(fleet.anna, away, fleet.bert)
    assert digest(away) == digest(fleet.anna)
    content = fleet.anna.records.content(fleet.photo)
    assert content is not None
    assert "from a friend" in [cell.value for cell in content.live.values()]


def test_what_isnt_a_checkpoint_changes_nothing(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    ready_to_load(fleet)
    checkpoint = checkpoint_to_load(fleet.away)
    assert checkpoint is not None
    blobs = keep_sealed(fleet.away, fleet.away.write_epoch(), [b"noise"])
    before = digest(fleet.away), fleet.away.log.figures()
    with pytest.raises(IntegrityError):
        load(fleet.away, replace(checkpoint, blobs=blobs))
    assert (digest(fleet.away), fleet.away.log.figures()) == before
    assert not fleet.away.is_loading


def test_who_loaded_one_acknowledges_it(fleet: Fleet) -> None:
    ready_to_load(fleet)
    load_now(fleet.away)
    assert acknowledged(fleet.away) == fleet.anna.log.settled()[0].checkpoint
    made = fleet.away.report_seen()
    assert made is not None
    assert made.checkpoint == acknowledged(fleet.away)


def test_who_has_all_that_it_covers_loads_nothing(fleet: Fleet) -> None:
    add_photo(fleet.anna, "more")
    exchange(fleet.anna, fleet.bert, fleet.away, fleet.friend)
    assert settle_one(fleet.anna, fleet.bert, fleet.away, fleet.friend) is not None
    assert checkpoint_to_load(fleet.away) is None
