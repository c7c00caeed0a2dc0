"""``history``, ``at``, ``conflicts``: what a record was, how it came to be what it is, and what is undecided."""

from __future__ import annotations

from functools import partial

import click

from peer.commands.invocation import Invocation
from peer.commands.progress import counting
from peer.seams import SystemClock
from tools.commands.answering import answer, answer_lines, inspect_options
from tools.looking.folder import look_into
from tools.looking.moments import parse_moment
from tools.replaying.moments import By
from tools.text.at import show_at
from tools.text.conflicts import show_conflicts
from tools.text.history import show_history
from tools.views.at import gather_at
from tools.views.conflicts import gather_conflicts
from tools.views.history import LIMIT, gather_history

by_option = click.option(
    "--by",
    type=click.Choice([by.value for by in By]),
    default=By.MADE.value,
    show_default=True,
    help="By when changes were made, as their devices knew the time, or by when they had arrived on this device.",
)


@click.command(short_help="Everything that ever happened to a record.")
@click.argument("record")
@click.argument("field", default="")
@click.option(
    "--limit", type=click.IntRange(0), metavar="N", default=LIMIT, show_default=True, help="The newest changes that are shown; 0: all."
)
@inspect_options
def history(invocation: Invocation, record: str, field: str, limit: int) -> None:
    """Everything that ever happened to a record, oldest first: when, by which device, in which entry, and what it changed.

    The record is made again from the log, change by change. Changes without effect, because they are void or still wait, are shown too. Where the log was
    given up for a checkpoint, it begins there, and says so. FIELD shows one field only: rating, keyword:beach, edit: for all edits. Every change in the log
    is opened, which takes a while in a large library.

    \b
    Example: calotype-inspect history 3f2a
             calotype-inspect history 3f2a caption
             calotype-inspect history album:77aa --limit 0 --json
    """
    with counting(invocation) as progress:
        look = look_into(invocation.library, partial(gather_history, text=record, field=field, limit=limit, progress=progress))
    answer(invocation, look, show_history)


@click.command(short_help="A record as it was at some time.")
@click.argument("record")
@click.option(
    "--time", "moment", required=True, metavar="TIME", help="2026-11-01, 2026-11-01T16:03 (UTC), or how long ago: 90s, 5m, 2h, 3d."
)
@by_option
@inspect_options
def at(invocation: Invocation, record: str, moment: str, by: str) -> None:
    """A record as it was: its fields, who had written them, and what was in conflict then.

    Says which changes were made before that time and hadn't arrived on this device yet, and where the log doesn't reach back far enough.

    \b
    Example: calotype-inspect at 3f2a --time 2026-11-01
             calotype-inspect at 3f2a --time 2h --by arrived
    """
    time = parse_moment(moment, now=SystemClock().now())
    with counting(invocation) as progress:
        look = look_into(invocation.library, partial(gather_at, text=record, time=time, by=By(by), progress=progress))
    answer(invocation, look, show_at)


@click.command(short_help="What nobody has decided yet, and how to.")
@click.argument("record", default="")
@inspect_options
def conflicts(invocation: Invocation, record: str) -> None:
    """What devices changed at the same time, each without having seen the other's, and nobody has decided yet.

    Of the whole library, or of one record: who wrote what when, what each had seen, which rule decided what is shown, and the command that settles it. A
    document for each conflict with --json.

    \b
    Example: calotype-inspect conflicts
             calotype-inspect conflicts 3f2a --json
    """
    answer_lines(invocation, look_into(invocation.library, partial(gather_conflicts, text=record)), show_conflicts)
