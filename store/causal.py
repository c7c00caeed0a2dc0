"""Causal order out of any order. Pure.

An item has a name and the names that it needs. Of the items all of whose needs are settled, ``take`` gives the one that was
offered first; whoever took it says with ``settle`` that its name is there now, or says nothing when it was refused, and
then what needs it goes on waiting. So no item is ever given before what it depends on, whatever order they were offered in; the engine
behind records loses data without an error when that is broken. Duplicates are harmless: a name that waits, was taken or is
settled is not taken in again.

Bounded in items and bytes: what doesn't fit is refused, by name, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from heapq import heappop, heappush
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Item = TypeVar("Item")


class BufferFullError(Exception):
    """No room for an item; ``name`` is its name."""

    def __init__(self, name: object, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class CausalBuffer(Generic[Name, Item]):
    """See the module's docstring. ``settled``: names that are there from the start."""

    def __init__(self, *, max_items: int, max_bytes: int, settled: Iterable[Name] = ()) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._settled = set(settled)
        self._ready: list[tuple[int, Name]] = []
        self._items: dict[Name, tuple[Item, int]] = {}
        self._open_needs: dict[Name, set[Name]] = {}
        self._needed_by: dict[Name, list[Name]] = {}
        self._offered: dict[Name, int] = {}
        self._bytes = 0

    def offer(self, name: Name, needs: Collection[Name], item: Item, *, size: int) -> bool:
        """Takes an item in; ``size`` in bytes. False for a duplicate. ``BufferFullError`` when it doesn't fit."""
        if name in self._offered or name in self._settled:
            return False
        if len(self._items) >= self._max_items:
            raise BufferFullError(name, f"already {len(self._items)} items wait")
        if self._bytes + size > self._max_bytes:
            raise BufferFullError(name, f"{size} bytes on top of {self._bytes} that wait already")
        self._offered[name] = len(self._offered)
        self._items[name] = item, size
        self._bytes += size
        open_needs = set(needs) - self._settled
        if open_needs:
            self._open_needs[name] = open_needs
            for need in open_needs:
                self._needed_by.setdefault(need, []).append(name)
        else:
            self._make_ready(name)
        return True

    def take(self) -> tuple[Name, Item] | None:
        """The next item whose needs are all settled; ``None`` when there is none now."""
        if not self._ready:
            return None
        _, name = heappop(self._ready)
        item, size = self._items.pop(name)
        self._bytes -= size
        return name, item

    def settle(self, name: Name) -> None:
        """``name`` is there now: what waited for nothing else becomes ready."""
        self._settled.add(name)
        for waiting in self._needed_by.pop(name, ()):
            open_needs = self._open_needs[waiting]
            open_needs.discard(name)
            if not open_needs:
                del self._open_needs[waiting]
                self._make_ready(waiting)

    def drain(self) -> Iterator[tuple[Name, Item]]:
        """Takes and settles until nothing is ready: for those whose items are never refused."""
        while (taken := self.take()) is not None:
            yield taken
            self.settle(taken[0])

    def waiting(self) -> dict[Name, frozenset[Name]]:
        """Each item that can't be taken yet, with the names that it waits for."""
        return {name: frozenset(needs) for name, needs in self._open_needs.items()}

    def _make_ready(self, name: Name) -> None:
        heappush(self._ready, (self._offered[name], name))
