"""Files that are written on a simulated disk: they take its room, and after a power cut what they are given goes nowhere."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from tests.simulation.disk.disk import Disk


class DiskFile(io.FileIO):
    """A file opened for writing."""

    disk: Disk

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        if self.disk.is_dead:
            return size
        taken = self.disk.take(size, partly=True)
        return super().write(memoryview(data).cast("B")[:taken])


def open_on(
    disk: Disk,
    file: Any,
    mode: str,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    """What ``open`` does, over a ``DiskFile``."""
    raw = DiskFile(file, "".join(sorted(set(mode) - set("bt"))), closefd, opener)
    raw.disk = disk
    if buffering == 0:
        return raw
    size = io.DEFAULT_BUFFER_SIZE if buffering in (-1, 1) else buffering
    buffered = io.BufferedRandom(raw, size) if "+" in mode else io.BufferedWriter(raw, size)
    if "b" in mode:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    text.mode = mode  # type: ignore[misc]
    return text
