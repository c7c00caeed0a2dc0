"""Names on a disk (pure): those that are safe, and the changes to them that no fsync has made so yet.

A *change* is one operation: making a file sets one name, a rename sets one and clears another, and it comes about as a whole or not at all. A change is safe
when a folder that it touches was synced, and then so is each earlier change of the names that it sets or clears. Of the others any may survive, in any
combination in which a name's changes aren't taken out of order: file systems without a journal keep no other order between folders (Pillai et al., OSDI 2014).
Some time later the system writes out by itself what nobody synced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from tests.simulation.disk.survival import Survival

WRITE_BACK_SECONDS = 30.0


@dataclass(eq=False, slots=True)
class File:
    """``synced``: its bytes as of the last fsync. ``final``: what it held when its last name was removed; None while it has one."""

    synced: bytes = b""
    final: bytes | None = None
    mode: int = 0o600
    mtime_ns: int = 0
    written_at: float | None = None
    """When it was first opened for writing after it had been written back."""
    changed_at: float = 0.0
    """When it was last opened for writing, or named; both in seconds of the world's time."""


@dataclass(eq=False, slots=True)
class Folder:
    """``names``: those that are safe."""

    names: dict[str, Node] = field(default_factory=dict)
    mode: int = 0o755


Node: TypeAlias = File | Folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A name in a folder now stands for ``node``, or for nothing."""

    folder: Folder
    name: str
    node: Node | None

    @property
    def slot(self) -> tuple[int, str]:
        return id(self.folder), self.name

    def apply(self) -> None:
        if self.node is None:
            self.folder.names.pop(self.name, None)
        else:
            self.folder.names[self.name] = self.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One operation on names. ``at``: seconds of the world's time."""

    at: float
    settings: tuple[Setting, ...]

    def touches(self, folder: Folder) -> bool:
        return any(setting.folder is folder for setting in self.settings)


class Names:
    """All names below a root, whose own name is safe."""

    def __init__(self, root: Folder) -> None:
        self.root = root
        self._pending: list[Change] = []

    def change(self, at: float, *settings: Setting) -> None:
        self._pending.append(Change(at=at, settings=settings))

    def sync(self, folder: Folder) -> None:
        """The names in ``folder`` are safe."""
        self._make_safe([change.touches(folder) for change in self._pending])

    def set_safely(self, setting: Setting) -> None:
        """A name that is safe at once; what was pending of it is done with."""
        self._make_safe([any(each.slot == setting.slot for each in change.settings) for change in self._pending])
        setting.apply()

    def write_back(self, before: float) -> None:
        """What is older than ``before`` is safe."""
        if self._pending and self._pending[0].at < before:
            self._make_safe([change.at < before for change in self._pending])

    def settle(self, survival: Survival, random: Random) -> None:
        """Decide about all that is pending."""
        lost: set[tuple[int, str]] = set()
        for change in self._pending:
            slots = {setting.slot for setting in change.settings}
            survives = survival is Survival.KIND or (survival is Survival.MIXED and random.random() < 0.5)
            if survives and not slots & lost:
                for setting in change.settings:
                    setting.apply()
            else:
                lost |= slots
        self._pending.clear()

    def all(self) -> Iterator[tuple[str, Node]]:
        """All safe names, each folder before what is in it, and their paths below the root with ``/`` between."""
        return _below(self.root, "")

    def _make_safe(self, chosen: list[bool]) -> None:
        """These changes, and the earlier ones that they stand on."""
        needed: set[tuple[int, str]] = set()
        for index in reversed(range(len(chosen))):
            slots = {setting.slot for setting in self._pending[index].settings}
            if chosen[index] or slots & needed:
                chosen[index] = True
                needed |= slots
        for change, is_safe in zip(self._pending, chosen, strict=True):
            if is_safe:
                for setting in change.settings:
                    setting.apply()
        self._pending = [change for change, is_safe in zip(self._pending, chosen, strict=True) if not is_safe]


def _below(folder: Folder, path: str) -> Iterator[tuple[str, Node]]:
    for name, node in sorted(folder.names.items()):
        yield path + name, node
        if isinstance(node, Folder):
            yield from _below(node, f"{path}{name}/")
