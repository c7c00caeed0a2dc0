"""One library on a node: entries, seen reports, hints and blobs for a device that is signed in.

A blob is there for a library only if that library put it, whatever else the node's blob store holds: ids tell nothing about
other libraries.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

from relay.accounts import PROMISE_MS, Session, TokenHash, over_quota
from relay.api import SealedBlob
from relay.errors import MalformedRequestError, NotFoundError, QuotaError, SyncError, TooLargeError, error_named
from relay.messages import (
    BlobState,
    BlobTrace,
    Cursor,
    EntryTrace,
    HeadsAnswer,
    Hint,
    HoldAnswer,
    PullEnd,
    PullRequest,
    PushOutcome,
    PushResult,
    Standing,
    TraceAnswer,
)
from relay.messages.limits import (
    MAX_HINT_BLOBS,
    MAX_HOLD_IDS,
    MAX_MANY_BYTES,
    MAX_MANY_IDS,
    MAX_PULL_BYTES,
    MAX_PUSH_BYTES,
    MAX_PUSH_ENTRIES,
    MAX_REPORTS,
    MAX_REPORTS_BYTES,
    MAX_STAT_IDS,
    MAX_TRACE_IDS,
    NONCE_BYTES,
)
from relay.news import Subscription
from relay.noting import note_entries
from relay.parts import NodeParts
from store.blobs import MAX_BLOB_BYTES
from store.errors import DamagedError, RefusedError
from store.heads import Heads
from store.ids import BlobId, EntryHash, LibraryId
from store.log import Arrived, LogStore, Status
from store.releases import STEP_MS
from store.roster import Roster
from store.seen import parse_seen

PAGE_BYTES = 256 * 1024

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _LostBlobError(Exception):
    """A blob that was held is damaged or gone: these libraries want it back."""

    def __init__(self, blob: BlobId, holders: Sequence[LibraryId]) -> None:
        super().__init__()
        self.blob = blob
        self.holders = holders


class LibraryService:
    """``LibraryApi`` over ``NodeParts`` for one library and one session."""

    def __init__(self, parts: NodeParts, library: LibraryId, token: TokenHash) -> None:
        self._parts = parts
        self._library = library
        self._token = token

    async def check(self) -> None:
        """Raises what any call would raise for this session: before a large body is read."""
        await self._run(lambda _session: None)

    async def _run(self, work: Callable[[Session, *Ts], T], *arguments: *Ts) -> T:
        """``work`` in a worker thread, after the session was found and the roster asked."""

        def admitted() -> T:
            return work(self._parts.admit(self._library, self._token), *arguments)

        return await self._parts.run(admitted)

    # Entries

    async def heads(self) -> HeadsAnswer:
        return await self._run(self._heads)

    def _heads(self, session: Session) -> HeadsAnswer:
        log = self._log
        return HeadsAnswer(heads=log.heads(), arrival=log.arrival(), seen=self._reports(session))

    def _reports(self, _: Session) -> tuple[bytes, ...]:
        """As many reports as one answer holds; a library with more devices than that is told about the rest by them."""
        reports: list[bytes] = []
        room = MAX_REPORTS_BYTES
        for report in self._log.seen()[:MAX_REPORTS]:
            room -= len(report.raw)
            if room >= 0:
                reports.append(report.raw)
        return tuple(reports)

    @asynccontextmanager
    async def pull(self, request: PullRequest) -> AsyncGenerator[AsyncIterator[bytes | PullEnd]]:
        scan = await self._run(self._begin, request)
        async with aclosing(self._pull(request, scan)) as stream:
            yield stream

    async def _pull(self, request: PullRequest, scan: _Scan) -> AsyncGenerator[bytes | PullEnd]:
        """Page by page, so that neither the stores nor memory are taken for long, however much there is."""
        room = min(request.limit, MAX_PULL_BYTES)
        page: _Page | None = None
        while page is None or (room > 0 and not page.is_last):
            start = page.reached if page else scan.start
            page = await self._run(self._page, scan, start, min(room, PAGE_BYTES))
            for raw in page.raws:
                yield raw
            room -= sum(map(len, page.raws))
        reports = await self._run(self._reports) if request.seen else ()
        yield PullEnd(cursor=Cursor(store=self._parts.store, arrival=page.reached), more=not page.is_last, seen=reports)

    def _begin(self, _: Session, request: PullRequest) -> _Scan:
        cursor = request.cursor
        if cursor is not None and cursor.store == self._parts.store and cursor.arrival <= self._log.arrival():
            return _Scan(theirs=None, start=cursor.arrival, control=request.control)
        return _Scan(theirs=request.heads, start=0, control=request.control)

    def _page(self, _: Session, scan: _Scan, start: int, limit: int) -> _Page:
        newest = self._log.arrival()
        found = self._found(scan, start, limit)
        reached = found[-1].arrival if found else max(start, newest)
        return _Page(raws=tuple(each.entry.raw for each in found), reached=reached, is_last=reached >= newest)

    def _found(self, scan: _Scan, start: int, limit: int) -> list[Arrived]:
        if scan.control:
            return self._log.control(start, limit_bytes=limit)
        if scan.theirs is None:
            return self._log.after(start, limit_bytes=limit)
        return self._log.missing(scan.theirs, limit_bytes=limit, after=start)

    async def push(self, raws: Sequence[bytes]) -> PushResult:
        if len(raws) > MAX_PUSH_ENTRIES or sum(map(len, raws)) > MAX_PUSH_BYTES:
            raise TooLargeError(f"a push has at most {MAX_PUSH_ENTRIES} entries and {MAX_PUSH_BYTES} bytes")
        pushed = await self._run(self._push, raws)
        hub = self._parts.hub
        if pushed.has_control:
            self._parts.pruning_due.add(self._library)
        if pushed.stored:
            for reader in hub.readers(self._library):
                reader.entries_arrived(pushed.arrival)
        if (roster := pushed.new_roster) is not None:
            hub.end_where(lambda each: each.library == self._library and roster.signing_key(each.device) is None)
        return pushed.result

    def _push(self, _: Session, raws: Sequence[bytes]) -> _Pushed:
        with self._parts.libraries.atomic():
            account = self._parts.libraries.account(self._library)
            if account is not None and account.entry_bytes + sum(map(len, raws)) > account.entry_quota:
                raise QuotaError("the room for this library's entries on this node is used up; nothing was stored")
            roster = self._log.roster()
            before = self._log.arrival()
            outcomes = self._log.append(raws, now=self._parts.clock.now())
            arrival = self._log.arrival()
            stored = [len(raw) for raw, outcome in zip(raws, outcomes, strict=True) if outcome.status is Status.STORED]
            if stored:
                self._parts.libraries.add_entry_bytes(self._library, sum(stored))
            has_control = bool(stored) and bool(self._log.control(before, limit_bytes=0))
            if has_control and self._parts.releases is not None:
                note_entries(self._log, self._parts.releases, before=before)
        came_alone = arrival - before == len(stored)
        result = PushResult(
            outcomes=tuple(PushOutcome(status=each.status, error=each.code or "") for each in outcomes),
            before=before,
            after=arrival if came_alone else before,
        )
        new_roster = self._log.roster()
        return _Pushed(
            result=result,
            stored=len(stored),
            arrival=arrival,
            has_control=has_control,
            new_roster=None if new_roster is roster else new_roster,
        )

    async def seen(self, reports: Sequence[bytes]) -> int:
        if len(reports) > MAX_REPORTS or sum(map(len, reports)) > MAX_REPORTS_BYTES:
            raise TooLargeError(f"at most {MAX_REPORTS} reports and {MAX_REPORTS_BYTES} bytes at once")
        accepted, refused = await self._run(self._put_reports, reports)
        if accepted:
            self._parts.pruning_due.add(self._library)
            for reader in self._parts.hub.readers(self._library):
                reader.seen_changed()
        if refused is not None:
            raise refused
        return accepted

    def _put_reports(self, _: Session, reports: Sequence[bytes]) -> tuple[int, SyncError | None]:
        """All that are good are kept, whatever the others are like."""
        accepted = 0
        refused: SyncError | None = None
        for raw in reports:
            try:
                accepted += self._put_report(raw)
            except RefusedError as error:
                refused = refused or error_named(error.code, str(error), status=422)
        return accepted, refused

    def _put_report(self, raw: bytes) -> bool:
        """A report may settle a checkpoint, and entries arrive by that."""
        book = self._parts.releases
        if book is None:
            return self._log.put_seen(raw, now=self._parts.clock.now())
        with self._parts.libraries.atomic():
            before = self._log.arrival()
            is_new = self._log.put_seen(raw, now=self._parts.clock.now())
            if is_new:
                book.hear(self._library, (parse_seen(raw).device,), reported=True)
            if self._log.arrival() > before:
                note_entries(self._log, book, before=before)
            return is_new

    @asynccontextmanager
    async def news(self) -> AsyncGenerator[AsyncIterator[Hint]]:
        session, arrival, wanted = await self._run(
            lambda session: (session, self._log.arrival(), self._parts.libraries.wanted(self._library, limit=MAX_HINT_BLOBS))
        )
        subscription = Subscription(
            library=self._library,
            device=session.device,
            token=self._token,
            is_expired=lambda: session.expires <= self._parts.clock.now(),
        )
        subscription.entries_arrived(arrival)
        if wanted:
            subscription.blobs_wanted(wanted)
        with self._parts.hub.subscribed(subscription):
            await self.check()  # a removal may have come before the hub knew of this stream
            yield subscription

    # Blobs

    async def stat(self, blobs: Sequence[BlobId], *, claim: bool = False) -> Sequence[BlobState]:
        if len(blobs) > MAX_STAT_IDS:
            raise TooLargeError(f"at most {MAX_STAT_IDS} ids at once")
        return await self._run(self._stat, blobs, claim)

    def _stat(self, session: Session, blobs: Sequence[BlobId], claim: bool) -> tuple[BlobState, ...]:
        released = self._released(blobs)
        if claim and released:
            self._want(released)
            released = frozenset()
        held = self._held(session, blobs)
        return tuple(BlobState.RELEASED if blob in released else BlobState.HELD if blob in held else BlobState.ABSENT for blob in blobs)

    def _released(self, blobs: Collection[BlobId]) -> frozenset[BlobId]:
        return frozenset() if self._parts.releases is None else self._parts.releases.released(self._library, blobs)

    def _want(self, blobs: Collection[BlobId]) -> None:
        """Cancels all releases of these that have arrived, and takes out of the trash those that are there."""
        if self._parts.releases is not None:
            self._parts.releases.want(self._library, blobs, is_there=lambda blob: self._parts.blobs.info(blob) is not None)

    def _held(self, _: Session, blobs: Sequence[BlobId]) -> frozenset[BlobId]:
        return self._parts.libraries.held(self._library, blobs)

    async def has_blob(self, blob: BlobId) -> bool:
        return bool(await self._run(self._held, (blob,)))

    async def hold(self, blobs: Sequence[BlobId], nonce: bytes) -> HoldAnswer:
        if len(blobs) > MAX_HOLD_IDS:
            raise TooLargeError(f"at most {MAX_HOLD_IDS} ids at once")
        if len(nonce) != NONCE_BYTES:
            raise MalformedRequestError(f"a nonce has {NONCE_BYTES} bytes")
        until = self._parts.clock.now() + PROMISE_MS
        proofs = [await self._promise(blob, nonce, until) for blob in blobs]
        return HoldAnswer(proofs=tuple(proofs), until=until)

    async def _promise(self, blob: BlobId, nonce: bytes, until: int) -> bytes:
        try:
            return await self._run_on_blob(self._prove, blob, nonce, until)
        except NotFoundError:
            return b""

    def _prove(self, session: Session, blob: BlobId, nonce: bytes, until: int) -> bytes:
        sealed = self._read(session, blob)
        with self._parts.libraries.atomic():
            if not self._may_promise(session, blob):
                return b""
            self._parts.libraries.keep(self._library, (blob,), until=until)
        return hashlib.sha256(nonce + sealed).digest()

    def _may_promise(self, session: Session, blob: BlobId) -> bool:
        """Not what somebody released, and not what a restored backup may not have."""
        book = self._parts.releases
        if book is None:
            return True
        interval = self._parts.backup_interval_ms
        is_old_enough = not interval or book.age(self._library, blob) >= interval + STEP_MS
        return is_old_enough and not self._released((blob,)) and bool(self._held(session, (blob,)))

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        if len(entries) > MAX_TRACE_IDS or len(blobs) > MAX_TRACE_IDS:
            raise TooLargeError(f"at most {MAX_TRACE_IDS} ids of entries and of blobs at once")
        return await self._run(self._trace, entries, blobs)

    def _trace(self, _: Session, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        traces = self._entry_traces(entries)
        released, since = self._released(blobs), self._parts.libraries.held_since(self._library, blobs)
        absent = EntryTrace(standing=Standing.ABSENT)
        return TraceAnswer(
            time=self._parts.clock.now(),
            entries=tuple(traces.get(name, absent) for name in entries),
            blobs=tuple(
                BlobTrace(
                    state=BlobState.RELEASED if blob in released else BlobState.HELD if blob in since else BlobState.ABSENT,
                    stored=since.get(blob),
                )
                for blob in blobs
            ),
        )

    def _entry_traces(self, names: Sequence[EntryHash]) -> Mapping[EntryHash, EntryTrace]:
        if self._parts.judged is not None:
            return self._parts.judged(names)
        return {name: EntryTrace(standing=Standing.STORED, stored=at) for name, at in self._log.received(names).items()}

    async def get_blob(self, blob: BlobId) -> bytes:
        return await self._run_on_blob(self._read, blob)

    async def _run_on_blob(self, work: Callable[[Session, *Ts], T], *arguments: *Ts) -> T:
        """As ``_run``; when a blob turns out to be lost, those who held it are told."""
        try:
            return await self._run(work, *arguments)
        except _LostBlobError as lost:
            for library in lost.holders:
                for reader in self._parts.hub.readers(library):
                    reader.blobs_wanted((lost.blob,))
            raise NotFoundError("this blob was damaged and is no longer held; whoever has it is asked for it") from lost

    def _read(self, session: Session, blob: BlobId) -> bytes:
        if blob not in self._held(session, (blob,)):
            raise NotFoundError("this blob is not held for the library")
        try:
            sealed = self._parts.blobs.get(blob)
        except DamagedError:
            sealed = None
        if sealed is None:
            raise _LostBlobError(blob, self._parts.libraries.forget_blob(blob))
        return sealed

    async def expect_blob(self, blob: BlobId, size: int) -> bool:
        """Before the bytes of a ``put_blob`` are read: raises what can be known to go wrong. False: the blob is held already."""
        return await self._run(self._expect, blob, size)

    def _expect(self, session: Session, blob: BlobId, size: int) -> bool:
        if size > MAX_BLOB_BYTES:
            raise TooLargeError(f"a blob has at most {MAX_BLOB_BYTES} bytes")
        is_released = bool(self._released((blob,)))
        if blob in self._held(session, (blob,)):
            if is_released:
                self._want((blob,))
            return False
        account = self._parts.libraries.account(self._library)
        if not is_released and account is not None and account.blob_bytes + size > account.quota:
            raise over_quota()
        return True

    async def put_blob(self, blob: BlobId, sealed: bytes) -> bool:
        is_new = await self._run(self._put, blob, sealed)
        if is_new:
            for reader in self._parts.hub.readers(self._library):
                reader.blobs_arrived((blob,))
        return is_new

    def _put(self, session: Session, blob: BlobId, sealed: bytes) -> bool:
        if not self._expect(session, blob, len(sealed)):
            return False
        now = self._parts.clock.now()
        self._parts.blobs.put(blob, sealed, now=now)
        if self._parts.releases is None:
            return self._parts.libraries.add_blob(self._library, blob, len(sealed), now=now)
        with self._parts.libraries.atomic():
            if self._parts.blobs.info(blob) is None:
                self._parts.blobs.put(blob, sealed, now=now)  # it lay in somebody's trash, which was emptied just now
            is_new = blob not in self._held(session, (blob,))
            self._want((blob,))
            self._parts.libraries.add_blob(self._library, blob, len(sealed), now=now)
        return is_new

    @asynccontextmanager
    async def many(self, blobs: Sequence[BlobId]) -> AsyncGenerator[AsyncIterator[SealedBlob]]:
        if len(blobs) > MAX_MANY_IDS:
            raise TooLargeError(f"at most {MAX_MANY_IDS} ids at once")
        await self.check()
        async with aclosing(self._many(blobs)) as stream:
            yield stream

    async def _many(self, blobs: Sequence[BlobId]) -> AsyncGenerator[SealedBlob]:
        room = MAX_MANY_BYTES
        for blob in blobs:
            try:
                sealed = await self._run_on_blob(self._read, blob)
            except NotFoundError:
                continue
            room -= len(sealed)
            if room < 0:
                return
            yield SealedBlob(blob=blob, sealed=sealed)

    @property
    def _log(self) -> LogStore:
        return self._parts.logs.of(self._library)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """How a pull goes through the log: in order of arrival from ``start`` on, leaving out what ``theirs`` say is there, or what isn't ``control``."""

    theirs: Heads | None
    start: int
    control: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Some entries of a pull; everything up to the arrival number ``reached`` was looked at."""

    raws: tuple[bytes, ...]
    reached: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pushed:
    """What a push did; ``has_control``: control entries are among what it stored. ``new_roster`` only when it changed the roster."""

    result: PushResult
    stored: int
    arrival: int
    has_control: bool
    new_roster: Roster | None
