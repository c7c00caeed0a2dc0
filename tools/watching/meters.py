"""Counters over tables that only say how things are now. Each is read again and again, and adds up what changed since it was read last."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from store.ids import DeviceId

EXACT_ITEMS = 20_000
"""Items of a queue that are told apart. Of a longer queue only its length is compared: what joins it meanwhile hides as much of what leaves."""

_ARRIVED = """
    SELECT b.author, count(*), sum(length(e.raw)) FROM log_entry e JOIN log_branch b ON b.id = e.branch
    WHERE e.library = ? AND e.arrival > ? GROUP BY b.author
"""


@dataclass(slots=True)
class Growth:
    """So many items, of so many bytes together, since the first reading."""

    items: int = 0
    bytes: int = 0


@dataclass(slots=True)
class ArrivalMeter:
    """Entries of a library by arrival number: those that ``own`` wrote, and those that came from elsewhere."""

    made: Growth = field(default_factory=Growth)
    came: Growth = field(default_factory=Growth)
    _arrival: int | None = None

    def read(self, connection: sqlite3.Connection, library: int, arrival: int, *, own: DeviceId | None) -> None:
        """``library``: its number in this database, ``arrival``: its newest arrival number."""
        if self._arrival is not None and arrival > self._arrival:
            for author, items, size in connection.execute(_ARRIVED, (library, self._arrival)):
                growth = self.made if author == own else self.came
                growth.items += items
                growth.bytes += size
        self._arrival = arrival


@dataclass(slots=True)
class QueueMeter:
    """What left a queue. ``table`` has the column ``size``, and ``key`` names an item."""

    table: str
    key: str
    left: Growth = field(default_factory=Growth)
    count: int = 0
    size: int = 0
    _items: dict[object, int] | None = None
    _is_first: bool = True

    def read(self, connection: sqlite3.Connection) -> None:
        query = f"SELECT count(*), coalesce(sum(size), 0) FROM {self.table}"  # noqa: S608 - names are ours
        count, size = connection.execute(query).fetchone()
        items: dict[object, int] | None = None
        if count <= EXACT_ITEMS:
            rows = connection.execute(f"SELECT {self.key}, size FROM {self.table}")  # noqa: S608 - likewise
            items = {tuple(key): item_size for *key, item_size in rows}
        if not self._is_first:
            self._add(items, count, size)
        self.count, self.size, self._items, self._is_first = count, size, items, False

    def _add(self, items: dict[object, int] | None, count: int, size: int) -> None:
        if items is None or self._items is None:
            self.left.items += max(self.count - count, 0)
            self.left.bytes += max(self.size - size, 0)
            return
        gone = [former for key, former in self._items.items() if key not in items]
        self.left.items += len(gone)
        self.left.bytes += sum(gone)


@dataclass(slots=True)
class TallyMeter:
    """Numbers that the database keeps itself, by name: how much they rose. What falls, falls unseen."""

    risen: dict[object, int] = field(default_factory=dict)
    _former: dict[object, int] = field(default_factory=dict)

    def read(self, numbers: dict[object, int]) -> None:
        """A number of 0 counts as not known now: what was known last stays."""
        for name, number in numbers.items():
            former = self._former.get(name, number)
            self.risen[name] = self.risen.get(name, 0) + max(number - former, 0)
            self._former[name] = number or former

    @property
    def total(self) -> int:
        return sum(self.risen.values())
