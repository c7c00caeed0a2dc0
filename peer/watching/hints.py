"""What the operating system says happened in watched folders. A hint, never the truth: scans find the same later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

import trio
from watchfiles import Change, awatch

DEBOUNCE_MS = 100
STEP_MS = 20
TIMEOUT_MS = 5_000
"""So long after the last change it is told; a cancelled watch ends after as much, because its thread looks that often."""


class Hints(Protocol):
    """Calls ``happened`` with the paths of files and folders that came or changed below ``folders``, until cancelled. Raises ``OSError`` where the
    system can't tell: too many folders, no permission."""

    async def __call__(self, folders: Sequence[Path], happened: Callable[[Collection[Path]], None]) -> None: ...


async def system_hints(folders: Sequence[Path], happened: Callable[[Collection[Path]], None]) -> None:
    """``Hints`` by the system's own notifications (inotify, FSEvents, ReadDirectoryChangesW)."""
    stop = trio.Event()

    async def stop_at_once() -> None:
        """The thread that waits for changes can't be cancelled, but asks this event."""
        try:
            await trio.sleep_forever()
        finally:
            stop.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_at_once)
        watch = awatch(
            *folders,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=stop,
            rust_timeout=TIMEOUT_MS,
            ignore_permission_denied=True,
        )
        try:
            async with aclosing(watch) as changes:
                async for each in changes:
                    paths = {Path(path) for change, path in each if change is not Change.deleted}
                    if paths:
                        happened(paths)
        finally:
            nursery.cancel_scope.cancel()
