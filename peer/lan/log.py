"""The log as neighbours write into it: what they push is stored and applied in one transaction, like all that comes from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from peer.library.library import Library
from store.log import Outcome
from store.sqlite_log import SqliteLogStore


class AppliedLog(SqliteLogStore):
    """The library's log, seen by the service of this device. ``brought``: seen reports that came by it, of which the service has told its readers."""

    def __init__(self, library: Library) -> None:
        super().__init__(library.database, library.id)
        self._applying = library
        self.brought: set[bytes] = set()

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        return self._applying.receive(raws)

    def put_seen(self, raw: bytes, *, now: int = 0) -> bool:
        self.brought.add(raw)
        is_new = super().put_seen(raw, now=now)
        if not is_new:
            self.brought.discard(raw)
        return is_new
