"""Proving that what is stored is whole: entries, records, projections' source, files.

``verify`` reads everything once. Deep, it also applies all entries again to an empty library, in memory, and hashes every file: then digest and files
are proven from nothing but signed entries and bytes on the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crdt.digest import LibraryDigest
from peer.library.held import HeldFile
from peer.library.library import PEER_SCHEMA, Library
from peer.library.meta import Meta
from store.database import Database
from store.entries import parse_entry, verify_signature
from store.errors import StoreError
from store.ids import FileHash
from store.log import Arrived
from store.sqlite_log import LOG_SCHEMA

PAGE_BYTES = 4 * 1024 * 1024
READ_BYTES = 4 * 1024 * 1024
Progress = Callable[[str, int], None]
"""Called with what is being looked at and how many more of it were done."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """How much was looked at, and what is wrong: a sentence each, naming what is affected."""

    entries: int = 0
    records: int = 0
    originals: int = 0
    blobs: int = 0
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "entries": self.entries,
            "records": self.records,
            "originals": self.originals,
            "blobs": self.blobs,
            "problems": self.problems,
        }


def verify(library: Library, *, deep: bool = False, progress: Progress = lambda what, count: None) -> Findings:
    """What is stored, proven. Reads only; safe beside a running engine."""
    findings = Findings()
    with library.database.read() as connection:
        for (problem,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
            if problem != "ok":
                findings.problems.append(f"database: {problem}")
    _verify_entries(library, findings, progress)
    _verify_records(library, findings, progress)
    if deep and replayed_digest(library) != library.records.digest():
        findings.problems.append("records: applying all entries again gives another library than the stored one")
    for held in library.held.all():
        _verify_file(library.folder.root, held, findings, deep=deep)
        progress("files", 1)
    return findings


def replayed_digest(library: Library) -> LibraryDigest:
    """The digest that follows from the stored entries alone: they are applied again, in the order of arrival, to an empty library in memory."""
    database = Database(":memory:", [LOG_SCHEMA, PEER_SCHEMA])
    try:
        Meta(database).put("library", library.id)
        replica = Library(library.folder, database, library.keys, library.id, library.clock, library.randomness)
        for page in pages(library):
            replica.receive([arrived.entry.raw for arrived in page])
        return replica.records.digest()
    finally:
        database.close()


def pages(library: Library) -> Iterator[list[Arrived]]:
    """All stored entries in the order of arrival, some MiB at a time."""
    arrival = 0
    while page := library.log.after(arrival, limit_bytes=PAGE_BYTES):
        yield page
        arrival = page[-1].arrival


def _verify_entries(library: Library, findings: Findings, progress: Progress) -> None:
    roster = library.roster()
    names = set()
    for page in pages(library):
        for arrived in page:
            entry = arrived.entry
            findings.entries += 1
            try:
                parsed = parse_entry(entry.raw)
                if parsed.name != entry.name:
                    findings.problems.append(f"entry {entry.name.short()}: its bytes have another name")
                verify_signature(parsed, roster.author_key(entry.log) or b"")
            except StoreError as error:
                findings.problems.append(f"entry {entry.name.short()}: {error}")
            lacking = [name for name in entry.needs if name not in names]
            if lacking:
                findings.problems.append(f"entry {entry.name.short()}: stored before {lacking[0].short()}, which it builds on")
            names.add(entry.name)
        progress("entries", len(page))


def _verify_records(library: Library, findings: Findings, progress: Progress) -> None:
    with library.database.read() as connection:
        findings.records = int(connection.execute("SELECT count(*) FROM record").fetchone()[0])
    if library.records.recomputed_digest() != library.records.digest():
        findings.problems.append("records: they don't add up to the library's digest")
    progress("records", findings.records)


def _verify_file(root: Path, held: HeldFile, findings: Findings, *, deep: bool) -> None:
    if held.kind == "original":
        findings.originals += 1
    else:
        findings.blobs += 1
    path = root / held.path
    if not path.exists():
        findings.problems.append(f"{held.path}: missing; it is fetched back from wherever its bytes are")
    elif (deep or not held.untouched(root)) and _hash(path) != held.file:
        findings.problems.append(f"{held.path}: its bytes are not those of the {held.kind} that was kept there")


def _hash(path: Path) -> FileHash | None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(READ_BYTES):
                digest.update(block)
    except OSError:
        return None
    return FileHash(digest.digest())
