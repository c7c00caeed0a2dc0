"""A checkpoint that a device wrote while it was away, beside one that the others settled without it: it covers more, and yet not all that the other does.

Taken for the better one it would become the newest settled checkpoint, with which newcomers begin, although what only the other covers may have been given
up; and who has given it up could no longer compare it, and would report a difference where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.table import differing
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.library import Library
from store.settlement import ACTIVE_MS
from tests.fleet.checkpoints import EAGER, acknowledge_all, admit_by_checkpoint, load_from, prune_all, settle_one
from tests.fleet.libraries import MovedClock, add_photo, admit, digest, edit, exchange, make_library, report


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def three(tmp_path: Path, clock: MovedClock) -> Iterator[tuple[Library, Library, Library]]:
    """Anna and Bert have settled a checkpoint; Carla was away and wrote one beside it that covers more entries."""
    anna = make_library(tmp_path / "anna", clock=clock)
    bert = admit(anna, tmp_path / "bert", clock=clock)
    carla = admit(anna, tmp_path / "carla", name="carla", seed=3, clock=clock)
    exchange(anna, bert, carla)
    report(anna, bert, carla)
    clock.pass_by(ACTIVE_MS + 1)
    add_photo(anna, "anna's")
    exchange(anna, bert)
    report(anna, bert)
    photo = add_photo(carla, "carla's")
    for number in range(20):
        edit(carla, photo, rating=number % 5)
    write_checkpoint(carla)
    assert settle_one(anna, bert) is not None
    yield anna, bert, carla
    for library in (anna, bert, carla):
        library.close()


def meet(*libraries: Library) -> None:
    """Until nobody has anything to say any more."""
    exchange(*libraries)
    for writer in libraries:
        acknowledge_all(writer, *(each for each in libraries if each is not writer))
        report(*libraries)
    for library in libraries:
        settle(library, EAGER)
    exchange(*libraries)


@pytest.mark.parametrize("is_pruned", [False, True])
def test_it_is_neither_settled_nor_a_finding(three: tuple[Library, Library, Library], is_pruned: bool) -> None:
    anna, bert, carla = three
    first = anna.log.settled()[0].checkpoint
    if is_pruned:
        assert prune_all(anna, bert)
        assert load_from(anna, carla)
    meet(anna, bert, carla)
    for library in three:
        assert [each.checkpoint for each in library.log.settled()] == [first]
        assert differing(library) == []


def test_the_next_one_covers_both_and_newcomers_begin_with_it(three: tuple[Library, Library, Library], tmp_path: Path) -> None:
    anna, bert, carla = three
    assert prune_all(anna, bert)
    assert load_from(anna, carla)
    meet(anna, bert, carla)
    settle_one(anna, bert, carla)
    assert [len(library.log.settled()) for library in three] == [2, 2, 2]
    assert prune_all(anna, bert, carla)
    newcomer = admit_by_checkpoint(anna, tmp_path / "newcomer")
    exchange(anna, carla)
    assert digest(newcomer) == digest(anna) == digest(carla)
    newcomer.close()
