"""Clocks that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.acts.act import act

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

YEAR = 365.25 * 86_400
MINUTE = 60.0


@act(1.5, fault=True)
async def clock_jumps(world: World, step: Step) -> None:
    machine, random = world.any_clock(step), step.random()
    seconds, words = random.choice(
        (
            (4 * MINUTE, "four minutes ahead"),
            (-4 * MINUTE, "four minutes back"),
            (7_200.0, "two hours ahead"),
            (-86_400.0, "a day back"),
            (3 * YEAR, "three years ahead"),
            (-5 * YEAR, "five years back"),
            (40 * YEAR, "forty years ahead"),
        )
    )
    world.tell(f"the clock of {machine.name} jumps {words}")
    machine.clock.jump(seconds)


@act(1.0, fault=True)
async def clock_runs_wrong(world: World, step: Step) -> None:
    machine = world.any_clock(step)
    rate, words = step.random().choice(((1.01, "a hundredth too fast"), (0.9, "a tenth too slowly"), (-1.0, "backwards"), (0.0, "no more")))
    world.tell(f"the clock of {machine.name} runs {words}")
    machine.clock.run_at(rate)


@act(1.0, fault=True)
async def clock_is_put_right(world: World, step: Step) -> None:
    machine = world.any_clock(step)
    world.tell(f"the clock of {machine.name} is put right")
    machine.clock.put_right()
