"""What a replay begins with where entries were given up for a checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from peer.keys.epochs import Keyring
from peer.keys.errors import UnsealError
from peer.library.checkpoints.format import CoveredEntry, Header, PurgedRecord, RecordSnapshot, VoidUpdate
from peer.library.instants import iso_utc
from store.branches import at_or_below
from store.encoding import MalformedError
from store.errors import DamagedError
from store.file_blobs import blob_path
from store.ids import EntryHash, LibraryId
from store.log import SettledCheckpoint
from store.sqlite_rows import LibraryRows
from tools.looking.checkpoints import checkpoint_items
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.logged import logged_named
from tools.proving.findings import Findings
from tools.proving.scratch import Maker, Scratch


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """``covered``: of each branch up to which number its entries are in the checkpoint. ``document``: as ``gather_verify`` describes ``begins``."""

    covered: Mapping[int, int] = field(default_factory=dict)
    document: Document | None = None

    def covers(self, branch: int, seq: int) -> bool:
        return seq <= self.covered.get(branch, -1)


def find_beginning(inspected: Inspected, library: LibraryId, keyring: Keyring, scratch: Scratch, findings: Findings) -> Beginning | None:
    """The newest settled checkpoint that lies here as a whole, read into ``scratch``, where entries were given up; nothing where all have their bytes.
    ``None``, and a finding: there should be one, and can't be read."""
    log = inspected.log(library)
    if not log.figures().stubs:
        return Beginning()
    try:
        checkpoint = next((each for each in log.settled() if _is_here(inspected, each)), None)
        if checkpoint is not None:
            return _read(inspected, library, keyring, checkpoint, scratch)
        findings.add("checkpoint", "entries were given up for a checkpoint that isn't here as a whole: what they wrote can't be replayed")
    except (MalformedError, DamagedError, UnsealError, OSError) as error:
        if isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        findings.add("checkpoint", f"the checkpoint that entries were given up for can't be read: {error}")
    return None


def _is_here(inspected: Inspected, checkpoint: SettledCheckpoint) -> bool:
    assert inspected.library_folder is not None
    folder = inspected.library_folder.checkpoints
    return all(blob_path(folder, blob).is_file() for blob in checkpoint.blobs)


def _read(inspected: Inspected, library: LibraryId, keyring: Keyring, checkpoint: SettledCheckpoint, scratch: Scratch) -> Beginning:
    assert inspected.library_folder is not None
    entries = records = 0
    with inspected.database.read() as connection:
        rows = LibraryRows(connection, library)
        for item in checkpoint_items(inspected.library_folder, keyring, checkpoint.blobs):
            match item:
                case Header() if item.library != library or item.heads != checkpoint.covered:
                    raise MalformedError("it covers something else than its entry says")
                case CoveredEntry():
                    entries += 1
                    if item.client is not None:
                        scratch.put_maker(_maker(rows, item.entry.name, item.client))
                case VoidUpdate():
                    scratch.put_void(_maker(rows, item.entry, 0).arrival, item.record or b"", "")
                case PurgedRecord():
                    scratch.put_base_purge(item.record)
                case RecordSnapshot():
                    records += 1
                    scratch.put_base(item.record, item.state)
                case _:
                    pass
        covered = at_or_below(checkpoint.covered, rows.branches(), rows.position)
    logged = logged_named(inspected, library, checkpoint.checkpoint)
    document = {
        "checkpoint": checkpoint.checkpoint.hex(),
        "entry": None if logged is None else logged.place,
        "received": None if logged is None else iso_utc(logged.received),
        "covered_entries": entries,
        "records": records,
    }
    return Beginning(covered=covered, document=document)


def _maker(rows: LibraryRows, name: EntryHash, client: int) -> Maker:
    lineage, position = rows.lineage(name), rows.position(name)
    if lineage is None or position is None:
        raise MalformedError(f"it covers entry {name.short()}, which isn't stored")
    return Maker(lineage.arrival, position.branch, position.seq, client, None)
