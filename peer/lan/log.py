"""The log as neighbours write into it: what they push is stored and applied in one transaction, like all that comes from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from peer.library.library import Library
from store.log import Outcome
from store.sqlite_log import SqliteLogStore


class AppliedLog(SqliteLogStore):
    """The library's log, seen by the service of this device."""

    def __init__(self, library: Library) -> None:
        super().__init__(library.database, library.id)
        self._applying = library

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        return self._applying.receive(raws)
