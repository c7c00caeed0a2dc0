"""``calotype relay``: the relays that keep this library."""

from __future__ import annotations

import click
import trio

from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.engine.registering import register_library
from peer.engine_address import poke
from peer.errors import NotAllowedError, UsageError
from peer.library.holders import held_only_by
from peer.library.instants import iso_utc_or_none
from peer.library.library import Library
from peer.seams import run_in_thread


@click.group()
def relay() -> None:
    """Relays that keep this library's sealed entries and photos.

    \b
    Example: calotype relay add https://relay.example.org --token TOKEN
    """


@relay.command()
@click.argument("url")
@click.option("--token", envvar="CALOTYPE_RELAY_TOKEN", help="The registration token of the relay's operator; without it, it is asked for.")
@common_options
def add(invocation: Invocation, url: str, token: str | None) -> None:
    """Register the library at a relay, and remember the relay's key.

    The relay stores everything sealed; it can't read names, captions or pictures. Its key is pinned now: a relay that shows
    another one later is refused.

    \b
    Example: calotype relay add https://relay.example.org --token TOKEN
    """
    secret = token or click.prompt("Registration token", hide_input=True)
    with changing(invocation) as library:
        registered = trio.run(register_library, library, url, secret, run_in_thread)
        poke(library.folder.engine_address)
    document = {"url": registered.url, "key": registered.key.hex(), "quota": registered.quota}
    invocation.document(
        document,
        lambda: invocation.say(
            f"Added {registered.url} (key {registered.key.hex()[:16]}…, {registered.quota / 1e9:.0f} GB). `calotype run` keeps in sync."
        ),
    )


@relay.command(name="list")
@common_options
def list_(invocation: Invocation) -> None:
    """The relays of this device."""
    with opened(invocation) as library:
        rows = [_row(library, node.number) for node in library.nodes.relays()]
    if invocation.json:
        for row in rows:
            invocation.line(row)
    else:
        invocation.table(["url", "key", "to upload"], [(row["url"], str(row["key"])[:16], row["uploads"]) for row in rows])


@relay.command()
@click.argument("url")
@click.option("--force", is_flag=True, help="Also when it is the only holder of something.")
@common_options
def remove(invocation: Invocation, url: str, force: bool) -> None:
    """Stop syncing with a relay. What it stores stays there.

    Refused while photos of this library are known to be nowhere but on that relay.

    \b
    Example: calotype relay remove https://relay.example.org
    """
    address = url.rstrip("/")
    with opened(invocation) as library:
        node = next((each for each in library.nodes.relays() if each.url == address), None)
        if node is None:
            raise UsageError(f"No relay with the address {url} was added.", hint="See `calotype relay list`.")
        with library.database.write():  # the running peer gives nothing up on this relay's word meanwhile
            if not force and (count := held_only_by(library, node)):
                raise NotAllowedError(
                    f"{count} files of this library are known to be on that relay alone: they aren't on this device, and nobody else promised to"
                    " keep them. The relay wasn't removed.",
                    hint="Fetch them first: `calotype policy everything`, then `calotype sync`. Or give --force, if other devices have them.",
                )
            library.nodes.remove(address)
        poke(library.folder.engine_address)
    invocation.document({"removed": address}, lambda: invocation.say(f"Removed {url}."))


def _row(library: Library, number: int) -> dict[str, object]:
    node = next(each for each in library.nodes.all() if each.number == number)
    count, size = library.uploads.count(number)
    return {
        "url": node.url,
        "key": node.key.hex(),
        "last_contact": iso_utc_or_none(node.last_contact),
        "uploads": count,
        "upload_bytes": size,
    }
