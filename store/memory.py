"""Log and blob stores that forget: for tests, and the simplest statement of what the others do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from store.admission import Admitted, Stored, admit_report
from store.blobs import BlobInfo, check_blob, is_intact
from store.branches import Branch, Position, heads_of, is_ancestor_or_self, lacking
from store.entries import Dep, Entry
from store.errors import DamagedError
from store.heads import Heads
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId
from store.intake import Batch
from store.log import Arrived, Outcome, first_page
from store.roster import ROSTER_KINDS, Authority, Roster, compute_roster
from store.seen import SeenReport


class MemoryLogStore:
    """A ``LogStore`` in dictionaries."""

    def __init__(self, library: LibraryId) -> None:
        self._library = library
        self._lock = threading.RLock()
        self._arrived: list[Arrived] = []
        self._by_name: dict[EntryHash, tuple[Arrived, Position]] = {}
        self._branches: dict[int, Branch] = {}
        self._seen: dict[DeviceId, SeenReport] = {}
        self._roster: Roster | None = Roster(library=library)
        self._authority = Authority(self._roster)

    @property
    def library(self) -> LibraryId:
        return self._library

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        batch = Batch(raws)
        with self._lock:
            return batch.store(self)

    def heads(self) -> Heads:
        with self._lock:
            return heads_of(self._branches.values())

    def arrival(self) -> int:
        return len(self._arrived)

    def count(self) -> int:
        return len(self._arrived)

    def after(self, arrival: int, *, limit_bytes: int) -> list[Arrived]:
        return first_page(((each, len(each.entry.raw)) for each in self._arrived[arrival:]), limit_bytes=limit_bytes)

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]:
        with self._lock:
            ranges = {wanted.branch: wanted.after_seq for wanted in lacking(self._branches, theirs, self._position)}
            rows = (self._by_name[each.entry.name] for each in self._arrived[after:])
            wanted = (each for each, position in rows if position.branch in ranges and position.seq > ranges[position.branch])
            return first_page(((each, len(each.entry.raw)) for each in wanted), limit_bytes=limit_bytes)

    def get(self, name: EntryHash) -> Arrived | None:
        there = self._by_name.get(name)
        return there[0] if there else None

    def has(self, name: EntryHash) -> bool:
        return name in self._by_name

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool:
        with self._lock:
            first, second = self.find(name), self.find(of.name)
            if first is None or second is None or (second.log, second.position.seq) != (of.log, of.seq):
                return False
            return is_ancestor_or_self(first.position, second.position, self._branches)

    def at(self, log: LogId, seq: int) -> list[Entry]:
        return [each.entry for each in self._arrived if (each.entry.log, each.entry.seq) == (log, seq)]

    def roster(self) -> Roster:
        with self._lock:
            if self._roster is None:
                entries = (each.entry for each in self._arrived)
                self._roster = compute_roster(self._library, (entry for entry in entries if entry.kind in ROSTER_KINDS))
            return self._roster

    def authority(self) -> Authority:
        """For the judgement: who may write."""
        return self._authority

    def put_seen(self, raw: bytes) -> bool:
        with self._lock:
            report = admit_report(raw, self, self._seen.values())
            if report is None:
                return False
            self._seen[report.device] = report
            return True

    def seen(self) -> list[SeenReport]:
        with self._lock:
            return [self._seen[device] for device in sorted(self._seen)]

    def find(self, name: EntryHash) -> Stored | None:
        """For the judgement: what is known of a stored entry."""
        position = self._position(name)
        if position is None:
            return None
        branch = self._branches[position.branch]
        return Stored(log=branch.log, author=branch.author, position=position, is_tip=branch.tip == name)

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """For the intake: whether exactly these bytes are stored."""
        there = self.get(name)
        return there is not None and there.entry.raw == raw

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> None:
        """For the intake: stores an admitted entry."""
        previous = admitted.previous
        if previous is not None and previous.is_tip:
            branch = self._branches[previous.position.branch]
            first_seq, key, parent = branch.first_seq, branch.key, branch.parent
        else:
            first_seq, key, parent = entry.seq, len(self._branches), previous.position.branch if previous else None
        self._branches[key] = Branch(
            key=key, parent=parent, log=entry.log, author=admitted.author, first_seq=first_seq, last_seq=entry.seq, tip=entry.name
        )
        arrived = Arrived(arrival=len(self._arrived) + 1, entry=entry)
        self._arrived.append(arrived)
        self._by_name[entry.name] = arrived, Position(key, entry.seq)
        self._authority.stored(entry)
        if entry.kind in ROSTER_KINDS:
            self._roster = None

    def _position(self, name: EntryHash) -> Position | None:
        there = self._by_name.get(name)
        return there[1] if there else None


class MemoryBlobStore:
    """A ``BlobStore`` in a dictionary."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: dict[BlobId, tuple[bytes, int]] = {}

    def put(self, blob: BlobId, sealed: bytes, *, now: int) -> bool:
        check_blob(blob, sealed)
        with self._lock:
            if blob in self._blobs:
                return False
            self._blobs[blob] = bytes(sealed), now
            return True

    def get(self, blob: BlobId) -> bytes | None:
        with self._lock:
            sealed, _ = self._blobs.get(blob, (None, 0))
            if sealed is not None and not is_intact(blob, sealed):
                del self._blobs[blob]
                raise DamagedError(f"blob {blob.short()} isn't what was stored under its name")
            return sealed

    def info(self, blob: BlobId) -> BlobInfo | None:
        with self._lock:
            if blob not in self._blobs:
                return None
            sealed, stored_at = self._blobs[blob]
            return BlobInfo(blob=blob, size=len(sealed), stored_at=stored_at)

    def blobs(self) -> Iterator[BlobInfo]:
        with self._lock:
            held = sorted(self._blobs)
        return (info for info in map(self.info, held) if info is not None)

    def delete(self, blob: BlobId) -> bool:
        with self._lock:
            return self._blobs.pop(blob, None) is not None

    def total_bytes(self) -> int:
        with self._lock:
            return sum(len(sealed) for sealed, _ in self._blobs.values())
