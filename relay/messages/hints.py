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

ENTRIES, BLOBS, WANTED, HEARTBEAT, SEEN = range(5)
"""Tags of the items."""


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
            return frame(ENTRIES, encode({"arrival": arrival}))
        case BlobsArrived(blobs=blobs):
            return frame(BLOBS, encode({"blobs": list(blobs)}))
        case BlobsWanted(blobs=blobs):
            return frame(WANTED, encode({"wanted": list(blobs)}))
        case SeenChanged():
            return frame(SEEN)
        case Heartbeat():
            return frame(HEARTBEAT)


def parse_hint(tag: int, content: bytes) -> Hint | None:
    """The hint that an item is; ``None`` for a tag of a later version; ``MalformedError`` for wrong content."""
    if tag in (HEARTBEAT, SEEN) and content:
        raise MalformedError("a hint without content was expected")
    hint: Hint | None = None
    if tag == ENTRIES:
        hint = EntriesArrived(arrival=number(fields(content, SMALL_BODY, "arrival")[0]))
    elif tag == BLOBS:
        hint = BlobsArrived(blobs=blob_ids(fields(content, SMALL_BODY, "blobs")[0], at_most=MAX_HINT_BLOBS))
    elif tag == WANTED:
        hint = BlobsWanted(blobs=blob_ids(fields(content, SMALL_BODY, "wanted")[0], at_most=MAX_HINT_BLOBS))
    elif tag == HEARTBEAT:
        hint = Heartbeat()
    elif tag == SEEN:
        hint = SeenChanged()
    return hint
