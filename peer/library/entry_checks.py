"""Whether the stored entries are whole: each has the bytes that it is named by and its author's signature and comes after all that it
builds on; together they are as many, and end where, as the store says.
"""

from __future__ import annotations

from collections.abc import Iterator

from peer.library.findings import Findings, Progress
from peer.library.library import Library
from store.entries import Entry, is_signed_by
from store.errors import DamagedError
from store.heads import Heads, Tip
from store.ids import EntryHash, LogId
from store.roster import Roster
from store.sqlite_rows import LibraryRows

PAGE_BYTES = 4 * 1024 * 1024


def check_entries(library: Library, findings: Findings, progress: Progress) -> None:
    """Reads every entry once, in the order of arrival. One that is damaged doesn't hide what is wrong with others."""
    roster = _roster(library, findings)
    known: set[EntryHash] = set()
    ends: dict[EntryHash, tuple[LogId, Tip]] = {}
    for page in _pages(library, findings):
        for entry in page:
            _check_entry(entry, known, roster, findings)
            known.add(entry.name)
            ends.pop(entry.previous, None)
            ends[entry.name] = entry.log, Tip(entry.seq, entry.name)
        progress("entries", len(page))
    findings.entries = len(known)
    if len(known) != library.log.count():
        findings.problems.append(f"entries: {library.log.count()} were stored, {len(known)} can be read")
    elif Heads.of(ends.values()) != library.log.heads():
        findings.problems.append("entries: the logs end elsewhere than the store remembers")


def _check_entry(entry: Entry, known: set[EntryHash], roster: Roster | None, findings: Findings) -> None:
    lacking = [name for name in entry.needs if name not in known]
    if lacking:
        findings.problems.append(f"entry {entry.name.short()}: stored before {lacking[0].short()}, which it builds on")
    if roster is None:
        return
    keys = (roster.signing_key(author) for author in roster.authors.get(entry.log, ()))
    if entry.library != roster.library or not any(key is not None and is_signed_by(entry, key) for key in keys):
        findings.problems.append(f"entry {entry.name.short()}: it isn't signed by a device whose log it is in")


def _roster(library: Library, findings: Findings) -> Roster | None:
    try:
        return library.roster()
    except DamagedError:
        findings.problems.append("entries: who wrote them can't be proven, because an entry about devices and keys is damaged")
        return None


def _pages(library: Library, findings: Findings) -> Iterator[list[Entry]]:
    """The entries that can be read, some MiB at a time, each portion in a transaction of its own."""
    after, end = 0, library.log.arrival()
    while after < end:
        page: list[Entry] = []
        size = 0
        with library.database.read() as connection:
            try:
                for arrived, length in LibraryRows(connection, library.id).after(after):
                    page.append(arrived.entry)
                    after, size = arrived.arrival, size + length
                    if size >= PAGE_BYTES:
                        break
                else:
                    after = end
            except DamagedError as error:
                findings.problems.append(f"entries: {error}")
                after += 1  # arrival numbers have no gaps, so the damaged one is the next
        yield page
