"""``calotype import``."""

from __future__ import annotations

from pathlib import Path

import click
import trio

from peer.commands.bars import file_bar
from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import changing
from peer.engine_address import poke
from peer.errors import CalotypeError, ExitCode
from peer.groups import first_of
from peer.importing.outcome import Outcome
from peer.importing.pipeline import Importer, Watcher
from peer.originals.names import display
from peer.seams import run_in_thread

SHOWN_REASONS = 20


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--move", is_flag=True, help="Remove each source file once its bytes are safely in the library.")
@click.option("--bring-back", is_flag=True, help="Restore photos that were deleted before.")
@common_options
def import_(invocation: Invocation, paths: tuple[Path, ...], move: bool, bring_back: bool) -> None:
    """Import photos and folders of photos.

    Files are copied, read back and compared. The same bytes twice are one photo. What is skipped is listed with its reason.
    Interrupted and run again, it goes on where it stopped.

    Files that belong together become one photo: a Live Photo's picture and film, a RAW and its JPEG or HEIC, and sidecars (.xmp, .aae).
    Parts that come later, or came first, join it. With --move the files of a photo go only when all of them are safe.

    \b
    Example: calotype import ~/DCIM /media/card
    """
    with changing(invocation) as library, file_bar(invocation) as bar:
        watcher = Watcher(found=bar.found, done=bar.done, committed=lambda: poke(library.folder.engine_address))
        importer = Importer(library, run_in_thread, watcher, bring_back=bring_back, move=move)
        try:
            trio.run(importer.run, paths)
        except* CalotypeError as group:
            error = first_of(group)
            _answer(invocation, importer.outcome)
            raise error from None
    _answer(invocation, importer.outcome)
    finish(ExitCode.DONE if importer.outcome.complete else ExitCode.PARTLY)


def _answer(invocation: Invocation, outcome: Outcome) -> None:
    invocation.document(outcome.to_json(), lambda: _show(invocation, outcome))


def _show(invocation: Invocation, outcome: Outcome) -> None:
    invocation.say(f"{outcome.imported} imported, {outcome.duplicates} already there, {len(outcome.skipped)} skipped.")
    if outcome.joined:
        invocation.say(f"{len(outcome.joined)} that were there got files that belong to them.")
    if outcome.deleted_before:
        invocation.say(f"{outcome.deleted_before} were deleted before and stay deleted; --bring-back restores them.")
    unexpected = [each for each in outcome.skipped if not each.expected]
    for each in unexpected[:SHOWN_REASONS]:
        invocation.say(f"  skipped {display(each.path)}: {each.reason}")
    if len(unexpected) > SHOWN_REASONS:
        invocation.say(f"  … and {len(unexpected) - SHOWN_REASONS} more; --json lists all")
    for each in outcome.without_picture[:SHOWN_REASONS]:
        invocation.say(f"  no thumbnail for {display(each.path)}: {each.reason}")
    for each in outcome.notes[:SHOWN_REASONS]:
        invocation.say(f"  imported {display(each.path)}, but {each.reason}")
    for each in outcome.notes[:SHOWN_REASONS]:
        invocation.say(f"  {display(each.path)}: {each.reason}")
