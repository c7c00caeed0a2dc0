"""Who notices a bug: first the simulator, seed after seed, then the tests that should, then all of the unit part.

Before any bug a copy without one goes the same way, and has to be clean: else nothing that turns red says anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

import trio

from tests.mutants.copied_tree import copied_tree
from tests.mutants.mutant import Mutant
from tests.mutants.programs import WHOLE_UNIT_PART, BrokenProgramError, Noticed, run_suite, simulate

SEEDS_AT_ONCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``seeds``: how many at most, from ``first_seed`` on; none without the simulator. ``is_whole``: the unit part, where the suspects notice nothing."""

    first_seed: int = 1
    seeds: int = 20
    is_whole: bool = True

    def portions(self) -> Iterator[tuple[int, int]]:
        """First and last seed of each run of the simulator."""
        end = self.first_seed + self.seeds
        for first in range(self.first_seed, end, SEEDS_AT_ONCE):
            yield first, min(first + SEEDS_AT_ONCE, end) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One row of the table. ``by``: ``simulator``, ``suspects``, ``suite``, ``nothing``, or ``unknown`` when a program broke down. ``after_seeds``: counted
    with the one that failed."""

    name: str
    what: str
    file: str
    by: str
    how: str
    after_seeds: int | None = None
    seconds: float

    @property
    def is_caught(self) -> bool:
        return self.by in ("simulator", "suspects", "suite")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"caught": self.is_caught}


async def why_not_clean(plan: Plan, mutants: Sequence[Mutant]) -> str:
    """What turns red although no bug was put in; empty when nothing does."""
    suspects = sorted({path for mutant in mutants for path in mutant.suspects})
    with copied_tree(None) as root:
        try:
            for first, last in plan.portions():
                if (noticed := await simulate(root, first, last)) is not None:
                    return noticed.how
            noticed = await run_suite(root, WHOLE_UNIT_PART if plan.is_whole else suspects)
        except BrokenProgramError as error:
            return str(error)
    return "" if noticed is None else noticed.how


async def hunt_all(plan: Plan, mutants: Sequence[Mutant], *, jobs: int, found: Callable[[Finding], None]) -> list[Finding]:
    """The findings in the order of ``mutants``, ``jobs`` bugs at a time; ``found`` is told of each as it comes."""
    findings: dict[str, Finding] = {}
    room = trio.CapacityLimiter(jobs)

    async def hunt_one(mutant: Mutant) -> None:
        async with room:
            findings[mutant.name] = await hunt(plan, mutant)
        found(findings[mutant.name])

    async with trio.open_nursery() as nursery:
        for mutant in mutants:
            nursery.start_soon(hunt_one, mutant)
    return [findings[mutant.name] for mutant in mutants]


async def hunt(plan: Plan, mutant: Mutant) -> Finding:
    """Who notices one bug."""
    began = monotonic()
    try:
        by, noticed = await _notice(plan, mutant)
    except BrokenProgramError as error:
        by, noticed = "unknown", Noticed(how=str(error))
    return Finding(
        name=mutant.name,
        what=mutant.what,
        file=mutant.file,
        by=by,
        how=noticed.how,
        after_seeds=None if noticed.seed is None else noticed.seed - plan.first_seed + 1,
        seconds=round(monotonic() - began, 1),
    )


async def _notice(plan: Plan, mutant: Mutant) -> tuple[str, Noticed]:
    with copied_tree(mutant) as root:
        for first, last in plan.portions():
            if (noticed := await simulate(root, first, last)) is not None:
                return "simulator", noticed
        if (noticed := await run_suite(root, mutant.suspects)) is not None:
            return "suspects", noticed
        if plan.is_whole and (noticed := await run_suite(root, WHOLE_UNIT_PART)) is not None:
            return "suite", noticed
    return "nothing", Noticed(how="")
