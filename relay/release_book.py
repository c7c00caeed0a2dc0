"""What a relay writes down to know which blobs were released, who claimed them, how long it has waited, and what lies in its trash.

The rules are those of ``store.releases``; this is their memory, an interface with implementations that pass
``tests/conformance/releases.py``. It shares the transactions of the ``relay.accounts.Libraries`` beside it, whose holdings it moves into the trash and back.
A peer has none: it deletes nothing because others say so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId, StoreId
from store.releases import Wait, Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedRelease:
    """A release that may have blobs left to wait for. ``blobs``: how many it named that were held when it came; ``cancelled``: of how many of these it is."""

    name: EntryHash
    log: LogId
    author: DeviceId | None
    blobs: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedBlob:
    """A held blob, and how far one release is with it. The end of the last promise by the relay's clock, and in running time."""

    blob: BlobId
    size: int
    is_judged: bool
    wait: Wait
    kept_until: int
    kept_running: int


class Trashed(NamedTuple):
    """How much lies in the trash of a library."""

    blobs: int = 0
    bytes: int = 0


class ReleaseBook(Protocol):
    """Contract. Times are running time in milliseconds.

    - ``begin``: everything was counted in the store with this id. In another one (it is new, or was restored) all waits begin anew, the
      releases that came so far are cancelled, and nobody was heard.
    - ``noted``: up to which arrival number control entries were written down; ``None`` when that was never done.
    - ``add_release`` of a release that comes first, attached or not, takes note of those of its blobs that are held; of one that was
      detached (``author`` was ``None``) that it isn't any more. ``add_claim`` cancels attached releases, of the blobs that it names;
      detached ones, and releases that come later, are to be judged by their past (``claims``, ``judge``).
    - ``released``: those that are in the trash, or held with a release that isn't cancelled. ``want`` cancels all releases of blobs, also
      detached ones, and takes them out of the trash if ``is_there`` says that their bytes are; the others then are neither held nor there.
    - ``open_releases`` are those with blobs that aren't cancelled nor deleted; ``blobs_of`` gives at most ``limit`` of these after one of
      them; ``libraries`` have any.
    - ``judge``: the claims of these blobs were looked at: the release is cancelled for ``cancelled``.
    - ``trash`` takes held blobs away from the library, ends all releases of them, and gives the library its room back.
    - ``overdue``: what came into the trash before a time. ``empty`` takes a blob out for good; True: no library has it any more, neither held nor in its trash.
    - ``age``: for how long a held blob has been here.
    """

    def begin(self, store: StoreId) -> None: ...

    def running(self) -> int: ...

    def count(self, milliseconds: int) -> None: ...

    def noted(self, library: LibraryId) -> int | None: ...

    def note(self, library: LibraryId, arrival: int) -> None: ...

    def add_release(self, library: LibraryId, name: EntryHash, log: LogId, author: DeviceId | None, blobs: Sequence[BlobId]) -> None: ...

    def add_claim(self, library: LibraryId, name: EntryHash, blobs: Sequence[BlobId]) -> None: ...

    def add_checkpoint(self, library: LibraryId, name: EntryHash) -> None: ...

    def checkpoints(self, library: LibraryId) -> Mapping[EntryHash, int]: ...

    def forget_checkpoint(self, library: LibraryId, name: EntryHash) -> None: ...

    def hear(self, library: LibraryId, devices: Collection[DeviceId], *, reported: bool) -> None:
        """``reported``: a new report came. Else: these are members; who is known already stays as it is."""
        ...

    def witnesses(self, library: LibraryId) -> Mapping[DeviceId, Witness]: ...

    def released(self, library: LibraryId, blobs: Collection[BlobId]) -> frozenset[BlobId]: ...

    def want(self, library: LibraryId, blobs: Collection[BlobId], *, is_there: Callable[[BlobId], bool]) -> None: ...

    def libraries(self) -> list[LibraryId]: ...

    def open_releases(self, library: LibraryId) -> list[NotedRelease]: ...

    def cancelled(self, library: LibraryId) -> int:
        """Of how many blobs releases were cancelled, in all."""
        ...

    def blobs_of(self, library: LibraryId, release: EntryHash, *, after: BlobId | None, limit: int) -> list[ReleasedBlob]: ...

    def claims(self, library: LibraryId, release: EntryHash) -> Mapping[BlobId, frozenset[EntryHash]]: ...

    def judge(self, library: LibraryId, release: EntryHash, looked_at: Collection[BlobId], *, cancelled: Collection[BlobId]) -> None: ...

    def wait(self, library: LibraryId, release: EntryHash, waits: Mapping[BlobId, Wait]) -> None: ...

    def trash(self, library: LibraryId, blobs: Collection[BlobId]) -> None: ...

    def trashed(self, library: LibraryId) -> Trashed: ...

    def overdue(self, before: int, *, limit: int) -> list[tuple[LibraryId, BlobId, int]]:
        """With the size of each, the oldest first; below zero, ``limit`` is none."""
        ...

    def empty(self, library: LibraryId, blob: BlobId) -> bool: ...

    def age(self, library: LibraryId, blob: BlobId) -> int: ...
