"""Disks that fail: power cuts, full disks, bit rot, backups put back, folders copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.disk import Survival
from tests.simulation.mishaps import clone, put_back, rot_database, rot_something
from tests.simulation.running import Runs

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World


@act(4, fault=True)
async def power_fails_at_a_write(world: World, step: Step) -> None:
    """Before or after one of the next writes of a machine or relay."""
    runs, random = world.anything_on(step), step.random()
    world.tell(f"the power of {runs.name} will fail at a write")
    runs.disk.cut_power_at(random.randint(1, 60), after=random.random() < 0.5, survival=random.choice(tuple(Survival)))


@act(3, fault=True)
async def power_fails_at_an_await(world: World, step: Step) -> None:
    runs, random = world.anything_on(step), step.random()
    world.tell(f"the power of {runs.name} will fail while it waits for its disk")
    runs.cut_power_after(random.randint(0, 80))


@act(2, fault=True)
async def power_fails(world: World, step: Step) -> None:
    runs = world.anything_on(step)
    world.tell(f"somebody pulls the plug of {runs.name}")
    runs.cut_power()


@act(5, fault=True)
async def power_comes_back(world: World, step: Step) -> None:
    off = [runs for runs in (*world.living, *world.relays) if not runs.is_on]
    if not off:
        raise CantHappenError
    runs = off[step.who % len(off)]
    world.tell(f"{runs.name} starts again")
    await runs.switch_on(world.nursery)


@act(2, fault=True)
async def disk_fills_up(world: World, step: Step) -> None:
    runs, random = world.anything_on(step), step.random()
    runs.disk.room = random.choice((0, 2_000, 40_000, 300_000))
    world.tell(f"the disk of {runs.name} has room for {runs.disk.room} bytes")


@act(3, fault=True)
async def disk_has_room(world: World, step: Step) -> None:
    full = [runs for runs in (*world.living, *world.relays) if runs.disk.room is not None]
    if not full:
        raise CantHappenError
    runs = full[step.who % len(full)]
    runs.disk.room = None
    world.tell(f"the disk of {runs.name} has room again")


@act(1.5, fault=True)
async def backs_up(world: World, step: Step) -> None:
    """A copy of the whole machine, to be put back one day."""
    machine = world.person(step)
    world.tell(f"{machine.name} is backed up")
    machine.images.append(machine.disk.image())


@act(1.2, fault=True)
async def puts_back(world: World, step: Step) -> None:
    """An earlier state of a machine, with what is noted outside of the library's folder, or without. The first time it is only backed up."""
    machine, whole = world.person(step), step.random().random() < 0.5
    if not machine.images:
        await backs_up(world, step)
        return
    number = step.pick % len(machine.images)
    world.tell(
        f"{machine.name} is put back to its backup {number + 1}{', whole' if whole else ', but for what lies outside of the library'}"
    )
    await put_back(world, machine, machine.images[number], whole=whole)


@act(0.8, fault=True)
async def is_cloned(world: World, step: Step) -> None:
    """The library's folder is copied to another machine, and both go on."""
    machine, newcomer, whole = world.person(step), world.newcomer(step), step.random().random() < 0.3
    world.tell(f"{machine.name} is cloned: {newcomer.name} has {'all of its disk' if whole else 'its library'}")
    await clone(world, machine, newcomer, whole=whole)


@act(1.2, fault=True)
async def bits_rot(world: World, step: Step) -> None:
    """A bit of an original, or of a sealed blob at a relay, turns."""
    runs: list[Runs] = [*world.living, *world.relays]
    chosen = runs[step.who % len(runs)]
    if chosen.disk.is_dead:
        raise CantHappenError
    if sentence := rot_something(world, chosen):
        world.tell(f"{chosen.name}: {sentence}")


@act(0.5, fault=True)
async def database_rots(world: World, step: Step) -> None:
    """A bit of an entry, or of a page of the database, turns."""
    machine = world.person(step)
    if len(world.living) < 3:
        raise CantHappenError
    await rot_database(world, machine, step.random())
