"""Whether a file's bytes are in the library already, and are still what they were.

What is recorded as held and is there counts as held: reading all of it again would make an import of what is there as slow as one of what is new.
It is read and compared when it doesn't look as it was recorded, and always with ``--move``: then the source that is about to go may be the last whole
copy. A damaged original is set aside (``peer.library.damage``), one that somebody changed by hand stays where it is, and the source is taken as if
the bytes weren't here: so they are again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crdt.asset import AssetView, view_asset
from peer.importing.prepare import Identified
from peer.library.asset_files import located
from peer.library.damage import hash_of, set_aside, want_again
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.queries import Queries
from peer.media.types import MediaType
from peer.originals.errors import CopyFailedError
from peer.originals.held import HeldStamp
from store.ids import FileHash, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Bytes that the library has or had: which asset, under which name they came again, and whether it was deleted."""

    identified: Identified
    record: RecordId
    deleted: bool

    @property
    def source(self) -> Path:
        return self.identified.found.path

    @property
    def source_stamp(self) -> HeldStamp:
        return self.identified.hashed.stamp

    @property
    def name(self) -> str:
        return self.identified.found.path.name

    @property
    def file(self) -> FileHash:
        return self.identified.hashed.file

    @property
    def media(self) -> MediaType:
        return self.identified.media

    @property
    def is_sidecar(self) -> bool:
        return self.identified.is_sidecar


class Holdings:
    """Questions to one library. ``bring_back``: what was deleted is no longer so; ``thorough``: held bytes are read."""

    def __init__(self, library: Library, *, bring_back: bool, thorough: bool) -> None:
        self._library = library
        self._queries = Queries(library.database)
        self._bring_back = bring_back
        self._thorough = thorough

    def look_up(self, identified: Identified) -> Known | None:
        """Whether the bytes are in the library already, so that they need not be copied. Raises ``CopyFailedError``."""
        file = identified.hashed.file
        record = self.asset_of(file)
        view = None if record is None else self.view(record)
        if record is None or view is None:
            gone = RecordId.asset(file)
            purged = not identified.is_sidecar and self._library.records.is_purged(gone)
            return Known(identified=identified, record=gone, deleted=True) if purged and not self._bring_back else None
        if not self._has_whole(file):
            return None  # known, but the bytes aren't here: they are taken from where they lie
        return Known(identified=identified, record=record, deleted=view.trashed is not None)

    def asset_of(self, file: FileHash) -> RecordId | None:
        """The asset that the file belongs to, the one whose primary it is before others."""
        with self._library.database.read() as connection:
            row = connection.execute(
                "SELECT record FROM asset_file WHERE file = ? ORDER BY role <> 'primary', record LIMIT 1", (file,)
            ).fetchone()
        return None if row is None else RecordId(row[0])

    def shown_for(self, record: RecordId) -> RecordId:
        """The asset that people see for ``record``."""
        return self._queries.shown_for(record)

    def view(self, record: RecordId) -> AssetView | None:
        """``None`` when there is no such photo any more, or not yet."""
        content = self._library.records.content(record)
        return None if content is None else view_asset(content)

    def has(self, file: FileHash) -> bool:
        """Whether the bytes are here: recorded, and not removed by hand since."""
        held = self._library.held.get(file)
        return held is not None and located(self._library, held).exists()

    def _has_whole(self, file: FileHash) -> bool:
        held = self._library.held.get(file)
        if held is None or not located(self._library, held).exists():
            return False
        as_recorded = held.incoming is not None or held.untouched(self._library.folder.root)
        if as_recorded and not self._thorough:
            return True
        if hash_of(located(self._library, held)) == file:
            return True
        self._give_up(held, damaged=as_recorded)
        return False

    def _give_up(self, held: HeldFile, *, damaged: bool) -> None:
        try:
            if damaged and held.incoming is None and set_aside(self._library, held) is not None:
                return
        except OSError as error:
            raise CopyFailedError(f"{held.path} is damaged and can't be moved aside: {error.strerror}.") from error
        want_again(self._library, held)
