"""``bundle``, ``unbundle``: a problem in one file, to be attached to a report."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

import click

from peer.commands.invocation import Invocation
from peer.errors import ExitCode, UsageError
from peer.seams import system_randomness
from store.durable import write_synced
from tools.bundling.making import make_bundle
from tools.bundling.manifest import Manifest
from tools.bundling.opening import open_bundle
from tools.commands.answering import answer, inspect_options, library_id_option
from tools.looking.documents import Document
from tools.looking.folder import Look, look_into
from tools.text.bundle import show_bundle, show_unbundled

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="A problem in one file, without anything private.")
@click.argument("file", type=_FILE)
@click.option("--anonymize", is_flag=True, help="Replace everything private; the way to go.")
@click.option("--with-contents", is_flag=True, help="Leave captions, names, places and times as they are; asks first.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option(
    "--record", "records", multiple=True, metavar="RECORD", help="Take along what was written into this record only; may be repeated."
)
@library_id_option
@inspect_options
def bundle(
    invocation: Invocation, file: Path, anonymize: bool, with_contents: bool, yes: bool, records: tuple[str, ...], library_id: str
) -> None:
    """Writes everything that is needed to reproduce a problem into FILE, a zip archive that can be attached to a report.

    With --anonymize the history is made again, entry by entry, under other keys and with other words, places, times and ids: equal stays equal and
    different stays different, so the same values win and the same things wait. That is proven before anything is written; so is that nothing of the original
    can be found in it. README.txt in it says what isn't hidden: how many devices and entries there are, and the distances between times.

    With --with-contents only the keys are others: whoever gets FILE reads captions, keywords, names of devices and people, places and times. No bundle ever
    holds pictures, keys, tokens, addresses, or the phrase.

    With --record entries stay, and what they wrote elsewhere is left out. Of a relay's folder, or without keys, only the structure is told.

    \b
    Example: calotype-inspect bundle report.zip --anonymize
             calotype-inspect bundle report.zip --anonymize --record 3f2a
    """
    if anonymize == with_contents:
        raise UsageError(
            "A bundle leaves this machine, so say what may be in it: --anonymize replaces everything private; --with-contents leaves captions, names, places"
            " and times readable. Nothing was written.",
            hint=f"`calotype-inspect bundle {shlex.quote(str(file))} --anonymize`",
        )
    if file.exists() or file.is_symlink():
        raise UsageError(f"There is a file {file} already. Nothing was written.", hint="Choose another name.")
    if with_contents:
        invocation.confirm("Whoever gets the file reads captions, keywords, names, places and times. Write it?", yes=yes)
    gather = partial(make_bundle, records=records, contents=with_contents, random=system_randomness)
    look = look_into(invocation.library, gather, library_id=library_id)
    made = look.result
    try:
        write_synced(file, made.content)
    except OSError as error:
        raise UsageError(f"{file} can't be written: {error.strerror}.", hint="Choose another place.") from error
    document = {"file": str(file), "bytes": len(made.content), "sealed": made.sealed, **_described(made.manifest)}
    answer(invocation, Look(result=document, problems=look.problems), show_bundle)


@click.command(short_help="A library made of a bundle, to look into.")
@click.argument("file", type=_FILE)
@click.argument("folder", type=click.Path(path_type=Path))
@inspect_options
def unbundle(invocation: Invocation, file: Path, folder: Path) -> None:
    """Makes a library of a bundle in FOLDER, which must be empty or not there yet. All views work on it, with contents.

    The bundle may come from anybody: entries in it are verified like all that come from elsewhere, and nothing else in it is used. Exit code 3 when the
    library doesn't show here what it showed where the bundle was made: then this version decides otherwise than the one that made it.

    \b
    Example: calotype-inspect unbundle report.zip /tmp/report
    """
    opened = open_bundle(file, folder.expanduser().absolute())
    document = {"folder": str(folder), "as_made": opened.is_as_made, **_described(opened.manifest)}
    code = ExitCode.DONE if opened.is_as_made else ExitCode.INTEGRITY
    answer(invocation, Look(result=document, problems=()), show_unbundled, code=code)


def _described(manifest: Manifest) -> Document:
    return {"kind": manifest.kind.value, "records": manifest.records, "counts": manifest.counts, "shows": manifest.shows}
