"""``calotype policy``, ``pin`` and ``unpin``: what stays on this device."""

from __future__ import annotations

from typing import Any

import click

from crdt.facts import Policy
from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.engine_address import poke
from peer.errors import UsageError
from peer.library import pinning
from peer.library.library import Library
from peer.library.policies import parse_size, set_policy
from peer.library.queries import Queries
from peer.library.storage import Amount, Storage, storage_of

_KEEPS = {
    "everything": "all originals, previews and thumbnails",
    "optimize": "all previews and thumbnails, and originals up to {budget}; the least recently used go first",
    "thumbnails": "all thumbnails, and originals for a day after they were fetched",
}


@click.command()
@click.argument("keep", required=False, type=click.Choice(sorted(_KEEPS)))
@click.option("--budget", metavar="SIZE", default=None, help="With optimize: the room for originals, like 50GB or 800MB.")
@common_options
def policy(invocation: Invocation, keep: str | None, budget: str | None) -> None:
    """What this device keeps; without arguments, show it, with sizes.

    \b
    everything   all originals. Other devices may rely on this one.
    optimize     all previews, and originals up to a budget; the least recently used go first.
    thumbnails   thumbnails alone. An original that was fetched stays for a day.

    An original is given up only after a relay (or, in a library without one, two devices that keep everything) has proved to hold it
    and promised to keep it. `calotype fetch` brings it back at any time.

    \b
    Example: calotype policy optimize --budget 50GB
    """
    if keep is None:
        if budget is not None:
            raise UsageError("A budget belongs to a policy.", hint="calotype policy optimize --budget 50GB")
        with opened(invocation) as library:
            _show(invocation, library)
        return
    with changing(invocation) as library:
        set_policy(library, _chosen(keep, budget, library.policy()))
        poke(library.folder.engine_address)
        _show(invocation, library)


def _chosen(keep: str, budget: str | None, before: Policy) -> Policy:
    if keep != "optimize":
        if budget is not None:
            raise UsageError(f"The policy {keep} has no budget. Nothing was changed.", hint="calotype policy optimize --budget 50GB")
        return Policy(keep=keep)
    size = before.budget if budget is None else parse_size(budget)
    if size is None:
        raise UsageError("How much room may originals take? Nothing was changed.", hint="calotype policy optimize --budget 50GB")
    return Policy(keep=keep, budget=size)


def _show(invocation: Invocation, library: Library) -> None:
    chosen, storage = library.policy(), storage_of(library)
    document = {"policy": chosen.keep, "budget": chosen.budget} | storage.to_json()
    invocation.document(document, lambda: _say(invocation, chosen, storage))


def _say(invocation: Invocation, chosen: Policy, storage: Storage) -> None:
    keeps = _KEEPS[chosen.keep].format(budget=in_words(chosen.budget or 0))
    invocation.say(f"This device keeps {keeps}.")
    rows: list[tuple[str, Amount]] = [*storage.originals.items(), ("all originals", storage.all_originals)]
    rows += [("to be fetched", storage.wanted), ("previews", storage.previews), ("thumbnails", storage.thumbnails)]
    invocation.table(("", "files", "size"), [(name, amount.files, in_words(amount.size)) for name, amount in rows])
    if storage.given_up:
        invocation.say(f"{storage.given_up} originals were given up to save room; `calotype fetch ID` brings one back.")
    if storage.pinned:
        invocation.say(f"{storage.pinned} photos are pinned: their originals stay here.")
    if storage.disk.lacks:
        invocation.say(nearly_full(storage))


def nearly_full(storage: Storage) -> str:
    """The sentence about a disk that has too little room left."""
    disk = storage.disk
    return (
        f"The disk is nearly full: {in_words(disk.free)} are free, {in_words(disk.reserve)} should be."
        " No more originals are fetched until there is room."
    )


def in_words(size: int) -> str:
    """Bytes for people, in powers of 1000."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


@click.command()
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@common_options
def pin(invocation: Invocation, assets: tuple[str, ...]) -> None:
    """Keep the originals of photos on this device, whatever its policy; those that aren't here are fetched.

    \b
    Example: calotype pin 3f2a 90c1
    """
    with opened(invocation) as library:
        records = [Queries(library.database).find(text) for text in assets]
        _answer(invocation, "pinned", pinning.pin(library, records), len(set(records)))
        poke(library.folder.engine_address)


@click.command()
@click.argument("assets", nargs=-1, required=True, metavar="ID…")
@common_options
def unpin(invocation: Invocation, assets: tuple[str, ...]) -> None:
    """Let the policy decide about photos again.

    \b
    Example: calotype unpin 3f2a
    """
    with opened(invocation) as library:
        records = [Queries(library.database).find(text) for text in assets]
        _answer(invocation, "unpinned", pinning.unpin(library, records), len(set(records)))
        poke(library.folder.engine_address)


def _answer(invocation: Invocation, word: str, changed: int, asked: int) -> None:
    document: dict[str, Any] = {word: changed, "unchanged": asked - changed}
    rest = f", {asked - changed} already" if asked > changed else ""
    invocation.document(document, lambda: invocation.say(f"{changed} {word}{rest}."))
