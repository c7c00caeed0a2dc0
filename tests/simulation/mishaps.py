"""What happens to disks as a whole: backups that are put back, copies, relays that are rolled back, and bits that rot."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from peer.errors import CalotypeError
from peer.library.verifying import verify
from store.errors import StoreError
from store.ids import BlobId, EntryHash
from store.log import LogStore
from tests.simulation.disk import Image
from tests.simulation.machine import Machine
from tests.simulation.relays import Relay
from tests.simulation.running import Runs

if TYPE_CHECKING:
    from tests.simulation.world import World


async def put_back(world: World, machine: Machine, image: Image, *, whole: bool) -> None:
    """A machine is what it was at a backup. ``whole``: with what is kept outside of the library's folder."""
    world.collect()
    await machine.switch_off()
    if machine.disk.is_dead:
        machine.disk.power_on()
    machine.disk.put_back(image, parts=None if whole else ["library"])
    _begin_anew(world, machine)


def _begin_anew(world: World, machine: Machine) -> None:
    """Tell the archive that the machine's library is another one now."""
    with machine.opened() as library:
        world.archive.destroyed(machine.name, kept=names_in(library.log))
        world.archive.collect(machine.name, library, anew=True)


async def clone(world: World, machine: Machine, newcomer: Machine, *, whole: bool) -> None:
    """Another machine gets a copy of the library's folder, and both go on."""
    world.collect()
    machine.disk.clone_to(newcomer.disk, parts=None if whole else ["library"])
    with newcomer.opened() as library:
        world.archive.collect(newcomer.name, library, anew=True)
    await newcomer.switch_on(world.nursery)


async def roll_back(world: World, relay: Relay, image: Image) -> None:
    """A relay's folder is what it was at a backup; its key is kept elsewhere, and stays."""
    world.collect()
    await relay.switch_off()
    if relay.disk.is_dead:
        relay.disk.power_on()
    relay.disk.put_back(image)
    await relay.switch_on(world.nursery)
    if relay.service is not None:
        log = relay.log(world.library)
        world.archive.destroyed(relay.name, kept=names_in(log))
        world.archive.collect_relay(relay.name, log, relay.blobs, anew=True, now=relay.clock.now())


def rot_something(world: World, runs: Runs) -> str:
    """A bit of an original on a machine, or of a sealed blob at a relay. A sentence; empty when there is none."""
    world.collect()
    if isinstance(runs, Machine):
        sentence = runs.disk.rot_file("library/originals/*")
        with world.at(runs) as library:
            gone = [
                held.file
                for held in library.held.all()
                if held.kind == "original" and not is_whole(library.folder.root / held.path, held.file)
            ]
        world.archive.spoiled(runs.name, files=gone)
    else:
        sentence = runs.disk.rot_blob()
        blobs = [path for path in sorted((runs.disk.root / "data" / "blobs").rglob("*")) if path.is_file()]
        world.archive.spoiled(
            runs.name, blobs=[BlobId(bytes.fromhex(path.name)) for path in blobs if not is_whole(path, bytes.fromhex(path.name))]
        )
    return sentence


async def rot_database(world: World, machine: Machine, random: Random) -> None:
    """A bit of a machine's database. Its person lets it be verified, and begins anew if something is found."""
    world.collect()
    await machine.switch_off()
    if machine.disk.is_dead:
        machine.disk.power_on()
    sentence = machine.disk.rot_entry() if random.random() < 0.5 else machine.disk.rot_page()
    world.tell(f"{machine.name}: {sentence}")
    try:
        with machine.opened() as library:
            is_whole = not verify(library, deep=True).problems
    except (CalotypeError, StoreError):
        is_whole = False
    if not is_whole:
        world.tell(f"  … it is found, and {machine.name} is given up")
        machine.is_gone = True
        world.archive.destroyed(machine.name)


def names_in(log: LogStore) -> list[EntryHash]:
    """All entries that a store has, in the order in which they came."""
    names: list[EntryHash] = []
    after = 0
    while page := log.after(after, limit_bytes=1 << 22):
        names += [arrived.entry.name for arrived in page]
        after = page[-1].arrival
    return names


def is_whole(path: Path, name: bytes) -> bool:
    """Whether a file has the bytes that it is named by."""
    return hashlib.sha256(path.read_bytes()).digest() == name
