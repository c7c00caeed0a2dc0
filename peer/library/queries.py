"""What listings read: the projections, never the records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from peer.errors import UsageError
from peer.library.composing import parts_of
from peer.library.instants import iso_utc_or_none
from peer.library.texts import searchable
from store.database import Database
from store.ids import LIBRARY_RECORD, FileHash, RecordId, RecordKind

PAGE = 500
ID_DIGITS = 32
_WORDS = {RecordKind.ASSET: "photo", RecordKind.ALBUM: "album", RecordKind.DEVICE: "device"}
Whereabouts = Literal["here", "elsewhere", "nowhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """An asset as ``calotype ls`` lists it. ``trashed``: milliseconds since 1970, or ``None``. ``burst``: what the photos of a burst have in
    common; ``parts``: how many files it consists of, those of assets that are folded into it among them;
    ``missing``: the roles of parts that should be there and aren't."""

    record: RecordId
    name: str
    kind: str
    media: str
    taken: str | None
    width: int | None
    height: int | None
    favorite: bool
    rating: int
    hidden: bool
    caption: str
    keywords: tuple[str, ...]
    albums: tuple[str, ...]
    trashed: int | None
    contested: bool
    conflicts: int
    burst: str | None
    parts: int
    missing: tuple[str, ...]
    original: Whereabouts

    def to_json(self) -> dict[str, Any]:
        """The fields of CLI.md."""
        return {
            "id": self.record.body.hex(),
            "name": self.name,
            "kind": self.kind,
            "media": self.media,
            "taken": self.taken,
            "width": self.width,
            "height": self.height,
            "favorite": self.favorite,
            "rating": self.rating,
            "hidden": self.hidden,
            "caption": self.caption,
            "keywords": list(self.keywords),
            "albums": list(self.albums),
            "trashed": iso_utc_or_none(self.trashed),
            "contested": self.contested,
            "original": self.original,
            "conflicts": self.conflicts,
            "burst": self.burst,
            "parts": self.parts,
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumRow:
    """An album as ``calotype album ls`` lists it; ``assets`` counts members that are not in the trash. ``cover``: the photo that somebody chose."""

    record: RecordId
    title: str
    cover: RecordId | None
    assets: int
    trashed: int | None
    conflicts: int

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.record.body.hex(),
            "title": self.title,
            "cover": None if self.cover is None else self.cover.body.hex(),
            "assets": self.assets,
            "trashed": iso_utc_or_none(self.trashed),
            "conflicts": self.conflicts,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to list. ``text`` is looked for in names, captions, keywords and ids."""

    album: RecordId | None = None
    trash: bool = False
    favorite: bool = False
    text: str | None = None


# Where an original is: held here; named by a source, so that some node has or will get its blobs; or known by nothing but its hash.
ORIGINAL = """
    CASE WHEN EXISTS (SELECT 1 FROM held WHERE held.file = asset.primary_file) THEN 'here'
         WHEN EXISTS (SELECT 1 FROM asset_file WHERE asset_file.file = asset.primary_file AND size IS NOT NULL) THEN 'elsewhere'
         ELSE 'nowhere' END
"""
_ALBUMS = """
    (SELECT json_group_array(lower(hex(substr(album, 2)))) FROM
        (SELECT album FROM asset_album WHERE asset_album.record = asset.record ORDER BY album))
"""
_PARTS = """
    (SELECT count(DISTINCT file) FROM asset_file WHERE role <> 'version' AND (asset_file.record = asset.record
        OR asset_file.record IN (SELECT part.record FROM asset AS part WHERE part.folded = asset.record)))
"""
_COLUMNS = (
    f"record, name, kind, media, taken, width, height, favorite, rating, hidden, caption, keywords, trashed, contested, conflicts, burst, {_PARTS}, missing,"
    f" {ORIGINAL}, {_ALBUMS}"
)


class Queries:
    """Read-only questions to the database of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def assets(self, wanted: Filter = Filter()) -> Iterator[AssetRow]:
        """The assets that match: an album in its order, everything else oldest first; in pages, so that a long listing holds no
        transaction open."""
        source, key = ("asset_album CROSS JOIN asset USING (record)", "place") if wanted.album is not None else ("asset", "moment")
        conditions = ["folded IS NULL", "trashed IS NOT NULL" if wanted.trash else "trashed IS NULL"]
        parameters: list[object] = []
        if wanted.album is not None:
            conditions.append("asset_album.album = ?")
            parameters.append(wanted.album)
        if wanted.favorite:
            conditions.append("favorite")
        if wanted.text:
            conditions.append("(instr(search, ?) OR instr(lower(hex(substr(record, 2))), ?) = 1)")
            parameters += [searchable(wanted.text), wanted.text.lower()]
        where = " AND ".join(conditions)
        after: tuple[str, bytes] = ("", b"")
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    f"SELECT {_COLUMNS}, {key} FROM {source} WHERE {where} AND ({key}, record) > (?, ?)"  # noqa: S608 - all of it is ours
                    f" ORDER BY {key}, record LIMIT {PAGE}",
                    (*parameters, *after),
                ).fetchall()
            yield from (_asset(row[:-1]) for row in rows)
            if len(rows) < PAGE:
                return
            after = (rows[-1][-1], rows[-1][0])

    def asset(self, record: RecordId) -> AssetRow | None:
        with self._database.read() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM asset WHERE record = ?", (record,)).fetchone()  # noqa: S608 - columns are ours
        return None if row is None else _asset(row)

    def count(self) -> tuple[int, int]:
        """How many assets there are that aren't in the trash, and how many that are."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT count(*) FILTER (WHERE trashed IS NULL), count(*) FILTER (WHERE trashed IS NOT NULL) FROM asset WHERE folded IS NULL"
            ).fetchone()
        return int(row[0]), int(row[1])

    def albums(self, *, trash: bool = False) -> list[AlbumRow]:
        return self._albums(f"trashed IS {'NOT NULL' if trash else 'NULL'}")

    def album(self, record: RecordId) -> AlbumRow | None:
        return next(iter(self._albums("record = ?", record)), None)

    def _albums(self, condition: str, *parameters: object) -> list[AlbumRow]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record, title, cover, (SELECT count(*) FROM asset_album JOIN asset USING (record)"  # noqa: S608 - conditions are ours
                " WHERE asset_album.album = album.record AND asset.trashed IS NULL), trashed, conflicts"
                f" FROM album WHERE {condition} ORDER BY title, record",
                parameters,
            ).fetchall()
        return [
            AlbumRow(
                record=RecordId(r),
                title=title,
                cover=None if cover is None else RecordId(cover),
                assets=n,
                trashed=trashed,
                conflicts=conflicts,
            )
            for r, title, cover, n, trashed, conflicts in rows
        ]

    def album_members(self, album: RecordId, *, trashed: bool = True) -> list[tuple[RecordId, str | None]]:
        """The assets in an album with their positions, in order; on demand without those in the trash."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record, position FROM asset_album CROSS JOIN asset USING (record) WHERE album = ? AND (? OR trashed IS NULL)"
                " ORDER BY place, record",
                (album, trashed),
            ).fetchall()
        return [(RecordId(record), position) for record, position in rows]

    def of_burst(self, burst: str | None) -> list[RecordId]:
        """The photos of a burst that aren't in the trash, in the order in which they were taken."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record FROM asset WHERE burst = ? AND folded IS NULL AND trashed IS NULL ORDER BY moment, name, record", (burst,)
            ).fetchall()
        return [RecordId(row[0]) for row in rows]

    def with_conflicts(self) -> list[RecordId]:
        """Assets and albums with an open conflict by what their own records say, assets first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record FROM asset WHERE conflicts > 0 UNION ALL SELECT record FROM album WHERE conflicts > 0"
            ).fetchall()
        return [RecordId(row[0]) for row in rows]

    def assets_with_file(self, file: FileHash) -> list[RecordId]:
        """The assets that name a file as their primary or in another role."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT DISTINCT record FROM asset_file WHERE file = ? ORDER BY record", (file,)).fetchall()
        return [RecordId(row[0]) for row in rows]

    def device_names(self) -> dict[bytes, tuple[str, str, str]]:
        """Name, model and policy by device id."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT record, name, model, policy FROM device").fetchall()
        return {bytes(record[1:]): (name, model, policy) for record, name, model, policy in rows}

    def find(self, prefix: str, kind: RecordKind = RecordKind.ASSET) -> RecordId:
        """The one record whose id begins with ``prefix``; a sentence when there is none or more than one. For what is shown as part of a
        photo, that photo."""
        return self.shown_for(self._only(self._matching(_digits(prefix, kind), kind), prefix, _WORDS[kind]))

    def shown_for(self, record: RecordId) -> RecordId:
        """The asset that ``record`` is shown as part of; itself where it is shown."""
        with self._database.read() as connection:
            row = connection.execute("SELECT folded FROM asset WHERE record = ? AND folded IS NOT NULL", (record,)).fetchone()
        return record if row is None else RecordId(row[0])

    def parts(self, record: RecordId) -> list[RecordId]:
        """The shown asset, and all that are folded into it."""
        with self._database.read() as connection:
            return parts_of(connection, record)

    def find_album(self, text: str) -> RecordId:
        """The album with this id, prefix of an id, or title."""
        titled = self._titled(text)
        if titled:
            return self._only(titled, text, "album", same="is called")
        try:
            return self.find(text, RecordKind.ALBUM)
        except UsageError as error:
            raise UsageError(f"No album is called {text!r}, and none has such an id.", hint="See `calotype album ls`.") from error

    def find_any(self, text: str) -> RecordId:
        """The photo, album or device with this id or prefix of one, or the album with this title."""
        if text == LIBRARY_RECORD.body.hex():
            return LIBRARY_RECORD
        titled = self._titled(text)
        if titled:
            return self._only(titled, text, "album", same="is called")
        digits = _digits(text, RecordKind.ASSET)
        return self._only([record for kind in _WORDS for record in self._matching(digits, kind)], text, "photo, album or device")

    def _matching(self, digits: str, kind: RecordKind) -> list[RecordId]:
        """At most two records whose ids begin so."""
        low = bytes([kind]) + bytes.fromhex(digits.ljust(ID_DIGITS, "0"))
        high = bytes([kind]) + bytes.fromhex(digits.ljust(ID_DIGITS, "f"))
        table = kind.name.lower()
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT record FROM {table} WHERE record BETWEEN ? AND ? LIMIT 2", (low, high)).fetchall()  # noqa: S608
        return [RecordId(row[0]) for row in rows]

    def _titled(self, title: str) -> list[RecordId]:
        """At most two albums of this title; those in the trash count only when there is no other."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT record, trashed IS NULL FROM album WHERE title = ? ORDER BY 2 DESC, record LIMIT 2", (title,)
            ).fetchall()
        return [RecordId(record) for record, live in rows if live or not rows[0][1]]

    @staticmethod
    def _only(found: list[RecordId], text: str, word: str, *, same: str = "has an id that begins with") -> RecordId:
        if not found:
            raise UsageError(f"No {word} {same} {text}.", hint="See `calotype ls`, or `calotype ls --trash`.")
        if len(found) > 1:
            raise UsageError(f"More than one {word} {same} {text}.", hint="Give its id, or more digits of it.")
        return found[0]


def _digits(prefix: str, kind: RecordKind) -> str:
    digits = prefix.strip().lower()
    if not re.fullmatch(rf"[0-9a-f]{{1,{ID_DIGITS}}}", digits):
        raise UsageError(
            f"{prefix!r} is no {_WORDS[kind]}'s id.", hint="Ids are hexadecimal and may be shortened; `calotype ls` shows them."
        )
    return digits


def _asset(row: tuple[Any, ...]) -> AssetRow:
    (
        record,
        name,
        kind,
        media,
        taken,
        width,
        height,
        favorite,
        rating,
        hidden,
        caption,
        keywords,
        trashed,
        contested,
        conflicts,
        burst,
        parts,
        missing,
        original,
        albums,
    ) = row
    return AssetRow(
        record=RecordId(record),
        name=name,
        kind=kind,
        media=media,
        taken=taken,
        width=width,
        height=height,
        favorite=bool(favorite),
        rating=rating,
        hidden=bool(hidden),
        caption=caption,
        keywords=tuple(json.loads(keywords)),
        albums=tuple(json.loads(albums)),
        trashed=trashed,
        contested=bool(contested),
        conflicts=conflicts,
        burst=burst,
        parts=parts,
        missing=tuple(missing.split()),
        original=original,
    )
