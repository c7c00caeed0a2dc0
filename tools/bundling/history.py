"""The history in a bundle: entries in the order in which they came, and what else a folder needs to be made of them. Pure.

    history = CBOR(["calotype bundle history", 1, library, device, log or empty, number, [[received, applied, entry], …], [report, …]])

``received``: when the entry came, milliseconds since 1970; ``applied``: whether all that came before was applied first; ``log`` and ``number``: to which
log the device writes, and which of its logs that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from store.encoding import MalformedError, decode, encode
from store.entries import MAX_ENTRY_BYTES
from store.ids import DeviceId, LibraryId, LogId
from store.seen import MAX_REPORT_BYTES
from store.shapes import array, identifier, number, octets, optional, several, versioned

MAX_HISTORY_BYTES = 128 * 1024 * 1024
MAX_ENTRIES = 200_000
MAX_REPORTS = 1024
_LABEL = "calotype bundle history"
_VERSION = 1
_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One entry, as it travels."""

    received: int
    applied: bool
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """``log`` is ``None`` when the device never began one; then ``number`` is 0."""

    library: LibraryId
    device: DeviceId
    log: LogId | None
    number: int
    arrivals: tuple[Arrival, ...]
    reports: tuple[bytes, ...]

    def encode(self) -> bytes:
        arrivals = [[each.received, each.applied, each.raw] for each in self.arrivals]
        return encode([_LABEL, _VERSION, self.library, self.device, self.log or b"", self.number, arrivals, list(self.reports)])

    @classmethod
    def decode(cls, data: bytes) -> History:
        """``MalformedError``; entries and reports aren't looked into."""
        values = decode(data, limit=MAX_HISTORY_BYTES, depth=_DEPTH)
        library, device, log, log_number, arrivals, reports = versioned(values, _VERSION, 8, label=_LABEL)
        return cls(
            library=identifier(LibraryId, library),
            device=identifier(DeviceId, device),
            log=optional(LogId, log),
            number=number(log_number),
            arrivals=several(arrivals, _arrival, at_most=MAX_ENTRIES),
            reports=several(reports, lambda report: octets(report, at_most=MAX_REPORT_BYTES), at_most=MAX_REPORTS),
        )


def _arrival(value: Any) -> Arrival:
    received, applied, raw = array(value, 3)
    if type(applied) is not bool:
        raise MalformedError("a yes or no was expected")
    return Arrival(received=number(received), applied=applied, raw=octets(raw, at_most=MAX_ENTRY_BYTES))
