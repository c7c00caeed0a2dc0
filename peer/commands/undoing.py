"""``calotype undo``."""

from __future__ import annotations

from typing import Any

import click

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.opening import changing, opened
from peer.errors import ExitCode, UsageError
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.trashing import is_large_part
from peer.library.undoing import Undone, action_json, find_action, newest, would_trash
from peer.library.undoing import undo as take_back

COLUMNS = ("id", "time", "what", "photos")
SHORT_ID = 10


@click.command()
@click.argument("action", metavar="[ID]", required=False)
@click.option("--list", "listing", is_flag=True, help="Show what can be undone, newest first, and change nothing.")
@click.option("--again", is_flag=True, help="Do again what was undone last (redo).")
@click.option("--yes", is_flag=True, help="Don't ask, however many photos go into the trash by it.")
@common_options
def undo(invocation: Invocation, action: str | None, listing: bool, again: bool, yes: bool) -> None:
    """Take back what this device did last, as a whole; and the next time what it did before.

    With an ID of `undo --list`, that action. An undo is in the list too: undone itself, it is done again, as with --again.

    What somebody changed since is left alone and counted as skipped (exit code 1). An import can't be undone (use `trash`), nor can
    `purge`. The newest 200 actions of this device are remembered.

    \b
    Example: calotype undo
    """
    if sum((listing, again, action is not None)) > 1:
        raise UsageError("Give an ID, --list or --again, not more than one. Nothing was changed.", hint="For example: calotype undo --list")
    if listing:
        with opened(invocation) as library:
            invocation.rows((action_json(each) for each in library.journal.actions()), COLUMNS, _cells)
        return
    with changing(invocation) as library:
        chosen = newest(library, again=again) if action is None else find_action(library, action)
        _confirm(invocation, library, would_trash(library, chosen), yes=yes)
        undone = take_back(library, chosen)
    invocation.document(undone.to_json(), lambda: _say(invocation, undone))
    finish(ExitCode.PARTLY if undone.skipped else ExitCode.DONE)


def _confirm(invocation: Invocation, library: Library, trashed: list[Any], *, yes: bool) -> None:
    queries = Queries(library.database)
    photos = list(dict.fromkeys(queries.shown_for(record) for record in trashed))
    if is_large_part(library, photos):
        invocation.confirm(f"This puts {len(photos)} photos into the trash, more than a tenth of this library. Do it?", yes=yes)


def _say(invocation: Invocation, undone: Undone) -> None:
    verb = "Done again" if undone.action.is_undo else "Undone"
    invocation.say(f"{verb}: {undone.action.label.removeprefix('undo of ')} ({undone.undone} changed back, {undone.skipped} skipped).")
    if undone.skipped:
        invocation.say(f"  {undone.fields_skipped} fields were changed since, here or elsewhere, and stay as they are.")
    if undone.settled:
        invocation.say(f"  {undone.settled} fields had been in conflict; what was shown then is back, the conflict isn't.")


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return row["id"][:SHORT_ID], row["time"][:19].replace("T", " "), row["label"], row["photos"] or ""
