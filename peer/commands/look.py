"""``calotype ls`` and ``show``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import opened
from peer.library.details import asset_details
from peer.library.queries import Filter, Queries

SHORT_ID = 10
COLUMNS = ("id", "taken", "name", "rating", "", "original")


@click.command()
@click.option("--album", default=None, metavar="ALBUM", help="Only photos in this album (its title or id), in its order.")
@click.option("--trash", is_flag=True, help="What is in the trash instead.")
@click.option("--favorite", is_flag=True, help="Only favorites.")
@click.option("--query", default=None, metavar="TEXT", help="Only where a name, caption, keyword or the beginning of the id is like this.")
@common_options
def ls(invocation: Invocation, album: str | None, trash: bool, favorite: bool, query: str | None) -> None:
    """List photos, oldest first.

    Flags: f favorite, h hidden, c something is in conflict.

    \b
    Example: calotype ls --album Sweden --favorite
    """
    with opened(invocation) as library:
        queries = Queries(library.database)
        chosen = None if album is None else queries.find_album(album)
        assets = queries.assets(Filter(album=chosen, trash=trash, favorite=favorite, text=query))
        invocation.rows((asset.to_json() for asset in assets), COLUMNS, asset_cells)


@click.command()
@click.argument("asset")
@common_options
def show(invocation: Invocation, asset: str) -> None:
    """Everything about one photo.

    \b
    Example: calotype show 3f2a
    """
    with opened(invocation) as library:
        details = asset_details(library, Queries(library.database).find(asset))
    invocation.document(details, lambda: _show(invocation, details))


def asset_cells(asset: dict[str, Any]) -> Sequence[object]:
    """A photo as a row of ``COLUMNS``."""
    flags = ("f" if asset["favorite"] else "") + ("h" if asset["hidden"] else "") + ("c" if asset["conflicts"] else "")
    return asset["id"][:SHORT_ID], asset["taken"] or "", asset["name"], "★" * asset["rating"], flags, asset["original"]


def _show(invocation: Invocation, details: dict[str, Any]) -> None:
    for key in ("id", "name", "kind", "media", "taken", "rating", "favorite", "hidden", "caption", "keywords", "albums", "trashed"):
        if details[key] not in (None, "", [], False, 0):
            value = details[key]
            invocation.say(f"{key:10} {', '.join(value) if isinstance(value, list) else value}")
    if details["width"]:
        invocation.say(f"{'size':10} {details['width']} × {details['height']}")
    for name, content in (("location", details["location"]), ("edits", details["edits"]), ("exif", details["exif"])):
        if content:
            invocation.say(f"{name:10} {_listed(content)}")
    for file in details["files"]:
        where = file["path"] if file["here"] else "elsewhere"
        invocation.say(f"{file['role']:10} {file['file'][:SHORT_ID]}  {file['size'] or '?'} bytes, {where}")
    for conflict in details["conflicts"]:
        others = ", ".join(f"{other['value']} ({other['device']})" for other in conflict["others"])
        invocation.say(f"{'conflict':10} {conflict['field']}: {conflict['winner']['value']} ({conflict['winner']['device']}), or {others}")


def _listed(content: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in content.items()) if isinstance(content, dict) else ", ".join(map(str, content))
