"""``calotype open``, and the options of the gallery."""

from __future__ import annotations

import functools
import webbrowser
from collections.abc import Callable
from typing import Any, TypeVar

import click
import trio

from peer.commands.invocation import Invocation, common_options
from peer.control import ask
from peer.engine_address import read_address
from peer.errors import CalotypeError, ExitCode, UnreachableNodeError
from peer.gallery.serving import GalleryOptions
from peer.layout import LibraryFolder
from peer.place import Place, parse_place

R = TypeVar("R")


def gallery_options(command: Callable[..., R]) -> Callable[..., R]:
    """``--gallery`` and ``--no-gallery``, as one argument ``gallery``; ``None`` when none is to be served."""

    @click.option(
        "--gallery",
        "place",
        metavar="HOST:PORT",
        default=None,
        callback=_options,
        help="Serve the gallery at this address of this machine (port 0: any); one that others reach goes over TLS. Without it at port 8467, or"
        " any that is free, for this machine alone.",
    )
    @click.option("--no-gallery", "without", is_flag=True, help="Don't serve the gallery.")
    @functools.wraps(command)
    def wrapped(*arguments: Any, place: GalleryOptions, without: bool, **options: Any) -> R:
        return command(*arguments, gallery=None if without else place, **options)

    return wrapped


@click.command(name="open")
@click.option("--print", "only_print", is_flag=True, help="Print the link, and open nothing.")
@common_options
def open_(invocation: Invocation, only_print: bool) -> None:
    """Open the gallery of the running peer in a browser.

    The link logs one browser in, once.

    \b
    Example: calotype open
             calotype open --print
    """
    link = trio.run(_link, LibraryFolder(invocation.library))
    if not only_print and not webbrowser.open(link):
        invocation.say("No browser could be opened here. Open this link in one on this machine:")
        only_print = True
    invocation.document({"link": link}, lambda: invocation.say(link if only_print else "Opened."))


async def _link(folder: LibraryFolder) -> str:
    address = read_address(folder.engine_address)
    if address is None:
        raise UnreachableNodeError("No peer is running on this library.", hint="Start one with `calotype run`; it prints the link, too.")
    reply = await ask(address, {"do": "gallery"})
    if not isinstance(reply.get("link"), str):
        raise CalotypeError(
            "The peer that runs on this library serves no gallery.",
            hint="Stop it, and start it without --no-gallery.",
            exit_code=ExitCode.UNREACHABLE,
        )
    return str(reply["link"])


def _options(_context: click.Context, _parameter: click.Parameter, value: str | None) -> GalleryOptions:
    if value is None:
        return GalleryOptions()
    host, _, port = value.rpartition(":")
    try:
        place = Place(parse_place(f"{host}:1").host, 0) if port == "0" else parse_place(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
    return GalleryOptions(host=place.host, port=place.port)
