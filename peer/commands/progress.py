"""Showing a person how far a command is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from peer.commands.invocation import Invocation
from peer.library.findings import Progress, in_silence


@contextmanager
def counting(invocation: Invocation) -> Iterator[Progress]:
    """A count of each kind of thing that is being looked at: on a terminal's standard error only."""
    if invocation.json or not sys.stderr.isatty():
        yield in_silence
        return
    from peer.commands.bars import make_bar

    with make_bar(invocation) as bar:
        tasks = {}

        def count(what: str, done: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.advance(tasks[what], done)

        yield count
