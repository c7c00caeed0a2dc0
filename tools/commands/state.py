"""``status``, ``pending``, ``heads``: how far things are, and what keeps the rest."""

from __future__ import annotations

from functools import partial

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode
from peer.seams import SystemClock
from tools.commands.answering import answer_lines, inspect_options, library_id_option
from tools.looking.folder import look_into
from tools.text.heads import show_heads
from tools.text.pending import show_pending
from tools.text.status import show_status
from tools.views.heads import gather_heads
from tools.views.pending import SHOWN_ENTRIES, gather_pending
from tools.views.status import gather_status


@click.command(short_help="In sync or not, with whom, and what is stuck.")
@library_id_option
@inspect_options
def status(invocation: Invocation, library_id: str) -> None:
    """Am I in sync, with whom, how far behind or ahead in entries and bytes, and what is stuck and why.

    Nobody is asked: all is as of when this folder heard of it, and says since when. In a relay's folder: how far each device is, a document for each
    library with --json. Exit code 3 when devices that saw the same changes show different libraries.

    \b
    Example: calotype-inspect status
             calotype-inspect status --library /srv/calotype --json
    """
    look = look_into(invocation.library, partial(gather_status, now=SystemClock().now()), library_id=library_id)
    disagrees = any(document.get("disagreeing") for document in look.result)
    answer_lines(invocation, look, show_status, code=ExitCode.INTEGRITY if disagrees else ExitCode.DONE)


@click.command(short_help="What is held back, what it waits for, who has that.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    default=SHOWN_ENTRIES,
    show_default=True,
    help="Entries that --json names for each cause; 0: all.",
)
@library_id_option
@inspect_options
def pending(invocation: Invocation, library_id: str, limit: int) -> None:
    """What is held back, what exactly it waits for in the end, who has that, and what comes next.

    Entries that wait for others are followed to the cause: an entry that isn't here, the key of an epoch, a removed device. A document for each library
    with --json.

    \b
    Example: calotype-inspect pending
             calotype-inspect pending --library /srv/calotype --library-id 3f2a
    """
    gather = partial(gather_pending, now=SystemClock().now(), limit=limit)
    answer_lines(invocation, look_into(invocation.library, gather, library_id=library_id), show_pending)


@click.command(short_help="The logs that are stored, and where each ends.")
@library_id_option
@inspect_options
def heads(invocation: Invocation, library_id: str) -> None:
    """The logs that are stored, whose they are, and where each ends: several ends are branches.

    With the time when each end came here, where a log parts, which logs have ended, and how much of each was given up for a checkpoint. A document
    for each library with --json.

    \b
    Example: calotype-inspect heads
             calotype-inspect heads --library /srv/calotype --json
    """
    answer_lines(invocation, look_into(invocation.library, gather_heads, library_id=library_id), show_heads)
