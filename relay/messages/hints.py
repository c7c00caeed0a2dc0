"""What a node says on its ``news`` stream (PROTOCOL.md section 7). Pure.

A hint is never the truth: any of them may be lost or merged with others, and the receiver asks for what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.messages.fields import blob_ids, fields
from relay.messages.framing import frame
from relay.messages.limits import MAX_HINT_BLOBS, SMALL_BODY
from store.encoding import MalformedError, encode
from store.ids import BlobId
from store.shapes import number

_ENTRIES, _BLOBS, _WANTED, _HEARTBEAT, _SEEN = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesArrived:
    """The node's newest arrival number. The first hint of every stream is this one."""

    arrival: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsArrived:
    """These blobs came; more than a hint holds are left out."""

    blobs: tuple[BlobId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsWanted:
    """The node held these, has them no longer, and wants them back."""

    blobs: tuple[BlobId, ...]


@dataclass(frozen=True, slots=True)
class SeenChanged:
    """New seen reports came."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing happened; the stream lives."""


Hint = EntriesArrived | BlobsArrived | BlobsWanted | SeenChanged | Heartbeat


def frame_hint(hint: Hint) -> bytes:
    """The hint as an item of the stream."""
    match hint:
        case EntriesArrived(arrival=arrival):
            return frame(_ENTRIES, encode({"arrival": arrival}))
        case BlobsArrived(blobs=blobs):
            return frame(_BLOBS, encode({"blobs": list(blobs)}))
        case BlobsWanted(blobs=blobs):
            return frame(_WANTED, encode({"wanted": list(blobs)}))
        case SeenChanged():
            return frame(_SEEN)
        case Heartbeat():
            return frame(_HEARTBEAT)


def parse_hint(tag: int, content: bytes) -> Hint | None:
    """The hint that an item is; ``None`` for a tag of a later version; ``MalformedError`` for wrong content."""
    match tag:
        case 0:
            return EntriesArrived(arrival=number(fields(content, SMALL_BODY, "arrival")[0]))
        case 1:
            return BlobsArrived(blobs=blob_ids(fields(content, SMALL_BODY, "blobs")[0], at_most=MAX_HINT_BLOBS))
        case 2:
            return BlobsWanted(blobs=blob_ids(fields(content, SMALL_BODY, "wanted")[0], at_most=MAX_HINT_BLOBS))
        case 3 | 4 if content:
            raise MalformedError("a hint without content was expected")
        case 3:
            return Heartbeat()
        case 4:
            return SeenChanged()
        case _:
            return None
