"""The second pass: every record in the order of ids, from what its entries say to the rows of listings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from crdt.lib0 import MalformedUpdateError
from crdt.state import read_state
from peer.library.composing import linked_with
from store.ids import RecordId, RecordKind
from tools.looking.documents import Document, short_value
from tools.looking.folder import Inspected
from tools.proving.findings import Findings
from tools.proving.folding import Step
from tools.proving.listings import rows_between
from tools.proving.progress import Watched
from tools.proving.record_work import Different, ProvenRecords, RecordPortion, RecordTask
from tools.proving.scratch import Change, Scratch
from tools.proving.workers import Map

PORTION_RECORDS = 200
PORTION_BYTES = 8 * 1024 * 1024
_FIRST, _LAST = b"", b"\xff" * (RecordId.SIZE + 1)

_NAMES = {
    RecordKind.ASSET: "SELECT name FROM asset WHERE record = ?",
    RecordKind.ALBUM: "SELECT title FROM album WHERE record = ?",
    RecordKind.DEVICE: "SELECT name FROM device WHERE record = ?",
}


@dataclass(frozen=True, kw_only=True)
class RecordPass:
    """``is_replayed``: the updates are in ``scratch``. ``uncommon``: the arrivals of entries that another folder, which this one is compared with, hasn't
    applied; ``None``: it is compared with none. ``is_listed``: this version made the listings, so they have to be what it would make now."""

    inspected: Inspected
    scratch: Scratch
    findings: Findings
    watched: Watched
    is_replayed: bool
    is_listed: bool
    uncommon: frozenset[int] | None = None
    sums: ProvenRecords = field(default_factory=ProvenRecords)

    def run(self, mapped: Map) -> None:
        with self.inspected.database.read() as connection:
            (total,) = connection.execute("SELECT count(*) FROM record").fetchone()
        self.watched.begin("records", total)
        for proven in mapped(self._portions()):
            self._add(proven)
            self.watched.done("records", proven.records)

    def task(self, record: RecordId) -> RecordTask:
        """All that is known of one record."""
        with self.inspected.database.read() as connection:
            row = connection.execute("SELECT state, digest FROM record WHERE record = ?", (record,)).fetchone()
        return self._task(record, row, self.scratch.purges(record[:-1], record).get(record, []))

    def _add(self, proven: ProvenRecords) -> None:
        self.sums.records += proven.records
        self.sums.updates += proven.updates
        self.sums.stored = self.sums.stored.add(proven.stored)
        self.sums.replayed = self.sums.replayed.add(proven.replayed)
        for arrival, record, reason in proven.voids:
            self.scratch.put_void(arrival, record, reason)
        for record, digest in proven.common if self.uncommon is not None else ():
            self.scratch.put_common(record, digest)
        for different in proven.different:
            self._different(different)
        for table, record in proven.listings:
            self.findings.add(
                "listing",
                f"{self._called(record)}: its rows in the listing “{table}” aren't what it says",
                **record_document(self.inspected, record),
                table=table,
            )

    def _different(self, different: Different) -> None:
        said = "; ".join(
            f"{each['field']} is {short_value(each['stored'])} and should be {short_value(each['replayed'])}"
            for each in different.fields[:2]
        )
        self.findings.add(
            "record",
            f"{self._called(different.record)}: {different.reason}{': ' if said else ''}{said}",
            **record_document(self.inspected, different.record),
            fields=list(different.fields),
        )

    def _called(self, record: RecordId) -> str:
        return called(record_document(self.inspected, record))

    # Portions

    def _portions(self) -> Iterator[RecordPortion]:
        after = _FIRST
        while after != _LAST:
            stored, up_to = self._stored(after)
            known = self.scratch.records(after, PORTION_RECORDS) if self.is_replayed else []
            ends = [end for end in (up_to, known[-1] if len(known) == PORTION_RECORDS else None) if end is not None]
            last = min(ends, default=None)
            wanted = sorted(record for record in {*stored, *known} if last is None or record <= last)
            portion = self._portion(wanted, stored, after, last)
            yield portion
            after = portion.last

    def _portion(
        self, wanted: list[RecordId], stored: Mapping[RecordId, tuple[bytes, bytes]], after: bytes, last: bytes | None
    ) -> RecordPortion:
        purges = self.scratch.purges(after, _LAST if last is None else last)
        tasks: list[RecordTask] = []
        size = 0
        for record in wanted:
            tasks.append(self._task(record, stored.get(record), purges.get(record, [])))
            size += sum(len(step.update) for step in tasks[-1].steps) + len(tasks[-1].base or b"")
            if size >= PORTION_BYTES and record != wanted[-1]:
                last = record
                break
        up_to = _LAST if last is None else bytes(last)
        with self.inspected.database.read() as connection:
            rows = rows_between(connection, after, up_to) if self.is_listed else None
            linked = linked_with(connection, (task.record for task in tasks)) - {task.record for task in tasks}
            query = "SELECT state FROM record WHERE record = ?"
            states = {record: connection.execute(query, (record,)).fetchone() for record in linked}
        return RecordPortion(
            tasks=tasks,
            is_replayed=self.is_replayed,
            after=after,
            last=up_to,
            rows=rows,
            linked={record: row[0] for record, row in states.items() if row is not None},
        )

    def _stored(self, after: bytes) -> tuple[dict[RecordId, tuple[bytes, bytes]], bytes | None]:
        """The first records behind ``after``, and up to where they are all that there are; ``None``: up to the end."""
        found: dict[RecordId, tuple[bytes, bytes]] = {}
        rows = size = 0
        with self.inspected.database.read() as connection:
            query = "SELECT record, state, digest FROM record WHERE record > ? ORDER BY record LIMIT ?"
            for record, state, digest in connection.execute(query, (after, PORTION_RECORDS)):
                with suppress(ValueError):  # no record's id, which is told of all tables
                    found[RecordId(record)] = state, digest
                rows, size = rows + 1, size + len(state)
                if rows == PORTION_RECORDS or size >= PORTION_BYTES:
                    return found, bytes(record)
        return found, None

    def _task(self, record: RecordId, stored: tuple[bytes, bytes] | None, purges: list[int]) -> RecordTask:
        if not self.is_replayed:
            return RecordTask(record=record, stored=stored)
        changes = self.scratch.changes(record)
        base = self.scratch.base(record)
        makers = self._makers_of(base) if base is not None and changes else {}
        uncommon = self.uncommon or frozenset()
        is_common = not any(arrival in uncommon for arrival in (*purges, *(change.maker.arrival for change in changes)))
        common = frozenset(place for place, change in enumerate(changes) if change.maker.arrival not in uncommon)
        return RecordTask(
            record=record,
            base=base,
            makers=makers,
            steps=list(self._steps(changes, makers)),
            stored=stored,
            is_purged=bool(purges),
            common=None if is_common else common,
        )

    def _makers_of(self, base: bytes) -> dict[int, tuple[int, int]]:
        with suppress(MalformedUpdateError):
            return {maker.client: (maker.branch, maker.seq) for maker in self.scratch.makers(read_state(base).clients)}
        return {}

    def _steps(self, changes: list[Change], makers: Mapping[int, tuple[int, int]]) -> Iterator[Step]:
        branches = {branch for branch, _ in makers.values()} | {change.maker.branch for change in changes}
        for maker, update in changes:
            assert maker.stamp is not None, "who wrote an update has a stamp"
            past: dict[int, int] = {}
            if len(changes) > 1 or makers:
                reaches = self.scratch.past(maker.arrival)
                past = {branch: reaches[branch] for branch in branches if branch in reaches}
            yield Step(maker.arrival, maker.branch, maker.seq, maker.client, maker.stamp, past, update)


def record_document(inspected: Inspected, record: RecordId) -> Document:
    """``record`` (hex), ``kind``, and ``name``: of a photo the file name that listings show, of an album its title, of a device its name; else ``None``."""
    row = None
    if record.kind in _NAMES:
        with inspected.database.read() as connection:
            row = connection.execute(_NAMES[record.kind], (record,)).fetchone()
    return {"record": record.body.hex(), "kind": record.kind.name.lower(), "name": None if row is None else row[0]}


def called(document: Document) -> str:
    """What people are told of a record: its name, and what `show` takes."""
    name = f"“{short_value(document['name'])[1:-1]}” " if document["name"] else ""
    return f"{name}{document['kind']}:{document['record'][:10]}"
