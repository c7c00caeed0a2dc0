"""Showing a person how far a command is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import TaskID

from peer.commands.bars import make_bar
from peer.commands.invocation import Invocation
from peer.library.findings import Progress


@contextmanager
def counting(invocation: Invocation) -> Iterator[Progress]:
    """A count of each kind of thing that is being looked at: on a terminal's standard error only."""
    with make_bar(invocation) as bar:
        tasks: dict[str, TaskID] = {}

        def count(what: str, done: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.advance(tasks[what], done)

        yield count
