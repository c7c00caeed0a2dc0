"""``diff``: two copies of a library, two times, or two records."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation
from peer.commands.progress import counting
from peer.errors import ExitCode, UsageError
from peer.seams import SystemClock
from tools.commands.answering import answer, inspect_options
from tools.commands.past import by_option
from tools.looking.documents import Document
from tools.looking.folder import Look, look_into
from tools.looking.moments import parse_moment
from tools.proving.pairs import look_into_pair
from tools.replaying.moments import By
from tools.replaying.sides import NOW, Sides, Sort, told_apart
from tools.text.diff import show_diff
from tools.views.diff import LIMIT, gather_library_diff, gather_record_diff, gather_time_diff
from tools.views.diff_libraries import DIFFER, gather_libraries_diff


@click.command(short_help="Two copies of a library, two times, or two records.")
@click.argument("a", default="")
@click.argument("b", default="")
@click.option("--record", default="", metavar="RECORD", help="Of two times: this record only.")
@click.option("--from", "since", default="", metavar="TIME", help="The first of two times; the same as A.")
@click.option("--to", "until", default="", metavar="TIME", help="The second of two times, now unless given; the same as B.")
@by_option
@click.option("--limit", type=click.IntRange(0), metavar="N", default=LIMIT, show_default=True, help="Records that are shown; 0: all.")
@inspect_options
def diff(invocation: Invocation, a: str, b: str, record: str, since: str, until: str, by: str, limit: int) -> None:
    """What differs between two copies of a library, two times, or two records. A and B are both folders, both times, or both records.

    Folders: which records differ, in which fields, and which entries one has and the other lacks. B: the library, unless given. Exit code 3
    when both have applied the same entries and differ all the same: a convergence problem.

    Times: which records changed in between, and how. B: now, unless given. With --record one record, field by field.

    Records: field by field, as they are now.

    A word with a slash is a folder; what looks like an id is a record, like a date or a span (2h, 3d) a time. Where a word could be two of these: ./3f2a,
    asset:3d, "3d ago".

    \b
    Example: calotype-inspect diff /mnt/old ~/Pictures/Calotype
             calotype-inspect diff 2026-11-01 2026-11-20
             calotype-inspect diff 2h --by arrived
             calotype-inspect diff --record 3f2a --from 2026-11-01 --to 2026-11-20
             calotype-inspect diff 3f2a 77aa
             calotype-inspect diff album:3f2a album:77aa
    """
    if since or until or record:
        _diff_times(invocation, *_two_times(a, b, since, until), record, By(by), limit)
        return
    if not a:
        raise UsageError("What is to be compared?", hint="`calotype-inspect diff --help` has examples.")
    sides = told_apart(a, b, is_folder=lambda text: Path(text).is_dir())
    match sides.sort:
        case Sort.FOLDER:
            _diff_folders(invocation, sides, limit)
        case Sort.TIME:
            _diff_times(invocation, sides.first, sides.second or NOW, record, By(by), limit)
        case Sort.RECORD:
            look = look_into(invocation.library, partial(gather_record_diff, first=sides.first, second=sides.second))
            answer(invocation, look, show_diff)


def _two_times(a: str, b: str, since: str, until: str) -> tuple[str, str]:
    if (a and since) or (b and until) or (a and until and b):
        raise UsageError("A time was given twice.", hint="Write them as A and B, or with --from and --to.")
    first, second = since or a, until or b
    if not first:
        raise UsageError("From which time on?", hint="For example: --from 2026-11-01, or --from 2h")
    return first, second or NOW


def _diff_times(invocation: Invocation, first: str, second: str, record: str, by: By, limit: int) -> None:
    now = SystemClock().now()
    since, until = (now if text.strip() == NOW else parse_moment(text, now=now) for text in (first, second))
    if since > until:
        raise UsageError(f"{first!r} is later than {second!r}.", hint="Write the earlier time first.")
    with counting(invocation) as progress:
        look: Look[Document]
        if record:
            look = look_into(invocation.library, partial(gather_time_diff, text=record, since=since, until=until, by=by, progress=progress))
        else:
            gather = partial(gather_library_diff, since=since, until=until, by=by, limit=limit, progress=progress)
            look = look_into(invocation.library, gather)
    answer(invocation, look, show_diff)


def _diff_folders(invocation: Invocation, sides: Sides, limit: int) -> None:
    first = Path(sides.first).expanduser().absolute()
    second = Path(sides.second).expanduser().absolute() if sides.second else invocation.library
    look = look_into_pair(first, second, partial(gather_libraries_diff, limit=limit))
    answer(invocation, look, show_diff, code=ExitCode.INTEGRITY if look.result["state"] == DIFFER else ExitCode.DONE)
