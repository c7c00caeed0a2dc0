"""What people do with albums, and with the settings that all devices share."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from crdt.draft import Draft
from peer.library import albums
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.queries import Queries
from store.ids import LIBRARY_RECORD, RecordId
from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.acts.photos import WORDS, chosen

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World


def chosen_album(world: World, library: Library, step: Step, *, trash: bool = False) -> RecordId:
    """An album that is shown on this device, or lies in its trash."""
    there = sorted((row.record for row in Queries(library.database).albums(trash=trash)), key=world.name)
    if not there:
        raise CantHappenError
    return there[step.pick % len(there)]


def title(world: World, random: Random) -> str:
    text = f"The {random.choice(WORDS)} album of {random.choice(WORDS)}"
    world.secrets.append(text.encode())
    return text


@act(3)
async def creates_album(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album = await machine.run_blocking(albums.create_album, library, title(world, random))
        world.tell(f"{machine.name} makes {world.name(album)}")
    await world.tell_peer(machine, step)


@act(2)
async def renames_album(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album = chosen_album(world, library, step)
        world.tell(f"{machine.name} gives {world.name(album)} another title")
        await machine.run_blocking(albums.rename_album, library, album, title(world, random))
    await world.tell_peer(machine, step)


@act(2)
async def chooses_cover(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album, (photo, *_) = chosen_album(world, library, step), chosen(world, library, random)
        world.tell(f"{machine.name} makes {world.name(photo)} the cover of {world.name(album)}")
        await machine.run_blocking(albums.set_cover, library, album, photo)
    await world.tell_peer(machine, step)


@act(2)
async def deletes_album(world: World, step: Step) -> None:
    machine = world.person(step)
    with world.at(machine) as library:
        album = chosen_album(world, library, step)
        world.tell(f"{machine.name} puts {world.name(album)} into the trash")
        await machine.run_blocking(albums.delete_album, library, album)
    await world.tell_peer(machine, step)


@act(2)
async def restores_album(world: World, step: Step) -> None:
    machine = world.person(step)
    with world.at(machine) as library:
        album = chosen_album(world, library, step, trash=True)
        world.tell(f"{machine.name} takes {world.name(album)} out of the trash")
        await machine.run_blocking(albums.restore_album, library, album)
    await world.tell_peer(machine, step)


@act(6)
async def fills_album(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album, photos = chosen_album(world, library, step), chosen(world, library, random)
        world.tell(f"{machine.name} puts {world.names(photos)} into {world.name(album)}")
        await machine.run_blocking(albums.add_to_album, library, album, photos)
    await world.tell_peer(machine, step)


@act(3)
async def takes_from_album(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album = chosen_album(world, library, step)
        members = members_of(world, library, album)
        photos = random.sample(members, min(len(members), random.randint(1, 2)))
        world.tell(f"{machine.name} takes {world.names(photos)} out of {world.name(album)}")
        await machine.run_blocking(albums.remove_from_album, library, album, photos)
    await world.tell_peer(machine, step)


@act(4)
async def moves_in_album(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album = chosen_album(world, library, step)
        photo = random.choice(members_of(world, library, album, shown=True))
        place = random.randint(0, 5)
        world.tell(f"{machine.name} moves {world.name(photo)} to place {place} of {world.name(album)}")
        await machine.run_blocking(albums.move_in_album, library, album, [photo], albums.ToIndex(place))
    await world.tell_peer(machine, step)


@act(2)
async def changes_settings(world: World, step: Step) -> None:
    """How long the trash keeps, and where home is."""
    machine, random = world.person(step), step.random()

    def change(draft: Draft, _: object) -> None:
        draft.set("retention", random.randint(1, 90))
        draft.set("zone", random.choice(("Europe/Stockholm", "Asia/Tokyo")))

    with world.at(machine) as library:
        world.tell(f"{machine.name} changes the library's settings")
        await machine.run_blocking(lambda: library.change([Edit(LIBRARY_RECORD, change)]))
    await world.tell_peer(machine, step)


def members_of(world: World, library: Library, album: RecordId, *, shown: bool = False) -> list[RecordId]:
    """The photos of an album; ``shown``: without those in the trash."""
    members = sorted((member for member, _ in Queries(library.database).album_members(album, trashed=not shown)), key=world.name)
    if not members:
        raise CantHappenError
    return members
