"""The table of acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World


class CantHappenError(Exception):
    """A step means nothing now: there is nobody, or nothing, that it could happen to."""


Act = Callable[["World", "Step"], Awaitable[None]]

ACTS: dict[str, Act] = {}
"""By name."""

WEIGHTS: dict[str, float] = {}
"""How often each happens in an ordinary history."""

FAULTS: set[str] = set()
"""Those that break something."""


LONG: set[str] = set()
"""Those that take as long as they take."""


def act(weight: float, *, fault: bool = False, long: bool = False) -> Callable[[Act], Act]:
    """Puts a function into the table under its own name."""

    def add(function: Act) -> Act:
        name = function.__name__
        ACTS[name] = function
        WEIGHTS[name] = weight
        if fault:
            FAULTS.add(name)
        if long:
            LONG.add(name)
        return function

    return add
