"""The first record in which two folders differ, and the entry from which on they do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from crdt.client import client_of
from crdt.lib0 import MalformedUpdateError
from crdt.record import EMPTY, Content, EngineError, read
from crdt.update import decode_update
from peer.library.instants import iso_utc
from peer.library.shown import plain
from store.ids import DeviceId, EntryHash, LogId, RecordId
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.proving.beside import beside
from tools.proving.folding import differences, differing_keys, folded
from tools.proving.proof import Proof
from tools.proving.record_work import MOST_FIELDS, RecordTask
from tools.proving.replay import record_document

_ENTRY = """
    SELECT e.name, e.seq, b.log, b.author, e.received FROM log_library l JOIN log_entry e ON e.library = l.id JOIN log_branch b ON b.id = e.branch
    WHERE l.name = ? AND e.arrival = ?
"""


def differing_records(left: Proof, right: Proof) -> Iterator[RecordId]:
    """The records that differ although both have applied what made them, in their order."""
    for ours, theirs in beside(left.scratch.common(), right.scratch.common(), lambda each: each[0]):
        record = (ours or theirs or (RecordId(bytes(RecordId.SIZE)), b""))[0]
        if (ours[1] if ours else b"") != (theirs[1] if theirs else b""):
            yield record


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One folder's view of the record. ``wrote``: by entry's name what became of what it did here, in the order of arrival; ``content``: by what both have."""

    proof: Proof
    task: RecordTask
    content: Content
    wrote: dict[bytes, tuple[int, str]]

    @classmethod
    def of(cls, proof: Proof, record: RecordId) -> _Side:
        assert proof.records is not None
        task = proof.records.task(record)
        return cls(proof=proof, task=task, content=_content(task), wrote=dict(_wrote(proof, task)))


def parting(left: Proof, right: Proof, record: RecordId) -> Document:
    """``record``, ``kind``, ``name``; ``fields``: [{``field``, ``a``, ``b``}], all values that stand there, the one that is read first; ``stored``: whether
    each has the record at all. ``entry``: where they part, with ``time`` and with what became of it in ``a`` and ``b``; ``None`` when no entry explains it."""
    ours, theirs = _Side.of(left, record), _Side.of(right, record)
    document = record_document(left.inspected, record)
    if document["name"] is None:
        document = record_document(right.inspected, record)
    fields = [
        {"field": each.field, "a": list(map(plain, each.left)), "b": list(map(plain, each.right))}
        for each in differences(ours.content, theirs.content)[:MOST_FIELDS]
    ]
    stored = {"a": ours.task.stored is not None, "b": theirs.task.stored is not None}
    return {**document, "stored": stored, "fields": fields, "entry": _entry(ours, theirs)}


def _entry(ours: _Side, theirs: _Side) -> Document | None:
    """The first that counts in one of them and not in the other; else the first of those that set or took away what differs."""
    order = {name: number for number, name in enumerate([*ours.wrote, *theirs.wrote])}
    judged_apart = (name for name in order if _became(ours, name) != _became(theirs, name) and not _is_beyond(ours, theirs, name))
    if (name := next(judged_apart, None)) is not None:
        return _described(ours, theirs, name)
    responsible = sorted(_responsible(ours, theirs), key=lambda name: order.get(name, len(order)))
    return _described(ours, theirs, responsible[0]) if responsible else None


def _is_beyond(ours: _Side, theirs: _Side, name: bytes) -> bool:
    """Whether one of the two lacks it, or holds it back: then it isn't in what they have in common."""
    return any(
        name in side.wrote and side.wrote[name][0] in ((side.proof.records and side.proof.records.uncommon) or ())
        for side in (ours, theirs)
    )


def _responsible(ours: _Side, theirs: _Side) -> Iterator[bytes]:
    """The entries that set or took away what differs."""
    for key in differing_keys(ours.content, theirs.content):
        client = client_of(key.rsplit("/", 1)[1])
        gone_in = next((side for side in (ours, theirs) if key not in side.content.live and client in side.content.vector), None)
        taking_away = [] if gone_in is None else [*_deleting(ours, key, client), *_deleting(theirs, key, client)]
        yield from taking_away or [*_writing(ours, client), *_writing(theirs, client)]
    for known, _ in sorted(ours.content.vector.items() ^ theirs.content.vector.items()):
        yield from _writing(ours, known)
        yield from _writing(theirs, known)


def _writing(side: _Side, client: int) -> Iterator[bytes]:
    for maker in side.proof.scratch.makers([client]):
        if (row := _row(side.proof, maker.arrival)) is not None:
            yield row[0]


def _deleting(side: _Side, key: str, client: int) -> Iterator[bytes]:
    """The entries that deleted what ``client`` set at ``key``. Where its update isn't known, all that deleted anything of it."""
    clock = next((items.index(key) for step in side.task.steps if step.client == client and key in (items := _keys(step.update))), None)
    for step in side.task.steps:
        with suppress(MalformedUpdateError):
            deletes = [piece for piece in decode_update(step.update).deletes if piece.client == client]
            if any(clock is None or piece.clock <= clock < piece.end for piece in deletes) and (row := _row(side.proof, step.arrival)):
                yield row[0]


def _keys(update: bytes) -> list[str]:
    with suppress(MalformedUpdateError):
        return [item.key for item in decode_update(update).items]
    return []


def _content(task: RecordTask) -> Content:
    if task.common is None:
        if task.stored is None:
            return EMPTY
        with suppress(EngineError):
            return read(task.stored[0])
        return EMPTY
    try:
        state = folded(task.base, task.makers, [step for place, step in enumerate(task.steps) if place in task.common]).state
        return EMPTY if state is None else state.content()
    except MalformedUpdateError:
        return EMPTY


def _wrote(proof: Proof, task: RecordTask) -> Iterator[tuple[bytes, tuple[int, str]]]:
    with proof.inspected.database.read() as connection:
        query = "SELECT 1 FROM void WHERE arrival = ? AND record IN (?, x'')"
        for step in task.steps:
            if (row := _row(proof, step.arrival)) is not None:
                is_void = connection.execute(query, (step.arrival, task.record)).fetchone() is not None
                yield row[0], (step.arrival, "void" if is_void else "applied")


def _became(side: _Side, name: bytes) -> str:
    """What became of it there."""
    if name in side.wrote:
        return side.wrote[name][1]
    with side.proof.inspected.database.read() as connection:
        stored = connection.execute("SELECT arrival FROM log_entry WHERE name = ?", (name,)).fetchone()
        if stored is None:
            return "missing"
        waits = connection.execute("SELECT 1 FROM waiting WHERE arrival = ?", stored).fetchone() is not None
    return "waiting" if waits else "not applied"


def _described(ours: _Side, theirs: _Side, name: bytes) -> Document:
    side = ours if _is_stored(ours.proof.inspected, name) else theirs
    with side.proof.inspected.database.read() as connection:
        (arrival,) = connection.execute("SELECT arrival FROM log_entry WHERE name = ?", (name,)).fetchone()
    row = _row(side.proof, arrival)
    assert row is not None, "it was found by its row"
    _, seq, log, author, received = row
    stamp = next((step.stamp for step in side.task.steps if step.arrival == arrival), None)
    names = {**theirs.proof.inspected.device_names(), **ours.proof.inspected.device_names()}
    return {
        **entry_document(LogId(log), seq, EntryHash(name)),
        **device_document(DeviceId(author), names),
        "time": iso_utc(received if stamp is None else stamp.millis),
        "a": _became(ours, name),
        "b": _became(theirs, name),
    }


def _is_stored(inspected: Inspected, name: bytes) -> bool:
    with inspected.database.read() as connection:
        return connection.execute("SELECT 1 FROM log_entry WHERE name = ?", (name,)).fetchone() is not None


def _row(proof: Proof, arrival: int) -> tuple[bytes, int, bytes, bytes, int] | None:
    with proof.inspected.database.read() as connection:
        row: tuple[bytes, int, bytes, bytes, int] | None = connection.execute(_ENTRY, (proof.library, arrival)).fetchone()
    return row
