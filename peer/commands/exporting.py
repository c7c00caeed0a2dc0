"""``calotype export``."""

from __future__ import annotations

from pathlib import Path

import click
import trio

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import opened
from peer.errors import CalotypeError, ExitCode, NoSpaceLeftError
from peer.exporting.destination import Destination
from peer.exporting.exporter import Exported, Exporter, Wanted
from peer.exporting.photos import photo_of
from peer.groups import first_of
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.rendering.renderers import open_renderers
from store.errors import NoSpaceError
from store.ids import FileHash, RecordId

SHOWN_REASONS = 20
WAIT_SECONDS = 600.0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("assets", nargs=-1, metavar="[ID]…")
@click.option("--edited", is_flag=True, help="Beside each original that was edited also the picture as edited, as NAME_edited.")
@click.option("--sidecars", is_flag=True, help="With each photo an XMP sidecar of all that the library knows about it.")
@click.option("--motion", is_flag=True, help="Of each motion photo also the film in it, as a file of its own.")
@click.option("--wait", type=click.FloatRange(min=0), default=WAIT_SECONDS, show_default=True, help="Seconds to fetch what isn't here.")
@common_options
def export(invocation: Invocation, folder: Path, assets: tuple[str, ...], edited: bool, sidecars: bool, motion: bool, wait: float) -> None:
    """Copy photos with all that belongs to them into a folder: all of them, or those that are named.

    Originals come out as they were imported, bit by bit, with film, RAW file and sidecars, under the names they came with, and with the time of
    the picture. Nothing that is in the folder is replaced; what is there already, from an earlier export, isn't written again. Originals that
    aren't on this device are fetched.

    \b
    Example: calotype export ~/Desktop/sea 3f2a 90c1 --edited
    """
    with opened(invocation) as library:
        queries = Queries(library.database)
        records = [queries.find(text) for text in assets] or [row.record for row in queries.assets(Filter())]
        missing = _missing(library, records)
    if missing:
        _fetch(invocation, missing, wait)
    with opened(invocation) as library:
        exported = _export(library, records, Destination(folder.absolute()), Wanted(edited=edited, sidecars=sidecars, motion=motion))
    invocation.document(exported.to_json(), lambda: _show(invocation, exported, folder))
    finish(ExitCode.PARTLY if exported.failed else ExitCode.DONE)


def _missing(library: Library, records: list[RecordId]) -> dict[RecordId, list[FileHash]]:
    """The files that aren't here, by photo."""
    photos = (photo for record in records if (photo := photo_of(library, record)) is not None and photo.missing)
    return {photo.record: [photo.files[role] for role in photo.missing] for photo in photos}


def _fetch(invocation: Invocation, missing: dict[RecordId, list[FileHash]], wait: float) -> None:
    """As far as nodes in reach have it; what doesn't come is said for each photo afterwards."""
    from peer.commands.engine import fetch_missing

    try:
        trio.run(fetch_missing, invocation, missing, wait)
    except* CalotypeError:
        invocation.say("What isn't on this device can't be fetched now.")


def _export(library: Library, records: list[RecordId], destination: Destination, wanted: Wanted) -> Exported:
    exported = Exported()

    async def run() -> None:
        async with open_renderers() as renderer:
            await Exporter(library, destination, wanted, renderer, exported).run(dict.fromkeys(records))

    try:
        trio.run(run)
    except* NoSpaceError as group:
        raise NoSpaceLeftError(
            f"There is no room left in {destination.folder}: {exported.photos} photos were exported, the rest wasn't."
        ) from first_of(group)
    return exported


def _show(invocation: Invocation, exported: Exported, folder: Path) -> None:
    invocation.say(f"{exported.photos} photos exported to {folder}, {exported.files} files.")
    for failure in exported.failed[:SHOWN_REASONS]:
        invocation.say(f"  {failure.name} ({failure.record.body.hex()[:10]}): {failure.reason}")
    if len(exported.failed) > SHOWN_REASONS:
        invocation.say(f"  … and {len(exported.failed) - SHOWN_REASONS} more; --json lists all")
