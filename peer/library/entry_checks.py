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
from store.log import Arrived
from store.roster import Roster
from store.sqlite_rows import LibraryRows

PAGE_BYTES = 4 * 1024 * 1024


def check_entries(library: Library, findings: Findings, progress: Progress) -> None:
    """Reads every entry once, in the order of arrival. One that is damaged doesn't hide what is wrong with others."""
    roster = _roster(library, findings)
    known = _stubs(library)
    ends: dict[EntryHash, tuple[LogId, Tip]] = {}
    detached = 0
    for page in _pages(library, findings):
        for arrived in page:
            entry = arrived.entry
            _check_author(entry, roster, findings)
            if arrived.is_detached:  # it came without what it builds on, and is no part of the graph yet
                detached += 1
                continue
            _check_place(entry, known, findings)
            known.add(entry.name)
            ends.pop(entry.previous, None)
            ends[entry.name] = entry.log, Tip(entry.seq, entry.name)
        progress("entries", len(page))
    _follow_stubs(library, ends)
    findings.entries = len(known) + detached
    if findings.entries != library.log.count():
        findings.problems.append(f"entries: {library.log.count()} were stored, {findings.entries} can be read")
    elif Heads.of(ends.values()) != library.log.heads():
        findings.problems.append("entries: the logs end elsewhere than the store remembers")


def _stubs(library: Library) -> set[EntryHash]:
    """The names of the entries that were given up for a checkpoint."""
    query = "SELECT e.name FROM log_entry e JOIN log_library l ON l.id = e.library WHERE l.name = ? AND length(e.raw) = 0"
    with library.database.read() as connection:
        return {EntryHash(name) for (name,) in connection.execute(query, (library.id,))}


def _follow_stubs(library: Library, ends: dict[EntryHash, tuple[LogId, Tip]]) -> None:
    """What is known of the ends of logs by the entries alone, with what the skeleton says of those that were given up."""
    if not library.log.figures().stubs:
        return
    for entry in library.log.skeleton(library.log.heads()):
        ends.pop(entry.previous, None)
        ends[entry.name] = entry.log, Tip(entry.seq, entry.name)


def _check_place(entry: Entry, known: set[EntryHash], findings: Findings) -> None:
    lacking = [name for name in entry.needs if name not in known]
    if lacking:
        findings.problems.append(f"entry {entry.name.short()}: stored before {lacking[0].short()}, which it builds on")


def _check_author(entry: Entry, roster: Roster | None, findings: Findings) -> None:
    if roster is None:
        return
    keys = (roster.known_key(author) for author in roster.authors.get(entry.log, ()))
    if entry.library != roster.library or not any(key is not None and is_signed_by(entry, key) for key in keys):
        findings.problems.append(f"entry {entry.name.short()}: it isn't signed by a device whose log it is in")


def _roster(library: Library, findings: Findings) -> Roster | None:
    try:
        return library.roster()
    except DamagedError:
        findings.problems.append("entries: who wrote them can't be proven, because an entry about devices and keys is damaged")
        return None


def _pages(library: Library, findings: Findings) -> Iterator[list[Arrived]]:
    """The entries that can be read, some MiB at a time, each portion in a transaction of its own."""
    after, end = 0, library.log.arrival()
    while after < end:
        page: list[Arrived] = []
        size = 0
        with library.database.read() as connection:
            try:
                for arrived, length in LibraryRows(connection, library.id).after(after):
                    page.append(arrived)
                    after, size = arrived.arrival, size + length
                    if size >= PAGE_BYTES:
                        break
                else:
                    after = end
            except DamagedError as error:
                findings.problems.append(f"entries: {error}")
                after += 1  # arrival numbers have no gaps, so the damaged one is the next
        yield page
