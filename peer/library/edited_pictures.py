"""Pictures of edited photos on this device: which are wanted, and which lie here (PROTOCOL.md section 6.5).

They are made from records by each device for itself, are never sent, and can be lost: a thumbnail and a preview of each edited photo, in a folder of
their own, from the best file that is here. The table ``edited_picture`` has a row for each edited photo. What has to be done is counted in ``due``: when
the edits became others, when a better file came (a trigger says so), when the edits are gone. Whoever does it says which count it had seen, so that what
happens meanwhile isn't forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.library.asset_files import located
from peer.library.library import Library
from peer.library.renderings import edits_key
from peer.media.findings import Picture
from peer.rendering.parameters import Parameters
from peer.rendering.reading import read_parameters
from store.ids import FileHash, RecordId

_SUFFIXES = {"image/webp": ".webp", "image/jpeg": ".jpg"}


class Level(IntEnum):
    """Of which file a picture was made, the best first."""

    ORIGINAL = 0
    PREVIEW = 1
    THUMBNAIL = 2
    NONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An edited photo to look after. ``edits``: what names its parameters, empty when there are none any more; ``made``: of the pictures that lie
    here; ``seen``: what is to be said when it is done."""

    record: RecordId
    edits: bytes
    made: bytes
    level: Level
    undrawn: int
    seen: int
    files: tuple[FileHash | None, FileHash | None, FileHash | None]


class EditedPictures:
    """The table, and the folder with the pictures."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._folder = library.folder.edited

    def due(self, limit: int) -> list[Due]:
        """What is to be done now."""
        with self._library.database.read() as connection:
            rows = connection.execute(
                "SELECT record, edits, made, level, undrawn, due, original, preview, thumbnail FROM edited_picture WHERE due LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            Due(
                record=RecordId(record),
                edits=edits,
                made=made,
                level=Level(level),
                undrawn=undrawn,
                seen=seen,
                files=(FileHash(original), _file(preview), _file(thumbnail)),
            )
            for record, edits, made, level, undrawn, seen, original, preview, thumbnail in rows
        ]

    def sources(self, due: Due) -> list[tuple[Level, Path]]:
        """The files that a picture can be made from and that would make it better than what is there, the best first."""
        worst = due.level if due.made == due.edits else Level.NONE
        found = []
        for level, file in zip(Level, due.files, strict=False):
            held = self._library.held.get(file) if file is not None and due.undrawn <= level < worst else None
            if held is not None and (path := located(self._library, held)).exists():
                found.append((level, path))
        return found

    def edits_of(self, record: RecordId) -> tuple[bytes, Parameters]:
        """What names the edits of a photo now, and what is done to its picture."""
        view = view_asset(self._library.records.content(record) or EMPTY)
        return edits_key(view), read_parameters(view.edits).parameters

    def put(self, due: Due, level: Level, pictures: Mapping[str, Picture], undrawn: int) -> None:
        """Pictures were made, by ``thumbnail`` and ``preview``. They take the place of what lay there."""
        stem = self._stem(due.record, due.edits, level)
        stem.parent.mkdir(parents=True, exist_ok=True)
        for kind, picture in pictures.items():
            path = stem.with_name(f"{stem.name}.{kind}{_SUFFIXES[picture.media]}")
            partial = path.with_name(f"{path.name}.part")
            partial.write_bytes(picture.data)
            partial.replace(path)
        self._settle(due, made=due.edits, level=level, undrawn=undrawn)
        self._clear(due.record, keep=stem.name)

    def leave(self, due: Due, undrawn: int) -> None:
        """Nothing better can be made now. What shows other edits than those that count goes."""
        if due.made == due.edits and due.edits:
            self._settle(due, made=due.made, level=due.level, undrawn=undrawn)
        else:
            self._settle(due, made=b"", level=Level.NONE, undrawn=undrawn)
            self._clear(due.record, keep="")

    def tidy(self) -> None:
        """When the work begins: pictures that are recorded and gone are due again, and nothing else lies in the folder."""
        with self._library.database.read() as connection:
            rows = connection.execute("SELECT record, made, level FROM edited_picture WHERE made <> x''").fetchall()
        known = {self._stem(RecordId(record), made, Level(level)).name: RecordId(record) for record, made, level in rows}
        found = set()
        for path in self._folder.glob("*/*"):
            stem = path.name.partition(".")[0]
            if stem in known and not path.name.endswith(".part"):
                found.add(stem)
            else:
                path.unlink(missing_ok=True)
        lost = [record for stem, record in known.items() if stem not in found]
        if lost:
            with self._library.database.write() as connection:
                connection.executemany(
                    "UPDATE edited_picture SET made = x'', level = 3, due = due + 1 WHERE record = ?", [(record,) for record in lost]
                )

    def paths(self, record: RecordId) -> tuple[Level, dict[str, Path]]:
        """The pictures of a photo's edits as they are now."""
        with self._library.database.read() as connection:
            row = connection.execute(
                "SELECT made, level FROM edited_picture WHERE record = ? AND made = edits AND made <> x''", (record,)
            ).fetchone()
        if row is None:
            return Level.NONE, {}
        level = Level(row[1])
        stem = self._stem(record, row[0], level)
        named = {
            kind: [stem.with_name(f"{stem.name}.{kind}{suffix}") for suffix in _SUFFIXES.values()] for kind in ("thumbnail", "preview")
        }
        return level, {kind: path for kind, paths in named.items() for path in paths if path.exists()}

    def _settle(self, due: Due, *, made: bytes, level: Level, undrawn: int) -> None:
        """What happened since ``due`` was asked for stays due."""
        with self._library.database.write() as connection:
            if not due.edits:
                connection.execute("DELETE FROM edited_picture WHERE record = ? AND edits = x''", (due.record,))
                return
            connection.execute(
                "UPDATE edited_picture SET made = ?, level = ?, undrawn = CASE WHEN due = ?5 THEN ?3 ELSE undrawn END,"
                " due = CASE WHEN due = ?5 THEN 0 ELSE due END WHERE record = ?4",
                (made, level, undrawn, due.record, due.seen),
            )

    def _clear(self, record: RecordId, *, keep: str) -> None:
        """Remove all pictures of a photo but those whose names begin with ``keep``."""
        for path in self._stem(record, b"", Level.NONE).parent.glob(f"{record.body.hex()}-*"):
            if path.name.partition(".")[0] != keep:
                path.unlink(missing_ok=True)

    def _stem(self, record: RecordId, key: bytes, level: Level) -> Path:
        name = record.body.hex()
        return self._folder / name[:2] / f"{name}-{key.hex()}-{level:d}"


def edited_pictures(library: Library, record: RecordId, view: AssetView) -> dict[str, Any] | None:
    """For ``show``: where the pictures of an edited photo are on this device, and from what they were made; ``None`` when it isn't edited.

    ``skipped`` names what this version can't render.
    """
    reading = read_parameters(view.edits)
    if not edits_key(view) and not reading.skipped:
        return None
    level, paths = EditedPictures(library).paths(record)
    return {
        "thumbnail": str(paths["thumbnail"]) if "thumbnail" in paths else None,
        "preview": str(paths["preview"]) if "preview" in paths else None,
        "from": None if level is Level.NONE else level.name.lower(),
        "skipped": list(reading.skipped),
    }


def _file(value: bytes | None) -> FileHash | None:
    return None if value is None else FileHash(value)
