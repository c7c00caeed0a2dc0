"""The options of commands that meet other devices on the local network."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from peer.app import LanOptions
from peer.place import Place, parse_place

R = TypeVar("R")


def lan_options(command: Callable[..., R]) -> Callable[..., R]:
    """``--lan/--no-lan`` and ``--peer``, as one argument ``lan``; ``None`` when nothing is to be done with the local network.

    Without ``--lan`` only the places that ``--peer`` names are dialled: nobody is looked for, and nobody served.
    """

    @click.option("--lan/--no-lan", "looks", default=True, help="Look for this library's devices on the local network, and serve them.")
    @click.option(
        "--peer",
        "named",
        metavar="HOST:PORT",
        multiple=True,
        callback=_places,
        help="Where another device serves, for networks without multicast; may be given several times.",
    )
    @functools.wraps(command)
    def wrapped(*arguments: Any, looks: bool, named: tuple[Place, ...], **options: Any) -> R:
        lan = LanOptions(serves=looks, discovers=looks, named=named) if looks or named else None
        return command(*arguments, lan=lan, **options)

    return wrapped


def _places(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Place, ...]:
    try:
        return tuple(dict.fromkeys(map(parse_place, values)))
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
