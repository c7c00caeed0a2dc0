"""Since when a node has entries and blobs: for people who look where something has got to (PROTOCOL.md section 7). Pure.

Ids of entries and blobs, places and times: what a relay answers, it knows without reading anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Self

from relay.messages.blobs import BlobState
from relay.messages.fields import blob_ids, fields
from relay.messages.limits import MAX_TRACE_BODY, MAX_TRACE_IDS
from store.encoding import MalformedError, encode
from store.ids import BlobId, EntryHash
from store.shapes import array, identifier, number, several


class Standing(IntEnum):
    """What became of an entry on a node. A relay knows only the first two."""

    ABSENT = 0
    STORED = 1
    WAITING = 2
    APPLIED = 3
    VOID = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRequest:
    """Since when does the node have these?"""

    entries: tuple[EntryHash, ...] = ()
    blobs: tuple[BlobId, ...] = ()

    def encode(self) -> bytes:
        return encode({"entries": list(self.entries), "blobs": list(self.blobs)})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        entries, blobs = fields(data, MAX_TRACE_BODY, "entries", "blobs")
        return cls(
            entries=several(entries, lambda each: identifier(EntryHash, each), at_most=MAX_TRACE_IDS),
            blobs=blob_ids(blobs, at_most=MAX_TRACE_IDS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTrace:
    """``stored`` and ``applied`` (void counts as that): since when, in milliseconds since 1970 by the node's clock; ``None`` where it isn't so."""

    standing: Standing
    stored: int | None = None
    applied: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobTrace:
    """``stored``: since when, as above; ``None`` where it isn't held, or the node didn't write it down."""

    state: BlobState
    stored: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceAnswer:
    """One trace for each id in the order asked, and what the node's clock shows now."""

    time: int
    entries: tuple[EntryTrace, ...] = ()
    blobs: tuple[BlobTrace, ...] = ()

    def encode(self) -> bytes:
        entries = [[int(each.standing), each.stored, each.applied] for each in self.entries]
        return encode({"time": self.time, "entries": entries, "blobs": [[int(each.state), each.stored] for each in self.blobs]})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        time, entries, blobs = fields(data, MAX_TRACE_BODY, "time", "entries", "blobs")
        return cls(
            time=number(time),
            entries=several(entries, _parse_entry, at_most=MAX_TRACE_IDS),
            blobs=several(blobs, _parse_blob, at_most=MAX_TRACE_IDS),
        )


def _parse_entry(value: Any) -> EntryTrace:
    standing, stored, applied = array(value, 3)
    try:
        return EntryTrace(standing=Standing(number(standing)), stored=_time(stored), applied=_time(applied))
    except ValueError as error:
        raise MalformedError("no such standing of an entry") from error


def _parse_blob(value: Any) -> BlobTrace:
    state, stored = array(value, 2)
    try:
        return BlobTrace(state=BlobState(number(state)), stored=_time(stored))
    except ValueError as error:
        raise MalformedError("no such state of a blob") from error


def _time(value: Any) -> int | None:
    return None if value is None else number(value)
