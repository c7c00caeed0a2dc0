"""What people do about room: policies and pins. That they fetch photos is among ``photos``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.facts import Policy
from peer.library import pinning
from peer.library.policies import set_policy
from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.acts.photos import chosen

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

BUDGETS = (0, 700, 1_500, 4_000)
"""Bytes; a camera file of the simulation has some hundreds."""


@act(3)
async def chooses_policy(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    policies = [Policy(keep="everything"), Policy(keep="thumbnails"), Policy(keep="optimize", budget=random.choice(BUDGETS))]
    policy = random.choice(policies)
    world.tell(f"{machine.name} is to keep {policy.keep}{'' if policy.budget is None else f' within {policy.budget} bytes'}")
    with world.at(machine) as library:
        set_policy(library, policy)
    await world.tell_peer(machine, step)


@act(1.5)
async def pins(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        records = chosen(world, library, random)
        takes_back = random.random() < 0.4
        if takes_back and not pinning.unpin(library, records):
            raise CantHappenError
        if not takes_back:
            pinning.pin(library, records)
        world.tell(f"{machine.name} {'unpins' if takes_back else 'pins'} {', '.join(map(world.name, records))}")
    await world.tell_peer(machine, step)
