"""Where each of a photo's files is, and why anything is not where it should be: ``calotype why``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.library.asset_files import AssetFile, files_of
from peer.library.details import asset_summary
from peer.library.holders import holders_of
from peer.library.instants import iso_utc
from peer.library.library import Library
from peer.library.pinning import is_photo_pinned
from peer.library.queries import Queries
from peer.library.queues import Priority
from store.ids import FileHash, RecordId

_EXTRAS = {"video": ("av", "video"), "raw": ("rawpy", "raw")}
"""By kind: the package that makes pictures of such files, and the extra that brings it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedUpload:
    """What of a file still has to go to a node. ``next_try`` in milliseconds since 1970; 0: at once."""

    node: str
    blobs: int
    size: int
    reason: str
    next_try: int

    def to_json(self) -> dict[str, Any]:
        return {"node": self.node, "blobs": self.blobs, "bytes": self.size, "reason": self.reason, "next_try": _when(self.next_try)}


def explain(library: Library, record: RecordId) -> dict[str, Any]:
    """A document with ``files``: of each its role, whether and where it is here, what is queued for it, and a sentence."""
    with library.database.read():
        summary = asset_summary(library, record)
        views = [view_asset(library.records.content(part) or EMPTY) for part in Queries(library.database).parts(record)]
        files: dict[FileHash, AssetFile] = {}
        for number, view in enumerate(views):
            for file in files_of(library, view):
                if number == 0 or file.priority is Priority.ORIGINAL:
                    files.setdefault(file.file, file)
        answer = {key: summary[key] for key in ("id", "name", "trashed", "original")} | {"pinned": is_photo_pinned(library, record)}
        return answer | {
            "files": [_explain_file(library, file) for file in files.values()],
            "preview": _preview(library, record),
            "picture": _why_no_picture(views[0]),
        }


def _explain_file(library: Library, file: AssetFile) -> dict[str, Any]:
    uploads, download = _uploads(library, file.file), library.downloads.waiting(file.file)
    holders = holders_of(library, file.file)
    here = file.path is not None and file.path.exists()
    as_recorded = here and file.held is not None and (file.held.incoming is not None or file.held.untouched(library.folder.root))
    return file.to_json() | {
        "as_recorded": as_recorded,
        "uploads": [upload.to_json() for upload in uploads],
        "download": None if download is None else {"reason": download[0], "next_try": _when(download[1])},
        "given_up": file.held is None and _is_given_up(library, file.file),
        "holders": [holder.to_json() for holder in holders],
        "explanation": " ".join(
            [
                _whether_here(library, file, download, here=here, as_recorded=as_recorded),
                *(holder.sentence for holder in holders if holder.acknowledged),
                *map(_going_out, uploads),
            ]
        ),
    }


def _whether_here(library: Library, file: AssetFile, download: tuple[str, int] | None, *, here: bool, as_recorded: bool) -> str:
    if as_recorded:
        return "Here, as recorded."
    if here:
        return "Here, but its size or time is not as recorded: `calotype verify` tells whether its bytes are still the same."
    if file.held is not None:
        return f"It should lie at {file.held.path} but doesn't: it was moved or deleted by hand. `calotype fetch` brings it back."
    if download is not None and download[0]:
        return f"Not here: {download[0]}. Next try {_soon(download[1])}."
    if download is None and file.size is not None and (reason := _why_not_wanted(library, file)):
        return f"Not here: {reason}. `calotype fetch` brings it."
    if not library.nodes.all():
        return "Not here, and no relay is configured that it could come from, nor was another device met: `calotype relay add`, `calotype run`."
    if download is not None:
        return "Not here yet: it waits for its turn to be downloaded."
    if file.size is None:
        return "Not here, and no device has told yet how to get its bytes."
    return "Not here, and not queued: `calotype fetch` brings it."


def _why_not_wanted(library: Library, file: AssetFile) -> str:
    """Why the policy leaves a file elsewhere; empty when it doesn't."""
    keep = library.policy().keep
    if keep == "everything" or file.priority is Priority.THUMBNAIL:
        return ""
    if _is_given_up(library, file.file):
        return "it was given up to save room, because others keep it"
    if keep == "thumbnails":
        return "this device keeps thumbnails only"
    return "the budget of this device has no room for it" if file.priority is Priority.ORIGINAL else ""


def _is_given_up(library: Library, file: FileHash) -> bool:
    with library.database.read() as connection:
        return connection.execute("SELECT 1 FROM evicted WHERE file = ?", (file,)).fetchone() is not None


def _going_out(upload: QueuedUpload) -> str:
    parts = "one part" if upload.blobs == 1 else f"{upload.blobs} parts"
    why = f": {upload.reason}. Next try {_soon(upload.next_try)}." if upload.reason else "."
    return f"{upload.node} still lacks {parts} of it{why}"


def _uploads(library: Library, file: FileHash) -> list[QueuedUpload]:
    with library.database.read() as connection:
        rows = connection.execute(
            "SELECT url, count(*), sum(size), max(reason), max(next_try) FROM upload JOIN node ON node.id = upload.node"
            " WHERE file = ? GROUP BY node ORDER BY node",
            (file,),
        ).fetchall()
    return [QueuedUpload(node=url, blobs=blobs, size=size, reason=reason, next_try=at) for url, blobs, size, reason, at in rows]


def _preview(library: Library, record: RecordId) -> str | None:
    """What is to say about a preview that is still to be made; ``None`` when none is."""
    with library.database.read() as connection:
        wanted = connection.execute("SELECT 1 FROM preview_wanted WHERE record = ?", (record,)).fetchone()
    return "The preview is still to be made: a running peer does it (`calotype run` or `sync`)." if wanted else None


def _why_no_picture(asset: AssetView) -> str | None:
    """What is to say about a photo or video that has no thumbnail; ``None`` when it has one."""
    if asset.thumbnail is not None:
        return None
    package, extra = _EXTRAS.get(asset.kind, ("", ""))
    if package and find_spec(package) is None:
        return f"It has no picture, only its bytes: pictures of such files need the extra, pip install 'calotype[{extra}]', before they are imported."
    return "It has no picture, only its bytes: none could be made of them when it was imported."


def _when(next_try: int) -> str | None:
    return iso_utc(next_try) if next_try else None


def _soon(next_try: int) -> str:
    return f"at {iso_utc(next_try)}" if next_try else "at once"
