"""A relay on which time runs as a test says, and devices that release, claim and report there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.parts import Logs, NodeParts
from relay.release_book import ReleaseBook
from relay.releasing import DeletingStores, OpenRelease, begin_pass, empty_trash, look_at
from relay.session import LibrarySession
from relay.sqlite_accounts import SqliteLibraries, SqliteMailboxes, SqliteSessions, store_id
from relay.sqlite_releases import SqliteReleases
from store.bodies import Claim, Release
from store.entries import Entry, EntryKind
from store.file_blobs import FileBlobStore
from store.ids import BlobId
from store.log import LogStore
from store.releases import HOUR_MS
from store.sqlite_log import SqliteLogStore
from tests.fleet.authors import NOW, Author, FleetLibrary
from tests.unit.relay.nodes import TOKEN, FakeClock, Node, make_parts, node_of, registration, session_of

DAY_HOURS = 24


@contextmanager
def parts_in(folder: Path) -> Iterator[NodeParts]:
    """A relay over SQLite and files, with one registration token."""
    data = DataFolder(folder)
    in_memory = make_parts(FakeClock())
    with data.opened() as database, closing(FileBlobStore(data.root)) as blobs:
        libraries, releases = SqliteLibraries(database), SqliteReleases(database)
        if not libraries.unused_tokens():
            libraries.add_token(TokenHash.of(TOKEN), quota=2**30, uses=9, now=NOW)
        store = store_id(database, in_memory.randomness)
        releases.begin(store)
        yield replace(
            in_memory,
            store=store,
            libraries=libraries,
            sessions=SqliteSessions(database),
            mailboxes=SqliteMailboxes(database),
            logs=Logs(lambda library: SqliteLogStore(database, library, trusts_settled=True)),
            blobs=blobs,
            releases=releases,
        )


class Stage:
    """One relay with one library. ``sealed`` bytes are blobs; sessions are the authors'."""

    def __init__(self, parts: NodeParts, library: FleetLibrary) -> None:
        assert isinstance(parts.clock, FakeClock)
        assert parts.releases is not None
        self.parts, self.library, self.clock = parts, library, parts.clock
        self.book: ReleaseBook = parts.releases
        self.node: Node = node_of(parts, parts.clock)
        self.stores = DeletingStores(
            libraries=parts.libraries, releases=parts.releases, logs=parts.logs, blobs=parts.blobs, clock=parts.clock
        )
        self._sessions: dict[str, LibrarySession] = {}

    async def begin(self) -> None:
        await self.node.service.register(registration(self.library))
        await self.push()

    def session(self, author: Author) -> LibrarySession:
        if author.name not in self._sessions:
            self._sessions[author.name] = session_of(
                self.node.service, self.library, author, key=self.node.key, clock=self.clock, seed=len(self._sessions)
            )
        return self._sessions[author.name]

    async def push(self, *entries: Entry, by: Author | None = None) -> None:
        """These, or all that the library has."""
        raws = [entry.raw for entry in entries or self.library.entries]
        author = by or next(iter(self._authors()))
        for start in range(0, len(raws), 500):
            await self.session(author).push(raws[start : start + 500])

    def _authors(self) -> Iterator[Author]:
        yield self.anna

    anna: Author

    async def put(self, author: Author, *sealed: bytes) -> list[BlobId]:
        for each in sealed:
            await self.session(author).put_blob(BlobId.of(each), each)
        return [BlobId.of(each) for each in sealed]

    async def report(self, *authors: Author, time: int | None = None) -> None:
        """Each has applied everything that the library has."""
        for author in authors:
            await self.session(author).seen([author.report(time=self.clock.time if time is None else time).raw])

    @property
    def log(self) -> LogStore:
        return self.parts.logs.of(self.library.id)

    # Time

    def hours(self, hours: int, *, every: int = 1) -> None:
        """The relay runs for so long, with a pass after each ``every`` hours."""
        for _ in range(hours // every):
            self.clock.time += every * HOUR_MS
            self.book.count(every * HOUR_MS)
            self.make_pass()

    def days(self, days: int) -> None:
        self.hours(days * DAY_HOURS, every=6)

    def make_pass(self) -> list[OpenRelease]:
        found = [look_at(self.stores, self.library.id, release) for release in begin_pass(self.stores, self.library.id)]
        while empty_trash(self.stores) is not None:
            pass
        return found

    # What there is

    def is_held(self, blob: BlobId) -> bool:
        return blob in self.parts.libraries.held(self.library.id, (blob,))

    def is_trashed(self, blob: BlobId) -> bool:
        return not self.is_held(blob) and blob in self.book.released(self.library.id, (blob,))

    def has_file(self, blob: BlobId) -> bool:
        return self.parts.blobs.info(blob) is not None


def release(author: Author, *blobs: BlobId) -> Entry:
    return author.control(EntryKind.RELEASE, Release(blobs=blobs))


def claim(author: Author, blobs: list[BlobId], *releases: Entry) -> Entry:
    return author.control(EntryKind.CLAIM, Claim(blobs=tuple(blobs), releases=tuple(each.name for each in releases)))
