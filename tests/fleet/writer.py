"""A process that writes into a library, for tests in which several do so at once.

python -m tests.fleet.writer FOLDER NAME COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from peer.layout import LibraryFolder
from peer.library import edits
from peer.library.assignments import parse_assignments
from peer.library.library import Library
from peer.library.queries import Queries


def write(folder: Path, name: str, count: int) -> None:
    """``count`` edits, each with a keyword of its own; every photo gets about as many."""
    library = Library.open(LibraryFolder(folder))
    photos = [row.record for row in Queries(library.database).assets()]
    for number in range(count):
        assignments = parse_assignments([f"keyword+={keyword(name, number)}", f"rating={number % 6}", f"caption={name}"])
        library.change([edits.set_fields(photos[number % len(photos)], assignments)])
    library.close()


def keyword(name: str, number: int) -> str:
    return f"{name}-{number}"


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
