"""Proving that what is stored is whole: entries, records, listings, files.

``verify`` reads everything once, and hashes the files that don't look as recorded. Deep, it also applies all entries again to an empty
library, in memory, and hashes every file: then digest and files are proven from nothing but signed entries and bytes on the disk.
"""

from __future__ import annotations

from collections.abc import Iterator

from crdt.digest import LibraryDigest
from peer.library.asset_files import located
from peer.library.checkpoints.checking import begin_with_checkpoint, check_checkpoints
from peer.library.damage import hash_of, lost_originals, set_aside, want_again
from peer.library.entry_checks import check_entries
from peer.library.findings import Findings, Progress, in_silence
from peer.library.held import HeldFile
from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from peer.library.record_checks import check_records
from peer.library.report_checks import check_reports
from store.database import Database
from store.log import Arrived
from store.sqlite_log import LOG_SCHEMA

PAGE_BYTES = 4 * 1024 * 1024


def verify(library: Library, *, deep: bool = False, repair: bool = False, progress: Progress = in_silence) -> Findings:
    """What is stored, proven. Safe beside a running engine: the database is looked at as it was at one moment. Changes nothing, but with ``repair``
    originals that are missing, or found damaged, are queued to be fetched back."""
    findings = Findings()
    with library.database.read():
        with findings.going_on("database"):
            _check_database(library, findings)
        with findings.going_on("entries"):
            check_entries(library, findings, progress)
        with findings.going_on("seen reports"):
            check_reports(library, findings)
        with findings.going_on("checkpoints"):
            check_checkpoints(library, findings)
        with findings.going_on("records"):
            check_records(library, findings, progress)
        if deep and not library.is_loading:
            with findings.going_on("records can't be proven from the entries"):
                _check_replay(library, findings)
    with findings.going_on("files"):
        findings.problems += [f"{path}: it was damaged or missing, and isn't back yet" for path in lost_originals(library)]
        for held in library.held.all():
            _check_file(library, held, findings, deep=deep, repair=repair)
            progress("files", 1)
    return findings


def replayed_digest(library: Library) -> LibraryDigest:
    """The digest that follows from the stored entries alone: they are applied again, in the order of arrival, to an empty library in memory. Where entries
    were given up, it begins with the checkpoint that stands for them."""
    database = Database(":memory:", [LOG_SCHEMA, PEER_SCHEMA])
    Meta(database).put("library", library.id)
    replica = Library(library.folder, database, library.keys, library.id, library.clock, library.randomness)
    try:
        if library.log.figures().stubs:
            begin_with_checkpoint(replica, library)
        for page in _pages(library):
            replica.receive([arrived.entry.raw for arrived in page])
        return replica.records.digest()
    finally:
        replica.close()


def _pages(library: Library) -> Iterator[list[Arrived]]:
    """All stored entries in the order of arrival, some MiB at a time."""
    arrival = 0
    while page := library.log.after(arrival, limit_bytes=PAGE_BYTES):
        yield page
        arrival = page[-1].arrival


def _check_database(library: Library, findings: Findings) -> None:
    with library.database.read() as connection:
        for (problem,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
            if problem != "ok":
                findings.problems.append(f"database: {problem}")


def _check_replay(library: Library, findings: Findings) -> None:
    """A device that was removed has applied what doesn't count for others; so it proves nothing by applying it again."""
    if library.roster().is_member(library.device) and replayed_digest(library) != library.records.digest():
        findings.problems.append("records: applying all entries again gives another library than the stored one")


def _check_file(library: Library, held: HeldFile, findings: Findings, *, deep: bool, repair: bool) -> None:
    if held.kind == "original":
        findings.originals += 1
    else:
        findings.blobs += 1
    problem = _problem_of_file(library, held, deep=deep)
    if problem is not None and library.held.get(held.file) == held:  # or it was moved while it was looked at
        findings.problems.append(f"{held.path}: {problem}{_repaired(library, held) if repair else ''}")


def _problem_of_file(library: Library, held: HeldFile, *, deep: bool) -> str | None:
    path = located(library, held)
    if not path.exists():
        return "missing"
    if not deep and held.untouched(library.folder.root):
        return None
    found = hash_of(path)
    if found is None:
        return "it can't be read"
    return None if found == held.file else f"its bytes are not those of the {held.kind} that was kept there"


def _repaired(library: Library, held: HeldFile) -> str:
    """What is done about an original that isn't whole, as the rest of a sentence."""
    if held.kind != "original" or library.is_loading:
        return ""
    if not located(library, held).exists():
        return "; it is fetched back" if want_again(library, held) else ""
    try:
        aside = set_aside(library, held)
    except OSError as error:
        return f"; it can't be moved aside: {error.strerror}"
    return "" if aside is None else f"; the damaged file was moved to {aside}, and the original is fetched back"
