"""All that is known of one field in a device's folder, gathered for a verdict: its writes, who had seen whom, what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crdt.asset import AssetView, view_asset
from crdt.client import client_of
from crdt.fields import fields_of
from crdt.keys import Family, stem_of
from crdt.lib0 import MalformedUpdateError
from crdt.parsing import in_key
from crdt.record import EMPTY, Cell, Content, EngineError, read
from crdt.schema import ALBUM
from crdt.state import RecordState, read_state
from crdt.trash import TRASHED, observed_writers, read_trash
from peer.library.meta import Meta
from peer.library.queries import Queries
from peer.library.records import RecordTable
from peer.library.waiting import Why
from store.ids import LibraryId, RecordId, RecordKind
from tools.graph.causal import CausalGraph
from tools.looking.contents import Contents
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_at
from tools.looking.writes import RecordWrites, Writes
from tools.reasons.fields import FieldName, find_field, label_of
from tools.reasons.played import Deed, FieldWrite, in_causal_order, play, renumbered
from tools.reasons.rules import Fate, Verdict, decide
from tools.views.dag_relations import Link, relate

MOST_WAITING = 500
"""Entries that wait, and are opened to see whether they wrote the record."""

_VOID = "SELECT arrival FROM void WHERE record IN (x'', ?) ORDER BY arrival DESC LIMIT ?"
_WAITING = "SELECT arrival FROM waiting ORDER BY arrival DESC LIMIT ?"
_CLIENT = "SELECT arrival FROM client WHERE client = ?"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``graph``: who had seen whom, of the writes at ``places`` (by number) in it. ``found``: all writes of the record."""

    record: RecordId
    name: FieldName
    content: Content
    is_purged: bool
    found: RecordWrites
    writes: tuple[FieldWrite, ...]
    graph: CausalGraph
    places: Mapping[int, int]
    verdict: Verdict
    parts: tuple[tuple[RecordId, AssetView], ...]
    folded_into: RecordId | None

    @property
    def lacks_removals(self) -> bool:
        """Whether something that was written is gone, and nothing that was found took it away."""
        replaced = {number for write in self.writes for number in write.replaced}
        gone = (Fate.REPLACED, Fate.REMOVED)
        return any(fate in gone and number not in replaced for number, fate in self.verdict.fates.items())


def gather_evidence(
    inspected: Inspected, library: LibraryId, record: RecordId, text: str, contents: Contents, *, complete: bool
) -> Evidence:
    """What is known of the field that ``text`` names. ``complete``: also entries that only took something away are looked for; of sets they always are."""
    return _Gathering(inspected, library, record, contents).evidence(text, complete=complete)


class _Gathering:
    def __init__(self, inspected: Inspected, library: LibraryId, record: RecordId, contents: Contents) -> None:
        self._inspected = inspected
        self._library = library
        self._record = record
        self._writes = Writes(inspected, library, contents)
        self._queries = Queries(inspected.database)
        self._raw = RecordTable(inspected.database, Meta(inspected.database)).state(record)

    def evidence(self, text: str, *, complete: bool) -> Evidence:
        content, state = self._content(), self._state()
        found = self._quickly()
        stems = {stem_of(key) for key in content.live} | {
            stem_of(item.key) for write in found.writes if write.update is not None for item in write.update.items
        }
        name = find_field(self._record.kind, text, stems)
        needs_all = complete or name.family is Family.SET
        if needs_all and not found.is_complete:
            found = self._writes.of(self._record, complete=True)
        evidence = self._judged(name, content, state, found)
        if not found.is_complete and not found.stubs and evidence.lacks_removals:
            return self._judged(name, content, state, self._writes.of(self._record, complete=True))
        return evidence

    def _quickly(self) -> RecordWrites:
        """By index alone; of a purged or damaged record there is none."""
        if self._raw is None:
            return self._writes.of(self._record, complete=True)
        with self._inspected.database.read() as connection:
            held = (
                connection.execute(_VOID, (self._record, MOST_WAITING)).fetchall()
                + connection.execute(_WAITING, (MOST_WAITING,)).fetchall()
            )
        found = self._writes.of(self._record)
        if found.is_complete or not held:
            return found
        more = self._writes.among(self._record, {int(row[0]) for row in held})
        return RecordWrites(record=self._record, writes=more.writes, stubs=found.stubs, is_complete=False)

    def _judged(self, name: FieldName, content: Content, state: RecordState | None, found: RecordWrites) -> Evidence:
        contesting = self._contesting(content) if name.name == TRASHED.name and name.family is Family.REGISTER else {}
        played = play(name.stem, found.writes, state, self._entry_of, contesting, self._is_beyond)
        writes, graph, places = self._ordered(list(self._outside(played, contesting)))

        def is_before(earlier: int, later: int) -> bool:
            return earlier in places and later in places and graph.is_before(places[earlier], places[later])

        return Evidence(
            record=self._record,
            name=name,
            content=content,
            is_purged=self._raw is None,
            found=found,
            writes=writes,
            graph=graph,
            places=places,
            verdict=decide(name, writes, is_before, is_purged=self._raw is None),
            parts=tuple((part, view_asset(self._other(part))) for part in self._parts() if part != self._record),
            folded_into=self._folded_into(),
        )

    def _ordered(self, writes: list[FieldWrite]) -> tuple[tuple[FieldWrite, ...], CausalGraph, dict[int, int]]:
        """The writes, numbered as every device numbers them; who had seen whom, and at which place in that each is."""
        placed = {write.number: write.logged for write in writes if write.logged is not None and not write.logged.is_detached}
        entries = {logged.arrival: logged for logged in placed.values()}
        links = [Link(arrival=arrival, name=entries[arrival].name, needs=entries[arrival].item.needs) for arrival in sorted(entries)]
        graph = relate(self._inspected, self._library, links)
        order = {link.arrival: place for place, link in enumerate(links)}
        places = {number: order[logged.arrival] for number, logged in placed.items()}
        pasts = {
            number: frozenset(other for other, at in places.items() if number in places and graph.is_before(at, places[number]))
            for number in range(1, len(writes) + 1)
        }
        numbers = in_causal_order(writes, pasts)
        return renumbered(writes, numbers), graph, {numbers[number]: place for number, place in places.items()}

    def _content(self) -> Content:
        if self._raw is None:
            return EMPTY
        with self._inspected.problems.going_on():
            try:
                return read(self._raw)
            except EngineError:
                pass  # whoever looks for the writes notes it
        return EMPTY

    def _state(self) -> RecordState | None:
        try:
            return None if self._raw is None else read_state(self._raw)
        except MalformedUpdateError:
            return None

    def _entry_of(self, client: int) -> LoggedEntry | None:
        with self._inspected.database.read() as connection:
            row = connection.execute(_CLIENT, (client,)).fetchone()
        return None if row is None else logged_at(self._inspected, self._library, int(row[0]))

    def _is_beyond(self, logged: LoggedEntry) -> bool:
        with self._inspected.database.read() as connection:
            row = connection.execute("SELECT code FROM waiting WHERE arrival = ?", (logged.arrival,)).fetchone()
        return row is not None and row[0] == Why.REMOVED.value

    def _contesting(self, content: Content) -> dict[int, tuple[str, ...]]:
        """Client ids of those who changed the record, its parts or an album's photos without knowing that somebody trashed it; with what they changed."""
        fields = fields_of(content)
        if read_trash(fields, content).trash is None:
            return {}
        members = {cell.writer: "photos" for cell in self._memberships()}
        unseen = read_trash(fields, content, members=members).unseen
        changed: dict[int, list[str]] = {}
        for key, cell in content.live.items():
            if cell.writer in unseen and not key.startswith((f"{Family.DERIVED.value}/", f"{Family.REGISTER.value}/{TRASHED.name}/")):
                changed.setdefault(client_of(cell.writer), []).append(label_of(self._record.kind, stem_of(key)))
        for writer, label in members.items():
            if writer in unseen:
                changed.setdefault(client_of(writer), []).append(label)
        return {client: tuple(sorted(set(labels))) for client, labels in changed.items()} | self._of_parts(content)

    def _of_parts(self, content: Content) -> dict[int, tuple[str, ...]]:
        if self._record.kind is not RecordKind.ASSET or self._folded_into() is not None:
            return {}
        found: dict[int, tuple[str, ...]] = {}
        for part in self._parts():
            said = self._other(part)
            view = view_asset(said)
            against = () if part == self._record else view.unseen if view.trashed is not None else observed_writers(said)
            found |= {client_of(writer): ("a part of it",) for writer in against}
        return found

    def _outside(self, played: list[FieldWrite], contesting: Mapping[int, tuple[str, ...]]) -> Iterator[FieldWrite]:
        """Those, and who contests in other records: parts of a photo, photos of an album."""
        yield from played
        known = {write.client for write in played}
        for number, client in enumerate(sorted(contesting.keys() - known), len(played) + 1):
            cell = self._cell_elsewhere(client)
            if cell is not None:
                yield FieldWrite(
                    number=number,
                    deed=Deed.CONTEST,
                    value=None,
                    stamp=cell.stamp,
                    client=client,
                    logged=self._entry_of(client),
                    changed=contesting[client],
                )

    def _cell_elsewhere(self, client: int) -> Cell | None:
        others = [*self._memberships(), *(cell for part in self._parts() for cell in self._other(part).live.values())]
        return next((cell for cell in others if client_of(cell.writer) == client), None)

    def _memberships(self) -> Iterator[Cell]:
        if self._record.kind is RecordKind.ALBUM:
            for photo, _ in self._queries.album_members(self._record):
                yield from fields_of(self._other(photo)).sets.get(ALBUM.name, {}).get(in_key(self._record), ())

    def _parts(self) -> list[RecordId]:
        return self._queries.parts(self._record) if self._record.kind is RecordKind.ASSET and self._folded_into() is None else []

    def _folded_into(self) -> RecordId | None:
        if self._record.kind is not RecordKind.ASSET:
            return None
        photo = self._queries.shown_for(self._record)
        return None if photo == self._record else photo

    def _other(self, record: RecordId) -> Content:
        """What another record says; nothing where it is gone or damaged."""
        raw = RecordTable(self._inspected.database, Meta(self._inspected.database)).state(record)
        try:
            return EMPTY if raw is None else read(raw)
        except EngineError as error:
            self._inspected.problems.note(f"{record.kind.name.lower()} {record.body.hex()} is damaged: {error}")
            return EMPTY
