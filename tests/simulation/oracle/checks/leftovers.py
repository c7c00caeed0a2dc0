"""Memory and files are bounded: nothing stays of what was begun and not ended (DESIGN.md section 6, ARCHITECTURE.md "Durability")."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence

MOST_WAL_BYTES = 16 * 1024 * 1024
MOST_ABANDONED = 8
"""Folders of blob stores that a crash left: cleared when the store is opened next, which may be never."""

_PRIVATE = (
    "library.db", "library.db-wal", "library.db-shm", "device.key", "renditions", "edited", "checkpoints", "carried", "incoming", "leaving",
    "engine.lock", "engine.json",
)  # fmt: skip


def check_leftovers(case: Case) -> Iterator[Complaint]:
    """On devices in and outside of the group that live, and on relays."""
    for device in case.evidence.devices:
        yield from _incoming(device)
        yield from _private(device)
        yield from _tree(device)
        yield from _wal(device.name, device.library.folder.database)
    for relay in case.evidence.relays:
        yield from _wal(relay.name, relay.folder.database)
        yield from _abandoned(relay.name, relay.folder.root / "incoming")
    quarantined = [path for root in _blob_roots(case) for path in _files(root / "quarantine")]
    if len(quarantined) > case.archive.spoiled_blobs:
        sentence = f"{len(quarantined)} blobs lie in quarantine, and only {case.archive.spoiled_blobs} were ever damaged."
        yield Complaint(kind="quarantine", sentence=sentence)


def _incoming(device: DeviceEvidence) -> Iterator[Complaint]:
    own = device.library._scratch
    allowed = () if own is None else (own.path, own.path.with_suffix(".lock"))
    left = _beside(device.library.folder.incoming, allowed)
    if left or (own is not None and any(own.path.iterdir())):
        yield Complaint(
            kind="leftover", sentence=f"Something that was on its way in stays in the incoming folder of {device.name} ({len(left)} names)."
        )
    for root in (device.library.folder.checkpoints, device.library.folder.carried):
        yield from _abandoned(device.name, root / "incoming")


def _abandoned(name: str, folder: Path) -> Iterator[Complaint]:
    left = _beside(folder, ())
    if len(left) > 2 * MOST_ABANDONED:
        yield Complaint(kind="leftover", sentence=f"{len(left)} temporary names of a blob store stay on {name}.")


def _private(device: DeviceEvidence) -> Iterator[Complaint]:
    strange = sorted(path.name for path in device.library.folder.private.iterdir() if path.name not in _PRIVATE)
    if strange:
        yield Complaint(kind="stray-file", sentence=f"In the private folder of {device.name} lies {strange[0]}.")
    staying = list(_files(device.library.folder.leaving))
    if staying:
        yield Complaint(kind="leftover", sentence=f"{len(staying)} files of deleted photos stay on {device.name}.")


def _tree(device: DeviceEvidence) -> Iterator[Complaint]:
    """Everything in the readable tree is listed as held, or the person put it there."""
    held = {str(each.path) for each in device.library.held.all("original")}
    for path in sorted(_files(device.library.folder.originals)):
        name = path.relative_to(device.library.folder.root).as_posix()
        if name not in held and name not in device.foreign:
            yield Complaint(kind="stray-original", sentence=f"In the tree of {device.name} lies {path.name}, which nothing lists.")


def _wal(name: str, database: Path) -> Iterator[Complaint]:
    wal = database.with_name(database.name + "-wal")
    if wal.exists() and wal.stat().st_size > MOST_WAL_BYTES:
        yield Complaint(kind="large-wal", sentence=f"The write-ahead log of {name} has {wal.stat().st_size >> 20} MiB.")


def _blob_roots(case: Case) -> Iterator[Path]:
    yield from (relay.folder.root for relay in case.evidence.relays)
    for device in case.evidence.devices:
        yield device.library.folder.checkpoints
        yield device.library.folder.carried


def _beside(folder: Path, allowed: Collection[Path]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path not in allowed) if folder.is_dir() else []


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
