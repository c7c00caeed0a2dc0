"""``calotype album``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.look import COLUMNS, asset_cells
from peer.commands.opening import changing, opened
from peer.errors import UsageError
from peer.library.albums import (
    After,
    Before,
    Target,
    ToIndex,
    add_to_album,
    create_album,
    delete_album,
    move_in_album,
    remove_from_album,
    rename_album,
    restore_album,
    set_cover,
)
from peer.library.conflicts import conflicts_of
from peer.library.library import Library
from peer.library.queries import AlbumRow, Filter, Queries
from store.ids import RecordId

ALBUM_COLUMNS = ("id", "photos", "title", "")
SHORT_ID = 10


@click.group()
@click.option("--library", type=click.Path(path_type=Path, file_okay=False), default=None, help="The library's folder.")
def album(library: Path | None) -> None:
    """Albums: named by title, by id or by the beginning of an id.

    \b
    Example: calotype album create Sweden, then calotype album add Sweden 3f2a 90c1
    """


@album.command()
@click.argument("title")
@common_options
def create(invocation: Invocation, title: str) -> None:
    """Make an empty album.

    \b
    Example: calotype album create "Sweden 2024"
    """
    with changing(invocation) as library:
        _answer(invocation, library, create_album(library, title))


@album.command()
@click.argument("album")
@click.argument("title")
@common_options
def rename(invocation: Invocation, album: str, title: str) -> None:
    """Give an album another title.

    \b
    Example: calotype album rename Sweden "Sweden 2024"
    """
    with changing(invocation) as library:
        record = Queries(library.database).find_album(album)
        rename_album(library, record, title)
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@common_options
def delete(invocation: Invocation, album: str) -> None:
    """Put an album into the trash. Its photos stay where they are.

    \b
    Example: calotype album delete Sweden
    """
    with changing(invocation) as library:
        record = Queries(library.database).find_album(album)
        delete_album(library, record)
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@common_options
def restore(invocation: Invocation, album: str) -> None:
    """Take an album out of the trash.

    \b
    Example: calotype album restore Sweden
    """
    with changing(invocation) as library:
        record = Queries(library.database).find_album(album)
        restore_album(library, record)
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@common_options
def add(invocation: Invocation, album: str, assets: tuple[str, ...]) -> None:
    """Put photos into an album, behind those that are in it.

    \b
    Example: calotype album add Sweden 3f2a 90c1
    """
    with changing(invocation) as library:
        queries = Queries(library.database)
        record = queries.find_album(album)
        add_to_album(library, record, [queries.find(text) for text in assets])
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@common_options
def remove(invocation: Invocation, album: str, assets: tuple[str, ...]) -> None:
    """Take photos out of an album. They stay in the library.

    \b
    Example: calotype album remove Sweden 3f2a
    """
    with changing(invocation) as library:
        queries = Queries(library.database)
        record = queries.find_album(album)
        remove_from_album(library, record, [queries.find(text) for text in assets])
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@click.option("--to", "index", type=click.IntRange(min=0), default=None, help="Their place, counted from 0.")
@click.option("--before", default=None, metavar="ID", help="Put them before this photo.")
@click.option("--after", default=None, metavar="ID", help="Put them behind this photo.")
@common_options
def move(invocation: Invocation, album: str, assets: tuple[str, ...], index: int | None, before: str | None, after: str | None) -> None:
    """Move photos within an album: all to one place, in the order in which they are named.

    \b
    Example: calotype album move Sweden 3f2a 90c1 --to 0
    """
    with changing(invocation) as library:
        queries = Queries(library.database)
        record, moved = queries.find_album(album), [queries.find(text) for text in assets]
        move_in_album(library, record, moved, _target(queries, index, before, after))
        _answer(invocation, library, record)


@album.command()
@click.argument("album")
@click.argument("asset", metavar="[ID]", required=False)
@click.option("--none", "nothing", is_flag=True, help="No photo in particular: the first one stands for the album.")
@common_options
def cover(invocation: Invocation, album: str, asset: str | None, nothing: bool) -> None:
    """Choose the photo that stands for an album.

    \b
    Example: calotype album cover Sweden 3f2a
    """
    if nothing == (asset is not None):
        raise UsageError("Say which photo, or --none. Nothing was changed.", hint="For example: calotype album cover Sweden 3f2a")
    with changing(invocation) as library:
        queries = Queries(library.database)
        record = queries.find_album(album)
        set_cover(library, record, None if asset is None else queries.find(asset))
        _answer(invocation, library, record)


@album.command()
@click.argument("album", required=False)
@click.option("--trash", is_flag=True, help="Albums in the trash instead.")
@common_options
def ls(invocation: Invocation, album: str | None, trash: bool) -> None:
    """List the albums, or the photos of one in their order.

    \b
    Example: calotype album ls Sweden
    """
    with opened(invocation) as library:
        queries = Queries(library.database)
        if album is None:
            rows = (_contested(library, row).to_json() for row in queries.albums(trash=trash))
            invocation.rows(rows, ALBUM_COLUMNS, _cells)
            return
        record = queries.find_album(album)
        members = [asset.to_json() for asset in queries.assets(Filter(album=record))]
        document = _row(library, record).to_json() | {"members": [member["id"] for member in members]}
        invocation.document(document, lambda: invocation.table(COLUMNS, map(asset_cells, members)))


def _target(queries: Queries, index: int | None, before: str | None, after: str | None) -> Target:
    targets: list[Target] = []
    if index is not None:
        targets.append(ToIndex(index))
    if before is not None:
        targets.append(Before(queries.find(before)))
    if after is not None:
        targets.append(After(queries.find(after)))
    if len(targets) != 1:
        raise UsageError("Say where to: one of --to, --before and --after. Nothing was changed.", hint="For example: --to 0")
    return targets[0]


def _answer(invocation: Invocation, library: Library, record: RecordId) -> None:
    document = _row(library, record).to_json()
    invocation.document(document, lambda: invocation.table(ALBUM_COLUMNS, [_cells(document)]))


def _row(library: Library, record: RecordId) -> AlbumRow:
    row = Queries(library.database).album(record)
    if row is None:
        raise UsageError("The album is gone: it was deleted for good.", hint="See `calotype album ls`.")
    return _contested(library, row)


def _contested(library: Library, row: AlbumRow) -> AlbumRow:
    """What speaks against an album's being in the trash stands in its photos too."""
    return row if row.trashed is None else replace(row, conflicts=len(conflicts_of(library, row.record)))


def _cells(row: dict[str, object]) -> tuple[object, ...]:
    flags = ("in the trash " if row["trashed"] else "") + ("in conflict" if row["conflicts"] else "")
    return str(row["id"])[:SHORT_ID], row["assets"], row["title"], flags.strip()
