"""``calotype set``, ``trash`` and ``restore-photo``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.look import COLUMNS, asset_cells
from peer.commands.opening import changing
from peer.library import edits
from peer.library.assignments import parse_assignments
from peer.library.details import asset_summary
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import Moved, is_large_part, restore_assets, trash_assets
from store.ids import RecordId


@click.command(name="set")
@click.argument("asset")
@click.argument("assignments", nargs=-1, required=True, metavar="KEY=VALUE…")
@common_options
def set_(invocation: Invocation, asset: str, assignments: tuple[str, ...]) -> None:
    """Set what you know about a photo: all of the assignments, or none when one is wrong.

    \b
    favorite=yes|no   hidden=yes|no   rating=0..5   caption=TEXT
    taken=2024-07-21T18:03:11+02:00, or none for the file's own time
    location=LATITUDE,LONGITUDE[,ALTITUDE], or none
    keyword+=WORD     keyword-=WORD

    \b
    Example: calotype set 3f2a rating=5 caption='At the sea' keyword+=sea
    """
    parsed = parse_assignments(assignments)
    with changing(invocation) as library:
        record = Queries(library.database).find(asset)
        library.change([edits.set_fields(record, parsed)])
        summary = asset_summary(library, record)
    invocation.document(summary, lambda: invocation.table(COLUMNS, [asset_cells(summary)]))


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
