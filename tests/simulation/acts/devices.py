"""Devices that come, sleep, go, are let in, removed, and lost."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from crdt.draft import Draft
from peer.engine.bootstrapping import bootstrap
from peer.engine.exchanging import pull_all, push_all
from peer.engine.restorer import Restorer
from peer.keys.device import DeviceKeys
from peer.keys.master import MasterKeys
from peer.library.authoring import Edit
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.creating import begin_as, prepare_folder
from peer.library.devices import rename_device
from peer.library.library import Library
from peer.library.membership import admit
from peer.library.removing import remove_devices
from relay.errors import SyncError, UnreachableError
from store.ids import LibraryId, RecordId, RecordKind
from tests.simulation.acts.act import CantHappenError, act

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

DAY = 86_400.0


@act(6)
async def switches_on(world: World, step: Step) -> None:
    off = [machine for machine in world.living if not machine.is_on]
    if not off:
        raise CantHappenError
    machine = off[step.who % len(off)]
    world.tell(f"{machine.name} starts its peer")
    await machine.switch_on(world.nursery)


@act(4)
async def switches_off(world: World, step: Step) -> None:
    on = [machine for machine in world.living if machine.is_on]
    if not on:
        raise CantHappenError
    machine = on[step.who % len(on)]
    world.tell(f"{machine.name} stops its peer")
    await machine.switch_off()


@act(1, long=True)
async def sleeps(world: World, step: Step) -> None:
    """All lids are closed for some days; relays go on."""
    days = step.random().choice((1, 1, 2, 7, 30, 120))
    were_on = [machine for machine in world.living if machine.is_on]
    world.tell(f"everybody closes the lid for {days} {'days' if days > 1 else 'day'}")
    for machine in were_on:
        await machine.switch_off()
    await trio.sleep(days * DAY)
    for machine in were_on:
        await machine.switch_on(world.nursery)


@act(0, long=True)
async def half_a_day(world: World, step: Step) -> None:
    """All lids are closed till the next morning or evening; relays go on."""
    were_on = [machine for machine in world.living if machine.is_on]
    world.tell("everybody closes the lid")
    for machine in were_on:
        await machine.switch_off()
    await trio.sleep(DAY / 2 - world.seconds % (DAY / 2))
    for machine in were_on:
        await machine.switch_on(world.nursery)


@act(5)
async def rests(world: World, step: Step) -> None:
    """Nothing happens for a while."""
    seconds = step.random().choice((30.0, 120.0, 900.0))
    await trio.sleep(seconds)


@act(1)
async def renames_device(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        devices = sorted(library.roster().devices, key=world.name)
        device = devices[step.pick % len(devices)]
        world.tell(f"{machine.name} gives {world.name(device)} another name")
        await machine.run_blocking(rename_device, library, device, f"{random.choice(('old', 'new', 'small'))} {world.name(device)}")
    await world.tell_peer(machine, step)


@act(1)
async def changes_policy(world: World, step: Step) -> None:
    """What a device is to keep. In this version each keeps everything, whatever it says."""
    machine, random = world.person(step), step.random()
    keep = random.choice(("everything", "thumbnails"))

    def change(draft: Draft, _: object) -> None:
        draft.set("policy", {"keep": keep})

    with world.at(machine) as library:
        world.tell(f"{machine.name} is to keep {keep}")
        await machine.run_blocking(lambda: library.change([Edit(RecordId.make(RecordKind.DEVICE, library.device), change)]))
    await world.tell_peer(machine, step)


@act(1.5)
async def writes_checkpoint(world: World, step: Step) -> None:
    """Sooner than it would by itself."""
    machine = world.person(step)
    with world.at(machine) as library:
        world.tell(f"{machine.name} writes a checkpoint")
        await machine.run_blocking(write_checkpoint, library)
    await world.tell_peer(machine, step)


# Membership


@act(2)
async def joins(world: World, step: Step) -> None:
    """A new machine, or one that has lost its library, is let in by a member."""
    inviter = world.person(step)
    newcomer = world.newcomer(step)
    world.tell(f"{inviter.name} lets {newcomer.name} in")
    await let_in(world, inviter, newcomer)


@act(0.7, fault=True)
async def inviter_is_removed_meanwhile(world: World, step: Step) -> None:
    """While a machine is let in, somebody removes who lets it in."""
    inviter, remover, newcomer = world.person(step), world.person(step, other=True), world.newcomer(step)
    if inviter is remover or len(world.living) < 3 or not (inviter.is_member and remover.is_member):
        raise CantHappenError
    world.tell(f"{inviter.name} lets {newcomer.name} in, and {remover.name} removes {inviter.name} meanwhile")

    async def remove() -> None:
        with world.at(inviter) as theirs:
            device = theirs.device
        await trio.sleep(step.random().choice((0.0, 0.01, 0.05, 0.2)))
        with world.at(remover) as library:
            await remover.run_blocking(remove_devices, library, [device])
        await remover.poke()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(let_in, world, inviter, newcomer)
        nursery.start_soon(remove)


async def let_in(world: World, inviter: Machine, newcomer: Machine) -> None:
    """By what a joining does once the codes were compared, through whatever way there is. Broken off, it leaves a member that never began."""
    await newcomer.run_blocking(prepare_folder, newcomer.folder)
    keys = DeviceKeys.generate(newcomer.random.randbytes)
    with world.at(inviter) as library:
        await inviter.run_blocking(lambda: admit(library, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key))
        world.call(keys.id, newcomer.name)
        relays, name = library.nodes.relays(), library.id
        for relay in relays:
            with suppress(SyncError):
                async with inviter.connect(library)(relay) as way:
                    await push_all(library, way.api, inviter.run_blocking)
    await inviter.poke()
    fresh = await newcomer.run_blocking(_empty_library, newcomer, keys, name)
    try:
        for relay in relays:
            fresh.nodes.add(relay.url, relay.key)
        async with world.a_way(newcomer, inviter, fresh) as api:
            await bootstrap(fresh, api, newcomer.run_blocking)
            await pull_all(fresh, api, newcomer.run_blocking)
            if not fresh.roster().is_member(fresh.device):
                raise UnreachableError("its certificate isn't there")
            await newcomer.run_blocking(begin_as, fresh, newcomer.name)
            with suppress(SyncError):  # the peer does it
                await push_all(fresh, api, newcomer.run_blocking)
    finally:
        newcomer.close(fresh)
    await newcomer.switch_on(world.nursery)


def _empty_library(machine: Machine, keys: DeviceKeys, name: LibraryId) -> Library:
    machine.folder.create()
    keys.save(machine.folder.device_key)
    return Library.create(machine.folder, keys, name, clock=machine.clock, randomness=machine.random.randbytes, notes=machine.notes)


@act(1)
async def removes(world: World, step: Step) -> None:
    """One member ends the membership of another, or of itself."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        roster = library.roster()
        members = sorted((device for device in roster.devices if roster.is_member(device)), key=world.name)
        if len(members) < 3:
            raise CantHappenError
        device = members[step.other % len(members)]
        by_phrase = random.random() < 0.25
        world.tell(f"{machine.name} removes {world.name(device)}{' by the recovery phrase' if by_phrase else ''}")
        master = MasterKeys.from_phrase(world.phrase) if by_phrase else None
        await machine.run_blocking(lambda: remove_devices(library, [device], master=master))
    await world.tell_peer(machine, step)


@act(0.7, fault=True)
async def remove_each_other(world: World, step: Step) -> None:
    """Two members that don't see each other remove one another, and perhaps a third one as well."""
    one, other = world.person(step), world.person(step, other=True)
    if one is other or not (one.is_member and other.is_member):
        raise CantHappenError
    world.tell(f"{one.name} and {other.name} lose sight of each other, and remove one another")
    world.part(one, other)
    for machine, victim in ((one, other), (other, one)):
        with world.at(machine) as library, world.at(victim) as theirs:
            device = theirs.device
            await machine.run_blocking(remove_devices, library, [device])


@act(1)
async def restores_from_phrase(world: World, step: Step) -> None:
    """An empty machine, a relay and the recovery phrase."""
    newcomer = world.newcomer(step)
    relays = [relay for relay in world.relays if relay.is_on]
    if not relays:
        raise CantHappenError
    relay = relays[step.pick % len(relays)]
    world.tell(f"{newcomer.name} is begun from {relay.name} and the recovery phrase")
    restorer = Restorer(
        folder=newcomer.folder,
        master=MasterKeys.from_phrase(world.phrase),
        name=newcomer.name,
        reach=lambda url: world.reach(newcomer, url),
        clock=newcomer.clock,
        randomness=newcomer.random.randbytes,
        run_blocking=newcomer.run_blocking,
    )
    library = await restorer.restore(relay.url)
    world.call(library.device, newcomer.name)
    newcomer.close(library)
    await newcomer.switch_on(world.nursery)


@act(0.5, fault=True)
async def dies(world: World, step: Step) -> None:
    """A machine that never comes back, with whatever only it had."""
    machine = world.person(step)
    if len(world.living) < 3:
        raise CantHappenError
    world.tell(f"{machine.name} falls into the lake")
    await world.lose(machine)
