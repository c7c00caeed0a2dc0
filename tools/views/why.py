"""`why RECORD FIELD`: which writes competed, who had seen whom, which rule decided, what lost, and the command that brings it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crdt.asset import view_asset
from crdt.client import writer
from crdt.clock import AHEAD_LIMIT_MS
from crdt.keys import Family
from crdt.trash import TRASHED
from crdt.values import Value
from peer.errors import UsageError
from peer.library.instants import iso_utc
from peer.library.queries import Queries
from peer.library.shown import plain, shown
from store.ids import FileHash, RecordKind
from tools.graph.causal import bits
from tools.looking.contents import Contents
from tools.looking.documents import Document, device_document, entry_document, short_device, stamp_document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry
from tools.looking.lookup import find_record
from tools.looking.spelling import spell_count, spell_list, spell_span
from tools.reasons.evidence import Evidence, gather_evidence
from tools.reasons.fallbacks import Shown, Source, shown_for
from tools.reasons.played import Deed, FieldWrite
from tools.reasons.rules import LOST, SENTENCES, Fate, Rule
from tools.reasons.sentences import Said, answer, fate_clause, spoken
from tools.reasons.ways_back import Subject, keeping, way_back
from tools.views.record import name_of_record

MOST_WRITES = 200
"""Writes that are shown; of more the newest, and all that stand in the record."""

SHORTEST_ID = 10
_ABSENT = (Rule.NEVER_WRITTEN, Rule.REMOVED, Rule.PURGED, Rule.TAKEN_BACK, Rule.NOTHING_READABLE)


def gather_why(inspected: Inspected, text: str, field: str, *, now: int, complete: bool = False) -> Document:
    """Why a field of the record that ``text`` names reads as it does. ``now``: milliseconds since 1970.

    - ``record``, ``kind``, ``name`` (of the photo's file, the album, the device; null where it has none), ``purged``, ``folded_into`` (id or null)
    - ``field`` as people write it, ``family`` (``register``, ``set``, ``derived``), ``known`` (to this version)
    - ``answer``: one sentence. ``rule``: ``{id, sentence}``, what decided among the writes
    - ``value``: what is read, of a set whether the element is there; ``source``: where it comes from: ``written``, ``sidecar``, ``file``, ``part``, ``nothing``
    - ``writes``, in a causal order: ``number``, ``deed`` (``set``, ``remove``, ``purge``, ``contest``), ``value`` (null unless set), ``says`` (short text),
      ``device``, ``device_name``, ``stamp``, ``time`` (of the stamp), ``received`` (by this node's clock; null where no entry is known), ``entry``
      (``{log, seq, name}`` or null), ``writer``, ``fate``, ``became`` (the fate in words), ``seen`` (numbers of the writes in its causal past),
      ``replaced`` (numbers), ``changed`` (fields with which it contests a trashing), ``ahead`` (ms that its stamp was ahead of this device's clock when it
      came, else 0), ``bytes_given_up`` (true for what only the record itself still tells)
    - ``relations``: ``{earlier, later, relation}`` of each pair: ``replaced``, ``seen`` or ``concurrent``; of more than 50 writes null, because ``seen`` and
      ``replaced`` say the same shorter
    - ``winner``: number or null. ``losers``: ``{number, value, says, became, command}``; ``command`` is null where none does it
    - ``decisions``: ``{does, command}``: what settles an open conflict as it is, what takes a record out of the trash
    - ``notes``: sentences about clocks, parts, and what isn't known. ``sealed``: why contents can't be read, or empty
    - ``complete``: whether entries that only took something away were looked for; ``left_out``: how many older writes aren't listed
    - ``stubs``: entries that wrote the record and whose bytes were given up for a checkpoint: ``{log, seq, name}`` each
    """
    if inspected.library_folder is None:
        raise UsageError(
            "A relay's records are sealed: why is told from a device's folder only.", hint="`calotype-inspect entry LOG:SEQ` works here."
        )
    (library,) = inspected.libraries
    record = find_record(inspected.database, text)
    contents = Contents.of(inspected, library)
    evidence = gather_evidence(inspected, library, record, field, contents, complete=complete)
    return _Telling(inspected, evidence, contents, now).document()


class _Telling:
    def __init__(self, inspected: Inspected, evidence: Evidence, contents: Contents, now: int) -> None:
        self._inspected = inspected
        self._evidence = evidence
        self._sealed = contents.reason
        self._names = inspected.device_names()
        self._now = now
        self._devices: Mapping[int, Document] = {write.number: self._device(write) for write in evidence.writes}
        is_photo = evidence.record.kind is RecordKind.ASSET and not evidence.is_purged
        self._shown: Shown | None = shown_for(evidence.name, evidence.content, evidence.parts) if is_photo else None
        self._said = Said(
            kind=evidence.record.kind,
            name=evidence.name,
            writes=evidence.writes,
            verdict=evidence.verdict,
            shown=self._shown,
            who=lambda number: short_device(self._devices[number]),
        )

    def document(self) -> Document:
        evidence, name, verdict = self._evidence, self._evidence.name, self._evidence.verdict
        listed = self._listed()
        return {
            "record": evidence.record.body.hex(),
            "kind": evidence.record.kind.name.lower(),
            "name": name_of_record(evidence.record, evidence.content),
            "purged": evidence.is_purged,
            "folded_into": None if evidence.folded_into is None else evidence.folded_into.body.hex(),
            "field": name.label,
            "family": name.family.name.lower(),
            "known": name.spec is not None,
            "answer": answer(self._said),
            "rule": {"id": verdict.rule.value, "sentence": SENTENCES[verdict.rule]},
            "value": self._value(),
            "source": self._source(),
            "winner": verdict.winner,
            "writes": [self._write(write, {each.number for each in listed}) for write in listed],
            "relations": list(self._relations(listed)) if len(listed) <= 50 else None,
            "losers": list(self._losers(listed)),
            "decisions": list(self._decisions()),
            "notes": list(self._notes()),
            "sealed": self._sealed,
            "complete": evidence.found.is_complete,
            "left_out": len(evidence.writes) - len(listed),
            "stubs": [entry_document(stub.item.log, stub.item.seq, stub.name) for stub in evidence.found.stubs],
        }

    def _listed(self) -> list[FieldWrite]:
        writes = self._evidence.writes
        kept = {write.number for write in writes[-MOST_WRITES:]} | {write.number for write in writes if write.is_live}
        return [write for write in writes if write.number in kept]

    def _winner(self) -> FieldWrite | None:
        winner = self._evidence.verdict.winner
        return None if winner is None else self._said.of(winner)

    def _value(self) -> object:
        name, winner = self._evidence.name, self._winner()
        if self._evidence.is_purged:
            return None
        if name.family is Family.SET:
            is_shown = self._shown is not None and self._shown.source is not Source.NOTHING
            return is_shown or (self._evidence.verdict.rule not in _ABSENT and winner is not None)
        if self._shown is not None:
            value = self._shown.value
            return plain(value.value()) if hasattr(value, "value") else value
        return None if winner is None or winner.deed is not Deed.SET else shown(name.name, winner.value)

    def _source(self) -> str:
        if self._shown is not None:
            return self._shown.source.value
        winner = self._winner()
        return (Source.NOTHING if winner is None or winner.deed is not Deed.SET else Source.WRITTEN).value

    def _device(self, write: FieldWrite) -> Document:
        if write.logged is not None:
            return device_document(write.logged.author, self._names)
        return device_document(None, self._names)

    def _write(self, write: FieldWrite, listed: set[int]) -> Document:
        name = self._evidence.name
        logged = write.logged
        return {
            "number": write.number,
            "deed": write.deed.value,
            "value": shown(name.name, write.value) if write.deed is Deed.SET else None,
            "says": spoken(name, write),
            **self._devices[write.number],
            **stamp_document(write.stamp),
            "received": None if logged is None else iso_utc(logged.received),
            "entry": None if logged is None else entry_document(logged.item.log, logged.item.seq, logged.name),
            "writer": writer(write.client),
            "fate": self._evidence.verdict.fates[write.number].value,
            "became": fate_clause(self._said, write),
            "seen": [number for number in self._seen(write) if number in listed],
            "replaced": list(write.replaced),
            "changed": list(write.changed),
            "ahead": self._ahead(write.stamp.millis, logged),
            "bytes_given_up": write.is_stub and not self._sealed,
        }

    def _seen(self, write: FieldWrite) -> list[int]:
        place = self._evidence.places.get(write.number)
        if place is None:
            return []
        past = set(bits(self._evidence.graph.pasts[place]))
        return sorted(number for number, at in self._evidence.places.items() if at in past)

    def _relations(self, listed: list[FieldWrite]) -> Iterator[Document]:
        seen = {write.number: set(self._seen(write)) for write in listed}
        for later in listed:
            for earlier in listed[: listed.index(later)]:
                was_seen = "seen" if earlier.number in seen[later.number] else "concurrent"
                relation = "replaced" if earlier.number in later.replaced else was_seen
                yield {"earlier": earlier.number, "later": later.number, "relation": relation}

    def _ahead(self, millis: int, logged: LoggedEntry | None) -> int:
        """By how much a stamp was ahead of this device's clock when it came, when that is suspicious; of what is ahead still, of the clock now."""
        at = self._now if logged is None else min(logged.received, self._now)
        return millis - at if millis > at + AHEAD_LIMIT_MS else 0

    def _losers(self, listed: list[FieldWrite]) -> Iterator[Document]:
        fates, subject, winner = self._evidence.verdict.fates, self._subject(), self._winner()
        for write in reversed(listed):
            fate = fates[write.number]
            is_back = (
                winner is not None and fate in (Fate.REPLACED, Fate.REMOVED) and (write.deed, write.value) == (winner.deed, winner.value)
            )
            if fate not in LOST or is_back:
                continue
            yield {
                "number": write.number,
                "value": shown(self._evidence.name.name, write.value) if write.deed is Deed.SET else None,
                "says": spoken(self._evidence.name, write),
                "became": fate_clause(self._said, write),
                "command": way_back(subject, write, fate, self._called(write)),
            }

    def _decisions(self) -> Iterator[Document]:
        """Where something is open: how it is settled as it is. For what is in the trash the way out, also when nothing competed."""
        name, winner = self._evidence.name, self._winner()
        is_open = any(fate in (Fate.CONFLICT, Fate.CONTESTS) for fate in self._evidence.verdict.fates.values())
        if is_open:
            yield {"does": "keeps it as it is, settled", "command": keeping(self._subject())}
        if name.name == TRASHED.name and winner is not None and winner.value is not None and not self._evidence.is_purged:
            restored = replace(winner, value=None)
            command = way_back(self._subject(), restored, Fate.CONFLICT if is_open else Fate.REPLACED, "")
            if command is not None:
                yield {"does": "takes it out of the trash", "command": command}

    def _subject(self) -> Subject:
        evidence = self._evidence
        contending = [write for write in evidence.writes if evidence.verdict.fates[write.number] in (Fate.CONFLICT, Fate.WINNER)]
        sides: dict[str, int] = {}
        for write in contending:
            sides[self._called(write)] = sides.get(self._called(write), 0) + 1
        winner = self._winner()
        current: Value = None if winner is None else winner.value
        return Subject(
            kind=evidence.record.kind,
            id=self._id(),
            name=evidence.name,
            current=current,
            sides=sides,
            files=self._files(),
            is_folded=evidence.folded_into is not None,
        )

    def _files(self) -> frozenset[FileHash]:
        return frozenset(view_asset(self._evidence.content).files) if self._evidence.record.kind is RecordKind.ASSET else frozenset()

    def _id(self) -> str:
        """As short as commands may be given it."""
        record = self._evidence.record
        whole = record.body.hex()
        try:
            return whole[:SHORTEST_ID] if Queries(self._inspected.database).find_any(whole[:SHORTEST_ID]) == record else whole
        except UsageError:
            return whole

    def _called(self, write: FieldWrite) -> str:
        """The device as a command names it: its name where that is plain and its own, else the beginning of its id."""
        device = self._devices[write.number]
        name, whole = device["device_name"], device["device"] or ""
        is_own = list(self._names.values()).count(name) == 1
        return name if name and is_own and name.isprintable() and not name.startswith("-") else whole[:SHORTEST_ID]

    def _notes(self) -> Iterator[str]:
        evidence, winner = self._evidence, self._winner()
        if self._sealed:
            yield f"Contents of entries can't be opened ({self._sealed}): shown is what stands in the record; what was replaced isn't known."
        if winner is not None and (ahead := self._ahead(winner.stamp.millis, winner.logged)):
            yield (
                f"The clock of {self._said.who(winner.number)} was ahead when it wrote that: its stamp lay {spell_span(ahead)} ahead of this device's clock"
                f"{', which may be why it won' if evidence.verdict.rule in (Rule.LATER_STAMP, Rule.HIGHEST_STAMP, Rule.CONTESTED) else ''}."
            )
        if evidence.folded_into is not None:
            yield f"This is shown as part of photo {evidence.folded_into.body.hex()[:SHORTEST_ID]}, which counts first; see there."
        elif evidence.parts:
            ids = spell_list([part.body.hex()[:SHORTEST_ID] for part, _ in evidence.parts])
            yield f"Shown as one with this photo: {ids}. Rating, keywords and albums of parts count where the photo has none."
        if evidence.found.stubs and not self._sealed:
            count = spell_count(len(evidence.found.stubs), "entry", "entries")
            yield (
                f"The bytes of {count} that wrote this record were given up for a checkpoint: of them only what still stands in the record is known,"
                " not what they had replaced."
            )
        if evidence.lacks_removals and not evidence.found.is_complete:
            yield "Entries that only took something away weren't looked for (--complete does, and opens every change)."
        if evidence.is_purged and evidence.record.kind is RecordKind.ASSET:
            yield "It comes back as a new photo, if its file still exists somewhere: `calotype import --bring-back FILE`."
