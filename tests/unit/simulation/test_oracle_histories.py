"""Whatever devices do, the oracle finds nothing where nothing is wrong: its model and the program agree about random histories."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.library.library import Library
from peer.library.standing import NotMemberHereError
from tests.fleet.libraries import IN_MEMORY, give, report
from tests.simulation.oracle import Archive, DeviceEvidence, Evidence, judge
from tests.unit.peer.library import household as members
from tests.unit.peer.library.pair import make_pair
from tests.unit.peer.library.test_histories import STEPS, Act
from tests.unit.peer.library.test_removal_histories import HISTORIES, History, give_all

NOT_MEANT = {"original-lost", "original-missing", "original-vanished", "download-queued", "no-reason", "no-epoch"}
"""Of the photos these devices have nothing but the records, and no engine begins an epoch."""


@pytest.fixture(scope="module")
def house() -> Iterator[members.Household]:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder, members.make_household(Path(folder), 4) as made:
        yield made


def judged(archive: Archive, libraries: list[Library], seed: int) -> list[str]:
    report(*libraries)
    devices = tuple(DeviceEvidence(name=f"device {n}", library=each, root=each.folder.root, stays=True) for n, each in enumerate(libraries))
    complaints = judge(Evidence(archive=archive, devices=devices), Random(seed))
    return [str(complaint) for complaint in complaints if complaint.kind not in NOT_MEANT]


@given(STEPS, st.booleans(), st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_of_two_devices_that_use_the_whole_vocabulary(steps: list[tuple[str, Act | None, int]], bert_first: bool, seed: int) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        pair, archive = make_pair(Path(folder), bert_first=bert_first), Archive()
        for who, act, milliseconds in steps:
            library, other = (pair.anna, pair.bert) if who == "anna" else (pair.bert, pair.anna)
            pair.clock.pass_by(milliseconds)
            if act is None:
                give(other, library)
            else:
                act(library)
        pair.meet()
        assert judged(archive, [pair.anna, pair.bert], seed) == []
        pair.close()


@given(HISTORIES, st.integers(0, 99))
@settings(max_examples=8, deadline=None)
def test_of_devices_that_remove_and_copy_each_other(
    house: members.Household, steps: list[tuple[Callable[[History, int, int], None], int, int]], seed: int
) -> None:
    history, archive = History(house), Archive()
    for step, one, two in steps:
        try:
            step(history, one, two)
        except NotMemberHereError:
            continue  # it knows that it was removed
    give_all(history.actors)
    members.settle([library for library in history.actors if library.roster().is_member(library.device)])
    assert judged(archive, history.actors, seed) == []
    for library in history.actors:
        library.close()
