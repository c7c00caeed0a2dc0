"""A look at two folders at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from tools.looking.folder import Inspected, Look, look_into
from tools.proving.file import check_file

T = TypeVar("T")


def look_into_pair(first: Path, second: Path, gather: Callable[[Inspected, Inspected], T], *, library_id: str = "") -> Look[T]:
    """What ``gather`` finds in both, each as of one moment; it may be called again. Problems say in which of the two they are: A or B. Raises what
    ``look_into`` does. Both files are checked first: damage that is met while both are read would be laid to the second."""
    of_second: tuple[str, ...] = ()

    def gather_second(left: Inspected, right: Inspected) -> T:
        check_file(right)
        return gather(left, right)

    def gather_first(left: Inspected) -> T:
        nonlocal of_second
        check_file(left)
        look = look_into(second, partial(gather_second, left), library_id=library_id)
        of_second = look.problems
        return look.result

    look = look_into(first, gather_first, library_id=library_id)
    return replace(look, problems=(*(f"A: {problem}" for problem in look.problems), *(f"B: {problem}" for problem in of_second)))
