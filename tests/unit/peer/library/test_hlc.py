"""The clock of a device: its stamps grow whatever its machine's clock does, and it goes by a better clock where it saw one."""

from __future__ import annotations

from pathlib import Path

from crdt.clock import AHEAD_LIMIT_MS, Stamp
from tests.fleet.libraries import START, MovedClock, make_library

YEAR_MS = 365 * 24 * 60 * 60_000


def test_stamps_grow_while_the_clock_runs_backwards(tmp_path: Path) -> None:
    clock = MovedClock()
    library = make_library(tmp_path / "anna", clock=clock)
    stamps = []
    for step in (0, -1, -1000, 5, -AHEAD_LIMIT_MS // 2, 1):
        clock.pass_by(step)
        stamps.append(library.hlc.next())
    assert stamps == sorted(set(stamps))
    library.close()


def test_one_that_was_years_ahead_goes_on_from_there_once_it_is_right(tmp_path: Path) -> None:
    clock = MovedClock(START + YEAR_MS)
    library = make_library(tmp_path / "anna", clock=clock)
    library.hlc.next()
    clock.pass_by(-YEAR_MS)
    assert library.hlc.next() == Stamp.of(START)
    library.close()


def test_it_is_corrected_by_a_better_clock(tmp_path: Path) -> None:
    library = make_library(tmp_path / "anna")
    library.hlc.discipline(YEAR_MS)
    assert library.hlc.physical() == START + YEAR_MS
    assert library.hlc.next().millis == START + YEAR_MS
    library.close()
