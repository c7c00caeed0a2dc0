"""What holds at any moment at each library, whatever happens around it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from peer.library.held import HeldFile
from store.entries import Entry
from store.ids import EntryHash
from tests.simulation.oracle.archive import Archive
from tests.simulation.oracle.checks.agreement import check_stored_digest
from tests.simulation.oracle.checks.originals import why_not_held
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.stored import StoredLog, bookkeeping, stored_log

FILES = 4


def check_moment(archive: Archive, device: DeviceEvidence) -> Iterator[Complaint]:
    """Safety: digest and records, causal order and closure, no entry twice, and some of the files that are said to be here."""
    yield from check_stored_digest(device.library, device.name)
    log = stored_log(device.library.log)
    yield from _check_arrivals(archive, device, log)
    yield from _check_applied(archive, device)
    yield from _check_files(archive, device)


def _check_arrivals(archive: Archive, device: DeviceEvidence, log: StoredLog) -> Iterator[Complaint]:
    """The order of arrival is a causal order (DESIGN.md section 5): whoever is served in it can store each entry as it comes."""
    came: set[EntryHash] = set()
    for name in log.attached.values():
        entry = archive.entries.get(name)
        if name in came:
            yield Complaint(kind="entry-twice", sentence=f"{device.name} has stored an entry twice.")
        if entry is not None and (lacking := _first_missing(entry, came)) is not None:
            yield Complaint(
                kind="causal-order", sentence=f"{device.name} stored {name.short()} before {lacking.short()}, on which it builds."
            )
        came.add(name)
    if came & set(log.detached.values()):
        yield Complaint(kind="entry-twice", sentence=f"{device.name} has stored an entry attached and detached.")


def _check_applied(archive: Archive, device: DeviceEvidence) -> Iterator[Complaint]:
    """An entry is applied after everything that it depends on, and what is applied was stored."""
    applied = bookkeeping(device.library).applied
    if device.library.is_loading:
        return
    for name in sorted(applied):
        entry = archive.entries.get(name)
        if entry is not None and (lacking := _first_missing(entry, applied)) is not None:
            yield Complaint(
                kind="causal-closure", sentence=f"{device.name} applied {name.short()} without {lacking.short()}, on which it builds."
            )


def _check_files(archive: Archive, device: DeviceEvidence) -> Iterator[Complaint]:
    """A file is listed as held only when its bytes are here (ARCHITECTURE.md, "Durability"); those that bit rot changed are excused."""
    held: list[HeldFile] = list(device.library.held.all())
    random = Random(f"{device.name} {len(archive.entries)}")
    for each in random.sample(held, min(FILES, len(held))):
        is_spoiled = each.kind == "original" and each.file not in archive.files_of(device.name)
        if not is_spoiled and (problem := why_not_held(device.library, each.file)) is not None:
            yield Complaint(kind="held-file", sentence=f"{device.name} {problem}: {each.kind} {each.file.short()}.")


def _first_missing(entry: Entry, there: set[EntryHash] | frozenset[EntryHash]) -> EntryHash | None:
    return next((name for name in entry.needs if name not in there), None)
