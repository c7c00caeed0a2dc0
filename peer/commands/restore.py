"""``calotype restore``."""

from __future__ import annotations

import platform
from pathlib import Path

import click
import trio

from peer.commands.invocation import Invocation, common_options
from peer.commands.phrase import master_of, relay_at
from peer.engine.restorer import Restorer
from peer.keys.master import MasterKeys
from peer.layout import LibraryFolder
from peer.library.devices import device_rows
from peer.seams import SystemClock, run_in_thread, system_randomness


@click.command()
@click.option("--relay", "url", required=True, help="The address of a relay that keeps the library.")
@click.option(
    "--phrase-file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=None, help="Read the phrase from a file."
)
@click.option("--name", default=None, help="What this device is called on the others; without it, the machine's name.")
@common_options
def restore(invocation: Invocation, url: str, phrase_file: Path | None, name: str | None) -> None:
    """Bring the library back from a relay and the recovery phrase, on a machine that has nothing of it.

    The phrase is asked for and not shown. This machine becomes a new device; the old ones stay members until you remove them. `calotype sync`
    then brings the photos.

    \b
    Example: calotype restore --relay https://relay.example.org
    """
    master = master_of(phrase_file)
    document, others = trio.run(_restore, invocation, master, url, name or platform.node()[:64] or "restored")
    invocation.document(document, lambda: _explain(invocation, others))


async def _restore(invocation: Invocation, master: MasterKeys, url: str, name: str) -> tuple[dict[str, str], list[str]]:
    restorer = Restorer(
        folder=LibraryFolder(invocation.library),
        master=master,
        name=name,
        reach=relay_at,
        clock=SystemClock(),
        randomness=system_randomness,
        run_blocking=run_in_thread,
    )
    library = await restorer.restore(url)
    try:
        others = [row["name"] for row in device_rows(library) if row["member"] and not row["this"]]
        return {"library": library.id.hex(), "device": library.device.hex()}, others
    finally:
        library.close()


def _explain(invocation: Invocation, others: list[str]) -> None:
    invocation.say(f"Restored into {invocation.library}. `calotype sync` or `calotype run` brings the photos.")
    if others:
        invocation.say(f"Still members: {', '.join(others)}. Remove what is lost: calotype devices remove NAME")
