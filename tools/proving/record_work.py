"""A portion of records: each made again from its updates, and compared with what is stored of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.digest import DIGEST_BYTES, EMPTY_DIGEST, Digest, LibraryDigest, record_digest
from crdt.lib0 import MalformedUpdateError
from crdt.record import EMPTY, Content, EngineError, read
from peer.library.shown import plain
from store.ids import RecordId
from tools.looking.documents import Document
from tools.proving.folding import Step, differences, folded
from tools.proving.listings import Listings, Rows

MOST_FIELDS = 8
"""Fields of one differing record that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTask:
    """Everything about one record. ``base``, ``makers``, ``steps``: as ``folding.folded`` takes them; ``stored``: state and digest as they lie there.

    ``common``: of how many steps two folders have in common the digest is asked for (their places in ``steps``); ``None``: the record is the
    same by all of them.
    """

    record: RecordId
    base: bytes | None = None
    makers: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    stored: tuple[bytes, bytes] | None = None
    is_purged: bool = False
    common: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPortion:
    """``is_replayed``: the updates are known, so states have to be what they make. ``rows``: of listings, as they are stored, for the records behind
    ``after`` and up to ``last``; ``linked``: states of other records that have a part in them. ``rows`` are ``None`` where an older version made them:
    it made others."""

    tasks: Sequence[RecordTask]
    is_replayed: bool
    after: bytes
    last: bytes
    rows: Rows | None
    linked: Mapping[RecordId, bytes]


class Different(NamedTuple):
    """A record that isn't what it should be; ``fields`` where values differ: stored and made again."""

    record: RecordId
    reason: str
    fields: tuple[Document, ...] = ()


@dataclass(slots=True, kw_only=True)
class ProvenRecords:
    """``stored``, ``replayed``: sums of digests; ``common``: what each record is by what two folders have in common, empty where it can't be told;
    ``listings``: by table the records whose rows are others than they should be."""

    records: int = 0
    updates: int = 0
    stored: LibraryDigest = EMPTY_DIGEST
    replayed: LibraryDigest = EMPTY_DIGEST
    different: list[Different] = field(default_factory=list)
    voids: list[tuple[int, RecordId, str]] = field(default_factory=list)
    common: list[tuple[RecordId, bytes]] = field(default_factory=list)
    listings: list[tuple[str, RecordId]] = field(default_factory=list)


class RecordWork:
    """Takes portions; its listings are made when the first one comes, in the process that it comes to."""

    def __init__(self) -> None:
        self._listings: Listings | None = None

    def __call__(self, portion: RecordPortion) -> ProvenRecords:
        proven = ProvenRecords()
        contents: dict[RecordId, Content] = {}
        damaged: set[RecordId] = set()
        for task in portion.tasks:
            content = _proven(task, proven, is_replayed=portion.is_replayed)
            if content is not None:
                contents[task.record] = content
            elif task.stored is not None:
                damaged.add(task.record)
        if portion.rows is None:
            return proven
        if self._listings is None:
            self._listings = Listings()
        linked = {record: content for record, state in portion.linked.items() if (content := _read(state)) is not None}
        made = self._listings.rows(contents | linked, portion.after, portion.last)
        proven.listings = [each for each in _differing(made, portion.rows) if each[1] not in damaged]
        return proven


def _proven(task: RecordTask, proven: ProvenRecords, *, is_replayed: bool) -> Content | None:
    """What the stored state says, if it can be read."""
    content, problem = _stored(task)
    digest = EMPTY if content is None else content
    own = None if content is None else record_digest(task.record, digest)
    if own is not None:
        proven.records += 1
        proven.stored = proven.stored.add(own)
    if problem:
        proven.different.append(Different(task.record, problem))
    elif own is not None and task.stored is not None and own != task.stored[1]:
        proven.different.append(Different(task.record, "it isn't what it was when its digest was taken"))
    if is_replayed:
        _replay(task, content, own, proven)
    if task.common is None:
        proven.common.append((task.record, own or b""))
    return content


def _replay(task: RecordTask, content: Content | None, own: Digest | None, proven: ProvenRecords) -> None:
    proven.updates += len(task.steps)
    try:
        if not task.is_purged:
            _compare(task, content, own, proven)
        elif task.stored is not None:
            proven.different.append(Different(task.record, "it is stored, although it was purged"))
        if task.common is not None:
            steps = [step for place, step in enumerate(task.steps) if place in task.common]
            state = folded(task.base, task.makers, steps).state
            proven.common.append((task.record, b"" if state is None else record_digest(task.record, state.content())))
    except MalformedUpdateError as error:
        proven.different.append(Different(task.record, f"it can't be made again from its entries: {error}"))


def _compare(task: RecordTask, content: Content | None, own: Digest | None, proven: ProvenRecords) -> None:
    again = folded(task.base, task.makers, task.steps)
    proven.voids += [(arrival, task.record, reason) for arrival, reason in again.voids]
    made = None if again.state is None else again.state.content()
    digest = None if made is None else record_digest(task.record, made)
    if digest is not None:
        proven.replayed = proven.replayed.add(digest)
    if digest == own or (content is None and task.stored is not None):
        return
    if made is None:
        reason = "it is stored, but no entry makes it"
    elif content is None:
        reason = "its entries make it, but it isn't stored"
    else:
        reason = "its entries make something else than is stored"
    found = differences(content or EMPTY, made or EMPTY)[:MOST_FIELDS]
    fields = tuple({"field": each.field, "stored": list(map(plain, each.left)), "replayed": list(map(plain, each.right))} for each in found)
    proven.different.append(Different(task.record, reason, fields))


def _stored(task: RecordTask) -> tuple[Content | None, str]:
    if task.stored is None:
        return None, ""
    state, digest = task.stored
    content = _read(state)
    if content is None:
        return None, "its bytes are damaged"
    return content, "its digest is damaged" if len(digest) != DIGEST_BYTES else ""


def _read(state: bytes) -> Content | None:
    try:
        return read(state)
    except EngineError:
        return None


def _differing(made: Rows, stored: Rows) -> Iterator[tuple[str, RecordId]]:
    for table, rows in made.items():
        for record in sorted({row[0] for row in rows ^ stored[table]}):
            with suppress(ValueError):  # no record's id, which is told of all tables
                yield table, RecordId(record)
