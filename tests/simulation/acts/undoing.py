"""What people take back, and how they decide what devices could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer.library import albums
from peer.library.conflicts import Choice, OfDevice, OpenConflict, TheMerge, TheValue, TheWinner, all_conflicts, resolve
from peer.library.library import Library
from peer.library.undoing import undo
from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.acts.albums import chosen_album, members_of

if TYPE_CHECKING:
    from random import Random

    from tests.simulation.history import Step
    from tests.simulation.world import World


@act(5)
async def takes_back(world: World, step: Step) -> None:
    """What ``calotype undo`` does: the newest action, one of the list, or an undo itself."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        actions = library.journal.actions()
        if not actions:
            raise CantHappenError
        newest = next((action for action in actions if not action.is_undo), actions[0])
        action = random.choice((newest, newest, random.choice(actions)))
        done = await machine.run_blocking(undo, library, action)
        world.tell(f"{machine.name} takes back {action.label!r}: {done.fields_undone} fields, {done.fields_skipped} are left alone")
    await world.tell_peer(machine, step)


@act(3)
async def drags_in_album(world: World, step: Step) -> None:
    """Several photos at once, before or behind another."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        album = chosen_album(world, library, step)
        members = members_of(world, library, album, shown=True)
        photos = random.sample(members, min(len(members), random.randint(2, 4)))
        others = [member for member in members if member not in photos]
        if not others:
            raise CantHappenError
        target = random.choice((albums.Before, albums.After))(random.choice(others))
        world.tell(f"{machine.name} drags {world.names(photos)} next to {world.name(target.asset)} in {world.name(album)}")
        await machine.run_blocking(albums.move_in_album, library, album, photos, target)
    await world.tell_peer(machine, step)


@act(3)
async def decides(world: World, step: Step) -> None:
    """Settles an open conflict in any way that there is."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        conflicts = sorted(all_conflicts(library), key=lambda conflict: (world.name(conflict.record), conflict.field))
        if not conflicts:
            raise CantHappenError
        conflict = conflicts[step.pick % len(conflicts)]
        choice = _choice(library, conflict, random)
        world.tell(
            f"{machine.name} decides by {type(choice).__name__} what {world.name(conflict.record)} has as {world.field(conflict.field)}"
        )
        await machine.run_blocking(resolve, library, conflict.record, conflict.field, choice)
    await world.tell_peer(machine, step)


def _choice(library: Library, conflict: OpenConflict, random: Random) -> Choice:
    choices: list[Choice] = [TheWinner()]
    if conflict.merged is not None:
        choices.append(TheMerge())
    if conflict.kind == "trash":
        choices.append(TheValue(random.choice(("trashed", "restored"))))
    sides = {side.device.id.hex() for side in (conflict.winner, *conflict.others) if side.device is not None}
    choices += [OfDevice(device) for device in sorted(sides)]
    return random.choice(choices)
