"""``calotype-inspect``: looks into the folder of a library or a relay, and changes nothing in it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation, common_options, finish
from peer.commands.main import run_program
from peer.errors import ExitCode
from tools.entries import gather_entries
from tools.entry_text import show_entries
from tools.folder import look_into
from tools.heads import gather_heads, show_heads
from tools.record_text import show_record
from tools.records import gather_record

_LIBRARY_ID = click.option("--library-id", default="", metavar="PREFIX", help="In a relay's folder: only the library whose id begins so.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--library", type=click.Path(path_type=Path, file_okay=False), default=None, help="A library's or relay's folder (or CALOTYPE_LIBRARY)."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="calotype")
def cli(library: Path | None, debug: bool) -> None:
    """Looks into a library's or a relay's folder, also a copied one, also while its program runs. Changes nothing.

    \b
    calotype-inspect heads --library /srv/calotype
    calotype-inspect show 3f2a
    calotype-inspect entry 9c1f:12 --json
    """


@cli.command()
@_LIBRARY_ID
@common_options
def heads(invocation: Invocation, library_id: str) -> None:
    """The logs that are stored, whose they are, and where each ends: several ends are branches.

    With --json a document for each library, one a line.
    """
    documents = look_into(invocation.library, gather_heads, library_id=library_id)
    if invocation.json:
        for document in documents:
            invocation.line(document)
        return
    show_heads(invocation, documents)


@cli.command()
@click.argument("record")
@click.option("--raw", is_flag=True, help="Keys as they are stored, and the state vector.")
@common_options
def show(invocation: Invocation, record: str, raw: bool) -> None:
    """What a record says, what stands beside that, and who wrote it when.

    RECORD is the beginning of an id, where needed with its kind before it: 3f2a, album:3f2a. Bytes show in hexadecimal.
    """
    document = look_into(invocation.library, partial(gather_record, text=record, raw=raw))
    invocation.document(document, lambda: show_record(invocation, document))


@cli.command()
@click.argument("entry", metavar="LOG:SEQ")
@_LIBRARY_ID
@common_options
def entry(invocation: Invocation, entry: str, library_id: str) -> None:
    """An entry from its envelope inwards; what is sealed only in a device's folder that has its key.

    LOG is the beginning of a log's id. Where the log has branches, each entry with that number is shown; with --json one a line. Exit
    code 3 when a signature doesn't verify.
    """
    documents = look_into(invocation.library, partial(gather_entries, text=entry), library_id=library_id)
    if invocation.json:
        for document in documents:
            invocation.line(document)
    else:
        show_entries(invocation, documents)
    finish(ExitCode.DONE if all(document["signature"]["verified"] for document in documents) else ExitCode.INTEGRITY)


def run() -> None:
    """The entry point."""
    run_program(cli, "calotype-inspect")
