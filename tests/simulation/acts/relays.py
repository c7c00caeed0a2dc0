"""Relays that are away, put back, or don't keep to the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.mishaps import roll_back
from tests.simulation.wire.behaviours import BEHAVIOURS

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World


@act(2, fault=True)
async def relay_stops(world: World, step: Step) -> None:
    relay = world.any_relay(step)
    if not relay.is_on:
        raise CantHappenError
    world.tell(f"{relay.name} is stopped")
    await relay.switch_off()


@act(4, fault=True)
async def relay_starts(world: World, step: Step) -> None:
    relay = world.any_relay(step)
    if relay.is_on:
        raise CantHappenError
    world.tell(f"{relay.name} starts again")
    await relay.switch_on(world.nursery)


@act(1, fault=True)
async def relay_is_backed_up(world: World, step: Step) -> None:
    relay = world.any_relay(step)
    world.tell(f"{relay.name} is backed up")
    relay.images.append(relay.disk.image())


@act(1, fault=True)
async def relay_is_rolled_back(world: World, step: Step) -> None:
    """To what it was at some backup. The first time it is only backed up."""
    relay = world.any_relay(step)
    if not relay.images:
        await relay_is_backed_up(world, step)
        return
    number = step.seed % len(relay.images)
    world.tell(f"{relay.name} is put back to its backup {number + 1}")
    await roll_back(world, relay, relay.images[number])


@act(2.5, fault=True)
async def relay_gets_hostile(world: World, step: Step) -> None:
    """One way not to keep to the protocol, always or now and then."""
    relay, random = world.any_relay(step), step.random()
    if relay.hostile is None:
        raise CantHappenError
    relay.hostile.begin(random.choice(sorted(BEHAVIOURS)), chance=random.choice((0.2, 1.0)))


@act(2, fault=True)
async def relay_gets_honest(world: World, step: Step) -> None:
    relay = world.any_relay(step)
    if relay.hostile is None or not relay.hostile.is_hostile:
        raise CantHappenError
    relay.hostile.end()
