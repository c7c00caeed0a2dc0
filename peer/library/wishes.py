"""What this device wants of each asset under its policy (DESIGN: what a device keeps).

====================  =================================================================================================
``everything``        all files
``optimize``          thumbnails and previews; originals as long as there is room in the budget, and those that were asked for
``thumbnails``        thumbnails, and originals that were asked for
====================  =================================================================================================

Room is what the budget leaves beside the originals that are here and those that are queued. It is given in the order in which files are named, so who
names the newest first gives it to them. What was given up isn't wanted again until somebody asks; of a pinned asset all is wanted under every policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from sqlite3 import Connection

from crdt.asset import AssetView
from crdt.facts import Policy
from peer.library.queues import Download, DownloadQueue, Priority
from store.database import Database
from store.ids import FileHash, RecordId


def files_of_record(record: RecordId, asset: AssetView) -> Iterator[Download]:
    """Everything that an asset consists of and whose bytes can be had: pictures made of it, then its files."""
    if asset.primary is None:
        return
    for rendition, priority in ((asset.thumbnail, Priority.THUMBNAIL), (asset.preview, Priority.PREVIEW)):
        if rendition is not None:
            yield Download(file=rendition.file, record=record, size=rendition.size, priority=priority)
    for file in asset.files:
        if sources := asset.sources.get(file, ()):
            yield Download(file=file, record=record, size=sources[0].size, priority=Priority.ORIGINAL)


def wished(wanted: Download, policy: Policy, *, pinned: bool, given_up: bool) -> bool:
    """Whether the policy wants this file here, room aside. Pure."""
    if pinned or wanted.priority is Priority.THUMBNAIL or policy.keep == "everything":
        return True
    return policy.keep == "optimize" and not (wanted.priority is Priority.ORIGINAL and given_up)


def with_room(wanted: Iterable[Download], room: int) -> Iterator[Download]:
    """Those of ``wanted`` originals for which there is room, in their order. Pure."""
    for each in wanted:
        if each.size <= room:
            room -= each.size
            yield each


class Wishes:
    """Queues what is wanted. Methods join the caller's transaction when there is one."""

    def __init__(self, database: Database, downloads: DownloadQueue, policy: Callable[[], Policy]) -> None:
        self._database = database
        self._downloads = downloads
        self._policy = policy

    def add(self, files: Iterable[Download]) -> None:
        """Those of ``files`` that the policy wants and that aren't here."""
        everything = list(files)
        if not everything:
            return
        policy = self._policy()
        if policy.keep == "everything":
            self._downloads.add_missing(everything)
            return
        with self._database.write() as connection:
            wanted = [each for each in everything if self._is_wished(connection, each, policy)]
            self._downloads.add_missing(each for each in wanted if not _needs_room(connection, each, policy))
            candidates = [each for each in wanted if _needs_room(connection, each, policy) and not _is_on_its_way(connection, each.file)]
            if candidates:
                self._downloads.add_missing(with_room(candidates, room(connection, policy)))

    def _is_wished(self, connection: Connection, wanted: Download, policy: Policy) -> bool:
        pinned = is_pinned(connection, wanted.record)
        given_up = connection.execute("SELECT 1 FROM evicted WHERE file = ?", (wanted.file,)).fetchone() is not None
        return wished(wanted, policy, pinned=pinned, given_up=given_up)


def room(connection: Connection, policy: Policy) -> int:
    """Bytes that the budget of ``optimize`` leaves for originals that are neither here nor queued; negative when there are too many."""
    rows = connection.execute("SELECT bytes FROM total WHERE what IN ('original', 'wanted')").fetchall()
    return (policy.budget or 0) - sum(int(row[0]) for row in rows)


def is_pinned(connection: Connection, record: RecordId) -> bool:
    """Whether a person pinned the asset, or the one that it is shown as part of."""
    query = "SELECT 1 FROM pinned WHERE record = ?1 OR record = (SELECT folded FROM asset WHERE record = ?1) LIMIT 1"
    return connection.execute(query, (record,)).fetchone() is not None


def _needs_room(connection: Connection, wanted: Download, policy: Policy) -> bool:
    return policy.keep == "optimize" and wanted.priority is Priority.ORIGINAL and not is_pinned(connection, wanted.record)


def _is_on_its_way(connection: Connection, file: FileHash) -> bool:
    """Whether the file is here or queued already, and so has its room."""
    query = "SELECT 1 FROM held WHERE file = ?1 UNION ALL SELECT 1 FROM download WHERE file = ?1 LIMIT 1"
    return connection.execute(query, (file,)).fetchone() is not None
