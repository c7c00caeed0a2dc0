"""Into the trash and out of it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crdt.fields import fields_of, read_register
from crdt.record import EMPTY, Content
from crdt.trash import TRASHED, read_trash
from peer.library import edits
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import RecordId

LARGE_PART = 10
"""Whoever trashes more than one in so many of a library's photos is asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """``changed`` records were moved; the others were already where they should go."""

    changed: int
    unchanged: int


def trash_assets(library: Library, assets: Sequence[RecordId]) -> Moved:
    """Put photos into the trash. One that is there already is trashed again only when something speaks against it: that settles it."""
    return _move(library, assets, edits.trash, lambda content: is_settled(content, trashed=True))


def restore_assets(library: Library, assets: Sequence[RecordId]) -> Moved:
    """Take photos out of the trash."""
    return _move(library, assets, edits.restore, lambda content: is_settled(content, trashed=False))


def is_settled(content: Content, *, trashed: bool, members: frozenset[str] = frozenset()) -> bool:
    """Whether a record is in the trash, or not in it, and nothing contradicts. ``members``: writers of an album's memberships."""
    fields = fields_of(content)
    state = read_trash(fields, content, members=members)
    reading = read_register(fields, TRASHED)
    contradicted = bool(state.unseen) or (reading is not None and reading.conflict is not None)
    return (state.trash is not None) == trashed and not contradicted


def is_large_part(library: Library, assets: Sequence[RecordId]) -> bool:
    """Whether ``assets`` are so many of the photos that aren't in the trash that it could be a mistake. A single one never is."""
    queries = Queries(library.database)
    live, _ = queries.count()
    rows = [queries.asset(asset) for asset in set(assets)]
    leaving = sum(row is not None and row.trashed is None for row in rows)
    return leaving > 1 and leaving * LARGE_PART > live


def _move(library: Library, assets: Sequence[RecordId], edit: Callable[[RecordId], Edit], settled: Callable[[Content], bool]) -> Moved:
    """What is shown as one photo moves as one."""
    chosen = list(dict.fromkeys(assets))
    queries = Queries(library.database)
    with library.database.write():
        parts = {asset: queries.parts(asset) for asset in chosen}
        fresh = [part for asset in chosen for part in parts[asset] if not settled(library.records.content(part) or EMPTY)]
        library.change([edit(part) for part in dict.fromkeys(fresh)])
    changed = sum(not set(fresh).isdisjoint(parts[asset]) for asset in chosen)
    return Moved(changed=changed, unchanged=len(chosen) - changed)
