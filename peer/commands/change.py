"""``calotype set``, ``trash`` and ``restore-photo``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.look import COLUMNS, asset_cells
from peer.commands.opening import changing
from peer.errors import UsageError
from peer.library.assignments import is_assignment, parse_assignments
from peer.library.details import asset_summary
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.setting import set_fields
from peer.library.trashing import Moved, is_large_part, restore_assets, trash_assets
from store.ids import RecordId


@click.command(name="set")
@click.argument("words", nargs=-1, required=True, metavar="[ID…] KEY=VALUE…")
@click.option("--album", default=None, metavar="ALBUM", help="Also all photos in this album.")
@click.option("--query", default=None, metavar="TEXT", help="Also all photos that `calotype ls --query TEXT` lists.")
@common_options
def set_(invocation: Invocation, words: tuple[str, ...], album: str | None, query: str | None) -> None:
    """Set what you know about photos: all of the assignments for all of them, or nothing when one is wrong.

    One `calotype undo` takes all of it back.

    \b
    favorite=yes|no   hidden=yes|no   rating=0..5   caption=TEXT
    taken=2024-07-21T18:03:11+02:00   location=LATITUDE,LONGITUDE[,ALTITUDE]
    keyword+=WORD     keyword-=WORD
    taken+=1h30m, taken-=2d: later or earlier, for a camera's wrong clock
    zone=+02:00: where the camera's clock was right

    \b
    rating, caption, taken and location may be none: as the file says.
    With --album and --query together: photos that match both.

    \b
    Example: calotype set 3f2a 90c1 rating=5 caption='At the sea' keyword+=sea
    """
    ids = [word for word in words if not is_assignment(word)]
    parsed = parse_assignments(word for word in words if is_assignment(word))
    with changing(invocation) as library:
        records = list(dict.fromkeys([*_find(library, ids), *_selected(library, album, query)]))
        if not records and album is None and query is None:
            raise UsageError("Say which photos. Nothing was changed.", hint="For example: calotype set 3f2a rating=4")
        set_fields(library, records, parsed)
        summaries = [asset_summary(library, record) for record in records]
    invocation.rows(summaries, COLUMNS, asset_cells)


def _selected(library: Library, album: str | None, query: str | None) -> list[RecordId]:
    """The photos that the options name; none without options."""
    if album is None and query is None:
        return []
    queries = Queries(library.database)
    wanted = Filter(album=None if album is None else queries.find_album(album), text=query)
    return [row.record for row in queries.assets(wanted)]


@click.command()
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@click.option("--yes", is_flag=True, help="Don't ask, however many they are.")
@common_options
def trash(invocation: Invocation, assets: tuple[str, ...], yes: bool) -> None:
    """Put photos into the trash. They stay there for 30 days.

    More than a tenth of the library at once is asked about first.

    \b
    Example: calotype trash 3f2a 90c1
    """
    with changing(invocation) as library:
        records = _find(library, assets)
        if is_large_part(library, records):
            invocation.confirm(f"{len(set(records))} photos are more than a tenth of this library. Put them into the trash?", yes=yes)
        moved = trash_assets(library, records)
    _answer(invocation, "trashed", moved, f"{moved.changed} put into the trash", "there already")


@click.command(name="restore-photo")
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@common_options
def restore_photo(invocation: Invocation, assets: tuple[str, ...]) -> None:
    """Take photos out of the trash.

    \b
    Example: calotype restore-photo 3f2a
    """
    with changing(invocation) as library:
        moved = restore_assets(library, _find(library, assets))
    _answer(invocation, "restored", moved, f"{moved.changed} restored", "not in the trash")


def _find(library: Library, texts: Sequence[str]) -> list[RecordId]:
    queries = Queries(library.database)
    return [queries.find(text) for text in texts]


def _answer(invocation: Invocation, key: str, moved: Moved, done: str, otherwise: str) -> None:
    rest = f", {moved.unchanged} {otherwise}" if moved.unchanged else ""
    invocation.document({key: moved.changed, "unchanged": moved.unchanged}, lambda: invocation.say(f"{done}{rest}."))
