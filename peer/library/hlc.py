"""This device's hybrid logical clock, kept in the database so that it survives restarts and is shared by all processes."""

from __future__ import annotations

from crdt.clock import FIRST_STAMP, Stamp, is_ahead, next_stamp, observe
from peer.library.meta import Meta
from peer.seams import Clock


class DeviceClock:
    """Physical time is this machine's clock corrected by the difference to a relay's, where one was seen (PROTOCOL.md section 5)."""

    def __init__(self, meta: Meta, clock: Clock) -> None:
        self._meta = meta
        self._clock = clock

    def physical(self) -> int:
        """Disciplined wall time in milliseconds."""
        return self._clock.now() + self._meta.get_int("clock_offset")

    def discipline(self, offset: int) -> None:
        """A relay's clock was seen ``offset`` milliseconds ahead of this machine's."""
        self._meta.put_int("clock_offset", offset)

    def next(self) -> Stamp:
        """The stamp of a new entry; belongs inside its transaction.

        Stamps grow, unless this clock was far ahead and has been set right: its own stamps from then drag it along no more than others' do.
        """
        last, physical = self._last(), self.physical()
        stamp = next_stamp(FIRST_STAMP if is_ahead(last, physical) else last, physical)
        self._meta.put("stamp", bytes(stamp))
        return stamp

    def observe(self, received: Stamp) -> int:
        """A stamp came from another device; how many milliseconds it is ahead of this device's time if that is suspicious, else 0."""
        physical = self.physical()
        if is_ahead(received, physical):
            return received.millis - physical
        last = self._last()
        moved = observe(last, received, physical)
        if moved != last:
            self._meta.put("stamp", bytes(moved))
        return 0

    def _last(self) -> Stamp:
        return Stamp(self._meta.get("stamp") or bytes(8))
