"""``show``, ``why``, ``export-yjs``: one record, from the outside inwards."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation, finish
from peer.errors import ExitCode, UsageError
from peer.seams import SystemClock
from tools.commands.answering import answer, inspect_options
from tools.commands.writing import force_option, write_private
from tools.looking.documents import Document
from tools.looking.folder import Look, look_into
from tools.text.record import show_record
from tools.text.why import show_why
from tools.views.record import gather_record
from tools.views.why import gather_why
from tools.views.yjs import Exported, gather_yjs

_STDOUT = "-"


@click.command(short_help="What a record says, and who wrote it when.")
@click.argument("record")
@click.option("--raw", is_flag=True, help="Keys as they are stored, the state vector, and the state item by item.")
@inspect_options
def show(invocation: Invocation, record: str, raw: bool) -> None:
    """What a record says, what stands beside that, and who wrote it when; what is in conflict first.

    RECORD is the beginning of an id, where needed with its kind before it: 3f2a, album:3f2a. Bytes show in hexadecimal.

    \b
    Example: calotype-inspect show 3f2a
             calotype-inspect show album:90c1 --raw
    """
    look = look_into(invocation.library, partial(gather_record, text=record, raw=raw))
    answer(invocation, look, show_record)


@click.command(short_help="Why a field says what it says, and how to change it.")
@click.argument("record")
@click.argument("field")
@click.option(
    "--complete", is_flag=True, help="Look also for entries that only took something away. Opens every change; of sets it is done anyway."
)
@inspect_options
def why(invocation: Invocation, record: str, field: str, complete: bool) -> None:
    """Why a field says what it says: which writes competed, who had seen whom, which rule decided, what lost, and the command that brings it back.

    FIELD is a name as `calotype-inspect show` lists it: caption, rating, trashed, edit:crop, role:motion, exif. One element of a set is named behind the set:
    keyword:beach, album:90c1, source:9be1. Ids may be shortened.

    \b
    Example: calotype-inspect why 3f2a caption
             calotype-inspect why 3f2a keyword:beach
    """
    now = SystemClock().now()
    look = look_into(invocation.library, partial(gather_why, text=record, field=field, now=now, complete=complete))
    answer(invocation, look, show_why)


@click.command(name="export-yjs", short_help="The state of a record as a Yjs update.")
@click.argument("record")
@click.argument("file", metavar="FILE|-")
@force_option
@inspect_options
def export_yjs(invocation: Invocation, record: str, file: str, force: bool) -> None:
    """Writes the state of a record as a Yjs update (v1). FILE gets mode 0600; - is standard output.

    Its one root type is the map r, flat: a key is v/FIELD/WRITER, s/SET/ELEMENT/WRITER or d/NAME/WRITER, its value the pair [stamp, value]. PROTOCOL.md
    says what they mean. Devices that show the same export the same bytes. To read it with Yjs:

    \b
      const doc = new Y.Doc()
      Y.applyUpdate(doc, fs.readFileSync(FILE))
      doc.getMap("r").forEach(([stamp, value], key) => console.log(key, value))

    \b
    Example: calotype-inspect export-yjs 3f2a photo.yjs
             calotype-inspect export-yjs album:90c1 - | wc -c
    """
    if file == _STDOUT and (invocation.json or sys.stdout.isatty()):
        reason = "--json needs standard output for itself" if invocation.json else "An update is bytes, and this is a terminal"
        raise UsageError(f"{reason}. Nothing was written.", hint="Name a file, or lead the output into a program.")
    look = look_into(invocation.library, partial(gather_yjs, text=record))
    if file == _STDOUT:
        sys.stdout.buffer.write(look.result.update)
        sys.stdout.buffer.flush()
        finish(ExitCode.INTEGRITY if look.problems else ExitCode.DONE)
        return
    write_private(Path(file), look.result.update, force=force)
    answer(invocation, _written(look, file), partial(_say, invocation))


def _written(look: Look[Exported], file: str) -> Look[Document]:
    return Look(result={"file": file, **look.result.document}, problems=look.problems)


def _say(invocation: Invocation, document: Document) -> None:
    invocation.say(
        f"{document['file']}: {document['kind']} {document['record']}, {document['bytes']:,} bytes, {document['keys']:,} keys in the root map"
        f" {document['root']}."
    )
