"""What `calotype-relay gc` does and says: one pass over all that was released, beside a relay that runs or on a folder that nobody serves.

It counts no running time, so that calling it often makes no wait shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from relay.data_folder import DataFolder
from relay.parts import Logs
from relay.release_book import Trashed
from relay.releasing import DeletingStores, OpenRelease, begin_pass, empty_trash, look_at, overdue_trash
from relay.seams import Clock, Randomness
from relay.sizes import spell_size
from relay.sqlite_accounts import SqliteLibraries, store_id
from relay.sqlite_releases import SqliteReleases
from store.file_blobs import FileBlobStore
from store.releases import HOUR_MS
from store.sqlite_log import SqliteLogStore


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What a pass did, or would do. ``emptied``: what left the trash for good; ``trash``: what lies there now; ``cancelled``: how many blobs
    somebody wanted after all."""

    dry_run: bool
    running: int
    emptied: Trashed
    trash: Trashed
    cancelled: int
    releases: tuple[OpenRelease, ...]

    @property
    def trashed(self) -> Trashed:
        """What was moved into the trash."""
        return _sum(each.trashed for each in self.releases)

    def content(self) -> dict[str, Any]:
        """For a program."""
        return {
            "dry_run": self.dry_run,
            "running_hours": round(self.running / HOUR_MS, 2),
            "trashed": self.trashed._asdict(),
            "emptied": self.emptied._asdict(),
            "trash": self.trash._asdict(),
            "cancelled": self.cancelled,
            "releases": [_content(each) for each in self.releases if each.blobs],
        }

    def human(self) -> Iterator[str]:
        """For a person, line by line."""
        would = "would be " if self.dry_run else ""
        yield f"{_spelled(self.trashed)} {would}moved to the trash, {_spelled(self.emptied)} {would}deleted for good; in the trash: {_spelled(self.trash)}."
        for each in self.releases:
            if each.blobs:
                reasons = [
                    f"{obstacle.value}: {count}" for obstacle, count in sorted(each.held_back.items(), key=lambda item: item[0].name)
                ]
                reasons += [f"not seen by {device.short()}" for device in sorted(each.unseen_by)]
                if each.waiting:
                    reasons.append(f"waiting: {each.waiting}, at most {each.left_ms / HOUR_MS:.1f} hours of running time more")
                yield f"{each.library.short()}  release {each.release.name.short()}  {each.blobs} blobs, {spell_size(each.bytes)}  {'; '.join(reasons)}"


@contextmanager
def deleting_stores(folder: DataFolder, *, clock: Clock, randomness: Randomness) -> Iterator[DeletingStores]:
    """The stores of a relay that exists; it may be running."""
    with folder.opened_as_it_is() as database, closing(FileBlobStore(folder.root)) as blobs:
        releases = SqliteReleases(database)
        releases.begin(store_id(database, randomness))
        yield DeletingStores(
            libraries=SqliteLibraries(database),
            releases=releases,
            logs=Logs(lambda library: SqliteLogStore(database, library, trusts_settled=True)),
            blobs=blobs,
            clock=clock,
        )


def collect(stores: DeletingStores, *, dry_run: bool) -> Collected:
    """One pass."""
    releases: list[OpenRelease] = []
    for library in stores.releases.libraries():
        noted = stores.releases.open_releases(library) if dry_run else begin_pass(stores, library)
        releases += [look_at(stores, library, release, dry_run=dry_run) for release in noted]
    emptied = _overdue(stores) if dry_run else _emptied(stores)
    libraries = [account.library for account in stores.libraries.accounts()]
    return Collected(
        dry_run=dry_run,
        running=stores.releases.running(),
        emptied=emptied,
        trash=_sum(map(stores.releases.trashed, libraries)),
        cancelled=sum(map(stores.releases.cancelled, libraries)),
        releases=tuple(releases),
    )


def _overdue(stores: DeletingStores) -> Trashed:
    sizes = [size for _, _, size in overdue_trash(stores, limit=-1)]
    return Trashed(len(sizes), sum(sizes))


def _emptied(stores: DeletingStores) -> Trashed:
    return _sum(iter(lambda: empty_trash(stores), None))


def _sum(parts: Iterable[Trashed]) -> Trashed:
    blobs = size = 0
    for part in parts:
        blobs, size = blobs + part.blobs, size + part.bytes
    return Trashed(blobs, size)


def _spelled(trashed: Trashed) -> str:
    return f"{trashed.blobs} blobs ({spell_size(trashed.bytes)})"


def _content(each: OpenRelease) -> dict[str, Any]:
    return {
        "library": each.library.hex(),
        "release": each.release.name.hex(),
        "author": None if each.release.author is None else each.release.author.hex(),
        "blobs": each.blobs,
        "bytes": each.bytes,
        "cancelled": each.release.cancelled,
        "not_seen_by": [device.hex() for device in sorted(each.unseen_by)],
        "held_back": [{"reason": obstacle.value, "blobs": count} for obstacle, count in each.held_back.items()],
        "waiting": each.waiting,
        "hours_left": round(each.left_ms / HOUR_MS, 2) if each.waiting else None,
    }
