"""What a node consists of, each part by its interface: the composition root builds one, tests build others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar, TypeVarTuple

import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relay.accounts import Libraries, Mailboxes, Session, Sessions, TokenHash
from relay.errors import NotMemberError, SessionInvalidError, errors_translated
from relay.messages import EntryTrace
from relay.news import NewsHub
from relay.release_book import ReleaseBook
from relay.seams import Clock, Randomness, RunBlocking
from store.blobs import BlobStore
from store.ids import EntryHash, LibraryId, StoreId
from store.log import LogStore

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class LibrariesDue:
    """Libraries that somebody is to look at, each once however often it was named. On the trio thread."""

    def __init__(self) -> None:
        self._libraries: set[LibraryId] = set()
        self._any = trio.Event()

    def add(self, library: LibraryId) -> None:
        self._libraries.add(library)
        self._any.set()

    async def wait(self) -> None:
        """Until there is one."""
        await self._any.wait()

    def take(self) -> frozenset[LibraryId]:
        """Those that were named since the last time."""
        taken, self._libraries, self._any = frozenset(self._libraries), set(), trio.Event()
        return taken


class Logs:
    """The log store of each library, made once. Libraries are never given up, so this grows with their number only."""

    def __init__(self, open_log: Callable[[LibraryId], LogStore]) -> None:
        self._open = open_log
        self._logs: dict[LibraryId, LogStore] = {}

    def of(self, library: LibraryId) -> LogStore:
        """The log of a library that is registered."""
        log = self._logs.get(library)
        return log if log is not None else self._logs.setdefault(library, self._open(library))


@dataclass(frozen=True, kw_only=True)
class NodeParts:
    """``key`` is the node's own; ``store`` is new after every restore. A ``LogStore`` that shares the database of
    ``libraries`` takes part in its ``atomic`` blocks. ``releases``: none on a peer, which deletes nothing because others say so.
    ``judged``: a peer's, which applies what it stores: what became of those of the entries that are here.
    ``backup_interval_ms``: what came less than this ago may be lost with the disk, so nothing is promised of it."""

    kind: Literal["relay", "peer"]
    key: Ed25519PrivateKey = field(repr=False)
    store: StoreId
    libraries: Libraries
    sessions: Sessions
    mailboxes: Mailboxes
    logs: Logs
    blobs: BlobStore
    clock: Clock
    randomness: Randomness
    run_blocking: RunBlocking
    releases: ReleaseBook | None = None
    judged: Callable[[Sequence[EntryHash]], Mapping[EntryHash, EntryTrace]] | None = None
    backup_interval_ms: int = 0
    hub: NewsHub = field(default_factory=NewsHub)
    pruning_due: LibrariesDue = field(default_factory=LibrariesDue)

    async def run(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """``function`` in a worker thread, with the stores' errors as ours."""
        with errors_translated():
            return await self.run_blocking(function, *arguments)

    def admit(self, library: LibraryId, token: TokenHash) -> Session:
        """The session that ``token`` opened for ``library``; its device is still a member. In a worker thread."""
        session = self.sessions.find(token, now=self.clock.now())
        if session is None or session.library != library:
            raise SessionInvalidError("no such session, or it has ended; open another")
        if self.logs.of(library).roster().signing_key(session.device) is None:
            self.sessions.close(token)
            raise NotMemberError("this device is not a member of the library")
        return session
