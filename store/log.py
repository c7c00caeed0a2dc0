"""The log store: all entries of one library on one node, and what follows from them.

Stores are synchronous; callers reach them through the one ``run_blocking`` seam. An implementation passes
``tests/conformance/log_store.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from store.entries import Dep, Entry
from store.errors import RefusalCode
from store.heads import Heads
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId
from store.roster import Roster
from store.seen import SeenReport
from store.skeleton import SkeletonEntry

DETACHED_ENTRIES = 64
DETACHED_BYTES = 1024 * 1024
"""How many detached entries come with what a node lacks: whoever makes thousands of them stops nobody from getting the rest."""


class Status(IntEnum):
    """What became of an offered entry; the numbers are those of PROTOCOL.md section 7."""

    STORED = 0
    KNOWN = 1
    WAITING = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer for one offered entry. ``code`` says why it was refused, ``detail`` says it to a person."""

    status: Status
    name: EntryHash | None = None
    code: RefusalCode | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A stored entry and its arrival number: grows in each store, without meaning elsewhere.

    A *detached* entry is one whose predecessor or deps aren't stored yet. Once they are it is attached, and arrives again under a new number.
    """

    arrival: int
    entry: Entry
    is_detached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Of an attached entry, or a stub: its arrival number, its author (``MASTER`` in the master log), and the names of what it builds on."""

    arrival: int
    author: DeviceId
    needs: tuple[EntryHash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many entries became stubs, and how many bytes they had. ``more``: there are others that could."""

    entries: int = 0
    bytes: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledCheckpoint:
    """A checkpoint (the name of its entry), and the `settled` entry that settles it. ``acknowledged_by`` says who does in the reports that it embeds."""

    checkpoint: EntryHash
    settled: EntryHash
    covered: Heads
    blobs: tuple[BlobId, ...]
    records: int
    acknowledged_by: frozenset[DeviceId]


def newest_first(checkpoints: Iterable[SettledCheckpoint]) -> tuple[SettledCheckpoint, ...]:
    """Each checkpoint once, one that covers another before it; the same order on every node that knows the same ones.

    Who covers more has tips whose numbers add up to more: below one tip there is at most one of another's.
    """
    by_name = {each.checkpoint: each for each in sorted(checkpoints, key=lambda each: each.settled, reverse=True)}
    return tuple(sorted(by_name.values(), key=lambda each: (-sum(tip.seq + 1 for _, tip in each.covered.tips()), each.checkpoint)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How much is stored: all entries, and of these the stubs and the detached ones; the bytes that pruning has freed so far."""

    entries: int
    stubs: int
    detached: int
    pruned_bytes: int


class LogStore(Protocol):
    """Contract.

    - ``append`` judges each entry by itself, in whatever order they come within the batch: form, library, author,
      signature, chain, causal closure. It is durable when it returns. What is refused changes nothing; what waits is not kept.
    - An entry is stored once. Entries with the same log and number but different names are branches; all are kept.
    - Arrival numbers grow in the order in which entries became stored; among attached ones that order is a causal order.
    - Control entries that a newcomer needs are stored *detached* when only what they build on is missing. The roster counts them at once.
      They are in no branch, so heads, ``has`` and descent don't know them; they are attached, and arrive again, in the same transaction
      in which the last of what they need is.
    - ``after``, ``control`` and ``missing`` answer in the order of arrival, and stop early at ``limit_bytes`` (but give at least one
      entry). Stubs are passed over. ``control`` gives control entries alone.
    - ``roster`` depends on the set of stored control entries and their descent only, never on their order.
    - ``is_ancestor`` says whether ``of`` is ``name`` or follows it within one log, on whatever branch; False when either isn't stored
      where it is said to be. Its cost is that of the log's branches, not of its length.
    - ``lineage`` is ``None`` for what isn't attached. What it names may not be stored either, in a store that trusts settled checkpoints.
    - ``missing`` gives exactly what a node lacks when the tips of ``theirs`` are stored here. Others are guesses (``store.heads``): who
      still sees an unknown tip after a pull asks again with that log left out of its heads. ``after`` is the arrival number to go on from.
      A few detached entries, the newest, come with it.
    - ``put_seen`` keeps the newest report of each device by (number, counter, hash), verified by the roster, and only when
      everything that it covers is stored; it answers whether the report was new. ``now`` is this node's clock, as in ``append``: a report may
      settle a checkpoint.

    Stubs (``store.skeleton``) are entries that were stored once, or that a checkpoint's skeleton names:

    - ``has``, ``heads``, ``is_ancestor`` and the judgement of others treat a stub as stored, so a node judges with stubs as it did with
      entries; ``append`` calls it known, ``get`` and ``at`` don't have it.
    - ``received``: of those that are stored, attached or not, or are stubs, when they came: milliseconds since 1970 by this node's clock. What was
      attached came when it was.
    - ``prune`` makes stubs of the changes that lie at or below the tips of ``covered``, and of the checkpoints and `settled` entries
      there; no other control entry is ever pruned. A tip that isn't stored here covers nothing. Durable in portions: it may be killed and
      called again. With ``limit`` it ends after so many entries at most, in one transaction. ``can_prune``: whether there may be any.
    - ``skeleton`` gives all entries at or below the tips of ``covered``, stubs or not, in a causal order; ``MissingEntriesError`` when a
      tip isn't stored.
    - ``adopt`` takes a skeleton in, portion by portion in its order: what isn't stored becomes a stub, what is detached is attached, the
      rest stays as it is. It answers with the arrival number of each. Entries that are never pruned have to be there already
      (``MissingEntriesError``); a skeleton that contradicts itself or what is stored is a ``RefusedError`` (`bad-chain`). Either way
      nothing is changed.
    - ``settled`` are the checkpoints whose settlement was verified here (``store.settlement``), the newest first. A verdict that was
      positive once stays, as long as the entries have their bytes.

    A store that ``trusts_settled`` (a relay's) takes what lies at or below a settled checkpoint, by its number, as stored when others
    build on it. What lies there is still stored when it comes.
    """

    @property
    def library(self) -> LibraryId: ...

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]: ...

    def heads(self) -> Heads: ...

    def arrival(self) -> int: ...

    def count(self) -> int: ...

    def after(self, arrival: int, *, limit_bytes: int) -> list[Arrived]: ...

    def control(self, arrival: int, *, limit_bytes: int) -> list[Arrived]: ...

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]: ...

    def get(self, name: EntryHash) -> Arrived | None: ...

    def has(self, name: EntryHash) -> bool: ...

    def received(self, names: Sequence[EntryHash]) -> dict[EntryHash, int]: ...

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool: ...

    def lineage(self, name: EntryHash) -> Lineage | None: ...

    def at(self, log: LogId, seq: int) -> list[Entry]: ...

    def roster(self) -> Roster: ...

    def put_seen(self, raw: bytes, *, now: int = 0) -> bool: ...

    def seen(self) -> list[SeenReport]: ...

    def can_prune(self, covered: Heads) -> bool: ...

    def prune(self, covered: Heads, *, limit: int | None = None) -> Pruned: ...

    def skeleton(self, covered: Heads) -> Iterator[SkeletonEntry]: ...

    def adopt(self, skeleton: Sequence[SkeletonEntry], *, now: int) -> list[int]: ...

    def settled(self) -> tuple[SettledCheckpoint, ...]: ...

    def figures(self) -> Figures: ...


def first_page(rows: Iterable[tuple[Arrived, int]], *, limit_bytes: int) -> list[Arrived]:
    """The first of ``rows`` (with the length of each) that together have at most ``limit_bytes``, and at least one."""
    page: list[Arrived] = []
    for arrived, length in rows:
        limit_bytes -= length
        if page and limit_bytes < 0:
            break
        page.append(arrived)
    return page
