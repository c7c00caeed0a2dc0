"""A member that means harm: the keys are good and the log is its own, but what goes into it is up to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.update import DeleteRange, Item, encode_update
from crdt.values import Value
from peer.keys.change_body import ChangeBody
from peer.keys.sealing import seal_body
from peer.library.library import Library
from store.entries import Dep, Entry, EntryKind, make_prefix, seal_entry
from store.ids import EntryHash, EpochId, LogId, RecordId
from tests.fleet.authors import filler


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What the next entry writes under."""

    stamp: Stamp
    random: bytes
    client: int

    @property
    def writer(self) -> str:
        return writer(self.client)

    def key(self, stem: str) -> str:
        return f"{stem}/{self.writer}"

    def update(self, stem: str, value: Value, *, deletes: Sequence[DeleteRange] = ()) -> bytes:
        """An honest one."""
        return encode_update(self.client, [Item(self.key(stem), self.stamp, value)], deletes)


class Mallory:
    """Writes after what the library of this device wrote; the library itself writes no more."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.log: LogId = library.author()._log
        tip = library.log.heads()[self.log][-1]
        self.seq, self.previous = tip.seq + 1, tip.name
        self._deps: tuple[Dep, ...] = ()
        self._number = 0

    def sees(self, library: Library) -> None:
        """The next entry names all that ``library`` has."""
        self._deps = tuple(dep for dep in library.log.heads().deps() if dep.log != self.log)

    def hand(self) -> Hand:
        """A new one each time; it is good for the next entry only."""
        self._number += 1
        stamp = Stamp((self.library.hlc.physical() + self._number << 16).to_bytes(8, "big"))
        random = filler(f"{self.log} {self._number}", 16)
        return Hand(stamp=stamp, random=random, client=client_id(self.log, self.previous, stamp, random))

    def prefix(self, *, kind: EntryKind = EntryKind.CHANGE, epoch: EpochId | None = None, seq: int | None = None) -> bytes:
        return make_prefix(
            kind=kind,
            library=self.library.id,
            log=self.log,
            seq=self.seq if seq is None else seq,
            previous=self.previous,
            deps=self._deps,
            epoch=(epoch or self.library.write_epoch().id) if kind is EntryKind.CHANGE else None,
        )

    def make(self, body: bytes, **options: int) -> Entry:
        """The next entry with this body, sealed or not; the log doesn't go on."""
        return seal_entry(self.prefix(**options), body, self.library.keys.sign)  # type: ignore[arg-type]  # a test's options

    def write(self, body: bytes, *, kind: EntryKind = EntryKind.CHANGE, epoch: EpochId | None = None) -> Entry:
        """The next entry with this body as it is."""
        entry = seal_entry(self.prefix(kind=kind, epoch=epoch), body, self.library.keys.sign)
        self.seq, self.previous, self._deps = entry.seq + 1, entry.name, ()
        return entry

    def seal(self, plain: bytes) -> bytes:
        """``plain`` as the body of the next entry."""
        return seal_body(self.library.write_epoch(), self.prefix(), plain)

    def change(self, hand: Hand, *updates: tuple[RecordId, bytes], purges: tuple[RecordId, ...] = ()) -> Entry:
        """The next entry, with these updates."""
        body = ChangeBody(stamp=bytes(hand.stamp), random=hand.random, updates=updates, purges=purges)
        return self.write(self.seal(body.encode()))

    def set(self, record: RecordId, stem: str, value: Value) -> Entry:
        """The next entry, an honest one."""
        hand = self.hand()
        return self.change(hand, (record, hand.update(stem, value)))


def names(entries: Sequence[Entry]) -> list[EntryHash]:
    return [entry.name for entry in entries]
