"""Deleting what was released: a pass over the libraries that have open releases, and over the trash. The rules are those of ``store.releases``.

A pass looks at each release portion by portion, and at each portion in one transaction: what it reads there (reports, roster, checkpoints, promises,
claims) is true when it deletes. Deleting is two steps with 30 days between them:

1. the blob moves from what the library holds into its trash, in that transaction. Its file stays where it is. Who wants it until the end gets it back
   by ``PUT`` or a ``stat`` that claims it;
2. the file is unlinked when no library holds the blob nor has it in its trash: within the transaction that forgets it, so that nobody can take it up
   meanwhile. Killed in between, the blob is still in the trash and without a file: whoever wants it is told that it is absent, and the next pass forgets it.

``PUT`` writes the file first and takes note in a transaction of its own, where it looks whether the file is still there.

Any process may make a pass; only the one that serves counts running time.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import trio

from relay.accounts import Libraries
from relay.errors import SyncError
from relay.noting import note_entries
from relay.parts import Logs, NodeParts
from relay.release_book import NotedRelease, ReleaseBook, ReleasedBlob, Trashed
from relay.seams import Clock
from store.blobs import BlobStore
from store.bodies import Checkpoint, parse_control
from store.entries import Dep
from store.heads import Tip
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId
from store.log import LogStore
from store.releases import (
    STEP_MS,
    TRASH_MS,
    UNDER_WAY_MS,
    Circumstances,
    Obstacle,
    Released,
    Wait,
    cancelled_by,
    claims_in_past,
    obstacle_of_blob,
    obstacle_of_release,
)

STEP_SECONDS = STEP_MS / 1000
STEPS_BETWEEN_PASSES = 4
PORTION_BLOBS = 1000
UNLINKED_AT_ONCE = 100
_log = logging.getLogger("relay.releasing")


@dataclass(frozen=True, kw_only=True)
class DeletingStores:
    """What a pass works on. They share one database, or one memory."""

    libraries: Libraries
    releases: ReleaseBook
    logs: Logs
    blobs: BlobStore
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class OpenRelease:
    """What a pass found of one release. ``held_back``: how many blobs by what; ``waiting``: how many only have to wait, the longest ``left_ms`` more."""

    library: LibraryId
    release: NotedRelease
    blobs: int = 0
    bytes: int = 0
    unseen_by: frozenset[DeviceId] = frozenset()
    held_back: Mapping[Obstacle, int] = field(default_factory=dict)
    waiting: int = 0
    left_ms: int = 0
    trashed: Trashed = field(default_factory=Trashed)


async def keep_released(parts: NodeParts) -> None:
    """Counts running time, and makes passes, until cancelled. What goes wrong is logged, and tried again later."""
    if parts.releases is None:
        return
    stores = DeletingStores(libraries=parts.libraries, releases=parts.releases, logs=parts.logs, blobs=parts.blobs, clock=parts.clock)
    while True:
        for _ in range(STEPS_BETWEEN_PASSES):
            began = trio.current_time()
            await trio.sleep(STEP_SECONDS)
            # A machine that slept, or a clock that isn't monotone, makes no wait shorter.
            elapsed = min(trio.current_time() - began, STEP_SECONDS)
            await _count(parts, stores.releases, int(elapsed * 1000))
        await _pass(parts, stores)


async def _count(parts: NodeParts, book: ReleaseBook, milliseconds: int) -> None:
    try:
        await parts.run(book.count, milliseconds)
    except SyncError as error:
        _log.warning("counting running time: %s", error.message)


async def _pass(parts: NodeParts, stores: DeletingStores) -> None:
    try:
        for library in await parts.run(stores.releases.libraries):
            for release in await parts.run(begin_pass, stores, library):
                found = await parts.run(look_at, stores, library, release)
                if found.trashed.blobs:
                    _log.info("library %s: %d released blobs moved to the trash", library.short(), found.trashed.blobs)
        while emptied := await parts.run(empty_trash, stores):
            _log.info("%d blobs that were in the trash for 30 days are gone", emptied.blobs)
    except SyncError as error:
        _log.warning("deleting what was released: %s", error.message)


def begin_pass(stores: DeletingStores, library: LibraryId) -> list[NotedRelease]:
    """Takes note of what isn't yet, and gives up checkpoints that keep nothing any more. The releases to look at."""
    log, book = stores.logs.of(library), stores.releases
    with stores.libraries.atomic():
        note_entries(log, book, before=log.arrival())
        settled = {each.checkpoint for each in log.settled()}
        for name, noted_at in book.checkpoints(library).items():
            if name in settled or book.running() - noted_at >= UNDER_WAY_MS + STEP_MS:
                book.forget_checkpoint(library, name)
        return book.open_releases(library)


def look_at(stores: DeletingStores, library: LibraryId, release: NotedRelease, *, dry_run: bool = False) -> OpenRelease:
    """One release in one pass: claims are looked at, waits go on or begin anew, what is due goes into the trash. ``dry_run``: nothing changes."""
    if release.author is not None and not dry_run:
        _judge(stores, library, release.name)
    found = OpenRelease(library=library, release=release)
    after: BlobId | None = None
    while True:
        with stores.libraries.atomic():
            portion = stores.releases.blobs_of(library, release.name, after=after, limit=PORTION_BLOBS)
            if not portion:
                return found
            found = _look_at_portion(stores, found, portion, dry_run=dry_run)
        after = portion[-1].blob


def _judge(stores: DeletingStores, library: LibraryId, release: EntryHash) -> None:
    """The way back may be long, so it is gone outside of transactions: what it finds stays true. Claims that come meanwhile cancel by themselves."""
    claims = stores.releases.claims(library, release)
    if claims:
        in_past = claims_in_past(release, frozenset().union(*claims.values()), stores.logs.of(library).lineage)
        stores.releases.judge(library, release, claims, cancelled=cancelled_by(claims, in_past))


def _look_at_portion(stores: DeletingStores, found: OpenRelease, portion: list[ReleasedBlob], *, dry_run: bool) -> OpenRelease:
    library, release, book = found.library, found.release, stores.releases
    circumstances = _circumstances(stores, library)
    unseen = circumstances.unseen_by(release.name, release.log)
    against_all = obstacle_of_release(Released(release.name, release.author), circumstances, unseen)
    held_back, waits, due = Counter(found.held_back), dict[BlobId, Wait](), list[ReleasedBlob]()
    waiting, left = found.waiting, found.left_ms
    for each in portion:
        obstacle = against_all or obstacle_of_blob(
            each.blob, circumstances, is_judged=each.is_judged, promised_until=each.kept_until, promised_running=each.kept_running
        )
        if obstacle is None and each.wait.is_over(circumstances.running):
            due.append(each)
            continue
        wait = each.wait.next(holds=obstacle is None, running=circumstances.running)
        if wait != each.wait:
            waits[each.blob] = wait
        if obstacle is None:
            waiting, left = waiting + 1, max(left, wait.left(circumstances.running))
        else:
            held_back[obstacle] += 1
    if not dry_run:
        book.wait(library, release.name, waits)
        book.trash(library, [each.blob for each in due])
    return replace(
        found,
        blobs=found.blobs + len(portion) - len(due),
        bytes=found.bytes + sum(each.size for each in portion) - sum(each.size for each in due),
        unseen_by=unseen,
        held_back=held_back,
        waiting=waiting,
        left_ms=left,
        trashed=Trashed(found.trashed.blobs + len(due), found.trashed.bytes + sum(each.size for each in due)),
    )


def _circumstances(stores: DeletingStores, library: LibraryId) -> Circumstances:
    log, book = stores.logs.of(library), stores.releases

    def covers(name: EntryHash, of: LogId, tip: Tip) -> bool:
        return log.is_ancestor(name, Dep(of, tip.seq, tip.name))

    return Circumstances(
        members=log.roster().devices,
        reports=log.seen(),
        witnesses=book.witnesses(library),
        kept=_kept(log, book),
        now=stores.clock.now(),
        running=book.running(),
        covers=covers,
    )


def _kept(log: LogStore, book: ReleaseBook) -> frozenset[BlobId]:
    """What the newest settled checkpoint names, and each that is under way."""
    settled = log.settled()
    kept = set(settled[0].blobs if settled else ())
    names = {each.checkpoint for each in settled}
    for name, noted_at in book.checkpoints(log.library).items():
        arrived = log.get(name)
        if name in names or arrived is None or book.running() - noted_at >= UNDER_WAY_MS + STEP_MS:
            continue
        body = parse_control(arrived.entry)
        assert isinstance(body, Checkpoint)
        kept |= {*body.blobs}
    return frozenset(kept)


def overdue_trash(stores: DeletingStores, *, limit: int) -> list[tuple[LibraryId, BlobId, int]]:
    """What has been in the trash for long enough."""
    return stores.releases.overdue(stores.releases.running() - TRASH_MS - STEP_MS, limit=limit)


def empty_trash(stores: DeletingStores) -> Trashed | None:
    """One portion of what is overdue leaves the trash for good: how much. ``None``: nothing is overdue."""
    size = 0
    with stores.libraries.atomic():
        overdue = overdue_trash(stores, limit=UNLINKED_AT_ONCE)
        for library, blob, length in overdue:
            size += length
            if stores.releases.empty(library, blob):
                stores.blobs.delete(blob)
    return Trashed(len(overdue), size) if overdue else None
