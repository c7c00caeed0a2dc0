"""Whether a relay holds what it says that it holds, and what a device needs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from store.file_blobs import blob_path
from store.ids import BlobId, LibraryId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.proving.beside import beside
from tools.proving.findings import Findings
from tools.proving.progress import Watched

_LIBRARY = "SELECT id, blobs, blob_bytes FROM relay_library WHERE name = ?"
_HELD = "SELECT blob, size FROM relay_holding WHERE library = ? ORDER BY blob"
_AT_ONCE = 1000
MOST_NAMED = 20
"""Missing blobs that are named."""

_PIECE_BYTES = 1 << 20


def check_relay_blobs(inspected: Inspected, library: LibraryId, findings: Findings, watched: Watched, *, deep: bool) -> Document | None:
    """Each blob that the library holds, as a file of its size, with ``deep`` of its hash: ``held``, ``bytes``, ``hashed``. ``None`` where the blobs lie
    elsewhere (an S3 store, or a copy of the database alone)."""
    if not (inspected.root / "blobs").is_dir():
        return None
    with inspected.database.read() as connection:
        row = connection.execute(_LIBRARY, (library,)).fetchone()
        if row is None:
            return {"held": 0, "bytes": 0, "hashed": deep}
        key, noted, noted_bytes = row
        watched.begin("blobs", noted)
        held = size = 0
        for blob, length in connection.execute(_HELD, (key,)):
            held, size = held + 1, size + length
            if problem := _problem(blob_path(inspected.root, BlobId(blob)), BlobId(blob), length, deep=deep):
                findings.add("blob", f"blob {BlobId(blob).short()}: {problem}", blob=blob.hex())
            if held % _AT_ONCE == 0:
                watched.done("blobs", _AT_ONCE)
        watched.done("blobs", held % _AT_ONCE)
    if (held, size) != (noted, noted_bytes):
        findings.add("blob", f"{noted:,} blobs of {noted_bytes:,} bytes are counted, {held:,} of {size:,} are listed")
    return {"held": held, "bytes": size, "hashed": deep}


def needed_blobs(device: Inspected, relay: Inspected, library: LibraryId) -> Document:
    """Of the blobs that the device's records name how many the relay holds: ``needed``, ``held``, ``missing``, ``uploading`` (of the missing ones those that
    this device still has in its queue), and the first few that are missing in ``missing_blobs``."""
    needed = held = uploading = 0
    missing: list[str] = []
    with device.database.read() as here, relay.database.read() as there:
        wanted = (blob for (blob,) in here.execute("SELECT DISTINCT blob FROM needed_blob ORDER BY blob"))
        holds = there.execute(
            "SELECT h.blob FROM relay_library l JOIN relay_holding h ON h.library = l.id WHERE l.name = ? ORDER BY blob", (library,)
        )
        for need, has in beside(wanted, (blob for (blob,) in holds)):
            needed += need is not None
            held += need is not None and has is not None
            if need is not None and has is None:
                uploading += here.execute("SELECT 1 FROM upload WHERE blob = ? LIMIT 1", (need,)).fetchone() is not None
                if len(missing) < MOST_NAMED:
                    missing.append(need.hex())
    return {"needed": needed, "held": held, "missing": needed - held, "uploading": uploading, "missing_blobs": missing}


def _problem(path: Path, blob: BlobId, size: int, *, deep: bool) -> str:
    try:
        found = path.stat().st_size
        if found != size:
            return f"its file has {found:,} bytes instead of {size:,}"
        if deep and _hash(path) != blob:
            return "its bytes aren't those that it is named by"
    except FileNotFoundError:
        return "its file is missing"
    except OSError as error:
        return f"its file can't be read: {error.strerror}"
    return ""


def _hash(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.digest()
