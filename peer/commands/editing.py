"""``calotype edit``, ``revert`` and ``render``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import trio

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.engine_address import poke
from peer.errors import UsageError
from peer.library.actions import Action
from peer.library.details import asset_summary
from peer.library.editing import edit_photo, parse_edits, revert_photo
from peer.library.library import Library
from peer.library.queries import Queries
from peer.library.shown import plain
from peer.library.wanting import want_originals
from peer.rendering.filters import FILTERS
from peer.rendering.parameters import SLIDERS
from peer.rendering.reading import read_parameters
from store.ids import RecordId

SHORT_ID = 10
QUALITY = 92


def _parameter_options(command: Callable[..., None]) -> Callable[..., None]:
    """An option for each parameter, in the order in which they are applied."""
    described = {
        "crop": ("X,Y,W,H", "What is seen, in fractions of the original."),
        "straighten": ("DEGREES", "Turn clockwise by -45 to 45 degrees; the corners are cut off."),
        "flip": ("h|v|hv", "Exchange left and right, top and bottom, or both."),
        "rotate": ("DEGREES", "Turn by so many quarter turns more, clockwise: 90, 180, 270 or -90."),
        **dict.fromkeys(SLIDERS, ("N", "-100 to 100.")),
        "monochrome": ("yes|no", "Black and white."),
        "filter": ("NAME", f"One of {', '.join(FILTERS)}."),
    }
    for name, (metavar, text) in reversed(described.items()):
        command = click.option(f"--{name}", default=None, metavar=metavar, help=text)(command)
    return command


@click.command()
@click.argument("asset")
@_parameter_options
@common_options
def edit(invocation: Invocation, asset: str, **texts: str | None) -> None:
    """Edit how a photo looks. The original is never touched: edits are parameters, relative to it, which every device renders for itself.

    All options of one command are one change. `none` takes a parameter away; `calotype revert` takes all away.

    \b
    Example: calotype edit 3f2a --crop 0.1,0,0.8,1 --rotate 90 --exposure 15 --filter noir
             calotype edit 3f2a --exposure none
    """
    changes = parse_edits({name: text for name, text in texts.items() if text is not None})
    with changing(invocation) as library:
        record = Queries(library.database).find(asset)
        if asset_summary(library, record)["kind"] == "video":
            raise UsageError(
                f"{record.body.hex()[:SHORT_ID]} is a video; only photos can be edited. Nothing was changed.",
                hint="`calotype set` writes what you know about it: rating, caption, keywords, date, place.",
            )
        library.change([edit_photo(record, changes)])
        answer = _edited(library, record)
    _answer(invocation, answer)


@click.command()
@click.argument("asset")
@common_options
def revert(invocation: Invocation, asset: str) -> None:
    """Take all edits of a photo away: it looks as imported. What was edited stays in the history, and `calotype undo` brings it back.

    \b
    Example: calotype revert 3f2a
    """
    with changing(invocation) as library:
        record = Queries(library.database).find(asset)
        library.change([revert_photo(record)], action=Action("revert"))
        answer = _edited(library, record)
    _answer(invocation, answer)


@click.command()
@click.argument("asset")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="Of a JPEG or WebP.")
@click.option("--size", type=click.IntRange(1, 100_000), default=None, metavar="EDGE", help="At most so many pixels on the longer side.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@common_options
def render(invocation: Invocation, asset: str, output: Path, quality: int, size: int | None, force: bool) -> None:
    """Write a photo as it looks with its edits: as JPEG, PNG, WebP or TIFF, as the name of the file says.

    From the original if it is on this device, else from the best picture that is; the answer says which, and a running peer fetches the
    original for the next time. What the original says of itself (camera, time, place) is kept.

    \b
    Example: calotype render 3f2a -o sea.jpg --size 3000
    """
    from peer.rendering.to_file import form_of, render_to_file

    form = form_of(output)
    with opened(invocation) as library:
        record = Queries(library.database).find(asset)
        made = trio.run(lambda: render_to_file(library, record, output.absolute(), form, quality=quality, edge=size, force=force))
        want_originals(library, record)
        if made.origin != "original":
            poke(library.folder.engine_address)
    answer = {"id": record.body.hex(), "path": str(output.absolute()), **made.to_json()}
    invocation.document(answer, lambda: _say_rendered(invocation, answer))


def _edited(library: Library, record: RecordId) -> dict[str, Any]:
    """The photo as ``ls`` lists it, with its edits."""
    edits = view_asset(library.records.content(record) or EMPTY).edits
    return asset_summary(library, record) | {
        "edits": {parameter: plain(value) for parameter, value in edits.items()},
        "skipped": list(read_parameters(edits).skipped),
    }


def _answer(invocation: Invocation, answer: dict[str, Any]) -> None:
    def say() -> None:
        edits = ", ".join(f"{parameter} {value}" for parameter, value in answer["edits"].items())
        invocation.say(f"{answer['id'][:SHORT_ID]}  {answer['name']}: {edits or 'as imported'}")
        _say_skipped(invocation, answer)

    invocation.document(answer, say)


def _say_rendered(invocation: Invocation, answer: dict[str, Any]) -> None:
    invocation.say(f"{answer['path']}: {answer['width']} × {answer['height']}, from the {answer['from']}.")
    _say_skipped(invocation, answer)


def _say_skipped(invocation: Invocation, answer: dict[str, Any]) -> None:
    if answer["skipped"]:
        invocation.say(f"  kept, but not rendered by this version: {', '.join(answer['skipped'])}")
