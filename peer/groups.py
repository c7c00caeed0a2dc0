"""Looking into exception groups, in which trio's nurseries hand on what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


def flattened(group: BaseExceptionGroup[E]) -> Iterator[E]:
    """The exceptions in a group, those in groups within it included."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from flattened(each)
        else:
            yield each


def first_of(group: BaseExceptionGroup[E]) -> E:
    """The first exception in a group."""
    return next(flattened(group))
