"""Giving up originals that others keep: who may go, and the deed (PROTOCOL.md section 7.4, ``peer.library.eviction``).

The order of deeds, each of which may be the last before a crash:

1. Enough holders have promised, in this pass, by proofs that were compared with what lies here.
2. One transaction looks at everything once more, removes the row that says that the file is here, and leaves a note with its path.
3. The file is unlinked, its folder made durable.
4. The note's path is cleared; folders that became empty are removed.

After a crash between 2 and 4 the file may still lie there. Days may have passed since the promise, so it is taken in again, and is chosen again if it
still should go.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection

from peer.library.eviction import Candidate
from peer.library.held import STAY_MS, STAY_OVER_BUDGET_MS, HeldFile
from peer.library.library import Library
from peer.library.nodes import NodeKind
from peer.library.promises import Promise, is_enough
from peer.originals.copying import discard
from peer.originals.held import HeldStamp, still_held
from store.durable import sync_folder
from store.ids import DeviceId, FileHash, RecordId, RecordKind

PAGE = 500
FORGET_MS = 30 * 24 * 3_600_000

# Of a file that is held: the assets that it belongs to, as they are shown.
_SHOWN = """
    SELECT coalesce(part.folded, part.record) FROM asset_file JOIN asset AS part USING (record) WHERE asset_file.file = held.file
"""
_IS_PRECIOUS = f"""
    EXISTS (SELECT 1 FROM asset WHERE record IN ({_SHOWN})
        AND (favorite OR EXISTS (SELECT 1 FROM album WHERE cover = asset.record AND album.trashed IS NULL)))
"""  # noqa: S608 - all of it is ours
_MAY_GO = f"""
    kind = 'original' AND incoming IS NULL
    AND (:disk_is_short OR stays <= :stays_beyond OR stays > :now + {STAY_MS})
    AND EXISTS (SELECT 1 FROM asset_file WHERE asset_file.file = held.file)
    AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.file = held.file)
    AND NOT EXISTS (SELECT 1 FROM preview_wanted WHERE preview_wanted.file = held.file)
    AND NOT EXISTS (SELECT 1 FROM pinned WHERE record IN ({_SHOWN}) OR record IN (SELECT record FROM asset_file WHERE asset_file.file = held.file))
    AND NOT EXISTS (SELECT 1 FROM blob_segment JOIN blob_promise USING (blob) WHERE blob_segment.file = held.file AND until > :bound)
"""  # noqa: S608


def candidates(library: Library, *, disk_is_short: bool) -> Iterator[Candidate]:
    """All originals that may go, in the order in which they go; in pages, so that no transaction stays open."""
    for is_precious in (False, True):
        after: tuple[int, bytes] = (-1, b"")
        while True:
            with library.database.read() as connection:
                rows = connection.execute(
                    f"SELECT file, size, used FROM held WHERE (used, file) > (:used, :file) AND {_MAY_GO} AND {_IS_PRECIOUS} = :precious"  # noqa: S608
                    " ORDER BY used, file LIMIT :page",
                    {**_now(library, disk_is_short), "used": after[0], "file": after[1], "precious": is_precious, "page": PAGE},
                ).fetchall()
            for file, size, used in rows:
                yield Candidate(file=FileHash(file), size=size, used=used, is_precious=is_precious)
            if len(rows) < PAGE:
                break
            after = int(rows[-1][2]), bytes(rows[-1][0])


def give_up(library: Library, promised: Mapping[FileHash, Sequence[Promise]], *, disk_is_short: bool) -> int:
    """Give up those of the files for which the promises, made just now, are enough. How many bytes."""
    given_up: list[HeldFile] = []
    with library.database.write() as connection:
        if library.roster().is_member(library.device) and not library.is_loading and library.policy().keep != "everything":
            for file, promises in promised.items():
                held = library.held.get(file)
                if held is not None and _may_go(library, connection, held, promises, disk_is_short=disk_is_short):
                    _note(connection, held)
                    given_up.append(held)
    _remove(library, given_up)
    return sum(held.size for held in given_up)


def finish_giving_up(library: Library) -> int:
    """After a crash: files without a row that were to be unlinked are taken in again. How many."""
    with library.database.read() as connection:
        rows = connection.execute("SELECT file, path, size, mtime_ns, inode, used FROM evicted WHERE path IS NOT NULL").fetchall()
    taken_in = 0
    for file, path, size, mtime_ns, inode, used in rows:
        held = HeldFile(
            file=FileHash(file), kind="original", path=Path(os.fsdecode(path)), incoming=None, size=size, mtime_ns=mtime_ns, inode=inode
        )
        taken_in += _take_in(library, held, used)
    return taken_in


def forget_old_promises(library: Library) -> None:
    """Those that this device gave and is bound by no longer, whatever clock is right."""
    with library.database.write() as connection:
        connection.execute("DELETE FROM blob_promise WHERE until < ?", (min(library.clock.now(), library.hlc.physical()) - FORGET_MS,))


def _now(library: Library, disk_is_short: bool) -> dict[str, object]:
    """``bound``: as long as either clock says so, this device is bound by what it promised. ``stays_beyond``: until when somebody who asked for a file
    must at least have asked for it to stay, if it is to stay now."""
    now = library.clock.now()
    beyond = now if library.policy().keep == "thumbnails" else now + STAY_MS - STAY_OVER_BUDGET_MS
    return {"now": now, "bound": min(now, library.hlc.physical()), "stays_beyond": beyond, "disk_is_short": disk_is_short}


def _may_go(library: Library, connection: Connection, held: HeldFile, promises: Sequence[Promise], *, disk_is_short: bool) -> bool:
    row = connection.execute(
        f"SELECT 1 FROM held WHERE file = :file AND {_MAY_GO}",  # noqa: S608 - all of it is ours
        {**_now(library, disk_is_short), "file": held.file},
    ).fetchone()
    return row is not None and held.untouched(library.folder.root) and _are_enough(library, connection, promises)


def _are_enough(library: Library, connection: Connection, promises: Sequence[Promise]) -> bool:
    """Each node counts once, as it is now: with the stores that promised, and a device as a member that keeps everything."""
    nodes = {node.number: node for node in library.nodes.all()}
    members = library.roster().devices.keys()
    now = library.clock.now()
    holders = [nodes[each.node] for each in promises if each.node in nodes and nodes[each.node].store == each.store and each.is_open(now)]
    relays = {node.number for node in holders if node.kind is NodeKind.RELAY}
    devices = {node.device for node in holders if node.device in members and keeps_everything(connection, node.device)}
    has_relays = any(node.kind is NodeKind.RELAY for node in nodes.values())
    return is_enough(relays=len(relays), devices=len(devices - {library.device}), has_relays=has_relays)


def keeps_everything(connection: Connection, device: DeviceId) -> bool:
    """Whether a device's policy, as far as it is known here, is ``everything``."""
    record = RecordId.make(RecordKind.DEVICE, device)
    row = connection.execute("SELECT policy FROM device WHERE record = ?", (record,)).fetchone()
    return row is None or row[0] == "everything"


def _note(connection: Connection, held: HeldFile) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO evicted SELECT file, path, size, mtime_ns, inode, used FROM held WHERE file = ?",
        (held.file,),
    )
    connection.execute("DELETE FROM held WHERE file = ?", (held.file,))


def _remove(library: Library, given_up: Sequence[HeldFile]) -> None:
    root = library.folder.root
    for held in given_up:
        if held.untouched(root):
            discard(root / held.path)
    for folder in sorted({root / held.path.parent for held in given_up}):
        with suppress(FileNotFoundError):
            sync_folder(folder)
    gone = [held for held in given_up if not still_held(root / held.path, _stamp(held))]
    with library.database.write() as connection:  # nobody gives a file its place meanwhile
        connection.executemany("UPDATE evicted SET path = NULL WHERE file = ?", [(held.file,) for held in gone])
        _remove_empty(library, {root / held.path.parent for held in gone})
    for held in given_up:
        if held not in gone:
            _take_in(library, held, 0)  # it can't be unlinked


def _take_in(library: Library, held: HeldFile, used: int) -> bool:
    """What is to become of a file whose note still has a path. True: it is held again."""
    root = library.folder.root
    with library.database.write() as connection:
        is_here = still_held(root / held.path, _stamp(held)) and not library.held.path_taken(held.path)
        if is_here and library.held.get(held.file) is not None:
            discard(root / held.path)  # it came again meanwhile, and has another place
            is_here = False
        connection.execute("UPDATE evicted SET path = NULL WHERE file = ?", (held.file,))
        if is_here:
            library.held.put(held)
            library.held.use(held.file, used)
    return is_here


def _remove_empty(library: Library, folders: Collection[Path]) -> None:
    """Folders in the tree that have nothing in them any more, and those above them."""
    for folder in folders:
        while folder != library.folder.originals and library.folder.originals in folder.parents:
            try:
                folder.rmdir()
            except OSError:
                break
            folder = folder.parent


def _stamp(held: HeldFile) -> HeldStamp:
    return HeldStamp(size=held.size, mtime_ns=held.mtime_ns, inode=held.inode)
