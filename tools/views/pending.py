"""`pending`: what is held back, by what in the end, who has that, since when, and what will happen next."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from peer.errors import CalotypeError
from peer.keys.device import DeviceKeys
from peer.library.instants import iso_utc
from store.ids import MASTER, DeviceId, EntryHash, EpochId, LibraryId, LogId
from store.roster import Roster
from store.seen import SeenReport
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.held_back import Cause, CauseKind, Held, HeldBack, held_back, pins_of
from tools.looking.reports import seen_reports
from tools.looking.spelling import spell_ago
from tools.views.advice import advice_on

SHOWN_ENTRIES = 100
SHOWN_STEPS = 8
ASKED_ENTRIES = 1000
"""Entries that build on a missing one whose authors are looked up: they had it."""
_PLACE = """
    SELECT b.log, e.seq, b.author FROM log_entry e JOIN log_branch b ON b.id = e.branch JOIN log_library l ON l.id = e.library
    WHERE e.name = ?1 AND l.name = ?2
    UNION ALL SELECT d.log, d.seq, NULL FROM log_detached d JOIN log_library l ON l.id = d.library WHERE d.name = ?1 AND l.name = ?2
"""


def gather_pending(inspected: Inspected, *, now: int, limit: int = SHOWN_ENTRIES) -> list[Document]:
    """A document for each library. ``now`` in milliseconds since 1970; ``limit``: entries that are named for each cause; 0: all.

    ``library``, ``as_of``; ``held_back``: entries, detached ones among them; ``detached``; ``unseen``: entries that are stored and that the device
    hasn't looked at yet (0 on a relay); ``pinned``: missing entries that a removal names as ends, which nothing here waits for. ``causes``, the
    one that holds back most first:

    - ``kind``: entry, key, removed, engine, version, again or circle (``peer.library.waiting``); ``missing``: ``log``, ``seq`` and ``name`` of the entry
      that isn't here (the first two null where nobody says), with ``device`` and ``device_name`` of the log; or ``epoch``; null for other kinds;
    - ``entries``: how many wait for it in the end, ``direct``: without others between; ``since``: the oldest; ``age_ms``, ``ago``;
    - ``holders``: who has it, as far as is known: ``device``, ``device_name``, ``how``, ``is_member``; ``next``: what will happen; ``remedy``: what a
      person can do;
    - ``waiting``: the first of the entries: ``log``, ``seq``, ``name``, ``device``, ``device_name``, ``reason``, ``since``, ``age_ms``, ``ago``,
      ``detached``, and ``through``: the entries between it and the cause (at most eight; ``steps`` are all).
    """
    return [_Pending(inspected, library, now=now, limit=limit).document() for library in inspected.libraries]


class _Pending:
    def __init__(self, inspected: Inspected, library: LibraryId, *, now: int, limit: int) -> None:
        self._inspected = inspected
        self._library = library
        self._now = now
        self._limit = limit
        self._names = inspected.device_names()
        self._roster: Roster = inspected.log(library).roster()
        self._held: HeldBack = held_back(inspected, library)
        self._reports = seen_reports(inspected, library)

    def document(self) -> Document:
        held = self._held
        waiting: dict[Cause, list[Held]] = {}
        for name, ends in held.ends.items():
            for end in ends:
                waiting.setdefault(end, []).append(held.entries[name])
        causes = sorted(waiting, key=lambda cause: (-len(waiting[cause]), cause.kind.value, cause.needs))
        return {
            "library": self._library.hex(),
            "as_of": iso_utc(self._now),
            "held_back": len(held.entries),
            "detached": sum(each.is_detached for each in held.entries.values()),
            "unseen": held.unseen,
            "pinned": [self._place(name) for name in held.pinned],
            "causes": [self._cause(cause, waiting[cause]) for cause in causes],
        }

    def _cause(self, cause: Cause, waiting: list[Held]) -> Document:
        holders = list(self._holders(cause, waiting))
        oldest = min(each.since for each in waiting)
        is_given = cause.kind is CauseKind.KEY and self._was_given(EpochId(cause.needs))
        following, remedy = advice_on(cause.kind, holders=holders, is_given=is_given, is_relay=self._inspected.library_folder is None)
        return {
            "kind": cause.kind.value,
            "missing": self._missing(cause),
            "entries": len(waiting),
            "direct": sum(cause in each.causes for each in waiting),
            **self._age(oldest),
            "holders": holders,
            "next": following,
            "remedy": remedy,
            "waiting": [self._waiting(each) for each in sorted(waiting, key=lambda each: each.since)[: self._limit or None]],
        }

    def _missing(self, cause: Cause) -> Document | None:
        match cause.kind:
            case CauseKind.ENTRY:
                return self._place(EntryHash(cause.needs))
            case CauseKind.KEY:
                return {"epoch": cause.needs.hex()}
            case _:
                return None

    def _place(self, name: EntryHash) -> Document:
        """Where a missing entry belongs, as those say that name it."""
        place = self._held.places.get(name) or pins_of(self._roster).get(name)
        if place is None:
            return {"log": None, "seq": None, "name": name.hex(), **device_document(None, self._names)}
        return entry_document(place.log, place.seq, name) | device_document(self._roster.logs.get(place.log), self._names)

    def _waiting(self, held: Held) -> Document:
        way = self._held.way(held.name)
        return {
            **self._stored(held.name),
            "reason": held.reason,
            **self._age(held.since),
            "detached": held.is_detached,
            "through": [self._stored(name) for name in way[:SHOWN_STEPS]],
            "steps": len(way),
        }

    def _stored(self, name: EntryHash) -> Document:
        with self._inspected.database.read() as connection:
            row = connection.execute(_PLACE, (name, self._library)).fetchone()
        if row is None:
            return {"log": None, "seq": None, "name": name.hex(), **device_document(None, self._names)}
        log, seq, author = row
        device = self._roster.logs.get(LogId(log)) if author is None else DeviceId(author)
        return entry_document(LogId(log), seq, name) | device_document(device, self._names)

    def _age(self, since: int) -> Document:
        return {"since": iso_utc(since), "age_ms": max(self._now - since, 0), "ago": spell_ago(since, now=self._now)}

    # Who has it

    def _holders(self, cause: Cause, waiting: list[Held]) -> Iterator[Document]:
        """Each device once, by the best of the reasons to think so."""
        known: dict[DeviceId, str] = {}
        ways = (
            self._of_entry(cause, waiting) if cause.kind is CauseKind.ENTRY else self._of_key(cause) if cause.kind is CauseKind.KEY else ()
        )
        for device, how in ways:
            known.setdefault(device, how)
        for device, how in known.items():
            yield {**device_document(device, self._names), "how": how, "is_member": device == MASTER or self._roster.is_member(device)}

    def _of_entry(self, cause: Cause, waiting: list[Held]) -> Iterator[tuple[DeviceId, str]]:
        """Who wrote it, whose report covers it, and who built on it: only who has an entry can."""
        name = EntryHash(cause.needs)
        place = self._held.places.get(name)
        if place is not None:
            if (author := self._roster.logs.get(place.log)) is not None:
                yield author, "wrote it"
            for device, report in self._reports.items():
                if _covers(report, place.log, place.seq):
                    yield device, "its report covers it"
        direct = (held for held in waiting if cause in held.causes)
        for held in islice(direct, ASKED_ENTRIES):
            if (device := self._stored(held.name)["device"]) is not None:
                yield DeviceId.parse(device), "built on it"

    def _of_key(self, cause: Cause) -> Iterator[tuple[DeviceId, str]]:
        """Who packaged it had it; who was given a package has it, if that was a good one."""
        info = self._roster.epochs.get(EpochId(cause.needs))
        if info is not None:
            yield from ((device, "gave it to others") for device in sorted(info.authors))
            yield from ((device, "was given it") for device in sorted(info.recipients) if device != self._own)

    def _was_given(self, epoch: EpochId) -> bool:
        """Whether somebody made a package for this device; that it waits for the key nevertheless says that it doesn't open."""
        info = self._roster.epochs.get(epoch)
        return info is not None and self._own in info.recipients

    @cached_property
    def _own(self) -> DeviceId | None:
        folder = self._inspected.library_folder
        try:
            return None if folder is None else DeviceKeys.load(folder.device_key).id
        except CalotypeError:
            return None


def _covers(report: SeenReport, log: LogId, seq: int) -> bool:
    return any(tip.seq >= seq for tip in report.heads.get(log, ()))
