"""``watch``: a folder while its program works."""

from __future__ import annotations

import sys
import time
from functools import partial

import click

from peer.commands.invocation import Invocation, finish
from peer.errors import ExitCode, UsageError
from peer.seams import SystemClock
from tools.commands.answering import inspect_options, library_id_option
from tools.watching.lines import watched_lines
from tools.watching.samples import Outage, Sample, is_damaged
from tools.watching.source import Source


@click.command(short_help="Devices, queues, throughput and conflicts, live.")
@click.option("--count", type=click.IntRange(1), default=None, metavar="N", help="With --json: end after so many documents.")
@click.option(
    "--interval", type=click.FloatRange(0.05, 3600), default=1.0, show_default=True, metavar="SECONDS", help="From one sample to the next."
)
@library_id_option
@inspect_options
def watch(invocation: Invocation, library_id: str, count: int | None, interval: float) -> None:
    """Devices, queues, throughput, conflicts and problems, live: of a device's library, or of a relay.

    Keys: q quits, tab goes from table to table, p pauses, ? helps. The folder is read every --interval seconds; when it can't be read for a moment,
    that is said, and the watching goes on. With --json a document each time, on a line of its own, until --count; exit code 3 when the last one told of
    damage, or that nothing could be read.

    \b
    Example: calotype-inspect watch
             calotype-inspect watch --library /srv/calotype --json --count 5
    """
    source = Source(invocation.library, library_id=library_id)
    if invocation.json:
        source.check()
        damaged = False
        for document in watched_lines(partial(_sample, source), partial(time.sleep, interval), count=count):
            invocation.line(document)
            damaged = is_damaged(document)
        finish(ExitCode.INTEGRITY if damaged else ExitCode.DONE)
        return
    if count is not None:
        raise UsageError("--count is for --json: on the screen the watching ends with the key q.", hint="Add --json, or leave --count out.")
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise UsageError("There is no terminal to draw on.", hint="`calotype-inspect watch --json` prints a document each second.")
    source.check()
    from tools.watching.app import WatchApp  # takes longer to load than all else here

    WatchApp(partial(_sample, source), name=str(invocation.library), interval=interval).run()


def _sample(source: Source) -> Sample | Outage:
    return source.sample(at=time.monotonic(), now=SystemClock().now())
