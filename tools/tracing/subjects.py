"""What a person names, found: a photo with the entries that wrote it and the files that it consists of, or one entry.

Entries of a record are found by its state vector, so neither keys nor the size of the library matter; when they were written, the stamps in the record say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from crdt.asset import AssetView, view_asset
from crdt.client import writer
from crdt.facts import Source, Way
from crdt.record import Content, EngineError, read
from peer.errors import UsageError
from peer.library.blob_index import BlobIndex
from peer.library.held import HeldTable
from peer.library.meta import Meta
from peer.library.queues import Priority
from peer.library.records import RecordTable
from peer.library.segments import SegmentError, blob_ids_in
from peer.seams import SystemClock
from store.entries import EntryKind
from store.errors import DamagedError
from store.ids import BlobId, FileHash, LibraryId, RecordId, RecordKind
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_at, logged_named
from tools.looking.lookup import find_log, find_record
from tools.tracing.model import Subject, TracedEntry, TracedFile

SHOWN_ENTRIES = 50
_PRIMARY = "v/primary/"
_PLACE = re.compile(r"([0-9a-f]{1,32}):([0-9]{1,18})")
_NAMES_AT = """
    SELECT e.name FROM log_library l JOIN log_branch b ON b.library = l.id JOIN log_entry e ON e.branch = b.id AND e.seq = ?3
    WHERE l.name = ?1 AND b.log = ?2 AND ?3 BETWEEN b.first_seq AND b.last_seq ORDER BY e.arrival
"""


def find_subject(inspected: Inspected, text: str) -> Subject:
    """What ``text`` names: ``LOG:SEQ``, or the beginning of a photo's id."""
    match = _PLACE.fullmatch(text.strip().lower())
    if match is not None:
        return _entry(inspected, match[1], int(match[2]))
    if inspected.library_folder is None:
        raise UsageError(
            "A relay can't tell photos apart: what it stores is sealed.",
            hint="`calotype-inspect trace LOG:SEQ` works here; `calotype-inspect heads` lists the logs.",
        )
    return _asset(inspected, find_record(inspected.database, text))


def _asset(inspected: Inspected, record: RecordId) -> Subject:
    if record.kind is not RecordKind.ASSET:
        raise UsageError(
            f"{record.body.hex()[:10]} is no photo but the record of a {record.kind.name.lower()}.",
            hint="`calotype-inspect trace LOG:SEQ` follows one change.",
        )
    (library,) = inspected.libraries
    state = RecordTable(inspected.database, Meta(inspected.database)).state(record)
    if state is None:
        raise UsageError(
            "This photo was deleted for good: nothing of it is on its way any more.",
            hint="`calotype-inspect trace LOG:SEQ` follows one change.",
        )
    content = _content(record, state)
    contents = Contents.of(inspected, library)
    entries, earlier = _writers(inspected, library, contents, content)
    view = view_asset(content)
    return Subject(
        library=library,
        record=record,
        title=view.names[0] if view.names else record.body.hex()[:10],
        entries=tuple(entries),
        files=tuple(_files(inspected, view)),
        earlier=earlier,
    )


def _entry(inspected: Inspected, prefix: str, seq: int) -> Subject:
    library, log = find_log(inspected, prefix)
    with inspected.database.read() as connection:
        names = [row[0] for row in connection.execute(_NAMES_AT, (library, log, seq)).fetchall()]
    found = [logged for name in names if (logged := logged_named(inspected, library, name)) is not None]
    if not found:
        tips = inspected.log(library).heads().get(log, ())
        ends = f": it ends at {max(tip.seq for tip in tips)}" if tips else ""
        raise UsageError(f"Log {log.short()} has no entry {seq} here{ends}.")
    contents = Contents.of(inspected, library)
    entries = tuple(_traced(inspected, library, logged, contents) for logged in found)
    subject = Subject(library=library, record=None, title=found[0].place, entries=entries, sealed=contents.reason)
    records = _photos_in(found[0], contents)
    state = RecordTable(inspected.database, Meta(inspected.database)).state(records[0]) if len(records) == 1 else None
    if state is None:
        return subject
    return replace(subject, record=records[0], files=tuple(_files(inspected, view_asset(_content(records[0], state)))))


def _content(record: RecordId, state: bytes) -> Content:
    try:
        return read(state)
    except EngineError as error:
        raise DamagedError(f"the record of photo {record.body.hex()[:10]} is damaged in the database: {error}") from error


def _photos_in(logged: LoggedEntry, contents: Contents) -> list[RecordId]:
    opened = None if logged.entry is None else contents.opened(logged.entry)
    return [] if opened is None else [record for record, _ in opened.body.updates if record.kind is RecordKind.ASSET]


def _writers(inspected: Inspected, library: LibraryId, contents: Contents, content: Content) -> tuple[list[TracedEntry], int]:
    """Of the entries that the record knows the first that names its own file, then the newest ones; and how many others there are."""
    stamps = {cell.writer: cell.stamp.millis for cell in content.live.values()}
    importers = {cell.writer for key, cell in content.live.items() if key.startswith(_PRIMARY)}
    wrote: dict[int, str] = {}
    with inspected.database.read() as connection:
        for client in content.vector:
            for (arrival,) in connection.execute("SELECT arrival FROM client WHERE client = ?", (client,)).fetchall():
                wrote[arrival] = writer(client)
    first, *later = sorted(wrote, key=lambda arrival: (wrote[arrival] not in importers, arrival)) or [0]
    shown = [first, *sorted(later)[1 - SHOWN_ENTRIES :]]
    found = (logged for arrival in shown if (logged := logged_at(inspected, library, arrival)) is not None)
    entries = [_traced(inspected, library, logged, contents, known=stamps.get(wrote[logged.arrival])) for logged in found]
    return [replace(entry, is_import=wrote[entry.arrival] in importers) for entry in entries], len(later) + 1 - len(shown)


def _traced(inspected: Inspected, library: LibraryId, logged: LoggedEntry, contents: Contents, *, known: int | None = None) -> TracedEntry:
    """``known``: what its stamp says, where that stands in a record."""
    if known is None and logged.entry is not None and logged.item.kind is EntryKind.CHANGE:
        opened = contents.opened(logged.entry)
        known = None if opened is None else opened.stamp.millis
    with inspected.database.read() as connection:
        branches = LibraryRows(connection, library).branches_of(logged.item.log)
    return TracedEntry(
        log=logged.item.log,
        seq=logged.item.seq,
        name=logged.name,
        kind=logged.item.kind,
        author=logged.author,
        arrival=logged.arrival,
        written=known,
        has_branches=len(branches) > 1,
    )


# Files


def _files(inspected: Inspected, view: AssetView) -> Iterator[TracedFile]:
    """The pictures made of it, its own file, and all others."""
    for rendition, priority in ((view.thumbnail, Priority.THUMBNAIL), (view.preview, Priority.PREVIEW)):
        if rendition is not None:
            yield TracedFile(
                role=priority.name.lower(), file=rendition.file, size=rendition.size, priority=priority, ways=(rendition.blobs,)
            )
    for file, role in sorted(view.files.items(), key=lambda each: (each[1] != "primary", each[1], each[0])):
        yield _original(inspected, "original" if role == "primary" else role, file, view.sources.get(file, ()))


def _original(inspected: Inspected, role: str, file: FileHash, sources: tuple[Source, ...]) -> TracedFile:
    """Of a file that can be had whole, patches aren't looked at."""
    whole = [source for source in sources if source.way is not Way.PATCH] or list(sources)
    ways = [(source, _blobs_of_index(inspected, source) if source.way is Way.INDEX else source.blobs) for source in whole]
    return TracedFile(
        role=role,
        file=file,
        size=sources[0].size if sources else None,
        priority=Priority.ORIGINAL,
        ways=tuple(source.blobs if blobs is None else blobs for source, blobs in ways),
        lacks_index=any(blobs is None for _, blobs in ways),
    )


def _blobs_of_index(inspected: Inspected, source: Source) -> tuple[BlobId, ...] | None:
    """The blobs that an index names, if the index lies here."""
    if not source.blobs or inspected.library_folder is None:
        return None
    table = HeldTable(inspected.database, SystemClock())
    for file, _ in BlobIndex(inspected.database).find(source.blobs[0]):
        held = table.get(file)
        try:
            if held is not None and held.kind == "index":
                return tuple(blob_ids_in((inspected.library_folder.root / held.path).read_bytes()))
        except (OSError, SegmentError):
            continue
    return None
