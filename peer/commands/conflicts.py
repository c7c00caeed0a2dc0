"""``calotype conflicts`` and ``resolve``."""

from __future__ import annotations

from typing import Any

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.errors import UsageError
from peer.library.conflicts import Choice, OfDevice, OpenConflict, TheMerge, TheValue, TheWinner, all_conflicts, conflicts_of
from peer.library.conflicts import resolve as settle
from peer.library.queries import Queries
from peer.library.word_merge import Merged

COLUMNS = ("id", "field", "shown", "by", "others")
SHORT_ID = 10


@click.command()
@common_options
def conflicts(invocation: Invocation) -> None:
    """What devices changed at the same time, each without knowing of the other.

    Nothing is lost: one value is shown, and `calotype resolve` brings any other back. With --json each side says who wrote it, when, and
    what it had seen in the field before (null when that isn't kept any more); captions also what both together would be.

    \b
    Example: calotype conflicts
    """
    with opened(invocation) as library:
        invocation.rows((conflict.to_json() for conflict in all_conflicts(library)), COLUMNS, _cells)


@click.command()
@click.argument("record", metavar="ID")
@click.argument("field")
@click.option("--winner", is_flag=True, help="Keep what is shown now.")
@click.option("--device", default=None, metavar="D", help="Take what this device wrote: its name, or the beginning of its id.")
@click.option("--value", default=None, metavar="V", help="Take this value, written as for `calotype set`.")
@click.option(
    "--merge", is_flag=True, help="Of captions: what all wrote, together. Words that both changed stand side by side, [like | these]."
)
@common_options
def resolve(invocation: Invocation, record: str, field: str, winner: bool, device: str | None, value: str | None, merge: bool) -> None:
    """Settle a conflict, on all devices.

    A photo in the trash that another device edited meanwhile: `resolve ID trashed --winner` keeps it in the trash, `--value restored`
    takes it out.

    \b
    Example: calotype resolve 3f2a caption --device phone
    """
    choice = _choice(winner, device, value, merge)
    with changing(invocation) as library:
        found = Queries(library.database).find_any(record)
        merged = _merge_of(conflicts_of(library, found), field) if merge else None
        settle(library, found, field, choice)
        left = [conflict.to_json() for conflict in conflicts_of(library, found)]
    document = {"id": found.body.hex(), "field": field, "resolved": True, "conflicts": left}
    if merged is not None:
        document["merged_cleanly"] = merged.clean
    invocation.document(document, lambda: _say(invocation, merged, len(left)))


def _say(invocation: Invocation, merged: Merged | None, left: int) -> None:
    if merged is not None:
        invocation.say(merged.text)
        if not merged.clean:
            invocation.say(
                "The same words were changed differently: they stand side by side in brackets. `calotype set ID caption=…` puts it right."
            )
    invocation.say(f"Settled. {left or 'No'} open conflicts are left there.")


def _merge_of(conflicts: list[OpenConflict], field: str) -> Merged | None:
    return next((conflict.merged for conflict in conflicts if conflict.field == field), None)


def _choice(winner: bool, device: str | None, value: str | None, merge: bool) -> Choice:
    choices: list[Choice] = []
    if winner:
        choices.append(TheWinner())
    if device is not None:
        choices.append(OfDevice(device))
    if value is not None:
        choices.append(TheValue(value))
    if merge:
        choices.append(TheMerge())
    if len(choices) != 1:
        raise UsageError("Say how: one of --winner, --device, --value and --merge. Nothing was changed.", hint="For example: --winner")
    return choices[0]


def _cells(conflict: dict[str, Any]) -> tuple[object, ...]:
    winner = conflict["winner"]
    others = "; ".join(f"{other['value']} ({other['device']}, {other['time'][:16]})" for other in conflict["others"])
    return conflict["id"][:SHORT_ID], conflict["field"], winner["value"], f"{winner['device']}, {winner['time'][:16]}", others
