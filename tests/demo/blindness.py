"""Looks for what a relay must not have: words that a person wrote, names of files, and bytes of the originals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

RUN_BYTES = 16
RUNS_OF_A_FILE = 3
FILES = 16
LEAST_WORD = 5
"""Shorter words turn up among random bytes by chance."""
LEAST_VARIETY = 8
"""So many different bytes must a run have to be nobody else's: sixteen zeros lie everywhere."""


def found_at_relay(relay_folder: Path, words: Iterable[str], originals: Sequence[Path]) -> list[str]:
    """What of all that lies readable anywhere in the relay's files; nothing, if it is blind."""
    needles = {word: word.encode() for word in words if len(word.encode()) >= LEAST_WORD}
    for path in originals[:FILES]:
        needles |= {f"bytes of {path.name} at {start}": run for start, run in _runs(path.read_bytes())}
    found: set[str] = set()
    for path in relay_folder.rglob("*"):
        if path.is_file():
            contents = path.read_bytes()
            found.update(name for name, needle in needles.items() if needle in contents)
    return sorted(found)


def _runs(contents: bytes) -> Iterator[tuple[int, bytes]]:
    """A few places in a file, and what stands there."""
    for number in range(RUNS_OF_A_FILE):
        start = (number * 2 + 1) * len(contents) // (RUNS_OF_A_FILE * 2)
        run = contents[start : start + RUN_BYTES]
        if len(set(run)) >= LEAST_VARIETY:
            yield start, run
