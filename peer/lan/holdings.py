"""The account of a peer's one library: nothing is registered here, and what may be stored is bounded by what this device is ready to carry."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from peer.lan.blobs import PeerBlobs
from peer.library.library import Library
from relay.accounts import LibraryAccount, TokenHash, library_unknown, token_invalid
from relay.errors import NotFoundError
from store.ids import BlobId, LibraryId

CARRIED_BYTES = 32 * 1024 * 1024 * 1024
"""Of other devices' blobs that this device keeps until relays have them."""


class Holdings:
    """``Libraries`` with exactly one, which was there before."""

    def __init__(self, library: Library, blobs: PeerBlobs, *, quota: int = CARRIED_BYTES) -> None:
        self._library = library
        self._blobs = blobs
        self._quota = quota

    def atomic(self) -> AbstractContextManager[object]:
        return self._library.database.write()

    def add_token(self, token: TokenHash, *, quota: int, uses: int, now: int) -> None:
        raise token_invalid()

    def unused_tokens(self) -> int:
        return 0

    def register(self, library: LibraryId, token: TokenHash, *, now: int) -> int:
        raise token_invalid()

    def account(self, library: LibraryId) -> LibraryAccount | None:
        """Entries aren't counted: their room is this device's, as if it had written them."""
        if library != self._library.id:
            return None
        return LibraryAccount(
            library=library, quota=self._quota, blobs=0, blob_bytes=self._blobs.total_bytes(), entry_bytes=0, registered_at=0
        )

    def accounts(self) -> list[LibraryAccount]:
        account = self.account(self._library.id)
        return [] if account is None else [account]

    def add_entry_bytes(self, library: LibraryId, size: int) -> None:
        """Nobody counts them."""

    def add_blob(self, library: LibraryId, blob: BlobId, size: int, *, now: int) -> bool:
        """It was kept by the store, so it is held."""
        if library != self._library.id:
            raise library_unknown()
        return True

    def held(self, library: LibraryId, blobs: Sequence[BlobId]) -> frozenset[BlobId]:
        return self._blobs.held(blobs) if library == self._library.id else frozenset()

    def held_since(self, library: LibraryId, blobs: Sequence[BlobId]) -> dict[BlobId, int | None]:
        return self._blobs.held_since(blobs) if library == self._library.id else {}

    def keep(self, library: LibraryId, blobs: Sequence[BlobId], *, until: int) -> None:
        """A promise, by a device that keeps everything; ``NotFoundError`` by any other, and for what is no longer here: whoever asked might give its own
        away on that word. Decided in the transaction that records it, so nothing that was promised is given up, and nothing given up is promised."""
        with self._library.database.write() as connection:
            if self._library.policy().keep != "everything":
                raise NotFoundError("this device doesn't keep everything, and so promises nothing")
            if len(self.held(library, blobs)) < len(set(blobs)):
                raise NotFoundError("this blob is no longer here")
            connection.executemany(
                "INSERT INTO blob_promise VALUES (?, ?) ON CONFLICT (blob) DO UPDATE SET until = max(until, excluded.until)",
                [(blob, until) for blob in blobs],
            )

    def kept_until(self, library: LibraryId, blob: BlobId) -> int:
        with self._library.database.read() as connection:
            row = connection.execute("SELECT until FROM blob_promise WHERE blob = ?", (blob,)).fetchone()
        return 0 if row is None or library != self._library.id else int(row[0])

    def forget_blob(self, blob: BlobId) -> list[LibraryId]:
        """It was found damaged. Nobody is asked for it: this device fetches its files back by itself."""
        return []

    def wanted(self, library: LibraryId, *, limit: int) -> list[BlobId]:
        return []
