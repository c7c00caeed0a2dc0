"""``calotype versions`` and ``restore-version``: what became of a photo's file, and the way back."""

from __future__ import annotations

import click
import trio

from peer.commands.engine import fetch_missing
from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.errors import UnreachableNodeError
from peer.importing.redescribing import describe_original, not_a_version, show_version
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.versions import find_version, versions_of
from peer.media.worker import open_decoders
from peer.seams import run_in_thread
from store.ids import FileHash, RecordId


@click.command()
@click.argument("photo", metavar="ID")
@common_options
def versions(invocation: Invocation, photo: str) -> None:
    """The versions of a photo: the one that is shown first, then the others, newest first.

    A version comes from a file in a watched folder that another program rewrote. None is ever lost.

    \b
    Example: calotype versions 3f2a
    """
    with opened(invocation) as library:
        rows = [each.to_json() for each in versions_of(library, Queries(library.database).find(photo))]
    invocation.rows(
        rows,
        ["file", "role", "bytes", "since", "from", "here"],
        lambda row: (
            row["file"][:10],
            row["role"],
            row["size"] or "",
            row["time"] or "",
            row["device"] or "",
            "yes" if row["here"] else "no",
        ),
    )


@click.command(name="restore-version")
@click.argument("photo", metavar="ID")
@click.argument("file")
@click.option("--wait", type=click.FloatRange(min=0), default=600.0, show_default=True, help="Seconds to go on trying to fetch its bytes.")
@common_options
def restore_version(invocation: Invocation, photo: str, file: str, wait: float) -> None:
    """Show another version of a photo: FILE is the beginning of its name in `calotype versions`. The one that is shown now stays as a version.

    Its bytes are fetched first if they aren't here.

    \b
    Example: calotype restore-version 3f2a 9be1
    """
    with opened(invocation) as library:
        record = Queries(library.database).find(photo)
        wanted = find_version(library, record, file)
    if trio.run(fetch_missing, invocation, {record: [wanted]}, wait):
        raise UnreachableNodeError(
            "The bytes of that version could not be fetched: no node in reach has them, or none is in reach. Nothing was changed.",
            hint="`calotype why ID` says where a photo's files are.",
        )
    with changing(invocation) as library:
        trio.run(_show, library, record, wanted)
        rows = [each.to_json() for each in versions_of(library, record)]
    invocation.document(
        {"id": record.body.hex(), "versions": rows}, lambda: invocation.say(f"{record.body.hex()[:10]} shows {wanted.hex()[:10]} now.")
    )


async def _show(library: Library, record: RecordId, file: FileHash) -> None:
    async with open_decoders() as decoders:
        described = await describe_original(library, file, decoders, run_in_thread)
    if described is None:
        raise not_a_version(file)
    await run_in_thread(show_version, library, record, described)
