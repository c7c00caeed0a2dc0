"""Asking for originals that should lie on this device and don't: never fetched, given up, or removed from the folder by hand."""

from __future__ import annotations

from collections.abc import Iterable

from peer.library.asset_files import located
from peer.library.composing import parts_of
from peer.library.held import STAY_MS
from peer.library.library import Library
from peer.library.queues import Download, Priority
from store.ids import FileHash, RecordId

PAGE = 500


def missing_originals(library: Library, files: Iterable[FileHash]) -> set[FileHash]:
    """Those of ``files`` that don't lie on this disk, whatever is recorded. One that waits to be placed is here: it may be the only copy."""
    return {file for file in files if (held := library.held.get(file)) is None or not located(library, held).exists()}


def want_originals(library: Library, record: RecordId) -> None:
    """A person asks for all of a photo: queue its files that aren't here, due now, and let those that are stay for a day. A file that is gone from the
    folder was never a deletion: it is fetched back."""
    now = library.clock.now()
    with library.database.write() as connection:
        for part in parts_of(connection, record):
            rows = connection.execute("SELECT file, size FROM asset_file WHERE record = ? AND size IS NOT NULL", (part,)).fetchall()
            sizes = {FileHash(file): int(size) for file, size in rows}
            missing = missing_originals(library, sizes)
            for file, size in sizes.items():
                if file in missing:
                    library.held.forget(file)
                    library.downloads.ask(Download(file=file, record=part, size=size, priority=Priority.ORIGINAL))
                else:
                    library.held.use(file, now, stays=now + STAY_MS)


def want_all_originals(library: Library) -> None:
    """The same of every photo, in many transactions."""
    with library.database.read() as connection:
        records = [
            RecordId(row[0]) for row in connection.execute("SELECT record FROM asset WHERE folded IS NULL ORDER BY record").fetchall()
        ]
    for start in range(0, len(records), PAGE):
        with library.database.write():
            for record in records[start : start + PAGE]:
                want_originals(library, record)


def files_of_photo(library: Library, record: RecordId) -> list[FileHash]:
    """The primary file of a photo first, then all others that it is shown with."""
    with library.database.read() as connection:
        files: list[FileHash] = []
        for part in parts_of(connection, record):
            query = "SELECT file FROM asset_file WHERE record = ? ORDER BY role <> 'primary', role, file"
            files += (FileHash(row[0]) for row in connection.execute(query, (part,)).fetchall())
        return list(dict.fromkeys(files))
