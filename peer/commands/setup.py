"""``calotype init``."""

from __future__ import annotations

import click

from peer.commands.invocation import Invocation, common_options
from peer.layout import LibraryFolder
from peer.library.creating import create_library


@click.command()
@click.option("--name", required=True, help="What this device is called on the others.")
@common_options
def init(invocation: Invocation, name: str) -> None:
    """Create a library on this device.

    Shows the recovery phrase once: 24 words that, with a relay, bring everything back when all devices are lost. They can't be
    changed, and nobody can tell them to you again.

    \b
    Example: calotype init --name laptop
    """
    library, phrase = create_library(LibraryFolder(invocation.library), name)
    try:
        document = {"library": library.id.hex(), "device": library.device.hex(), "recovery_phrase": phrase}
        invocation.document(document, lambda: _explain(invocation, phrase))
    finally:
        library.close()


def _explain(invocation: Invocation, phrase: str) -> None:
    words = phrase.split()
    invocation.say(f"Created a library in {invocation.library}.\n")
    invocation.say("Your recovery phrase. Write it down on paper now; it is shown only this once and can't be changed:\n")
    for row in range(0, len(words), 6):
        invocation.say("  " + "  ".join(f"{row + column + 1:2} {word:<9}" for column, word in enumerate(words[row : row + 6])))
    invocation.say("\nWhoever has these words and access to your relay can read and change the whole library.")
    invocation.say("Next: calotype import FOLDER, or calotype relay add URL --token TOKEN")
