"""What is followed on its way, and what is known of each node about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from peer.library.nodes import NodeKind
from peer.library.queues import Priority
from store.entries import EntryKind
from store.ids import BlobId, DeviceId, EntryHash, FileHash, LibraryId, LogId, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEntry:
    """``written``: the time that its stamp says, in milliseconds since 1970; ``None`` where it stays sealed, or has none. ``is_import``: it names the photo's
    own file. ``has_branches``: its log has, as far as this folder knows."""

    log: LogId
    seq: int
    name: EntryHash
    kind: EntryKind
    author: DeviceId | None
    arrival: int
    written: int | None = None
    is_import: bool = False
    has_branches: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedFile:
    """``role``: `original`, `thumbnail`, `preview`, or what the record calls it. ``ways``: the blobs by which it can be had, whole ways each. ``lacks_index``:
    of its blobs only those are known here that lead to the others."""

    role: str
    file: FileHash
    size: int | None
    priority: Priority
    ways: tuple[tuple[BlobId, ...], ...]
    lacks_index: bool = False

    @property
    def blobs(self) -> tuple[BlobId, ...]:
        return tuple(dict.fromkeys(blob for way in self.ways for blob in way))


@dataclass(frozen=True, kw_only=True)
class Subject:
    """``title``: what people call it. ``entries``: the one that it is about first, then what changed the photo later. ``sealed``: why contents can't be
    read, empty where they can. ``earlier``: entries between the first and those shown."""

    library: LibraryId
    record: RecordId | None
    title: str
    entries: tuple[TracedEntry, ...]
    files: tuple[TracedFile, ...] = ()
    sealed: str = ""
    earlier: int = 0

    @property
    def main(self) -> TracedEntry | None:
        return self.entries[0] if self.entries else None


class State(StrEnum):
    """How far a step is on a node."""

    DONE = "done"
    PARTLY = "partly"
    WAITING = "waiting"
    NOT_YET = "not yet"
    UNWANTED = "unwanted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``time`` in milliseconds since 1970 by the node's clock; ``is_bound``: it happened then or before. ``known_by``: how that is known. ``reason``: why it
    hasn't happened. ``next_try`` by the clock of the device that tries; 0: at once."""

    state: State
    time: int | None = None
    is_bound: bool = False
    known_by: str = ""
    reason: str = ""
    since: int | None = None
    next_try: int | None = None


UNKNOWN = Step(state=State.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one source says of one node. ``key`` tells which node it is: the device's id, or the relay's store id or address. ``reached``: asked and answered;
    ``None``: nobody asked. ``clock_offset``: how many milliseconds its clock is ahead of this machine's. ``correction``: what has to be added to its times
    to compare them with stamps, which are made by a clock that relays correct; ``None`` where nobody knows."""

    key: str
    name: str
    kind: NodeKind
    device: DeviceId | None = None
    address: str = ""
    policy: str = ""
    is_this: bool = False
    reached: bool | None = None
    reason: str = ""
    clock_offset: int | None = None
    correction: int | None = None
    stored: Mapping[EntryHash, Step] = field(default_factory=dict)
    applied: Mapping[EntryHash, Step] = field(default_factory=dict)
    files: Mapping[FileHash, Step] = field(default_factory=dict)
