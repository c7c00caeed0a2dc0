"""Bars for proofs, with what is left and how long it takes: on a terminal's standard error, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tools.proving.progress import Unwatched, Watched


@contextmanager
def bars(*, wanted: bool) -> Iterator[Watched]:
    """One for each sort of thing that is looked at, gone at the end."""
    if not wanted or not sys.stderr.isatty():
        yield Unwatched()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    class Bars:
        def __init__(self, progress: Progress) -> None:
            self._progress = progress
            self._tasks: dict[str, TaskID] = {}

        def begin(self, what: str, total: int) -> None:
            if what in self._tasks:
                self._progress.reset(self._tasks[what], total=total)
            else:
                self._tasks[what] = self._progress.add_task(what, total=total)

        def done(self, what: str, count: int) -> None:
            self._progress.advance(self._tasks[what], count)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)
