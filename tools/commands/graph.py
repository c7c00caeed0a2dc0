"""``dag``: the causal graph."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation, printable
from peer.errors import ExitCode, UsageError
from peer.seams import SystemClock
from tools.commands.answering import answer_lines, inspect_options, library_id_option
from tools.commands.writing import force_option, write_private
from tools.looking.documents import Document
from tools.looking.folder import Look, look_into
from tools.looking.moments import parse_moment
from tools.text.dag import show_dag, summary
from tools.views.dag import LIMIT, Question, gather_dag

SHOWN_AS_TEXT, SHOWN_AS_PICTURE = 40, 2000
_STDOUT = "-"


@click.command(short_help="Which entry came after which: the causal graph.")
@click.argument("record", default="")
@click.option("--dot", metavar="FILE|-", default="", help="Write the graph for Graphviz; - is standard output.")
@click.option("--html", metavar="FILE", default="", help="Write a page to look at, with a slider through time. It needs no network.")
@force_option
@click.option(
    "--limit",
    type=click.IntRange(0, LIMIT),
    metavar="N",
    default=None,
    help="The newest entries that are shown, at most 10,000, which 0 stands for.  [default: 40; in a file 2000]",
)
@click.option(
    "--from", "since", metavar="TIME", default="", help="Only what came here since then: 2024-07-21T16:03, or 2h for two hours ago."
)
@click.option("--to", "until", metavar="TIME", default="", help="Only what came here until then.")
@click.option("--log", metavar="LOG", default="", help="Only entries of the log whose id begins so.")
@click.option("--complete", is_flag=True, help="Of a record: also entries that only took something away. Opens every change.")
@library_id_option
@inspect_options
def dag(
    invocation: Invocation,
    record: str,
    dot: str,
    html: str,
    force: bool,
    limit: int | None,
    since: str,
    until: str,
    log: str,
    complete: bool,
    library_id: str,
) -> None:
    """Which entry came after which: the graph of all entries, or of those that wrote a record, with what went on at the same time.

    Newest first. A line leads down from each entry to those that its author had seen when writing it, and to no others that they had seen themselves. So
    what stands side by side is concurrent. With --html the same as a page, where a slider shows the graph, its heads and the record's values as of any
    entry. In a relay's folder, and without keys, envelopes. Files get mode 0600.

    \b
    Example: calotype-inspect dag --limit 20
             calotype-inspect dag 3f2a --html photo.html
             calotype-inspect dag --dot - | dot -Tsvg -o graph.svg
    """
    now = SystemClock().now()
    question = Question(
        record=record,
        log=log,
        since=parse_moment(since, now=now) if since else None,
        until=parse_moment(until, now=now) if until else None,
        limit=limit or (LIMIT if limit == 0 else SHOWN_AS_PICTURE if dot or html else SHOWN_AS_TEXT),
        complete=complete,
    )
    look = look_into(invocation.library, partial(gather_dag, question=question, now=now), library_id=library_id)
    if dot == _STDOUT:
        _print_dot(look)
    written = [
        *([_write_dot(dot, _only(look), force=force)] if dot not in ("", _STDOUT) else []),
        *([_write_page(html, _only(look), force=force)] if html else []),
    ]
    if dot == _STDOUT:
        raise click.exceptions.Exit(int(ExitCode.INTEGRITY if look.problems else ExitCode.DONE))
    answer_lines(invocation, look, partial(_show_written, invocation, written) if written else show_dag)


def _only(look: Look[list[Document]]) -> Document:
    """A picture shows one library."""
    if len(look.result) != 1:
        raise UsageError(
            "A file shows one library; here is none." if not look.result else "A file shows one library; here are several.",
            hint="Choose one with --library-id; `calotype-inspect heads` lists them.",
        )
    return look.result[0]


def _print_dot(look: Look[list[Document]]) -> None:
    from tools.text.dag_dot import dag_dot

    for line in dag_dot(_only(look)):
        click.echo(line)
    for problem in look.problems:
        click.echo(printable(problem), err=True)


def _write_dot(file: str, document: Document, *, force: bool) -> str:
    from tools.text.dag_dot import dag_dot

    return _write(file, "".join(f"{line}\n" for line in dag_dot(document)), force=force)


def _write_page(file: str, document: Document, *, force: bool) -> str:
    from tools.text.dag_page import dag_page

    return _write(file, dag_page(document), force=force)


def _write(file: str, text: str, *, force: bool) -> str:
    write_private(Path(file), text.encode(), force=force)
    return file


def _show_written(invocation: Invocation, written: list[str], documents: list[Document]) -> None:
    for document in documents:
        invocation.say(summary(document))
        cut = document["older"] + document["newer"]
        said = f", the newest of {document['shown'] + cut:,} (--limit)" if cut else ""
        for file in written:
            invocation.say(f"{file}: {document['shown']:,} entries{said}.")
