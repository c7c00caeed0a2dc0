"""Deleting for good: at once, when the time in the trash is over, and by who knows less than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer.library.authoring import Edit
from peer.library.purging import purge_due, purge_now
from peer.library.retention import stay_of
from store.ids import LIBRARY_RECORD
from tests.simulation.acts.act import act
from tests.simulation.acts.photos import chosen

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World


@act(3)
async def purges(world: World, step: Step) -> None:
    """What `calotype purge --now` does."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = [photo for photo in chosen(world, library, random, trash=True, most=2) if stay_of(library, photo) is not None]
        done = await machine.run_blocking(purge_now, library, photos)
        gone = [photo for photo in photos if photo in done.purged]
        world.tell(f"{machine.name} deletes {world.names(gone)} for good{', others are contested' if done.kept else ''}")
    await world.tell_peer(machine, step)


@act(1)
async def purges_whatever_was_said(world: World, step: Step) -> None:
    """As a program would that knows nothing of contested trash, nor of what is shown as one photo."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random, trash=True, most=1)
        world.tell(f"{machine.name} deletes {world.names(photos)} for good, whatever others said")
        await machine.run_blocking(lambda: library.change([], purges=photos))
    await world.tell_peer(machine, step)


@act(2)
async def empties_the_trash(world: World, step: Step) -> None:
    """What `calotype purge` does."""
    machine = world.person(step)
    with world.at(machine) as library:
        done = await machine.run_blocking(purge_due, library)
        world.tell(f"{machine.name} empties the trash: {len(done.purged)} go, {len(done.kept)} stay")
    await world.tell_peer(machine, step)


@act(1)
async def sets_the_retention(world: World, step: Step) -> None:
    """How long the trash lasts, from a day on."""
    machine, random = world.person(step), step.random()
    days = random.choice((1, 1, 2, 30))
    with world.at(machine) as library:
        world.tell(f"{machine.name} has the trash last {days} days")
        edit = Edit(LIBRARY_RECORD, lambda draft, stamp: draft.set("retention", days))
        await machine.run_blocking(lambda: library.change([edit]))
    await world.tell_peer(machine, step)
