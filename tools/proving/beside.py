"""Two sorted sequences, walked through side by side. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


def beside(left: Iterable[T], right: Iterable[T], key: Callable[[T], Any] = lambda each: each) -> Iterator[tuple[T | None, T | None]]:
    """Items with equal keys together, others with ``None``, in the order of their keys. Within each sequence keys ascend and none comes twice."""
    ours, theirs = iter(left), iter(right)
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and key(mine) < key(other)):
            yield mine, None
            mine = next(ours, None)
        elif mine is None or key(other) < key(mine):
            yield None, other
            other = next(theirs, None)
        else:
            yield mine, other
            mine, other = next(ours, None), next(theirs, None)
