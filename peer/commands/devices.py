"""``calotype devices``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import trio

from peer.commands.invocation import Invocation, common_options
from peer.commands.opening import changing, opened
from peer.commands.phrase import master_of, relay_at
from peer.engine.sending import send_by_phrase
from peer.keys.master import MasterKeys
from peer.library.devices import device_rows, rename_device
from peer.library.library import Library
from peer.library.removing import find_devices, remove_devices
from peer.library.standing import REMOVED
from peer.library.writers import Writers
from peer.seams import run_in_thread
from store.ids import DeviceId

SHORT_ID = 10
COLUMNS = ("id", "name", "", "last seen", "behind", "clock")


@click.group(invoke_without_command=True)
@common_options
def devices(invocation: Invocation) -> None:
    """The devices of this library, and how far each has come.

    \b
    Example: calotype devices
             calotype devices rename laptop "old laptop"
             calotype devices remove phone
    """
    if click.get_current_context().invoked_subcommand is None:
        with opened(invocation) as library:
            rows = device_rows(library)
        invocation.rows(rows, COLUMNS, _cells)
        if not rows[0]["member"]:
            invocation.say(REMOVED)


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    place = ", ".join(text for text, shown in (("this device", row["this"]), ("removed", not row["member"])) if shown)
    behind = "" if not row["member"] else "unknown" if row["behind"] is None else row["behind"]
    clock = f"{row['clock_skew'] / 1000:+.0f} s" if row["clock_skew"] else "right"
    return row["id"][:SHORT_ID], row["name"], place, row["last_seen"] or "never", behind, clock


@devices.command()
@click.argument("device", metavar="ID")
@click.argument("name")
@common_options
def rename(invocation: Invocation, device: str, name: str) -> None:
    """Call a device NAME on all devices. ID is its name, its id or the beginning of one.

    \b
    Example: calotype devices rename laptop "old laptop"
    """
    with changing(invocation) as library:
        (chosen,) = find_devices(library, [device])
        rename_device(library, chosen, name)
        rows = [row for row in device_rows(library) if row["id"] == chosen.hex()]
    invocation.rows(rows, COLUMNS, _cells)


@devices.command()
@click.argument("names", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option(
    "--phrase-file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=None,
    help="Remove in the name of the recovery phrase in this file (- for standard input): it outranks what a removed device still says.",
)
@common_options
def remove(invocation: Invocation, names: tuple[str, ...], yes: bool, phrase_file: Path | None) -> None:
    """End the membership of devices that are lost, stolen or sold. ID is a name, an id or the beginning of one.

    A removed device can neither connect nor read anything new, nor write anything that counts. What it wrote before stays, and what it has
    read it has. It can't be taken back; the machine can be invited again as a new device.

    \b
    Example: calotype devices remove phone
    """
    master = None if phrase_file is None else master_of(phrase_file)
    with changing(invocation) as library:
        chosen = find_devices(library, names)
        _ask(invocation, library, chosen, yes)
        removed = remove_devices(library, chosen, master=master)
        if master is not None:
            trio.run(send_by_phrase, library, master, relay_at, run_in_thread)
    document = {"removed": [device.hex() for device in removed.devices], "entry": removed.entry.hex(), "epoch": removed.epoch.hex()}
    invocation.document(document, lambda: _explain(invocation, master))


def _ask(invocation: Invocation, library: Library, chosen: tuple[DeviceId, ...], yes: bool) -> None:
    writers, members = Writers(library), library.roster().devices.keys()
    named = ", ".join(writers.known(device).name for device in chosen)
    question = f"Remove {named}? What it hasn't sent yet stays on it alone."
    if library.device in chosen:
        question = (
            f"Remove {named}? That is this device itself: what is on it stays readable here, and nothing on it reaches the others any more."
        )
    if members <= {*chosen}:
        question = f"Remove {named}? No device would be left: only the recovery phrase, together with a relay, could bring the library back to a machine."
    invocation.confirm(question, yes=yes)


def _explain(invocation: Invocation, master: MasterKeys | None) -> None:
    invocation.say("Removed. The other devices and relays learn of it with the next sync, and shut it out from then on.")
    if master is None:
        invocation.say("Who has the device could have read the library until now. If it may be in wrong hands, see README: a lost device.")
