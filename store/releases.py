"""When a blob that was released may be deleted by a relay (PROTOCOL.md section 3.2.2). Pure.

A `release` names blobs that its author needs no longer; a `claim` names blobs that somebody needs after all. The author of a release can't know what
others do at the same time, so nothing is deleted before everybody had the chance to object, and whoever follows the protocol objects in time:

- Who applies a release of a blob that it needs writes a claim **before its next seen report**. So once the stored report of a device covers the
  release, and no claim of it is here, that device doesn't need the blob: reports cover claims, and a report counts only where all it covers is stored.
- A claim **cancels**, blob by blob, every release that doesn't have it in its causal past: its author didn't know of the need. A release that does
  have it was written by somebody who knew, and for whom the need is over.
- Who is *about to* write an entry that needs a blob has uploaded it, or asked for it with `claim`, before: that cancels on the spot all releases
  that have arrived there by then, and those that arrive later are answered by a claim like any other.

**The causal past** of a release are its predecessor and deps, theirs, and so on. Among attached entries the order of arrival is causal: so claims that
arrive after a release aren't in its past, and for those that came before the way back ends at entries that arrived before the first of them. What a
settled checkpoint covers and isn't stored ends it too; then the claim isn't found, and the blob stays. Detached entries have no place yet: a
detached release takes no part, and a detached claim is in nobody's past.

A release **holds** for a blob while its author is a member, no active member is without a report that covers it, no open promise keeps the blob, and
neither the newest settled checkpoint nor one that is under way names it. A member is *active* when its report isn't older than 90 days by this
relay's clock, or when less than 90 days of this relay's running time have passed since anything new was heard of it: a clock that is wrong makes
nobody inactive. A report counts only if it came since the relay began to count: a relay that was put back from a backup has to hear everybody again.

From the moment on at which it holds the release **waits**: 24 hours of running time, then a pass that agrees, and a later pass. Whenever it doesn't
hold, it begins anew. Then the blob lies in the trash for 30 days of running time.

Running time is what a relay was seen to run, counted in steps of at most 15 minutes: what it counts lies at most one step behind, and every wait is
one step longer, so that none is shorter than it says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from store.heads import Heads, Tip
from store.ids import BlobId, DeviceId, EntryHash, LogId
from store.log import Lineage
from store.seen import SeenReport
from store.settlement import ACTIVE_MS

HOUR_MS = 60 * 60_000
STEP_MS = 15 * 60_000
"""Running time is counted in steps of at most this."""

WAIT_MS = 24 * HOUR_MS
BETWEEN_PASSES_MS = HOUR_MS
TRASH_MS = 30 * 24 * HOUR_MS
UNDER_WAY_MS = 90 * 24 * HOUR_MS
"""For how long a checkpoint that isn't settled keeps its blobs."""

MAX_STEPS_BACK = 1_000_000
"""Entries that are looked at to find claims in the past of one release. Beyond that they count as not found, and the blobs stay."""


class Released(NamedTuple):
    """Where a release lies. ``author``: ``None`` while it is detached."""

    name: EntryHash
    author: DeviceId | None


class Witness(NamedTuple):
    """What a relay has of a member: when it last heard something new of it, in running time, and whether that was a report."""

    heard_at: int
    has_reported: bool


class Obstacle(Enum):
    """Why a release doesn't hold for a blob; people read the value."""

    DETACHED = "what the release builds on is missing"
    AUTHOR = "its author is no member"
    CLAIMS = "claims were not looked at yet"
    UNSEEN = "devices haven't seen it"
    CHECKPOINT = "a checkpoint names it"
    PROMISE = "a promise keeps it"


class Wait(NamedTuple):
    """How far a release is with a blob, in running time: since when it holds without a break, and when a pass first agreed that this is long enough."""

    since: int | None = None
    agreed: int | None = None

    def next(self, *, holds: bool, running: int) -> Wait:
        """After a pass at ``running``."""
        if not holds:
            return Wait()
        if self.since is None:
            return Wait(since=running)
        if self.agreed is None and self.left(running) == 0:
            return self._replace(agreed=running)
        return self

    def is_over(self, running: int) -> bool:
        """Whether a pass at ``running`` that finds that it still holds is the second that agrees."""
        return self.agreed is not None and running - self.agreed >= BETWEEN_PASSES_MS

    def left(self, running: int) -> int:
        """Milliseconds of running time until a pass can agree for the first time."""
        return WAIT_MS + STEP_MS if self.since is None else max(0, self.since + WAIT_MS + STEP_MS - running)


class Circumstances(NamedTuple):
    """What a relay knows of a library at one moment. ``covers``: whether a tip of a log is the entry or follows it.

    ``kept``: what checkpoints name. ``now`` by the relay's clock, ``running`` its running time; both in milliseconds.
    """

    members: Collection[DeviceId]
    reports: Collection[SeenReport]
    witnesses: Mapping[DeviceId, Witness]
    kept: Collection[BlobId]
    now: int
    running: int
    covers: Callable[[EntryHash, LogId, Tip], bool]

    def unseen_by(self, release: EntryHash, log: LogId) -> frozenset[DeviceId]:
        """The active members without a report that covers the release, an entry of ``log``."""
        reports = {report.device: report for report in self.reports}
        return frozenset(
            device
            for device in self.members
            if self._is_active(device, reports.get(device)) and not self._has_seen(device, reports.get(device), release, log)
        )

    def _is_active(self, device: DeviceId, report: SeenReport | None) -> bool:
        witness = self.witnesses.get(device)
        if witness is None or self.running - witness.heard_at < ACTIVE_MS + STEP_MS:
            return True
        return report is not None and report.time >= self.now - ACTIVE_MS

    def _has_seen(self, device: DeviceId, report: SeenReport | None, release: EntryHash, log: LogId) -> bool:
        witness = self.witnesses.get(device)
        if report is None or witness is None or not witness.has_reported:
            return False
        return reaches(report.heads, release, log, self.covers)


def reaches(heads: Heads, name: EntryHash, log: LogId, covers: Callable[[EntryHash, LogId, Tip], bool]) -> bool:
    """Whether one of the tips of ``log`` is the entry or follows it on its branch."""
    return any(covers(name, log, tip) for tip in heads.get(log, ()))


def obstacle_of_release(release: Released, circumstances: Circumstances, unseen: Collection[DeviceId]) -> Obstacle | None:
    """What keeps a release from holding for any of its blobs."""
    if release.author is None:
        return Obstacle.DETACHED
    if release.author not in circumstances.members:
        return Obstacle.AUTHOR
    return Obstacle.UNSEEN if unseen else None


def obstacle_of_blob(
    blob: BlobId, circumstances: Circumstances, *, is_judged: bool, promised_until: int, promised_running: int
) -> Obstacle | None:
    """What keeps a release, against which nothing else stands, from holding for this blob. A promise is open until it is over by both times."""
    if not is_judged:
        return Obstacle.CLAIMS
    if blob in circumstances.kept:
        return Obstacle.CHECKPOINT
    is_promised = promised_until > circumstances.now or (promised_running > 0 and promised_running + STEP_MS > circumstances.running)
    return Obstacle.PROMISE if is_promised else None


def claims_in_past(release: EntryHash, claims: Collection[EntryHash], find: Callable[[EntryHash], Lineage | None]) -> frozenset[EntryHash]:
    """Those of ``claims`` that lie in the causal past of ``release``. ``find`` knows attached entries, stubs too.

    From the newest to the oldest by arrival, so that each entry is looked at once and only the way's front is remembered.
    """
    arrivals = {name: lineage.arrival for name in claims if (lineage := find(name)) is not None}
    if not arrivals:
        return frozenset()
    earliest = min(arrivals.values())
    found: set[EntryHash] = set()
    front = _front([release], find, earliest)
    steps, last = 0, 0
    while front and steps < MAX_STEPS_BACK and len(found) < len(arrivals):
        arrival, name, needs = heappop(front)
        if arrival == last:
            continue  # it was needed by several
        last, steps = arrival, steps + 1
        if name in arrivals:
            found.add(name)
        for place in _front(needs, find, earliest):
            heappush(front, place)
    return frozenset(found)


def _front(
    names: Iterable[EntryHash], find: Callable[[EntryHash], Lineage | None], earliest: int
) -> list[tuple[int, EntryHash, tuple[EntryHash, ...]]]:
    """Where ``names`` lie, newest arrival first: as far as they are attached and didn't arrive before ``earliest``."""
    places = ((name, find(name)) for name in names)
    front = [(-place.arrival, name, place.needs) for name, place in places if place is not None and place.arrival >= earliest]
    heapify(front)
    return front


def cancelled_by(claims: Mapping[BlobId, Collection[EntryHash]], known: Collection[EntryHash]) -> frozenset[BlobId]:
    """The blobs of a release of which somebody wrote a claim that isn't in its past, of which ``known`` are."""
    return frozenset(blob for blob, names in claims.items() if not {*names} <= {*known})
