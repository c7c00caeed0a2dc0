"""Progress bars for work that takes a while: on a terminal's standard error, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from peer.commands.invocation import Invocation
from peer.engine.progress import Progress as EngineProgress
from peer.library.library import Library

REFRESH_SECONDS = 0.5


class FileBar:
    """Counts files found and files done with."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._total = 0
        self._task = bar.add_task("importing", total=None)

    def found(self, count: int) -> None:
        self._total += count
        self._bar.update(self._task, total=self._total)

    def done(self, count: int) -> None:
        self._bar.advance(self._task, count)


def make_bar(invocation: Invocation) -> Progress:
    """A bar that is invisible unless a person watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=invocation.json or not sys.stderr.isatty(),
    )


@contextmanager
def file_bar(invocation: Invocation) -> Iterator[FileBar]:
    """For an import."""
    with make_bar(invocation) as bar:
        yield FileBar(bar)


@asynccontextmanager
async def transfer_bar(invocation: Invocation, progress: EngineProgress, library: Library) -> AsyncIterator[None]:
    """For a sync: blobs moved, of those that are known to be left."""
    with make_bar(invocation) as bar:
        if bar.disable:
            yield
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_follow, bar, progress, library)
            yield
            nursery.cancel_scope.cancel()


async def _follow(bar: Progress, progress: EngineProgress, library: Library) -> None:
    task = bar.add_task("syncing", total=None)
    while True:
        moved = progress.counts.blobs_up + progress.counts.blobs_down
        left = await trio.to_thread.run_sync(lambda: library.uploads.count()[0] + library.downloads.count()[0])
        bar.update(task, completed=moved, total=moved + left)
        await trio.sleep(REFRESH_SECONDS)
