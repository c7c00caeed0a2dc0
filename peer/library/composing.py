"""Which photos are shown as one: folding, kept in the listings (PROTOCOL.md section 6, ``crdt/folding.py``).

Whenever an asset's files change, it is found out anew for all assets that are linked with it by a file, before or now: each of them may be shown as
part of another one from then on, or by itself again. Most assets are linked with none, and cost one look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sqlite3 import Connection

from crdt.asset import AssetView
from crdt.folding import PRIMARY_ROLE, FoldableAsset, compose, fold
from store.ids import RecordId

_LINKED = """
    SELECT DISTINCT other.record FROM asset_file AS mine JOIN asset_file AS other ON other.file = mine.file
    WHERE mine.record = ?1 AND other.record <> ?1 AND (mine.role = ?2 OR other.role = ?2)
"""


def linked_with(connection: Connection, records: Iterable[RecordId]) -> set[RecordId]:
    """``records`` and all that are linked with them by files, over any number of steps."""
    found = set(records)
    todo = list(found)
    while todo:
        rows = connection.execute(_LINKED, (todo.pop(), PRIMARY_ROLE)).fetchall()
        fresh = {RecordId(row[0]) for row in rows} - found
        found |= fresh
        todo += fresh
    return found


def compositions(assets: Mapping[RecordId, AssetView]) -> tuple[dict[RecordId, AssetView], dict[RecordId, RecordId]]:
    """The assets of a group as people see them: those that are shown, composed; and of each folded one the one that it is part of."""
    known = {record: assets[record] for record in sorted(assets) if assets[record].primary is not None}
    parents = fold(FoldableAsset(asset=record, files=view.files) for record, view in known.items())
    parts = parts_by_photo(parents)
    shown = {
        record: compose(view, [known[child] for child in parts.get(record, ())]) for record, view in known.items() if record not in parents
    }
    return shown, parents


def parts_by_photo(parents: Mapping[RecordId, RecordId]) -> dict[RecordId, list[RecordId]]:
    """What is folded into each photo, in the order of their ids."""
    parts: dict[RecordId, list[RecordId]] = {}
    for child in sorted(parents):
        parts.setdefault(parents[child], []).append(child)
    return parts


def parts_of(connection: Connection, record: RecordId) -> list[RecordId]:
    """The asset that is shown for ``record``, and all that are folded into it, in the order of their ids."""
    row = connection.execute("SELECT folded FROM asset WHERE record = ?", (record,)).fetchone()
    shown = record if row is None or row[0] is None else RecordId(row[0])
    folded = connection.execute("SELECT record FROM asset WHERE folded = ? ORDER BY record", (shown,)).fetchall()
    return [shown, *(RecordId(row[0]) for row in folded)]
