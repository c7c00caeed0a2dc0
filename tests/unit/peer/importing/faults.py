"""Faults at the seam through which an import does everything that blocks: one call of it is where a test steps in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import trio

from tests.fleet.node import call_directly

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Hook = Callable[..., object]


class Calls:
    """A ``RunBlocking`` that counts, and calls ``before`` or ``after`` around the call with the number ``at`` (from 1)."""

    def __init__(self, at: int = 0, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None) -> None:
        self.count = 0
        self._at = at
        self._before = before
        self._after = after

    async def __call__(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        self.count += 1
        is_it = self.count == self._at
        if is_it and self._before is not None:
            self._before()
        result = await call_directly(function, *arguments)
        if is_it and self._after is not None:
            self._after()
        return result


class Around:
    """A ``RunBlocking`` that steps in at each call of the function called ``name``, with what that is called with."""

    def __init__(self, name: str, *, before: Hook | None = None, after: Hook | None = None) -> None:
        self._name = name
        self._before = before
        self._after = after

    async def __call__(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        is_it = getattr(function, "__name__", "") == self._name
        if is_it and self._before is not None:
            self._before(*arguments)
        result = await call_directly(function, *arguments)
        if is_it and self._after is not None:
            self._after(*arguments)
        return result


class Interruption:
    """Cancels what runs within it at a call, just before it or just after."""

    def __init__(self, at: int, *, afterwards: bool) -> None:
        self.scope = trio.CancelScope()
        self.calls = Calls(at, after=self.scope.cancel) if afterwards else Calls(at, before=self.scope.cancel)
