"""What a removal leaves of a removed device's logs: entries at or below its *pins*, as far as that can be known. Pure.

Pins name entries by hash, so an entry lies within a pin when it is that entry or an ancestor of it, on its branch of the log. Usually both are
attached here and that is a fact. When one isn't, this is what decides; every case where the answer is "numbers" is one where no node could know
better, and ends when the missing entries come.

- The pin is attached, the entry isn't: all ancestors of an attached entry are attached, so the entry is none of them. Only what a settled
  checkpoint covers may be missing below an attached entry (on a relay that keeps no stubs); then numbers decide.
- The pin isn't attached, the removal is: whoever removes a device pins what it has applied, so a pin lies in the past of its removal and would be
  here. A pin that isn't is made up, and nothing lies within it; otherwise whoever makes up the hash and a huge number pins at nothing that
  its ally will ever write. Unless it lies below a settled checkpoint; then numbers decide.
- Neither the removal is attached: control entries came ahead of the rest, and numbers decide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from store.entries import Entry
from store.heads import Heads, Tip
from store.ids import EntryHash, LogId

IsAncestor: TypeAlias = Callable[[EntryHash, LogId, Tip], bool | None]
"""Whether the entry of this name is the tip of this log or an ancestor of it there; ``None`` when the store can't know."""
LiesBelow: TypeAlias = Callable[[LogId, int], bool]
"""Whether a settled checkpoint covers this number of a log, for stores that go by that."""


class Place(NamedTuple):
    """An entry by its place in the logs."""

    log: LogId
    seq: int
    name: EntryHash

    @classmethod
    def of(cls, entry: Entry) -> Place:
        return cls(entry.log, entry.seq, entry.name)


class Descent:
    """The rules above over what one store knows."""

    def __init__(self, is_ancestor: IsAncestor, lies_below: LiesBelow) -> None:
        self._is_ancestor = is_ancestor
        self._lies_below = lies_below

    def is_within(self, entry: Place, pins: Heads, removal: Place) -> bool:
        """Whether ``entry`` lies within the ``pins`` that ``removal`` set for its author."""
        return any(self._is_at_or_below(entry, tip, removal) for tip in pins.get(entry.log, ()))

    def is_credible(self, pin: Place, removal: Place) -> bool:
        """Whether there is, or may be, such an entry in the past of ``removal``."""
        return self._is_attached(pin) or self._lies_below(pin.log, pin.seq) or not self._is_attached(removal)

    def precedes(self, first: Place, second: Place) -> bool | None:
        """Whether ``second`` follows ``first`` in the log of both, which one device wrote; ``None`` when that isn't known."""
        return first.seq < second.seq and self._is_ancestor(first.name, first.log, Tip(second.seq, second.name))

    def may_precede(self, first: Place, second: Place) -> bool:
        """Of two with the lower number first: what is taken for true while it isn't known whether the one ``precedes`` the other."""
        return not self._is_attached(second) or self._lies_below(first.log, first.seq)

    def _is_at_or_below(self, entry: Place, tip: Tip, removal: Place) -> bool:
        if entry.seq > tip.seq:
            return False
        known = self._is_ancestor(entry.name, entry.log, tip)
        if known is not None:
            return known
        pin = Place(entry.log, tip.seq, tip.name)
        if self._is_attached(pin):
            return self._lies_below(entry.log, entry.seq)
        return self.is_credible(pin, removal)

    def _is_attached(self, place: Place) -> bool:
        return self._is_ancestor(place.name, place.log, Tip(place.seq, place.name)) is True
