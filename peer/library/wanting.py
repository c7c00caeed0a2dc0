"""Asking for originals that should lie on this device and don't: never fetched, or removed from the folder by hand."""

from __future__ import annotations

from collections.abc import Iterable

from peer.library.asset_files import located
from peer.library.library import Library
from peer.library.queues import Download, Priority
from store.ids import FileHash, RecordId


def missing_originals(library: Library, files: Iterable[FileHash]) -> set[FileHash]:
    """Those of ``files`` that don't lie on this disk, whatever is recorded. One that waits to be placed is here: it may be the only copy."""
    return {file for file in files if (held := library.held.get(file)) is None or not located(library, held).exists()}


def want_originals(library: Library, record: RecordId) -> None:
    """Queue the asset's files that aren't here, due now. A file that is gone from the folder was never a deletion: it is fetched back."""
    with library.database.write() as connection:
        rows = connection.execute("SELECT file, size FROM asset_file WHERE record = ? AND size IS NOT NULL", (record,)).fetchall()
        for file in missing_originals(library, [FileHash(row[0]) for row in rows]):
            library.held.forget(file)
            size = next(size for each, size in rows if each == file)
            library.downloads.add(Download(file=file, record=record, size=size, priority=Priority.ORIGINAL))
            connection.execute("UPDATE download SET next_try = 0 WHERE file = ?", (file,))
