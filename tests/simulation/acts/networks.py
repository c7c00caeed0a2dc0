"""Networks that form and part, and lines that are bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.wire import Line

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

PLACES = ("home", "the summer house", "the office")


@act(5)
async def moves(world: World, step: Step) -> None:
    """A machine is taken to another place, or to none."""
    machine = world.person(step)
    place = step.pick % (len(PLACES) + 1)
    if place == len(PLACES):
        world.tell(f"{machine.name} leaves every local network")
        world.move(machine, None)
    else:
        world.tell(f"{machine.name} comes to {PLACES[place]}")
        world.move(machine, place)


@act(2)
async def everybody_comes_home(world: World, step: Step) -> None:
    world.tell("everybody comes home")
    for machine in world.living:
        world.move(machine, 0)


@act(1.5, fault=True)
async def neighbours_lose_sight(world: World, step: Step) -> None:
    one, other = world.person(step), world.person(step, other=True)
    if one is other:
        raise CantHappenError
    world.tell(f"{one.name} and {other.name} lose sight of each other")
    world.part(one, other)


@act(1.5, fault=True)
async def neighbours_meet_again(world: World, step: Step) -> None:
    world.tell("all who are at one place see each other again")
    world.join_all()


@act(3, fault=True)
async def line_is_cut(world: World, step: Step) -> None:
    """Between a machine and a relay; ``blackhole``: without a sign."""
    machine, relay = world.person(step), world.any_relay(step)
    world.web.line(machine.name, relay.url).cut(blackhole=step.random().random() < 0.4)


@act(3, fault=True)
async def line_is_mended(world: World, step: Step) -> None:
    machine, relay = world.person(step), world.any_relay(step)
    world.web.line(machine.name, relay.url).mend()


@act(3, fault=True)
async def line_gets_bad(world: World, step: Step) -> None:
    """What goes over the line to a relay is lost, late, doubled, or comes in drops."""
    machine, relay = world.person(step), world.any_relay(step)
    spoil(world, world.web.line(machine.name, relay.url), step)


@act(2, fault=True)
async def local_network_gets_bad(world: World, step: Step) -> None:
    """The same of what neighbours ask of a machine."""
    spoil(world, world.person(step).lan_line, step)


@act(1.5, fault=True)
async def local_network_gets_good(world: World, step: Step) -> None:
    line = world.person(step).lan_line
    line.calm()
    world.tell(f"all is well between {line.name}")


def spoil(world: World, line: Line, step: Step) -> None:
    random = step.random()
    match random.randrange(5):
        case 0:
            line.lose = random.choice((0.05, 0.3, 0.6))
            world.tell(f"between {line.name} connections break now and then")
        case 1:
            line.double = random.choice((0.1, 0.5))
            world.tell(f"between {line.name} requests arrive twice now and then")
        case 2:
            line.late = random.choice((0.05, 0.2))
            world.tell(f"between {line.name} answers come late now and then")
        case 3:
            line.bytes_per_second = random.choice((200.0, 2_000.0, 30_000.0))
            world.tell(f"between {line.name} {line.bytes_per_second:.0f} bytes a second get through")
        case _:
            line.latency = (0.05, random.choice((0.5, 5.0)))
            world.tell(f"between {line.name} everything takes its time")


@act(1.5, fault=True)
async def cable_is_pulled(world: World, step: Step) -> None:
    """A machine has no internet: no relay is in reach."""
    machine = world.person(step)
    world.tell(f"{machine.name} has no internet")
    for relay in world.relays:
        world.web.line(machine.name, relay.url).cut()


@act(1.5, fault=True)
async def cable_is_back(world: World, step: Step) -> None:
    machine = world.person(step)
    world.tell(f"{machine.name} has internet")
    for relay in world.relays:
        world.web.line(machine.name, relay.url).mend()
