"""The log as neighbours write into it: what they push is stored and applied in one transaction, like all that comes from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from peer.library.library import Library
from store.log import Outcome
from store.sqlite_log import SqliteLogStore

MAX_BROUGHT = 1024


class AppliedLog(SqliteLogStore):
    """The library's log, seen by the service of this device. It remembers which seen reports came by it: the service has told its readers of them."""

    def __init__(self, library: Library) -> None:
        super().__init__(library.database, library.id)
        self._applying = library
        self._brought: set[bytes] = set()

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        return self._applying.receive(raws)

    def put_seen(self, raw: bytes, *, now: int = 0) -> bool:
        name, is_new = name_of_report(raw), False
        self._brought.add(name)
        try:
            is_new = super().put_seen(raw, now=now)
        finally:
            if not is_new:
                self._brought.discard(name)
        return is_new

    def not_brought(self, reports: frozenset[bytes]) -> frozenset[bytes]:
        """Those of ``reports``, by name, that didn't come by this store. They are told apart once."""
        others = reports - self._brought
        self._brought -= reports
        if len(self._brought) > MAX_BROUGHT:
            self._brought.clear()  # newer ones took their places before anybody asked
        return others


def name_of_report(raw: bytes) -> bytes:
    """The SHA-256 of a seen report as it travels."""
    return hashlib.sha256(raw).digest()
