"""The end of a history: all faults stop, everybody meets and comes to rest, and what is left is judged."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import trio

from peer.errors import CalotypeError
from peer.library.queries import Queries
from peer.library.wanting import want_originals
from relay.errors import SyncError
from relay.messages.limits import MAX_HOLD_IDS, NONCE_BYTES
from store.errors import StoreError
from store.file_blobs import FileBlobStore
from store.sqlite_log import SqliteLogStore
from tests.simulation.clocks import DAY_SECONDS
from tests.simulation.machine import Machine
from tests.simulation.mishaps import is_whole
from tests.simulation.oracle import DeviceEvidence, Evidence, RelayEvidence, judge
from tests.simulation.oracle.group import find_group

if TYPE_CHECKING:
    from tests.simulation.world import World

MISTRUST = {"relay_gets_hostile", "relay_is_rolled_back", "bits_rot"}
"""After these a relay may lack what it acknowledged."""

REST_SECONDS = 12 * 3_600.0
"""Of the world's time, after the faults have stopped: by then everybody agrees."""

AUDIT_DAYS = 8
"""By then relays were asked anew what they have, which is how it is found that one has lost or denied something."""

LOOK_SECONDS = 60.0

QUIET_SECONDS = 300.0


async def come_to_rest(world: World) -> None:
    """All faults stop, everybody meets, and goes on until everybody agrees."""
    world.tell("all faults stop, and everybody comes home")
    world.join_all()
    for runs in (*world.machines, *world.relays):
        runs.spare_power()
        runs.disk.room = None
        runs.clock.put_right()
    for line in (*world.web.lines, *(machine.lan_line for machine in world.machines)):
        line.calm()
    for relay in world.relays:
        if relay.hostile is not None:
            relay.hostile.end()
        await relay.switch_on(world.nursery)
    for machine in world.living:
        world.move(machine, 0)
        await machine.switch_off()
        _learn_relays(world, machine)
        _mend_originals(world, machine)
        if not await machine.switch_on(world.nursery):
            world.tell(f"{machine.name} can't start any more")
    if MISTRUST & world.counts.keys():
        await _find_what_relays_lost(world)
    quiet = 0.0
    with trio.move_on_after(REST_SECONDS) as scope:
        while quiet < QUIET_SECONDS:
            await trio.sleep(LOOK_SECONDS)
            world.collect()
            quiet = quiet + LOOK_SECONDS if _all_agree(world) else 0.0
    if scope.cancelled_caught:
        for reason in _why_not(world):
            world.complain("no rest", reason)
    else:
        world.tell("everybody agrees")


async def _find_what_relays_lost(world: World) -> None:
    """Relays are asked for proofs of all that they hold, and devices come back after the time for which they believe a relay."""
    for machine in world.living:
        if machine.library is None:
            continue
        for node in machine.library.nodes.relays():
            with suppress(SyncError):
                async with machine.connect(machine.library)(node) as way:
                    relay = next(relay for relay in world.relays if relay.url == node.url)
                    held = [info.blob for info in relay.blobs.blobs()]
                    for batch in (held[start : start + MAX_HOLD_IDS] for start in range(0, len(held), MAX_HOLD_IDS)):
                        await way.api.hold(batch, machine.random.randbytes(NONCE_BYTES))
    await trio.sleep(QUIET_SECONDS)
    world.tell(f"everybody closes the lid for {AUDIT_DAYS} days")
    for machine in world.living:
        await machine.switch_off()
    await trio.sleep(AUDIT_DAYS * DAY_SECONDS)
    for machine in world.living:
        await machine.switch_on(world.nursery)


def _mend_originals(world: World, machine: Machine) -> None:
    """What people do after `verify --deep` named a damaged original that another device has: they remove it, and fetch the photo."""
    if not world.counts.get("bits_rot"):
        return
    with suppress(CalotypeError, StoreError), world.at(machine) as library:
        for held in list(library.held.all()):
            path = library.folder.root / held.path
            elsewhere = any(held.file in world.archive.files_of(other.name) for other in world.living if other is not machine)
            if held.kind == "original" and elsewhere and path.exists() and not is_whole(path, held.file):
                for record in Queries(library.database).assets_with_file(held.file):
                    path.unlink(missing_ok=True)
                    want_originals(library, record)


def _learn_relays(world: World, machine: Machine) -> None:
    """Each person adds the relays that others have, so that everybody meets everywhere."""
    with suppress(CalotypeError, StoreError), world.at(machine) as library:
        known = {node.url for node in library.nodes.relays()}
        for relay in world.relays:
            if relay.url not in known and relay.key:
                library.nodes.add(relay.url, relay.key)


def _all_agree(world: World) -> bool:
    return not _why_not(world)


def _why_not(world: World) -> list[str]:
    """Who isn't quiet, or differs, among those who have to agree: who was removed, and can't learn it, is left alone."""
    running = [machine for machine in world.living if machine.library is not None]
    if not _differences(running):
        return []
    group = {device.name for device in find_group(evidence_of(world)).devices}
    return _differences([machine for machine in running if machine.name in group])


def evidence_of(world: World) -> Evidence:
    """Of those who run now."""
    devices = tuple(
        DeviceEvidence(name=machine.name, library=machine.library, root=machine.folder.root, stays=True, engine=machine.engine)
        for machine in world.living
        if machine.library is not None and not machine.disk.is_dead
    )
    relays = tuple(
        RelayEvidence(name=relay.name, folder=relay.folder, log=relay.log(world.library), blobs=relay.blobs, key=relay.key)
        for relay in world.relays
        if relay.service is not None and not relay.disk.is_dead
    )
    return Evidence(archive=world.archive, devices=devices, relays=relays, names=world.name, secrets=tuple(world.secrets))


async def pass_judgement(world: World) -> None:
    for machine in world.living:
        await machine.switch_off()
    with ExitStack() as stack:
        devices = tuple(
            DeviceEvidence(
                name=machine.name,
                library=stack.enter_context(machine.opened()),
                root=machine.folder.root,
                stays=True,
                engine=machine.last_engine,
            )
            for machine in world.living
        )
        relays = []
        for relay in world.relays:
            await relay.switch_off()
            database = stack.enter_context(relay.folder.opened())
            blobs = stack.enter_context(closing(FileBlobStore(relay.folder.root)))
            log = SqliteLogStore(database, devices[0].library.id, trusts_settled=True)
            relays.append(RelayEvidence(name=relay.name, folder=relay.folder, log=log, blobs=blobs, key=relay.key))
        evidence = Evidence(archive=world.archive, devices=devices, relays=tuple(relays), names=world.name, secrets=tuple(world.secrets))
        world.complaints += judge(evidence, world.random("judge"))


def _differences(machines: Sequence[Machine]) -> list[str]:
    """What keeps these from being at rest."""
    libraries = [machine.library for machine in machines if machine.library is not None]
    busy = [
        f"{machine.name} still has something to do" for machine in machines if machine.engine is not None and not machine.engine.settled
    ]
    if len({bytes(library.records.digest()) for library in libraries}) > 1:
        busy.append("members show different libraries")
    if len({library.log.heads().encode() for library in libraries}) > 1:
        busy.append("members have different entries")
    return busy
