"""``calotype watch``: folders that the running peer imports from."""

from __future__ import annotations

from pathlib import Path

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import opened
from peer.engine_address import poke
from peer.originals.names import display
from peer.watching.folders import add_folder, left_files, remove_folder, watched_folders


@click.group()
def watch() -> None:
    """Folders that a running peer imports from.

    \b
    Example: calotype watch add ~/Pictures/Phone
    """


@watch.command()
@click.argument("folder", type=click.Path(path_type=Path))
@common_options
def add(invocation: Invocation, folder: Path) -> None:
    """Import what is in a folder, and whatever comes into it.

    Files are taken when they are complete, by `calotype run` and by `calotype sync`, also those that came meanwhile. A file that another program
    rewrites becomes a new version of its photo (`calotype versions`). What disappears from the folder stays in the library.

    \b
    Example: calotype watch add ~/Pictures/Phone
    """
    with opened(invocation) as library:
        watched = add_folder(library, folder)
        poke(library.folder.engine_address)
    invocation.document(watched.to_json(), lambda: invocation.say(f"Watching {display(watched.path)}; `calotype run` imports from it."))


@watch.command(name="list")
@common_options
def list_(invocation: Invocation) -> None:
    """The watched folders, and files in them that weren't imported, each with its reason.

    \b
    Example: calotype watch list
    """
    with opened(invocation) as library:
        rows = [
            each.to_json() | {"not_imported": [file.to_json() for file in left_files(library, each.path)]}
            for each in watched_folders(library)
        ]
    if invocation.json:
        for row in rows:
            invocation.line(row)
        return
    invocation.table(["folder", "state"], [(row["path"], row["reason"] or row["state"]) for row in rows])
    for row in rows:
        for file in row["not_imported"]:
            invocation.say(f"  not imported: {file['path']}: {file['reason']}")


@watch.command()
@click.argument("folder", type=click.Path(path_type=Path))
@common_options
def remove(invocation: Invocation, folder: Path) -> None:
    """Stop importing from a folder. What came from it stays in the library, and the folder as it is.

    \b
    Example: calotype watch remove ~/Pictures/Phone
    """
    with opened(invocation) as library:
        removed = remove_folder(library, folder)
        poke(library.folder.engine_address)
    invocation.document({"removed": display(removed)}, lambda: invocation.say(f"No longer watching {display(removed)}."))
