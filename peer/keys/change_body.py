"""The content of a change entry: updates and purges that are applied together or not at all (PROTOCOL.md section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from peer.keys.codec import MAX_PLAIN_BYTES
from peer.keys.errors import BodyError
from store.encoding import decode, encode
from store.ids import RecordId
from store.shapes import array, identifier, octets, several

STAMP_BYTES = 8
RANDOM_BYTES = 16
BATCH_BYTES = 16
MAX_UPDATES = 4096
MAX_PURGES = 4096
_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBody:
    """What one entry changes.

    ``stamp``: the hybrid logical clock, 8 bytes; ``random``: 16 bytes for the CRDT client id; ``batch``: 16 bytes that join
    the entries of one piece of work for undo, or none. ``updates`` are in Yjs v1 format; a record occurs once, in ``updates`` or in
    ``purges``. The updates are in no text: they hold what people wrote.
    """

    stamp: bytes
    random: bytes
    batch: bytes = b""
    updates: tuple[tuple[RecordId, bytes], ...] = field(default=(), repr=False)
    purges: tuple[RecordId, ...] = ()

    def __post_init__(self) -> None:
        """Raises ``BodyError`` when a limit of the format is broken."""
        if len(self.stamp) != STAMP_BYTES or len(self.random) != RANDOM_BYTES or len(self.batch) not in (0, BATCH_BYTES):
            raise BodyError("A change body with a stamp, random part or batch of a wrong length.")
        if len(self.updates) > MAX_UPDATES or len(self.purges) > MAX_PURGES:
            raise BodyError(f"A change body with more than {MAX_UPDATES} updates or {MAX_PURGES} purges.")
        records = [record for record, _ in self.updates]
        records.extend(self.purges)
        if len(set(records)) != len(records):
            raise BodyError("A change body that names a record twice.")

    def encode(self) -> bytes:
        return encode([self.stamp, self.random, self.batch, [[record, update] for record, update in self.updates], list(self.purges)])

    @classmethod
    def decode(cls, plain: bytes) -> Self:
        """The body that ``plain`` (at most 2 MiB) encodes; ``BodyError`` when it is anything else."""
        try:
            stamp, random, batch, updates, purges = array(decode(plain, limit=MAX_PLAIN_BYTES, depth=_DEPTH), 5)
            return cls(
                stamp=octets(stamp),
                random=octets(random),
                batch=octets(batch),
                updates=several(updates, _update, at_most=MAX_UPDATES),
                purges=several(purges, lambda record: identifier(RecordId, record), at_most=MAX_PURGES),
            )
        except ValueError as error:
            raise BodyError("A change body that is not encoded as agreed.") from error


def _update(item: Any) -> tuple[RecordId, bytes]:
    record, update = array(item, 2)
    return identifier(RecordId, record), octets(update)
