"""The log store: all entries of one library on one node, and what follows from them.

Stores are synchronous; callers reach them through the one ``run_blocking`` seam. An implementation passes
``tests/conformance/log_store.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from store.entries import Dep, Entry
from store.errors import RefusalCode
from store.heads import Heads
from store.ids import EntryHash, LibraryId, LogId
from store.roster import Roster
from store.seen import SeenReport


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
    """A stored entry and its arrival number: counts from 1 in each store, without meaning elsewhere."""

    arrival: int
    entry: Entry


class LogStore(Protocol):
    """Contract.

    - ``append`` judges each entry by itself, in whatever order they come within the batch: form, library, author,
      signature, chain, causal closure. It is durable when it returns. What is refused changes nothing; what waits is not kept.
    - An entry is stored once. Entries with the same log and number but different names are branches; all are kept.
    - Arrival numbers grow by one in the order in which entries became stored; that order is a causal order.
    - ``after`` and ``missing`` answer in that order, and stop early at ``limit_bytes`` (but give at least one entry).
    - ``roster`` depends on the set of stored control entries only, never on their order.
    - ``is_ancestor`` says whether ``of`` is ``name`` or follows it within one log, on whatever branch; False when either isn't stored
      where it is said to be. Its cost is that of the log's branches, not of its length.
    - ``missing`` gives exactly what a node lacks when the tips of ``theirs`` are stored here. Others are guesses (``store.heads``): who
      still sees an unknown tip after a pull asks again with that log left out of its heads. ``after`` is the arrival number to go on from.
    - ``put_seen`` keeps the newest report of each device by (number, counter, hash), verified by the roster, and only when
      everything that it covers is stored; it answers whether the report was new.
    """

    @property
    def library(self) -> LibraryId: ...

    def append(self, raws: Sequence[bytes], *, now: int) -> list[Outcome]: ...

    def heads(self) -> Heads: ...

    def arrival(self) -> int: ...

    def count(self) -> int: ...

    def after(self, arrival: int, *, limit_bytes: int) -> list[Arrived]: ...

    def missing(self, theirs: Heads, *, limit_bytes: int, after: int = 0) -> list[Arrived]: ...

    def get(self, name: EntryHash) -> Arrived | None: ...

    def has(self, name: EntryHash) -> bool: ...

    def is_ancestor(self, name: EntryHash, of: Dep) -> bool: ...

    def at(self, log: LogId, seq: int) -> list[Entry]: ...

    def roster(self) -> Roster: ...

    def put_seen(self, raw: bytes) -> bool: ...

    def seen(self) -> list[SeenReport]: ...


def first_page(rows: Iterable[tuple[Arrived, int]], *, limit_bytes: int) -> list[Arrived]:
    """The first of ``rows`` (with the length of each) that together have at most ``limit_bytes``, and at least one."""
    page: list[Arrived] = []
    for arrived, length in rows:
        limit_bytes -= length
        if page and limit_bytes < 0:
            break
        page.append(arrived)
    return page
