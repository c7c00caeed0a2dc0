"""How photos look: edits as the command makes them, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peer.library.editing import edit_photo, parse_edits, revert_photo
from tests.simulation.acts.act import act
from tests.simulation.acts.photos import chosen

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

COMMANDS = (
    {"rotate": "90"},
    {"rotate": "-90", "flip": "h"},
    {"crop": "0.1,0.2,0.5,0.6", "straighten": "-3"},
    {"crop": "none", "filter": "noir"},
    {"exposure": "12", "tint": "-4"},
    {"exposure": "none", "monochrome": "yes"},
    {"filter": "of a later version"},
)


@act(5)
async def edits_as_commanded(world: World, step: Step) -> None:
    """What `calotype edit` does."""
    machine, random = world.person(step), step.random()
    texts = random.choice(COMMANDS)
    with world.at(machine) as library:
        photos = chosen(world, library, random, most=2)
        world.tell(f"{machine.name} edits {world.names(photos)}: {', '.join(f'{name} {text}' for name, text in texts.items())}")
        changes = parse_edits(texts)
        await machine.run_blocking(lambda: library.change([edit_photo(photo, changes) for photo in photos]))
    await world.tell_peer(machine, step)


@act(4)
async def reverts_photos(world: World, step: Step) -> None:
    """What `calotype revert` does."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random)
        world.tell(f"{machine.name} takes back all edits of {world.names(photos)}")
        await machine.run_blocking(lambda: library.change([revert_photo(photo) for photo in photos]))
    await world.tell_peer(machine, step)
