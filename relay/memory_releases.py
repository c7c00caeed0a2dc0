"""A release book that forgets: for tests, and the simplest statement of what the other does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from relay.memory_accounts import MemoryLibraries
from relay.release_book import NotedRelease, ReleasedBlob, Trashed
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId, StoreId
from store.releases import Wait, Witness


@dataclass
class _Blob:
    is_judged: bool = False
    wait: Wait = field(default_factory=Wait)


@dataclass
class _Release:
    name: EntryHash
    log: LogId
    author: DeviceId | None
    held: int
    cancelled: int = 0
    blobs: dict[BlobId, _Blob] = field(default_factory=dict)

    def cancel(self, blob: BlobId) -> None:
        if self.blobs.pop(blob, None) is not None:
            self.cancelled += 1

    def noted(self) -> NotedRelease:
        return NotedRelease(name=self.name, log=self.log, author=self.author, blobs=self.held, cancelled=self.cancelled)


class _InTrash(NamedTuple):
    size: int
    trashed_at: int


@dataclass
class _Library:
    noted: int | None = None
    releases: dict[EntryHash, _Release] = field(default_factory=dict)
    claims: dict[BlobId, set[EntryHash]] = field(default_factory=dict)
    checkpoints: dict[EntryHash, int] = field(default_factory=dict)
    witnesses: dict[DeviceId, Witness] = field(default_factory=dict)
    trash: dict[BlobId, _InTrash] = field(default_factory=dict)


class MemoryReleases:
    """A ``ReleaseBook`` in dictionaries, beside ``MemoryLibraries``."""

    def __init__(self, libraries: MemoryLibraries) -> None:
        self._accounts = libraries
        self._store: StoreId | None = None
        self._libraries: dict[LibraryId, _Library] = {}
        libraries.tell_of_lost(self._forget_blob)

    def begin(self, store: StoreId) -> None:
        if store == self._store:
            return
        self._store = store
        self._accounts.begin_anew()
        for library in self._libraries.values():
            library.noted = None
            library.releases, library.witnesses = {}, {}
            library.checkpoints = dict.fromkeys(library.checkpoints, 0)
            library.trash = {blob: _InTrash(each.size, 0) for blob, each in library.trash.items()}

    def running(self) -> int:
        return self._accounts.running

    def count(self, milliseconds: int) -> None:
        self._accounts.running += milliseconds

    def noted(self, library: LibraryId) -> int | None:
        return self._of(library).noted

    def note(self, library: LibraryId, arrival: int) -> None:
        self._of(library).noted = arrival

    def add_release(self, library: LibraryId, name: EntryHash, log: LogId, author: DeviceId | None, blobs: Sequence[BlobId]) -> None:
        of = self._of(library)
        release = of.releases.get(name)
        if release is None:
            self._accounts.want_no_more(library, blobs)
            held = self._accounts.held(library, blobs)
            release = of.releases[name] = _Release(name, log, author, len(held), blobs={blob: _Blob() for blob in sorted(held)})
        if author is not None:
            release.author = author
            for blob, state in release.blobs.items():
                state.is_judged |= blob not in of.claims

    def add_claim(self, library: LibraryId, name: EntryHash, blobs: Sequence[BlobId]) -> None:
        of = self._of(library)
        for blob in blobs:
            of.claims.setdefault(blob, set()).add(name)
            for release in of.releases.values():
                if release.author is not None:
                    release.cancel(blob)

    def add_checkpoint(self, library: LibraryId, name: EntryHash) -> None:
        self._of(library).checkpoints.setdefault(name, self.running())

    def checkpoints(self, library: LibraryId) -> Mapping[EntryHash, int]:
        return dict(self._of(library).checkpoints)

    def forget_checkpoint(self, library: LibraryId, name: EntryHash) -> None:
        self._of(library).checkpoints.pop(name, None)

    def hear(self, library: LibraryId, devices: Collection[DeviceId], *, reported: bool) -> None:
        witnesses = self._of(library).witnesses
        for device in devices:
            if reported or device not in witnesses:
                witnesses[device] = Witness(self.running(), reported)

    def witnesses(self, library: LibraryId) -> Mapping[DeviceId, Witness]:
        return dict(self._of(library).witnesses)

    def released(self, library: LibraryId, blobs: Collection[BlobId]) -> frozenset[BlobId]:
        of = self._of(library)
        pending = {blob for release in of.releases.values() for blob in release.blobs}
        return frozenset(blob for blob in blobs if blob in pending or blob in of.trash)

    def want(self, library: LibraryId, blobs: Collection[BlobId], *, is_there: Callable[[BlobId], bool]) -> None:
        of = self._of(library)
        for blob in blobs:
            for release in of.releases.values():
                release.cancel(blob)
            trashed = of.trash.pop(blob, None)
            if trashed is not None and is_there(blob):
                self._accounts.put_back(library, blob, trashed.size)

    def libraries(self) -> list[LibraryId]:
        return sorted(name for name in self._libraries if self.open_releases(name))

    def open_releases(self, library: LibraryId) -> list[NotedRelease]:
        releases = self._of(library).releases
        return [releases[name].noted() for name in sorted(releases) if releases[name].blobs]

    def cancelled(self, library: LibraryId) -> int:
        return sum(release.cancelled for release in self._of(library).releases.values())

    def blobs_of(self, library: LibraryId, release: EntryHash, *, after: BlobId | None, limit: int) -> list[ReleasedBlob]:
        blobs = self._of(library).releases[release].blobs
        wanted = [blob for blob in sorted(blobs) if after is None or blob > after][:limit]
        return [
            ReleasedBlob(
                blob=blob,
                size=self._accounts.size(library, blob),
                is_judged=blobs[blob].is_judged,
                wait=blobs[blob].wait,
                kept_until=self._accounts.kept_until(library, blob),
                kept_running=self._accounts.kept_running(library, blob),
            )
            for blob in wanted
        ]

    def claims(self, library: LibraryId, release: EntryHash) -> Mapping[BlobId, frozenset[EntryHash]]:
        of = self._of(library)
        unjudged = (blob for blob, state in of.releases[release].blobs.items() if not state.is_judged)
        return {blob: frozenset(of.claims[blob]) for blob in unjudged if blob in of.claims}

    def judge(self, library: LibraryId, release: EntryHash, looked_at: Collection[BlobId], *, cancelled: Collection[BlobId]) -> None:
        judged = self._of(library).releases[release]
        for blob in looked_at:
            if blob in judged.blobs:
                judged.blobs[blob].is_judged = True
        for blob in cancelled:
            judged.cancel(blob)

    def wait(self, library: LibraryId, release: EntryHash, waits: Mapping[BlobId, Wait]) -> None:
        for blob, wait in waits.items():
            self._of(library).releases[release].blobs[blob].wait = wait

    def trash(self, library: LibraryId, blobs: Collection[BlobId]) -> None:
        of = self._of(library)
        for blob in blobs:
            for release in of.releases.values():
                release.blobs.pop(blob, None)
            if self._accounts.held(library, (blob,)):
                of.trash[blob] = _InTrash(self._accounts.take_away(library, blob), self.running())

    def trashed(self, library: LibraryId) -> Trashed:
        trash = self._of(library).trash.values()
        return Trashed(len(trash), sum(each.size for each in trash))

    def overdue(self, before: int, *, limit: int) -> list[tuple[LibraryId, BlobId, int]]:
        found = [
            (each.trashed_at, blob, name, each.size)
            for name, library in self._libraries.items()
            for blob, each in library.trash.items()
            if each.trashed_at < before
        ]
        return [(name, blob, size) for _, blob, name, size in sorted(found)[: None if limit < 0 else limit]]

    def empty(self, library: LibraryId, blob: BlobId) -> bool:
        self._of(library).trash.pop(blob, None)
        return not self._accounts.is_held(blob) and not any(blob in each.trash for each in self._libraries.values())

    def _forget_blob(self, blob: BlobId) -> None:
        for library in self._libraries.values():
            library.trash.pop(blob, None)
            for release in library.releases.values():
                release.blobs.pop(blob, None)

    def age(self, library: LibraryId, blob: BlobId) -> int:
        stored = self._accounts.stored_running(library, blob)
        return 0 if stored is None else self.running() - stored

    def _of(self, library: LibraryId) -> _Library:
        return self._libraries.setdefault(library, _Library())
