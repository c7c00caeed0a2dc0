"""Accounts that forget: for tests, and the simplest statement of what the others do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from relay.accounts import (
    MAIL_LIFETIME_MS,
    MAX_MAIL_AT_ONCE,
    PROMISE_MS,
    LibraryAccount,
    Session,
    TokenHash,
    box_is_full,
    library_unknown,
    node_mail_is_full,
    over_quota,
    token_invalid,
)
from relay.messages import BoxId
from relay.messages.limits import MAX_MAIL_MESSAGES
from store.ids import BlobId, DeviceId, LibraryId


@dataclass
class _Token:
    quota: int
    uses_left: int
    libraries: set[LibraryId] = field(default_factory=set)


class MemoryLibraries:
    """``Libraries`` in dictionaries. Its ``atomic`` keeps others out, and takes nothing back."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tokens: dict[TokenHash, _Token] = {}
        self._accounts: dict[LibraryId, LibraryAccount] = {}
        self._holdings: dict[BlobId, dict[LibraryId, int]] = {}
        self._stored_at: dict[tuple[LibraryId, BlobId], int] = {}
        self._kept: dict[tuple[LibraryId, BlobId], int] = {}
        self._kept_running: dict[tuple[LibraryId, BlobId], int] = {}
        self._stored_running: dict[tuple[LibraryId, BlobId], int] = {}
        self._wanted: set[tuple[LibraryId, BlobId]] = set()
        self._told_of_lost: list[Callable[[BlobId], None]] = []
        self.running = 0
        """Milliseconds that the node ran, as its release book counts them."""

    def atomic(self) -> AbstractContextManager[object]:
        return self._lock

    def add_token(self, token: TokenHash, *, quota: int, uses: int, now: int) -> None:
        with self._lock:
            self._tokens[token] = _Token(quota, uses)

    def unused_tokens(self) -> int:
        with self._lock:
            return sum(token.uses_left > 0 for token in self._tokens.values())

    def register(self, library: LibraryId, token: TokenHash, *, now: int) -> int:
        with self._lock:
            known = self._tokens.get(token)
            if known is None or (library not in known.libraries and not known.uses_left):
                raise token_invalid()
            if library not in self._accounts:
                known.uses_left -= 1
                known.libraries.add(library)
                self._accounts[library] = LibraryAccount(
                    library=library, quota=known.quota, blobs=0, blob_bytes=0, entry_bytes=0, registered_at=now
                )
            return self._accounts[library].quota

    def account(self, library: LibraryId) -> LibraryAccount | None:
        with self._lock:
            return self._accounts.get(library)

    def accounts(self) -> list[LibraryAccount]:
        with self._lock:
            return [self._accounts[library] for library in sorted(self._accounts)]

    def add_entry_bytes(self, library: LibraryId, size: int) -> None:
        with self._lock:
            account = self._accounts[library]
            self._accounts[library] = replace(account, entry_bytes=account.entry_bytes + size)

    def add_blob(self, library: LibraryId, blob: BlobId, size: int, *, now: int) -> bool:
        with self._lock:
            account = self._accounts.get(library)
            if account is None:
                raise library_unknown()
            if library in self._holdings.get(blob, {}):
                return False
            if account.blob_bytes + size > account.quota:
                raise over_quota()
            self.put_back(library, blob, size)
            self._stored_at[library, blob] = now
            return True

    def held(self, library: LibraryId, blobs: Sequence[BlobId]) -> frozenset[BlobId]:
        with self._lock:
            return frozenset(blob for blob in blobs if library in self._holdings.get(blob, {}))

    def held_since(self, library: LibraryId, blobs: Sequence[BlobId]) -> dict[BlobId, int | None]:
        with self._lock:
            return {blob: self._stored_at[library, blob] for blob in self.held(library, blobs)}

    def keep(self, library: LibraryId, blobs: Sequence[BlobId], *, until: int) -> None:
        with self._lock:
            for blob in self.held(library, blobs):
                self._kept[library, blob] = max(until, self._kept.get((library, blob), 0))
                self._kept_running[library, blob] = self.running + PROMISE_MS

    def kept_until(self, library: LibraryId, blob: BlobId) -> int:
        with self._lock:
            return self._kept.get((library, blob), 0)

    def forget_blob(self, blob: BlobId) -> list[LibraryId]:
        with self._lock:
            holders = sorted(self._holdings.get(blob, {}))
            for library in holders:
                self.take_away(library, blob)
                self._wanted.add((library, blob))
            for told in self._told_of_lost:
                told(blob)
            return holders

    def wanted(self, library: LibraryId, *, limit: int) -> list[BlobId]:
        with self._lock:
            return sorted(blob for wanting, blob in self._wanted if wanting == library)[:limit]

    # What the release book beside it asks

    def want_no_more(self, library: LibraryId, blobs: Iterable[BlobId]) -> None:
        """These were released."""
        with self._lock:
            self._wanted -= {(library, blob) for blob in blobs}

    def begin_anew(self) -> None:
        """Running time begins at 0."""
        self.running = 0
        self._kept_running = dict.fromkeys(self._kept, PROMISE_MS)
        self._stored_running = dict.fromkeys(self._stored_running, 0)

    def tell_of_lost(self, told: Callable[[BlobId], None]) -> None:
        """``told`` is called with each blob that is forgotten."""
        self._told_of_lost.append(told)

    def take_away(self, library: LibraryId, blob: BlobId) -> int:
        """The library doesn't hold it any more. Its size."""
        with self._lock:
            size = self._holdings[blob].pop(library)
            account = self._accounts[library]
            self._accounts[library] = replace(account, blobs=account.blobs - 1, blob_bytes=account.blob_bytes - size)
            for times in (self._kept, self._kept_running, self._stored_running):
                times.pop((library, blob), None)
            return size

    def put_back(self, library: LibraryId, blob: BlobId, size: int) -> None:
        """The library holds it, whether there is room or not."""
        with self._lock:
            account = self._accounts[library]
            self._holdings.setdefault(blob, {})[library] = size
            self._stored_running[library, blob] = self.running
            self._wanted.discard((library, blob))
            self._accounts[library] = replace(account, blobs=account.blobs + 1, blob_bytes=account.blob_bytes + size)

    def is_held(self, blob: BlobId) -> bool:
        """Whether any library holds it."""
        return bool(self._holdings.get(blob))

    def size(self, library: LibraryId, blob: BlobId) -> int:
        """Of a blob that the library holds."""
        return self._holdings[blob][library]

    def kept_running(self, library: LibraryId, blob: BlobId) -> int:
        """The end of the last promise in running time; 0 where none was made."""
        return self._kept_running.get((library, blob), 0)

    def stored_running(self, library: LibraryId, blob: BlobId) -> int | None:
        """When a held blob came, in running time."""
        return self._stored_running.get((library, blob))


class MemorySessions:
    """``Sessions`` in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[TokenHash, Session] = {}
        self._nonces: dict[tuple[DeviceId, bytes], int] = {}

    def open(self, token: TokenHash, session: Session, *, nonce: bytes, nonce_until: int, now: int) -> bool:
        with self._lock:
            self._sessions = {each: opened for each, opened in self._sessions.items() if opened.expires > now}
            self._nonces = {each: until for each, until in self._nonces.items() if until > now}
            if (session.device, nonce) in self._nonces:
                return False
            self._nonces[session.device, nonce] = nonce_until
            self._sessions[token] = session
            return True

    def find(self, token: TokenHash, *, now: int) -> Session | None:
        with self._lock:
            session = self._sessions.get(token)
            return session if session and session.expires > now else None

    def close(self, token: TokenHash) -> None:
        with self._lock:
            self._sessions.pop(token, None)

    def count(self, *, now: int) -> int:
        with self._lock:
            return sum(session.expires > now for session in self._sessions.values())


@dataclass(frozen=True)
class _Letter:
    number: int
    message: bytes
    expires: int


class MemoryMailboxes:
    """``Mailboxes`` in dictionaries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boxes: dict[BoxId, list[_Letter]] = {}

    def post(self, box: BoxId, message: bytes, *, now: int) -> None:
        with self._lock:
            self._throw_away(now)
            letters = self._boxes.get(box, [])
            if len(letters) >= MAX_MAIL_MESSAGES:
                raise box_is_full()
            if sum(map(len, self._boxes.values())) >= MAX_MAIL_AT_ONCE:
                raise node_mail_is_full()
            number = letters[-1].number + 1 if letters else 0
            self._boxes[box] = [*letters, _Letter(number, message, now + MAIL_LIFETIME_MS)]

    def messages(self, box: BoxId, *, after: int, now: int) -> list[bytes]:
        with self._lock:
            return [letter.message for letter in self._boxes.get(box, []) if letter.number >= after and letter.expires > now]

    def _throw_away(self, now: int) -> None:
        alive = {box: [letter for letter in letters if letter.expires > now] for box, letters in self._boxes.items()}
        self._boxes = {box: letters for box, letters in alive.items() if letters}
