"""``log``, ``entry``, ``roster``, ``clock``, ``size``: what is written down, by whom, when, and what it takes."""

from __future__ import annotations

from functools import partial

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode
from peer.seams import SystemClock
from tools.commands.answering import answer_lines, inspect_options, library_id_option
from tools.looking.folder import look_into
from tools.text.clock import show_clocks
from tools.text.entry import show_entries
from tools.text.log import show_logs
from tools.text.roster import show_rosters
from tools.text.size import show_sizes
from tools.text.watching_proofs import bars
from tools.views.clock import gather_clock
from tools.views.entry import gather_entries
from tools.views.log import HIGHEST, NEWEST, Span, gather_log
from tools.views.roster import gather_roster
from tools.views.size import gather_size

_NUMBER = click.IntRange(0)


@click.command(short_help="The logs, or the entries of one.")
@click.argument("log", default="")
@click.option(
    "--verify", is_flag=True, help="Prove signatures, names, chain, numbers, deps and ends; exit code 3 when something isn't right."
)
@click.option("--from", "first", type=_NUMBER, default=0, metavar="N", help="Only entries from this number on.")
@click.option("--to", "last", type=_NUMBER, default=None, metavar="N", help="Only entries up to this number.")
@click.option(
    "--limit", type=click.IntRange(0, 100_000), metavar="N", default=NEWEST, show_default=True, help="At most so many, the newest; 0: all."
)
@library_id_option
@inspect_options
def log(invocation: Invocation, log: str, verify: bool, first: int, last: int | None, limit: int, library_id: str) -> None:
    """The entries of one log, oldest first; without LOG a line for each log.

    LOG is the beginning of its id. What is inside of changes shows where the keys are. With --json a document for each log, one a line.

    \b
    Example: calotype-inspect log
             calotype-inspect log 9c1f --verify
             calotype-inspect log 9c1f --from 100 --to 200 --limit 1000 --json
    """
    with bars(wanted=verify and not invocation.json) as watched:
        gather = partial(
            gather_log,
            text=log,
            span=Span(first=first, last=HIGHEST if last is None else min(last, HIGHEST), limit=limit),
            verify=verify,
            watched=watched,
        )
        look = look_into(invocation.library, gather, library_id=library_id)
    answer_lines(invocation, look, show_logs)


@click.command(short_help="An entry from its envelope inwards.")
@click.argument("entry", metavar="LOG:SEQ")
@library_id_option
@inspect_options
def entry(invocation: Invocation, entry: str, library_id: str) -> None:
    """An entry from its envelope inwards; what is sealed only in a device's folder that has its key.

    LOG is the beginning of a log's id. Where the log has branches, each entry with that number is shown; with --json one a line. Exit
    code 3 when a signature doesn't verify.

    \b
    Example: calotype-inspect entry 9c1f:12
             calotype-inspect entry 9c1f:12 --library /srv/calotype --json
    """
    look = look_into(invocation.library, partial(gather_entries, text=entry), library_id=library_id)
    is_verified = all(document["signature"]["verified"] is not False for document in look.result)
    answer_lines(invocation, look, partial(show_entries, invocation), code=ExitCode.DONE if is_verified else ExitCode.INTEGRITY)


@click.command(short_help="Who could read and write when.")
@library_id_option
@inspect_options
def roster(invocation: Invocation, library_id: str) -> None:
    """Who could read and write when: devices, who let them in and removed them, epochs and who was given each.

    A document for each library with --json.

    \b
    Example: calotype-inspect roster
             calotype-inspect roster --library /srv/calotype --json
    """
    answer_lines(invocation, look_into(invocation.library, gather_roster, library_id=library_id), show_rosters)


@click.command(short_help="Whose clock is wrong, and by how much.")
@library_id_option
@inspect_options
def clock(invocation: Invocation, library_id: str) -> None:
    """Whose clock is wrong, by how much, and which entries it stamped ahead of time.

    Told from the newest entries of each log: when each says that it was made, and when it came here. A document for each library with --json.

    \b
    Example: calotype-inspect clock
             calotype-inspect clock --library /srv/calotype --json
    """
    look = look_into(invocation.library, partial(gather_clock, now=SystemClock().now()), library_id=library_id)
    answer_lines(invocation, look, show_clocks)


@click.command(short_help="Where the space is, and what could go.")
@click.option("--exact", is_flag=True, help="Read every record, not a sample.")
@library_id_option
@inspect_options
def size(invocation: Invocation, exact: bool, library_id: str) -> None:
    """Where the space is: files, records and what is deleted in them, log, blobs; what could go, and who holds it back.

    A document for each library with --json.

    \b
    Example: calotype-inspect size
             calotype-inspect size --exact --json
    """
    look = look_into(invocation.library, partial(gather_size, now=SystemClock().now(), exact=exact), library_id=library_id)
    answer_lines(invocation, look, show_sizes)
