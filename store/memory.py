"""Log and blob stores that forget: for tests, and the simplest statement of what the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from store.admission import Admitted, Stored, admit, admit_report
from store.ancestry import Ancestry
from store.authority import Authority
from store.blobs import BlobInfo, check_blob, is_intact
from store.bodies import Checkpoint, ControlBody, Settled, parse_control
from store.branches import Branch, Position, at_or_below, heads_of, is_ancestor_or_self, lacking
from store.entries import Dep, Entry, EntryKind
from store.errors import DamagedError, MissingEntriesError, RefusedError
from store.heads import Heads
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId
from store.intake import Batch
from store.log import (
    DETACHED_BYTES,
    DETACHED_ENTRIES,
    Arrived,
    Figures,
    Lineage,
    Outcome,
    Pruned,
    SettledCheckpoint,
    first_page,
    newest_first,
)
from store.roster import ROSTER_KINDS, Roster, compute_roster
from store.seen import SeenReport
from store.settlement import OPEN_IN_ALL, OPEN_OF_AN_AUTHOR, Word, acknowledging, is_settled, reports_hold, words_of
from store.skeleton import PRUNED_KINDS, SkeletonEntry, check_place


@dataclass(slots=True)
class _Kept:
    """An attached entry. ``entry`` is ``None`` for a stub."""

    arrival: int
    position: Position
    item: SkeletonEntry
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class _Detached:
    arrived: Arrived
    author: DeviceId


class MemoryLogStore:
    """A ``LogStore`` in dictionaries."""

    def __init__(self, library: LibraryId, *, trusts_settled: bool = False) -> None:
        self._library = library
        self._trusts_settled = trusts_settled
        self._lock = threading.RLock()
        self._arrival = 0
        self._kept: dict[EntryHash, _Kept] = {}
        self._detached: dict[EntryHash, _Detached] = {}
        self._branches: dict[int, Branch] = {}
        self._received: dict[EntryHash, int] = {}
        self._now = 0
        self._seen: dict[DeviceId, SeenReport] = {}
        self._settled: set[EntryHash] = set()
        self._open_settled: dict[EntryHash, tuple[DeviceId, Entry]] = {}
        self._pruned_bytes = 0
        self._roster: Roster | None = Roster(library=library)
        self._authority = Authority(self._roster)

    @property
    def library(self) -> LibraryId:
        return self._library

    # Entries

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
        batch = Batch(raws)
        with self._lock:
            self._now = now
            outcomes = batch.store(self)
            self._verify_settled(now)
            return outcomes

    def heads(self) -> Heads:
        with self._lock:
            return heads_of(self._branches.values())

    def arrival(self) -> int:
        return self._arrival

    def count(self) -> int:
        return len(self._kept) + len(self._detached)

    def after(self, arrival: int, *, limit_bytes: int) -> list[Arrived]:
        return self._page(lambda each: each.arrival > arrival, limit_bytes)

    def control(self, arrival: int, *, limit_bytes: int) -> list[Arrived]:
        return self._page(lambda each: each.arrival > arrival and each.entry.kind is not EntryKind.CHANGE, limit_bytes)

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]:
        with self._lock:
            ranges = {wanted.branch: wanted.after_seq for wanted in lacking(self._branches, theirs, self._position)}
            detached = self._newest_detached(theirs)

        def is_wanted(each: Arrived) -> bool:
            if each.is_detached:
                return each in detached and each.arrival > after
            position = self._kept[each.entry.name].position
            return each.arrival > after and position.seq > ranges.get(position.branch, position.seq)

        return self._page(is_wanted, limit_bytes)

    def _newest_detached(self, theirs: Heads) -> list[Arrived]:
        newest = sorted((each.arrived for each in self._detached.values()), key=lambda each: -each.arrival)[:DETACHED_ENTRIES]
        sizes = accumulate(len(each.entry.raw) for each in newest)
        fitting = [each for each, size in zip(newest, sizes, strict=True) if size <= DETACHED_BYTES]
        return [each for each in fitting if all(tip.seq < each.entry.seq for tip in theirs.get(each.entry.log, ()))]

    def _page(self, is_wanted: Callable[[Arrived], bool], limit_bytes: int) -> list[Arrived]:
        with self._lock:
            wanted = sorted(filter(is_wanted, self._all()), key=lambda each: each.arrival)
            return first_page(((each, len(each.entry.raw)) for each in wanted), limit_bytes=limit_bytes)

    def _all(self) -> Iterator[Arrived]:
        """All entries that have their bytes."""
        yield from (Arrived(arrival=each.arrival, entry=each.entry) for each in self._kept.values() if each.entry is not None)
        yield from (each.arrived for each in self._detached.values())

    def get(self, name: EntryHash) -> Arrived | None:
        with self._lock:
            if name in self._detached:
                return self._detached[name].arrived
            kept = self._kept.get(name)
            return None if kept is None or kept.entry is None else Arrived(arrival=kept.arrival, entry=kept.entry)

    def has(self, name: EntryHash) -> bool:
        return name in self._kept

    def received(self, names: Sequence[EntryHash]) -> dict[EntryHash, int]:
        with self._lock:
            return {name: self._received[name] for name in names if name in self._kept or name in self._detached}

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool:
        with self._lock:
            first, second = self.find(name), self.find(of.name)
            if first is None or second is None or (second.log, second.position.seq) != (of.log, of.seq):
                return False
            return is_ancestor_or_self(first.position, second.position, self._branches)

    def lineage(self, name: EntryHash) -> Lineage | None:
        with self._lock:
            kept = self._kept.get(name)
            return None if kept is None else Lineage(arrival=kept.arrival, author=kept.item.author, needs=kept.item.needs)

    def at(self, log: LogId, seq: int) -> list[Entry]:
        with self._lock:
            there = (each.entry for each in self._kept.values() if (each.item.log, each.item.seq) == (log, seq))
            return [entry for entry in there if entry is not None]

    # Roster, reports, settled checkpoints

    def roster(self) -> Roster:
        with self._lock:
            if self._roster is None:
                self._roster = compute_roster(
                    self._library,
                    (each.entry for each in self._all() if each.entry.kind in ROSTER_KINDS),
                    Ancestry(self.find, lambda _: self._branches).is_ancestor,
                    lies_below=self.lies_below,
                )
            return self._roster

    def put_seen(self, raw: bytes, *, now: int = 0) -> bool:
        with self._lock:
            report = admit_report(raw, self, self._seen.values(), self.roster())
            if report is None:
                return False
            self._now = now
            self._seen[report.device] = report
            self._verify_settled(now)
            return True

    def seen(self) -> list[SeenReport]:
        with self._lock:
            return [self._seen[device] for device in sorted(self._seen)]

    def settled(self) -> tuple[SettledCheckpoint, ...]:
        with self._lock:
            found = (self._settled_checkpoint(name) for name in self._settled)
            return newest_first(each for each in found if each is not None)

    def _settled_checkpoint(self, name: EntryHash) -> SettledCheckpoint | None:
        body = self._body(name)
        checkpoint = self._body(body.checkpoint) if isinstance(body, Settled) else None
        if not isinstance(body, Settled) or not isinstance(checkpoint, Checkpoint):
            return None
        return SettledCheckpoint(
            checkpoint=body.checkpoint,
            settled=name,
            covered=checkpoint.heads,
            blobs=checkpoint.blobs,
            records=checkpoint.records,
            acknowledged_by=acknowledging(words_of(body)),
        )

    def _body(self, name: EntryHash) -> ControlBody | None:
        arrived = self.get(name)
        return None if arrived is None or arrived.entry.kind is EntryKind.CHANGE else parse_control(arrived.entry)

    def _verify_settled(self, now: int) -> None:
        newest = list(self._open_settled.values())[-OPEN_IN_ALL:]
        verified = {entry.name for _, entry in newest if self._is_settled_by(entry, now)}
        if verified:
            self._open_settled = {name: each for name, each in self._open_settled.items() if name not in verified}
            self._settled |= verified
            self._roster = None
            self._attach_what_can_be()
            self._verify_settled(now)

    def _is_settled_by(self, entry: Entry, now: int) -> bool:
        body = parse_control(entry)
        if not isinstance(body, Settled) or self._settled_checkpoint(entry.name) is None:
            return False
        stored = [Word.of(report, body.checkpoint) for report in self._seen.values()]
        roster = self.roster()
        return is_settled(words_of(body), stored, roster.devices, now=now) and bool(reports_hold(body, roster))

    # Stubs

    def can_prune(self, covered: Heads) -> bool:
        with self._lock:
            return bool(self._prunable(covered))

    def prune(self, covered: Heads, *, limit: int | None = None) -> Pruned:
        with self._lock:
            prunable = self._prunable(covered)
            portion = prunable[:limit]
            size = 0
            for kept in portion:
                assert kept.entry is not None
                size += len(kept.entry.raw)
                kept.entry = None
            self._pruned_bytes += size
            return Pruned(entries=len(portion), bytes=size, more=len(portion) < len(prunable))

    def _prunable(self, covered: Heads) -> list[_Kept]:
        below = (self._kept[item.name] for item in self._at_or_below(covered))
        return [kept for kept in below if kept.entry is not None and kept.item.kind in PRUNED_KINDS]

    def _at_or_below(self, covered: Heads) -> list[SkeletonEntry]:
        reached = at_or_below(covered, self._branches, self._position)
        kept = (each for each in self._kept.values() if each.position.seq <= reached.get(each.position.branch, -1))
        return [each.item for each in sorted(kept, key=lambda each: each.arrival)]

    def skeleton(self, covered: Heads) -> Iterator[SkeletonEntry]:
        with self._lock:
            missing = tuple(tip.name for _, tip in covered.tips() if tip.name not in self._kept)
            if missing:
                raise MissingEntriesError(missing)
            return iter(self._at_or_below(covered))

    def adopt(self, skeleton: Sequence[SkeletonEntry], *, now: int) -> list[int]:
        with self._lock:
            missing = tuple(
                item.name
                for item in skeleton
                if item.kind not in PRUNED_KINDS and item.name not in self._kept and item.name not in self._detached
            )
            if missing:
                raise MissingEntriesError(missing)
            self._now = now
            before = self._arrival, dict(self._kept), dict(self._detached), dict(self._branches)
            try:
                arrivals = [self._adopt(item) for item in skeleton]
            except RefusedError:
                self._arrival, self._kept, self._detached, self._branches = before
                raise
            self._verify_settled(now)
            return arrivals

    def _adopt(self, item: SkeletonEntry) -> int:
        if item.name not in self._kept:
            previous = check_place(item, self)
            if item.name in self._detached:
                if not self._attach_detached(self._detached[item.name].arrived.entry):
                    raise RefusedError("bad-chain", f"entry {item.name.short()} isn't what the skeleton says of it")
            else:
                self._attach(item, None, previous)
            self._attach_what_can_be()
        return self._kept[item.name].arrival

    def figures(self) -> Figures:
        with self._lock:
            stubs = sum(each.entry is None for each in self._kept.values())
            return Figures(entries=self.count(), stubs=stubs, detached=len(self._detached), pruned_bytes=self._pruned_bytes)

    # What the judgement and the intake ask

    def authority(self) -> Authority:
        """Who may write."""
        return self._authority

    def find(self, name: EntryHash) -> Stored | None:
        """What is known of an attached entry or a stub."""
        position = self._position(name)
        if position is None:
            return None
        branch = self._branches[position.branch]
        return Stored(log=branch.log, author=branch.author, position=position, is_tip=branch.tip == name)

    def lies_below(self, log: LogId, seq: int) -> bool:
        """Whether a settled checkpoint covers this number of a log, in a store that goes by that."""
        if not self._trusts_settled:
            return False
        return any(seq <= tip.seq for checkpoint in self.settled() for tip in checkpoint.covered.get(log, ()))

    def holds(self, name: EntryHash, raw: bytes) -> bool:
        """Whether exactly these bytes are stored."""
        there = self.get(name)
        return there is not None and there.entry.raw == raw

    def insert(self, entry: Entry, raw: bytes, admitted: Admitted) -> Sequence[EntryHash]:
        """Stores an admitted entry; the names that are attached by that."""
        if admitted.is_detached:
            if entry.name not in self._detached:
                arrived = Arrived(arrival=self._next_arrival(), entry=entry, is_detached=True)
                self._detached[entry.name] = _Detached(arrived, admitted.author)
                self._received[entry.name] = self._now
                self._is_stored(entry, admitted.author)
            return ()
        self._attach(SkeletonEntry.of(entry, admitted.author), entry, admitted.previous)
        return (entry.name, *self._attach_what_can_be())

    def _attach_what_can_be(self) -> list[EntryHash]:
        """Detached entries that need nothing any more, then those that needed these, and so on."""
        attached: list[EntryHash] = []
        while entries := [each.arrived.entry for each in self._detached.values() if self._needs_nothing(each.arrived.entry)]:
            attached += [entry.name for entry in entries if self._attach_detached(entry)]
        return attached

    def _needs_nothing(self, entry: Entry) -> bool:
        places = [(dep.name, dep.log, dep.seq) for dep in entry.deps]
        if entry.seq:
            places.append((entry.previous, entry.log, entry.seq - 1))
        return all(name in self._kept or self.lies_below(log, seq) for name, log, seq in places)

    def _attach_detached(self, entry: Entry) -> bool:
        """Judged as if it came now. What isn't what it said of its place, and so would have been refused, goes."""
        try:
            verdict = admit(entry, self)
        except RefusedError:
            del self._detached[entry.name]
            self._roster = None
            return False
        if not isinstance(verdict, Admitted) or verdict.is_detached:
            return False
        self._attach(SkeletonEntry.of(entry, verdict.author), entry, verdict.previous)
        return True

    def _attach(self, item: SkeletonEntry, entry: Entry | None, previous: Stored | None) -> None:
        self._detached.pop(item.name, None)
        self._received[item.name] = self._now
        if previous is not None and previous.is_tip:
            key = previous.position.branch
            self._branches[key] = replace(self._branches[key], last_seq=item.seq, tip=item.name)
        else:
            key = len(self._branches)
            self._branches[key] = Branch(
                key=key,
                parent=previous.position.branch if previous else None,
                log=item.log,
                author=item.author,
                first_seq=item.seq,
                last_seq=item.seq,
                tip=item.name,
                follows=item.previous if previous is None and item.seq else None,
            )
        for branch in [branch for branch in self._branches.values() if branch.follows == item.name]:
            self._branches[branch.key] = replace(branch, parent=key, follows=None)
        self._kept[item.name] = _Kept(self._next_arrival(), Position(key, item.seq), item, entry)
        self._roster = None  # a pin may name it
        if entry is not None:
            self._is_stored(entry, item.author)

    def _is_stored(self, entry: Entry, author: DeviceId) -> None:
        self._authority.stored(entry)
        if entry.kind is EntryKind.SETTLED and entry.name not in self._settled:
            self._open_settled.pop(entry.name, None)
            self._open_settled[entry.name] = author, entry
            own = [name for name, (by, _) in self._open_settled.items() if by == author]
            for name in own[:-OPEN_OF_AN_AUTHOR]:
                del self._open_settled[name]
        if entry.kind in ROSTER_KINDS:
            self._roster = None

    def _next_arrival(self) -> int:
        self._arrival += 1
        return self._arrival

    def _position(self, name: EntryHash) -> Position | None:
        kept = self._kept.get(name)
        return kept.position if kept else None


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
