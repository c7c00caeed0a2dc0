"""What the timeline shows: how many photos each month has, and the photos of a month, newest first. Reads listings only, so it costs what is shown.

The months of the whole library are kept by the database; those of a narrower view are counted, by an index of that view's photos where it has one.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from peer.errors import UsageError
from peer.gallery.searching import Condition, matching
from peer.library.library import Library
from peer.library.queries import ORIGINAL
from store.ids import RecordId

MOST_ROWS = 1000
UNDATED = "none"
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
PICTURE = """
    coalesce((SELECT lower(hex(substr(made, 1, 8))) || '-' || level FROM edited_picture
        WHERE edited_picture.record = asset.record AND edits <> x'' AND made <> x''), picture)
"""
"""What names the picture that shows a photo: of an edited one the newest that was made, until that the one as imported."""

_IN_ALBUMS = "(SELECT count(*) FROM asset_album WHERE asset_album.record = asset.record)"
_ROW = (
    "record, kind, taken, shown_width, shown_height, thumbhash, duration, favorite, rating, marks, conflicts, caption, name, hidden, trashed,"
    f" {_IN_ALBUMS}, {ORIGINAL}, {PICTURE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which photos: those that aren't hidden or in the trash, and match all that is given. An album is shown in its own order, as one section."""

    favorite: bool = False
    hidden: bool = False
    trash: bool = False
    kind: str | None = None
    album: RecordId | None = None
    query: str | None = None

    @property
    def is_everything(self) -> bool:
        return self == View()


def months(library: Library, view: View, *, since: int | None = None) -> dict[str, Any]:
    """``revision`` of the listing, ``total``, and ``months`` with ``month`` ("" for photos without a time, and for an album), ``count`` and ``revision``,
    newest first; with ``since`` those that may have changed after that revision."""
    with library.database.read() as connection:
        (revision,) = connection.execute("SELECT revision FROM listing").fetchone()
        if view.is_everything:
            rows = connection.execute("SELECT month, photos, revision FROM timeline_month ORDER BY month DESC").fetchall()
        else:
            source, condition = _source(connection, view)
            month = "''" if view.album is not None else "substr(moment, 1, 7)"
            query = f"SELECT {month}, count(*), {revision:d} FROM {source} WHERE {condition.text} GROUP BY 1 ORDER BY 1 DESC"  # noqa: S608 - ours
            rows = connection.execute(query, condition.values).fetchall()
    return {
        "revision": revision,
        "total": sum(row[1] for row in rows),
        "months": [
            {"month": month, "count": photos, "revision": changed}
            for month, photos, changed in rows
            if (photos or since is not None) and (since is None or changed > since)
        ],
    }


def photos_of_month(library: Library, view: View, month: str, *, start: int, count: int) -> dict[str, Any]:
    """``count`` rows from the one with number ``start`` on, newest first; those of an album in its order. ``month`` as in `months`, or ``none``."""
    if month != UNDATED and _MONTH.fullmatch(month) is None:
        raise UsageError(f"{month[:20]!r} is no month.", hint="A month is written as 2024-07; photos without a time are in `none`.")
    with library.database.read() as connection:
        (revision,) = connection.execute("SELECT revision FROM listing").fetchone()
        source, condition = _source(connection, view)
        if view.album is None:
            condition = condition.and_(_of_month("" if month == UNDATED else month))
        order = "place, asset.record" if view.album is not None else "moment DESC, asset.record DESC"
        query = f"SELECT {_ROW} FROM {source} WHERE {condition.text} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 - all of it is ours
        rows = connection.execute(query, (*condition.values, min(count, MOST_ROWS), start)).fetchall()
    return {"revision": revision, "month": "" if month == UNDATED else month, "from": start, "assets": [_row(row) for row in rows]}


def rows_of(library: Library, records: Sequence[RecordId]) -> list[dict[str, Any]]:
    """The rows of some photos, in that order; those that are gone are left out."""
    with library.database.read() as connection:
        found = (connection.execute(f"SELECT {_ROW} FROM asset WHERE record = ?", (record,)).fetchone() for record in records)  # noqa: S608
        return [_row(row) for row in found if row is not None]


def place_of(library: Library, record: RecordId) -> dict[str, Any] | None:
    """``month`` of a photo, and its ``index`` there in the view of everything; ``None`` when that doesn't show it."""
    with library.database.read() as connection:
        row = connection.execute(
            "SELECT moment FROM asset WHERE record = ? AND folded IS NULL AND trashed IS NULL AND NOT hidden", (record,)
        ).fetchone()
        if row is None:
            return None
        month = row[0][:7]
        condition = _of_month(month)
        query = f"SELECT count(*) FROM asset WHERE {_SHOWN} AND {condition.text} AND (moment, record) > (?, ?)"  # noqa: S608 - ours
        (index,) = connection.execute(query, (*condition.values, row[0], record)).fetchone()
    return {"month": month, "index": index}


_SHOWN = "folded IS NULL AND trashed IS NULL AND NOT hidden"


def _source(connection: Connection, view: View) -> tuple[str, Condition]:
    """What is read from, and what has to hold. The words are those of the partial indexes, so that these are used."""
    conditions = list(_conditions(view))
    if view.query is not None:
        conditions.append(matching(view.query, _albums(connection)))
    source = "asset"
    if view.album is not None:
        source = "asset_album CROSS JOIN asset USING (record)"
        conditions.append(Condition("asset_album.album = ?", (view.album,)))
    return source, conditions[0].and_(*conditions[1:])


def _albums(connection: Connection) -> dict[RecordId, str]:
    rows = connection.execute("SELECT record, title FROM album WHERE trashed IS NULL").fetchall()
    return {RecordId(record): title for record, title in rows}


def _conditions(view: View) -> Iterator[Condition]:
    yield Condition("folded IS NULL")
    yield Condition("trashed IS NOT NULL" if view.trash else "trashed IS NULL")
    if view.hidden:
        yield Condition("hidden")
    elif not view.trash:
        yield Condition("NOT hidden")
    if view.favorite:
        yield Condition("favorite")
    if view.kind is not None:
        yield Condition("kind = 'video'" if view.kind == "video" else "kind <> 'video'")


def _of_month(month: str) -> Condition:
    return Condition("moment >= ? AND moment < ?", (month, f"{month}~")) if month else Condition("moment = ''")


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    record, kind, taken, width, height, thumbhash, duration, favorite, rating, *others = row
    marks, conflicts, caption, name, hidden, trashed, albums, original, picture = others
    return {
        "id": RecordId(record).body.hex(),
        "kind": kind,
        "taken": taken,
        "width": width,
        "height": height,
        "thumbhash": None if thumbhash is None else b64encode(thumbhash).decode(),
        "picture": picture or None,
        "duration": duration,
        "favorite": bool(favorite),
        "rating": rating,
        "live": "live" in marks.split(),
        "raw": "raw" in marks.split(),
        "conflicts": conflicts,
        "caption": caption,
        "name": name,
        "hidden": bool(hidden),
        "trashed": trashed is not None,
        "albums": albums,
        "original": original,
    }
