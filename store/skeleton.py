"""What is known of an entry whose bytes are gone: its place in the logs and what it builds on. Pure.

A *stub* is such an entry in a store. Its changes are in a settled checkpoint, so nobody needs its bytes; its place is needed for ever: by that a
node knows which entries a later one has in its past, and so judges exactly as a node that has the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.admission import Stored, StoredEntries
from store.encoding import decode, encode
from store.entries import MAX_ENTRY_BYTES, Dep, Entry, EntryKind
from store.errors import RefusedError
from store.ids import NO_ENTRY, DeviceId, EntryHash, LogId

PRUNED_KINDS = frozenset({EntryKind.CHANGE, EntryKind.CHECKPOINT, EntryKind.SETTLED})
"""What a settled checkpoint makes superfluous: changes, and the checkpoints before it. Who is a member is known from all other entries, for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkeletonEntry:
    """One entry without its bytes. ``author`` is ``MASTER`` in the master log."""

    kind: EntryKind
    log: LogId
    seq: int
    name: EntryHash
    previous: EntryHash
    """``NO_ENTRY`` exactly when ``seq`` is 0."""
    deps: tuple[Dep, ...]
    author: DeviceId

    @classmethod
    def of(cls, entry: Entry, author: DeviceId) -> SkeletonEntry:
        """What stays of ``entry`` when its bytes go."""
        return cls(
            kind=entry.kind,
            log=entry.log,
            seq=entry.seq,
            name=entry.name,
            previous=entry.previous,
            deps=entry.deps,
            author=author,
        )

    @property
    def needs(self) -> tuple[EntryHash, ...]:
        """The names that have to come before it."""
        before = () if self.previous == NO_ENTRY else (self.previous,)
        return (*before, *(dep.name for dep in self.deps))


def check_place(item: SkeletonEntry, stored: StoredEntries) -> Stored | None:
    """Where the next entry of a skeleton joins on; ``None`` at the start of a log.

    ``RefusedError`` (`bad-chain`) unless its predecessor, of the same author, and its deps are stored where it says.
    """
    previous = None if item.previous == NO_ENTRY else stored.find(item.previous)
    if previous is None:
        fits = item.seq == 0 and item.previous == NO_ENTRY and item.kind not in PRUNED_KINDS  # those begin no log
    else:
        fits = (previous.log, previous.position.seq + 1, previous.author) == (item.log, item.seq, item.author)
    if not fits or not all(_is_at(dep, stored) for dep in item.deps):
        raise RefusedError("bad-chain", f"a skeleton puts entry {item.name.short()} where it can't be")
    return previous


def _is_at(dep: Dep, stored: StoredEntries) -> bool:
    there = stored.find(dep.name)
    return there is not None and (there.log, there.position.seq) == (dep.log, dep.seq)


def encode_deps(deps: Sequence[Dep]) -> bytes | None:
    """The deps of a stub as they are kept: as in the prefix of its entry; ``None`` for none."""
    return encode([list(dep) for dep in deps]) if deps else None


def decode_deps(encoded: bytes | None) -> tuple[Dep, ...]:
    """What ``encode_deps`` made."""
    wire = [] if encoded is None else decode(encoded, limit=MAX_ENTRY_BYTES)
    return tuple(Dep(LogId(log), seq, EntryHash(name)) for log, seq, name in wire)
