"""What entries did to one record, in the order in which this node has them, which is a causal order.

Who wrote a record is found in two ways. Each entry that *sets* something in it left its client id in the record's state vector, so these are looked up
at once, whatever the size of the library. An entry that only *deletes* (a keyword taken away) leaves nothing that leads to it, and a purged record has no
vector: then all bodies are opened, and those that hold the record's id are looked into. So they are where the record itself is damaged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError
from crdt.record import EngineError, read
from crdt.update import DecodedUpdate, decode_update
from peer.library.causality import CausalPasts
from peer.library.findings import Progress, in_silence
from peer.library.meta import Meta
from peer.library.records import RecordTable
from store.entries import EntryKind
from store.ids import LibraryId, RecordId
from tools.looking.contents import Contents
from tools.looking.folder import Inspected
from tools.looking.logged import NEWEST, LoggedEntry, logged_at, logged_entries
from tools.looking.lookup import record_name

UNSEEN = "this device hasn't looked at it yet"
DETACHED = "what it builds on hasn't come yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What one entry did to the record. ``update`` is ``None`` for a purge, and where the bytes are no update; ``raw`` are its bytes, empty for a purge.
    ``void``: why it has no effect, by the gate, on every device; ``waiting``: why it has none yet, here. Both empty for what is applied."""

    logged: LoggedEntry
    stamp: Stamp
    client: int
    batch: bytes
    update: DecodedUpdate | None
    raw: bytes
    is_purge: bool = False
    void: str = ""
    waiting: str = ""

    @property
    def counts(self) -> bool:
        """Whether it changed the record here."""
        return not self.void and not self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWrites:
    """``stubs``: entries that wrote the record and whose bytes were given up for a checkpoint. ``is_complete``: entries that only delete were looked for."""

    record: RecordId
    writes: tuple[Write, ...]
    stubs: tuple[LoggedEntry, ...]
    is_complete: bool


class Writes:
    """Finds the writes of records in a device's folder; for one look."""

    def __init__(self, inspected: Inspected, library: LibraryId, contents: Contents) -> None:
        self._inspected = inspected
        self._library = library
        self._contents = contents
        self._pasts = CausalPasts(inspected.database, library)

    def of(self, record: RecordId, *, complete: bool = False, progress: Progress = in_silence) -> RecordWrites:
        """The writes of ``record``. ``complete``: also those that only delete, purge, or wait, which costs opening every change there is."""
        wrote = self._by_vector(record)
        if not complete and wrote is not None:
            return self._made(record, wrote, is_complete=False)
        return self._made(record, (*(wrote or ()), *self._scanned(record, progress)), is_complete=True)

    def among(self, record: RecordId, arrivals: Collection[int]) -> RecordWrites:
        """The same as ``complete``, by whoever knows already the arrivals of all entries whose bodies name the record."""
        return self._made(record, (*(self._by_vector(record) or ()), *self._at(arrivals)), is_complete=True)

    def has_seen(self, write: LoggedEntry, earlier: LoggedEntry) -> bool:
        """Whether ``earlier`` lies in the causal past of ``write``, as far as that was noted here: not of what waits, nor behind it."""
        if earlier.name in write.item.needs:
            return True
        needs = write.item.needs
        is_noted = self._pasts.knows(earlier.name) and all(map(self._pasts.knows, needs))
        return is_noted and self._pasts.of(needs).contains(earlier.arrival)

    def _made(self, record: RecordId, found: Iterable[LoggedEntry], *, is_complete: bool) -> RecordWrites:
        entries = sorted({each.name: each for each in found}.values(), key=_arrival)
        return RecordWrites(
            record=record,
            writes=tuple(write for logged in entries if (write := self._write(logged, record)) is not None),
            stubs=tuple(logged for logged in entries if logged.entry is None),
            is_complete=is_complete,
        )

    def _by_vector(self, record: RecordId) -> list[LoggedEntry] | None:
        """Those whose client ids the record knows; ``None`` where there is no record, or it is damaged, which is a problem."""
        state = RecordTable(self._inspected.database, Meta(self._inspected.database)).state(record)
        if state is None:
            return None
        try:
            vector = read(state).vector
        except EngineError as error:
            self._inspected.problems.note(f"{record_name(record)} is damaged: {error}")
            return None
        with self._inspected.database.read() as connection:
            arrivals = {
                int(row[0])
                for client in vector
                for row in connection.execute("SELECT arrival FROM client WHERE client = ?", (client,)).fetchall()
            }
        return list(self._at(arrivals))

    def _at(self, arrivals: Collection[int]) -> Iterator[LoggedEntry]:
        found = (logged_at(self._inspected, self._library, arrival) for arrival in sorted(arrivals))
        return (logged for logged in found if logged is not None)

    def _scanned(self, record: RecordId, progress: Progress) -> Iterator[LoggedEntry]:
        """Those in whose bodies the record's id occurs. Bodies are decoded by whoever asks what is in them."""
        for logged in logged_entries(self._inspected, self._library):
            progress("entries", 1)
            if logged.entry is not None and logged.entry.kind is EntryKind.CHANGE and bytes(record) in self._contents.plain(logged.entry):
                yield logged

    def _write(self, logged: LoggedEntry, record: RecordId) -> Write | None:
        opened = None if logged.entry is None else self._contents.opened(logged.entry)
        if opened is None:
            return None
        raw = next((update for touched, update in opened.body.updates if touched == record), None)
        if raw is None and record not in opened.body.purges:
            return None
        return Write(
            logged=logged,
            stamp=opened.stamp,
            client=opened.client,
            batch=opened.body.batch,
            update=None if raw is None else _decoded(raw),
            raw=raw or b"",
            is_purge=raw is None,
            void=self._one("SELECT reason FROM void WHERE arrival = ? AND record IN (x'', ?)", logged.arrival, bytes(record)),
            waiting=self._waiting(logged),
        )

    def _waiting(self, logged: LoggedEntry) -> str:
        if logged.is_detached:
            return DETACHED
        reason = self._one("SELECT reason FROM waiting WHERE arrival = ?", logged.arrival)
        is_unseen = logged.arrival > Meta(self._inspected.database).get_int("looked_at", NEWEST) and not self._pasts.knows(logged.name)
        return reason or (UNSEEN if is_unseen else "")

    def _one(self, query: str, *parameters: object) -> str:
        with self._inspected.database.read() as connection:
            row = connection.execute(query, parameters).fetchone()
        return "" if row is None else str(row[0])


def _arrival(logged: LoggedEntry) -> int:
    return logged.arrival


def _decoded(raw: bytes) -> DecodedUpdate | None:
    try:
        return decode_update(raw)
    except MalformedUpdateError:
        return None
