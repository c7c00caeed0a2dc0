"""What tests look at after an import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from peer.importing.outcome import Outcome
from peer.library.library import Library
from peer.library.queries import AssetRow, Queries
from peer.library.verifying import verify


def assert_whole(library: Library) -> None:
    """Everything is proven, deep, and nothing is left over in the incoming folder."""
    assert verify(library, deep=True).problems == []
    assert unfinished(library) == []


def unfinished(library: Library) -> list[str]:
    """The files that lie in the incoming folder, but for the locks of those who are at work."""
    incoming = library.folder.incoming
    return sorted(str(path.relative_to(incoming)) for path in incoming.rglob("*") if path.is_file() and path.suffix != ".lock")


def assets(library: Library) -> list[AssetRow]:
    return list(Queries(library.database).assets())


def originals(library: Library) -> dict[str, bytes]:
    """The files in the readable tree: all that lie there, and each of them recorded."""
    found = {str(path.relative_to(library.folder.root)): path for path in library.folder.originals.rglob("*") if path.is_file()}
    assert {os.fsdecode(held.path) for held in library.held.all("original")} == set(found)
    return {name: path.read_bytes() for name, path in found.items()}


def reasons(outcome: Outcome) -> dict[str, str]:
    """Why each file was left out, by its name."""
    assert all(each.reason for each in outcome.skipped)
    return {each.path.name: each.reason for each in outcome.skipped}


def write(folder: Path, files: Mapping[str, bytes] | Mapping[bytes, bytes]) -> Path:
    """``folder`` with these files in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / os.fsdecode(name)).write_bytes(data)
    return folder
