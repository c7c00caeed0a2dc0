"""The shortest history that still fails (delta debugging: Zeller and Hildebrandt, IEEE TSE 2002), by leaving out steps, then devices, relays and waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.history import History, Step

Fails = Callable[[History], bool]


def shrink(history: History, fails: Fails) -> History:
    """``history`` fails. What comes back fails as well, and none of the smaller ones that were tried does."""
    smaller = _with_fewer_steps(history, fails)
    while True:
        before = smaller
        for candidate in _simpler(smaller):
            if fails(candidate):
                smaller = _with_fewer_steps(candidate, fails)
                break
        if smaller == before:
            return smaller


def _with_fewer_steps(history: History, fails: Fails) -> History:
    """Leave out portions: halves first, single steps at last."""
    steps, size = history.steps, max(len(history.steps) // 2, 1)
    while steps:
        left, start = False, 0
        while start < len(steps):
            candidate = replace(history, steps=steps[:start] + steps[start + size :])
            if fails(candidate):
                history, steps, left = candidate, candidate.steps, True
            else:
                start += size
        if size == 1 and not left:
            break
        size = max(size // 2, 1)
    return history


def _simpler(history: History) -> Iterator[History]:
    if history.http:
        yield replace(history, http=False)
    if history.relays:
        yield replace(history, relays=history.relays - 1)
    if history.devices > 1:
        yield replace(history, devices=history.devices - 1)
    waits = tuple(replace(step, wait=0.0) for step in history.steps)
    if waits != history.steps:
        yield replace(history, steps=waits)
    for at, step in enumerate(history.steps):
        if step.wait:
            yield replace(history, steps=_replaced(history.steps, at, replace(step, wait=0.0)))


def _replaced(steps: tuple[Step, ...], at: int, step: Step) -> tuple[Step, ...]:
    return (*steps[:at], step, *steps[at + 1 :])
