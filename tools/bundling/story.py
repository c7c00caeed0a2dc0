"""What a device's folder tells, read once: every entry with what was found inside it and what became of it here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import chain

from peer.keys.device import DeviceKeys
from peer.keys.epochs import Keyring
from peer.keys.errors import BodyError, UnknownCodecError, UnsealError
from peer.library.meta import Meta
from store.entries import Entry, EntryKind, is_signed_by
from store.ids import MASTER, DeviceId, EntryHash, LibraryId, LogId, RecordId, RecordKind
from store.roster import Roster
from store.seen import SeenReport
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.given_up import GivenUp, deleted_by
from tools.looking.contents import Contents, Opened
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_entries

MAX_ENTRIES = 200_000
MAX_BYTES = 96 * 1024 * 1024


class Inside(Enum):
    """What there is inside an entry."""

    CONTROL = auto()
    CHANGE = auto()
    UNREADABLE = auto()
    """The key is here, and what is inside is no change: void on every device."""
    NEWER = auto()
    """A program of a later version wrote it."""
    KEYLESS = auto()
    """The key of its epoch never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry. ``opened`` only for changes that could be read; ``waits``: the code of why it waits here (``peer.library.waiting``), or empty; ``is_gone``:
    its bytes aren't here, and something stands in its place (``tools.bundling.given_up``)."""

    arrival: int
    received: int
    entry: Entry
    author: DeviceId
    inside: Inside
    opened: Opened | None = None
    waits: str = ""
    is_detached: bool = False
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Story:
    """``told`` in the order of arrival, detached entries last. ``device``: whose folder it is. ``records``: the only ones that are taken along, beside
    the descriptions of devices; none: all."""

    library: LibraryId
    device: DeviceId
    keys: DeviceKeys
    own_log: LogId | None
    log_number: int
    keyring: Keyring
    roster: Roster
    told: tuple[Told, ...]
    reports: tuple[SeenReport, ...]
    records: frozenset[RecordId] = frozenset()

    def keeps(self, record: RecordId) -> bool:
        """Whether what was written there is taken along."""
        return not self.records or record in self.records or record.kind is RecordKind.DEVICE

    def updates(self, told: Told) -> Iterator[tuple[RecordId, bytes]]:
        """Those that are taken along."""
        if told.opened is not None:
            yield from ((record, raw) for record, raw in told.opened.body.updates if self.keeps(record))

    def purges(self, told: Told) -> tuple[RecordId, ...]:
        """Likewise."""
        return () if told.opened is None else tuple(record for record in told.opened.body.purges if self.keeps(record))


def read_story(inspected: Inspected, contents: Contents, records: frozenset[RecordId] = frozenset()) -> Story:
    """All of it. ``contents`` are of a folder with its keys. ``CannotBeMadeAgainError`` when there is too much."""
    assert inspected.library_folder is not None, "a device's folder"
    (library,) = inspected.libraries
    keys = DeviceKeys.load(inspected.library_folder.device_key)
    meta, log = Meta(inspected.database), inspected.log(library)
    own = meta.get("log")
    story = Story(
        library=library,
        device=keys.device,
        keys=keys,
        own_log=None if own is None else LogId(own),
        log_number=meta.get_int("log_number", -1),
        keyring=contents.keyring,
        roster=log.roster(),
        told=(),
        reports=tuple(log.seen()),
        records=records,
    )
    return replace(story, told=tuple(_Reader(inspected, contents, story).told()))


class _Reader:
    def __init__(self, inspected: Inspected, contents: Contents, story: Story) -> None:
        self._inspected = inspected
        self._contents = contents
        self._story = story
        with inspected.database.read() as connection:
            self._waits = {EntryHash(name): str(code) for name, code in connection.execute("SELECT name, code FROM waiting")}
            self._void = {(arrival, bytes(record)) for arrival, record in connection.execute("SELECT arrival, record FROM void")}

    def told(self) -> list[Told]:
        whole: list[Told] = []
        gone: list[LoggedEntry] = []
        total = 0
        for count, logged in enumerate(logged_entries(self._inspected, self._story.library)):
            if logged.entry is None:
                gone.append(logged)
            else:
                total += len(logged.entry.body) + len(logged.entry.header)
                whole.append(self._one(logged, logged.entry))
            if count >= MAX_ENTRIES or total > MAX_BYTES:
                raise CannotBeMadeAgainError(
                    f"a history of more than {MAX_ENTRIES:,} entries or {MAX_BYTES >> 20} MiB doesn't fit into one"
                )
        return sorted([*whole, *self._in_their_places(gone, whole)], key=lambda told: (told.is_detached, told.arrival))

    def _in_their_places(self, gone: list[LoggedEntry], whole: list[Told]) -> Iterator[Told]:
        if not gone:
            return
        effective = [told for told in whole if told.opened is not None and not told.waits and (told.arrival, b"") not in self._void]
        deleted = chain.from_iterable(deleted_by(self._effective(told)) for told in effective)
        purged = chain.from_iterable(self._story.purges(told) for told in effective)
        teller = GivenUp(self._inspected, self._story.library, min(self._story.keyring), self._story.keeps)
        for logged, entry, opened in teller.opened(gone, deleted, purged):
            assert logged.author is not None, "an entry that is attached has an author"
            yield Told(
                arrival=logged.arrival,
                received=logged.received,
                entry=entry,
                author=logged.author,
                inside=Inside.CHANGE,
                opened=opened,
                is_gone=True,
            )

    def _effective(self, told: Told) -> Iterator[tuple[RecordId, bytes]]:
        """The updates that changed something."""
        yield from ((record, raw) for record, raw in self._story.updates(told) if (told.arrival, bytes(record)) not in self._void)

    def _one(self, logged: LoggedEntry, entry: Entry) -> Told:
        told = Told(
            arrival=logged.arrival,
            received=logged.received,
            entry=entry,
            author=logged.author or self._author(entry),
            inside=Inside.CONTROL,
            waits=self._waits.get(entry.name, ""),
            is_detached=logged.is_detached,
        )
        return told if entry.kind is not EntryKind.CHANGE else self._with_inside(told)

    def _with_inside(self, told: Told) -> Told:
        assert told.entry.epoch is not None, "a change has an epoch"
        if told.entry.epoch not in self._contents.keyring:
            return replace(told, inside=Inside.KEYLESS)
        try:
            return replace(told, inside=Inside.CHANGE, opened=self._contents.open(told.entry))
        except UnknownCodecError:
            return replace(told, inside=Inside.NEWER)
        except (UnsealError, BodyError):
            return replace(told, inside=Inside.UNREADABLE)

    def _author(self, entry: Entry) -> DeviceId:
        """Of a detached entry, whose author is only known by the signature."""
        roster = self._story.roster
        for device in sorted({*roster.devices, *roster.former, MASTER}):
            key = roster.known_key(device)
            if key is not None and is_signed_by(entry, key):
                return device
        raise CannotBeMadeAgainError("an entry that isn't attached has an author whom nobody knows")
