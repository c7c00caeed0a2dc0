"""Entries go only when everybody who is active has the checkpoint, and never on one device's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from peer.library.checkpoints.acknowledging import wanted_blobs
from peer.library.checkpoints.contents import missing_blobs
from peer.library.checkpoints.pruning import holding_back, prunable, tidy
from peer.library.checkpoints.rules import RULES
from peer.library.checkpoints.settling import ready, settle, waited_for
from peer.library.checkpoints.table import Verdict, judge
from peer.library.checkpoints.writing import is_due, write_checkpoint
from peer.library.health import library_status
from peer.library.library import Library
from peer.library.verifying import verify
from store.bodies import Settled
from store.entries import EntryKind
from store.settlement import ACTIVE_MS
from tests.fleet.checkpoints import EAGER, acknowledge_all, fetch, prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, edit, exchange, make_library, report


class Three:
    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.anna = make_library(root / "anna", clock=self.clock)
        self.bert, self.cleo = (admit(self.anna, root / name, name=name, seed=seed) for seed, name in ((2, "bert"), (3, "cleo")))
        self.photo = add_photo(self.anna, "sea")
        exchange(*self.all)
        report(*self.all)

    @property
    def all(self) -> tuple[Library, Library, Library]:
        return self.anna, self.bert, self.cleo


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Three]:
    made = Three(tmp_path)
    yield made
    for library in made.all:
        library.close()


def test_when_all_agree_entries_go_and_the_library_is_what_it_was(three: Three) -> None:
    assert settle_one(*three.all) is not None
    before = [library.log.count() for library in three.all]
    assert prune_all(*three.all) > 0
    assert prune_all(*three.all) == 0
    assert [library.log.count() for library in three.all] == before
    for library in three.all:
        assert verify(library, deep=True).problems == []
    edit(three.cleo, three.photo, caption="and it goes on")
    exchange(*three.all)
    for library in three.all:
        assert verify(library, deep=True).problems == []


def test_one_that_has_not_compared_holds_it_back_and_is_named(three: Three) -> None:
    write_checkpoint(three.anna)
    exchange(*three.all)
    acknowledge_all(three.anna, three.bert)
    report(*three.all)  # cleo has everything, and has not compared
    assert ready(three.anna, EAGER) is None
    assert settle(three.anna, EAGER) is None
    assert waited_for(three.anna) == {three.cleo.device}
    assert library_status(three.anna, None).held_back_by == ("cleo",)
    acknowledge_all(three.anna, three.cleo)
    report(*three.all)
    assert waited_for(three.anna) == frozenset()
    assert settle(three.anna, EAGER) is not None


def test_one_that_was_silent_for_90_days_holds_nothing_back_until_it_returns(three: Three) -> None:
    three.clock.pass_by(ACTIVE_MS + 1)
    assert settle_one(three.anna, three.bert) is not None
    assert prunable(three.anna, EAGER) is not None
    report(*three.all)
    assert prunable(three.anna, EAGER) is None
    assert holding_back(three.anna) == {three.cleo.device}
    assert library_status(three.anna, None).held_back_by == ("cleo",)


def test_a_member_alone_settles_nothing_with_a_date_in_the_future(three: Three) -> None:
    """It acknowledges what it wrote itself, and says that all others have been silent for 90 days by then."""
    reports = {seen.device: seen for seen in three.anna.log.seen()}
    name = write_checkpoint(three.cleo)
    three.cleo.hlc.discipline(ACTIVE_MS + 1000)
    own = three.cleo.report_seen()
    assert own is not None
    body = Settled(checkpoint=name, reports=(own, *(seen for device, seen in reports.items() if device != three.cleo.device)))
    three.cleo.author().control(EntryKind.SETTLED, body.encode())
    exchange(*three.all)
    assert three.anna.log.settled() == ()
    assert prune_all(*three.all) == 0


def test_nothing_goes_on_one_devices_word(three: Three) -> None:
    """The others are lost for 90 days, as far as anybody knows."""
    write_checkpoint(three.cleo)
    three.clock.pass_by(ACTIVE_MS + 1)
    own = three.cleo.report_seen()
    assert own is not None
    assert settle(three.cleo, EAGER) is None
    name = own.checkpoint
    assert name is not None
    three.cleo.author().control(EntryKind.SETTLED, Settled(checkpoint=name, reports=(own,)).encode())
    assert prunable(three.cleo, EAGER) is None
    exchange(*three.all)
    for library in three.all:
        judge(library, name, Verdict.SAME)
        fetch(three.cleo, library, wanted_blobs(library))
    assert [prunable(library, EAGER) for library in three.all] == [None] * 3


def test_nothing_goes_without_the_blobs_or_before_this_device_compared(three: Three) -> None:
    assert settle_one(*three.all) is not None
    (settled,) = three.bert.log.settled()
    judge(three.bert, settled.checkpoint, Verdict.DIFFERS, "something else")
    assert prunable(three.bert, EAGER) is None
    judge(three.bert, settled.checkpoint, Verdict.SAME)
    assert prunable(three.bert, EAGER) is not None
    three.bert.checkpoint_blobs.delete(settled.blobs[0])
    assert prunable(three.bert, EAGER) is None
    assert wanted_blobs(three.bert) == list(settled.blobs)
    assert verify(three.anna).problems == []


def test_pruned_without_its_checkpoint_is_a_problem_that_is_shown(three: Three) -> None:
    assert settle_one(*three.all) is not None
    prune_all(three.anna)
    (settled,) = three.anna.log.settled()
    three.anna.checkpoint_blobs.delete(settled.blobs[0])
    assert any("isn't here as a whole" in problem for problem in verify(three.anna).problems)


def test_one_is_due_when_enough_came_and_none_is_on_its_way(three: Three) -> None:
    three.anna.nodes.add("http://127.0.0.1:1", bytes(32))
    rules = replace(RULES, entries=25)
    assert not is_due(three.anna, rules)
    for number in range(15):
        add_photo(three.anna, f"photo {number}")
    assert is_due(three.anna, rules)
    exchange(*three.all)
    write_checkpoint(three.bert)
    exchange(*three.all)
    assert not is_due(three.anna, rules), "bert's is on its way"
    three.clock.pass_by(rules.pending_ms + 1)
    assert is_due(three.anna, rules), "nobody waits for it for ever"
    acknowledge_all(three.bert, three.anna, three.cleo)
    settle(three.bert, EAGER)
    exchange(*three.all)
    assert not is_due(three.anna, rules)
    for number in range(30):
        edit(three.anna, three.photo, rating=number % 6)
    assert not is_due(three.anna, replace(rules, share=9.0)), "it is small beside the checkpoint"
    assert is_due(three.anna, replace(rules, share=0.01))


def test_blobs_of_older_checkpoints_are_removed_when_a_newer_one_is_here(three: Three) -> None:
    assert settle_one(*three.all) is not None
    (first,) = three.anna.log.settled()
    add_photo(three.anna, "more")
    exchange(*three.all)
    assert settle_one(*three.all) is not None
    newest = three.anna.log.settled()[0]
    three.anna.checkpoint_blobs.delete(newest.blobs[0])
    tidy(three.anna, EAGER)
    assert missing_blobs(three.anna, first.blobs) == [], "kept as long as the newer one isn't here"
    tidy(three.bert, EAGER)
    assert missing_blobs(three.bert, first.blobs) == list(first.blobs)
    assert missing_blobs(three.bert, newest.blobs) == []
