"""``entry``: what is stored, as it is."""

from __future__ import annotations

from functools import partial

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode
from tools.commands.answering import answer_lines, inspect_options, library_id_option
from tools.looking.folder import look_into
from tools.text.entry import show_entries
from tools.views.entry import gather_entries


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
