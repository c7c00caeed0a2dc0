"""How much lies on a disk, and what of it lies about: for a judge who says what may."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.simulation.disk.databases import is_beside_database

_INCOMING = "incoming"
_QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """``files``, ``bytes``: all files, without what SQLite keeps beside databases. The others are paths below the root, sorted: ``incoming``: files
    in folders for what is on its way in, without locks; ``temporary``: files that wait for a rename; ``quarantine``: files that were set aside as
    damaged."""

    files: int
    bytes: int
    incoming: tuple[str, ...]
    temporary: tuple[str, ...]
    quarantine: tuple[str, ...]


def bounds_of(root: Path) -> Bounds:
    files = sorted(path for path in root.rglob("*") if path.is_file() and not is_beside_database(path))
    names = [path.relative_to(root) for path in files]
    return Bounds(
        files=len(files),
        bytes=sum(path.stat().st_size for path in files),
        incoming=tuple(name.as_posix() for name in names if _INCOMING in name.parts[:-1] and name.suffix != ".lock"),
        temporary=tuple(name.as_posix() for name in names if name.suffix == ".new"),
        quarantine=tuple(name.as_posix() for name in names if _QUARANTINE in name.parts[:-1]),
    )
