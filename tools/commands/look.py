"""``heads``, ``show``, ``entry``: what is stored, as it is."""

from __future__ import annotations

from functools import partial

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode
from tools.commands.answering import answer, answer_lines, inspect_options, library_id_option
from tools.looking.folder import look_into
from tools.text.entry import show_entries
from tools.text.record import show_record
from tools.views.entry import gather_entries
from tools.views.heads import gather_heads, show_heads
from tools.views.record import gather_record


@click.command()
@library_id_option
@inspect_options
def heads(invocation: Invocation, library_id: str) -> None:
    """The logs that are stored, whose they are, and where each ends: several ends are branches.

    With --json a document for each library, one a line.
    """
    look = look_into(invocation.library, gather_heads, library_id=library_id)
    answer_lines(invocation, look, partial(show_heads, invocation))


@click.command()
@click.argument("record")
@click.option("--raw", is_flag=True, help="Keys as they are stored, and the state vector.")
@inspect_options
def show(invocation: Invocation, record: str, raw: bool) -> None:
    """What a record says, what stands beside that, and who wrote it when.

    RECORD is the beginning of an id, where needed with its kind before it: 3f2a, album:3f2a. Bytes show in hexadecimal.
    """
    look = look_into(invocation.library, partial(gather_record, text=record, raw=raw))
    answer(invocation, look, partial(show_record, invocation))


@click.command()
@click.argument("entry", metavar="LOG:SEQ")
@library_id_option
@inspect_options
def entry(invocation: Invocation, entry: str, library_id: str) -> None:
    """An entry from its envelope inwards; what is sealed only in a device's folder that has its key.

    LOG is the beginning of a log's id. Where the log has branches, each entry with that number is shown; with --json one a line. Exit
    code 3 when a signature doesn't verify.
    """
    look = look_into(invocation.library, partial(gather_entries, text=entry), library_id=library_id)
    is_verified = all(document["signature"]["verified"] for document in look.result)
    answer_lines(invocation, look, partial(show_entries, invocation), code=ExitCode.DONE if is_verified else ExitCode.INTEGRITY)
