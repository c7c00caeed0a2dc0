"""What `calotype-relay scrub` does: reads every blob that some library holds, or has in the trash, and compares it with its name.

A blob that is damaged or gone can come back only from a device that has it. Repairing moves what is damaged to `quarantine`, and takes note that nobody
holds the blob any more: from then on `stat` calls it absent, and the relay asks every device that connects for it (`news`, *wanted*). What lay in the trash is
simply forgotten. A relay may be running meanwhile.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from relay.sizes import spell_size
from relay.sqlite_accounts import SqliteLibraries
from store.errors import DamagedError
from store.file_blobs import FileBlobStore
from store.ids import BlobId

PAGE_BLOBS = 1000


@dataclass(frozen=True, kw_only=True)
class Scrubbed:
    """How many blobs were read, how many bytes were whole, and what wasn't."""

    checked: int
    bytes: int
    damaged: tuple[BlobId, ...]
    missing: tuple[BlobId, ...]
    is_repaired: bool

    @property
    def is_whole(self) -> bool:
        return not self.damaged and not self.missing

    def content(self) -> dict[str, Any]:
        """For a program."""
        return {
            "checked": self.checked,
            "bytes": self.bytes,
            "damaged": [blob.hex() for blob in self.damaged],
            "missing": [blob.hex() for blob in self.missing],
            "repaired": self.is_repaired,
        }

    def human(self) -> str:
        """For a person."""
        read = f"{self.checked} blobs were read, {spell_size(self.bytes)}"
        if self.is_whole:
            return f"{read}: all are whole."
        after = "Devices are asked for them." if self.is_repaired else "With --repair, devices are asked for them."
        return f"{read}: {len(self.damaged)} are damaged, {len(self.missing)} are missing. {after}"


def scrub(libraries: SqliteLibraries, blobs: FileBlobStore, *, repair: bool) -> Scrubbed:
    """Reads all; with ``repair``, does what the module's docstring says."""
    checked = size = 0
    damaged: list[BlobId] = []
    missing: list[BlobId] = []
    after: BlobId | None = None
    while page := libraries.known_blobs(after=after, limit=PAGE_BLOBS):
        for blob in page:
            is_whole = blobs.is_whole(blob)
            checked += 1
            if is_whole:
                info = blobs.info(blob)
                size += info.size if info else 0
                continue
            if is_whole is None and not libraries.is_known(blob):
                continue  # it was deleted meanwhile
            (missing if is_whole is None else damaged).append(blob)
            if repair:
                _repair(libraries, blobs, blob)
        after = page[-1]
    is_repaired = repair and bool(damaged or missing)
    return Scrubbed(checked=checked, bytes=size, damaged=tuple(damaged), missing=tuple(missing), is_repaired=is_repaired)


def _repair(libraries: SqliteLibraries, blobs: FileBlobStore, blob: BlobId) -> None:
    """Reading sets a damaged one aside. Whoever puts it meanwhile keeps it."""
    with suppress(DamagedError):
        blobs.get(blob)
    with libraries.atomic():
        if blobs.info(blob) is None:
            libraries.forget_blob(blob)
