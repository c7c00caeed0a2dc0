"""What `diff A B` compares: folders, times or records, told by how they are written. Pure.

    folder   holds a slash, is ``.`` or ``..``, begins with ``~``, or is neither of the others
    time     2026-11-01, 2026-11-01T16:03, 2h, 3d, now; of ``3d ago`` only the first word is needed
    record   hexadecimal digits, with or without a kind before them: 3f2a, album:3f2a

Both sides are of one sort. A word that fits several (``3d`` is a time, and may begin an id; a folder here may be called ``3f2a``) is read as what the other
is, where that fits one sort only; else it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from peer.errors import UsageError

NOW = "now"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}.*")
_AGO = re.compile(r"[0-9]{1,9} ?[smhdw](?: ago)?")
_RECORD = re.compile(r"(?:(?:asset|album|device|library):)?[0-9a-fA-F]{1,32}")


class Sort(Enum):
    """What a side is; how people say so."""

    FOLDER = "a folder"
    TIME = "a time"
    RECORD = "a record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both, as they were written. ``second`` may be empty where ``first`` is a folder or a time."""

    sort: Sort
    first: str
    second: str


def told_apart(first: str, second: str, *, is_folder: Callable[[str], bool]) -> Sides:
    """``second`` may be empty. ``is_folder``: whether there is a folder of this name. ``UsageError`` when both aren't of one sort, or of which isn't
    clear."""
    ours = sorts_of(first, is_folder=is_folder)
    both = ours & sorts_of(second, is_folder=is_folder) if second else ours - {Sort.RECORD}
    if len(both) == 1:
        (sort,) = both
        return Sides(sort=sort, first=first, second=second)
    if not second and not both:
        raise UsageError(f"What is record {first!r} to be compared with?", hint=_HINT)
    if not both:
        said = " and ".join(f"{word!r} is {_spelled(sorts_of(word, is_folder=is_folder))}" for word in (first, second))
        raise UsageError(f"{said}: they can't be compared.", hint=_HINT)
    unclear = f"{first!r} and {second!r} can each" if second else f"{first!r} can"
    raise UsageError(
        f"{unclear} be {_spelled(both)}.", hint="Write ./3f2a for a folder, asset:3f2a for a record, 3d ago or 2026-11-01 for a time."
    )


def sorts_of(word: str, *, is_folder: Callable[[str], bool]) -> frozenset[Sort]:
    """All that a word can be."""
    text = word.strip()
    if "/" in text or text in (".", "..") or text.startswith("~"):
        return frozenset({Sort.FOLDER})
    found = {Sort.FOLDER} if is_folder(text) else set()
    if text == NOW or _DATE.fullmatch(text) or _AGO.fullmatch(text):
        found.add(Sort.TIME)
    if _RECORD.fullmatch(text):
        found.add(Sort.RECORD)
    return frozenset(found or {Sort.FOLDER})


_HINT = "Name two folders, two times or two records: `calotype-inspect diff --help` has examples."


def _spelled(sorts: frozenset[Sort]) -> str:
    return " or ".join(sort.value for sort in Sort if sort in sorts)
