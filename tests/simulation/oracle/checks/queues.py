"""Queues are empty, and no item is without a reason (DESIGN.md section 1, goal 5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.library.checkpoints.acknowledging import wanted_blobs
from peer.library.edited_pictures import EditedPictures, Level
from peer.library.library import Library
from peer.library.renderings import edits_key
from store.ids import BlobId, FileHash, RecordId
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.checks.originals import blob_path, why_not_held
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence


def check_queues(case: Case) -> Iterator[Complaint]:
    """Of the devices that have met: nothing is on its way any more, but to relays that are gone for ever and of bytes that are."""
    for device in case.group.devices:
        yield from _uploads(case, device)
        yield from _downloads(case, device)
        yield from _pictures(device)
        yield from _placing(device)
        yield from _checkpoint_work(case, device)
        yield from _nodes(device)


def _uploads(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    met = {relay.key: relay.name for relay in case.group.relays if relay.is_whole}
    query = "SELECT node.key, upload.file, upload.reason FROM upload JOIN node ON node.id = upload.node ORDER BY node.id, upload.file"
    left = [
        (key, reason)
        for key, file, reason in _rows(device.library, query)
        if key in met and not (reason and _is_spoiled(case, device, file))
    ]
    for key in dict.fromkeys(key for key, _ in left):
        reasons = [reason for other, reason in left if other == key]
        why = f" ({max(reasons)})" if any(reasons) else ""
        yield Complaint(kind="upload-queued", sentence=f"{device.name} still has {len(reasons)} blobs for {met[key]} in its queue{why}.")
    for (reason,) in _rows(device.library, "SELECT reason FROM upload WHERE tries > 0"):
        if not reason:
            yield Complaint(kind="no-reason", sentence=f"{device.name} failed to send a blob and doesn't say why.")


def _is_spoiled(case: Case, device: DeviceEvidence, file: bytes) -> bool:
    """Whether the disk under an original changed: then it can't be sent, and that is said."""
    held = device.library.held.get(FileHash(file))
    is_original = held is None or held.kind == "original"
    return (
        is_original
        and why_not_held(device.library, FileHash(file)) is not None
        and FileHash(file) not in case.archive.files_of(device.name)
    )


def _downloads(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    if len(case.group.devices) == 1 and not case.group.relays:
        return  # there is nobody to ask
    needed = {each.file: each for each in case.needed}
    for raw, tries, reason in _rows(device.library, "SELECT file, tries, reason FROM download ORDER BY file"):
        file = FileHash(raw)
        each = needed.get(file)
        what = "something that nothing names any more" if each is None else f"the {each.kind} of {case.name(each.record)}"
        ways = [] if each is None else [way for way in each.ways if way]
        if each is None or _can_be_had(case, file, ways):
            yield Complaint(kind="download-queued", sentence=f"{device.name} still waits for {what} ({reason or 'no reason'}).")
        elif not reason or not tries:
            yield Complaint(kind="no-reason", sentence=f"{device.name} can't get {what} and doesn't say why.")
    query = "SELECT count(*) FROM download_part WHERE file NOT IN (SELECT file FROM download)"
    if _count(device.library, query):
        yield Complaint(kind="leftover-parts", sentence=f"{device.name} remembers parts of files that it doesn't fetch.")


def _can_be_had(case: Case, file: FileHash, ways: list[tuple[BlobId, ...]]) -> bool:
    at_relay = any(all(blob_path(relay, blob).exists() for blob in way) for relay in case.group.relays for way in ways)
    return at_relay or any(why_not_held(device.library, file) is None for device in case.group.devices)


def _pictures(device: DeviceEvidence) -> Iterator[Complaint]:
    if count := _count(device.library, "SELECT count(*) FROM preview_wanted"):
        yield Complaint(kind="preview-wanted", sentence=f"{device.name} still has {count} previews to make.")
    yield from _edited(device)


def _edited(device: DeviceEvidence) -> Iterator[Complaint]:
    """Pictures of edited photos show the edits of the record, are made from the best file that is here, and lie there."""
    pictures = EditedPictures(device.library)
    noted = {
        RecordId(record): (key, level) for record, key, level in _rows(device.library, "SELECT record, edits, level FROM edited_picture")
    }
    shown = [RecordId(record) for (record,) in _rows(device.library, "SELECT record FROM asset WHERE folded IS NULL")]
    views = {record: view_asset(device.library.records.content(record) or EMPTY) for record in shown}
    edited = {record: key for record, view in views.items() if (key := edits_key(view))}
    if {record: key for record, (key, _) in noted.items()} != edited:
        yield Complaint(kind="edits-noted", sentence=f"{device.name} has noted other edits than its records tell.")
    if count := len(pictures.due(1)):
        yield Complaint(kind="edited-due", sentence=f"{device.name} still has {count} pictures of edited photos to make.")
    known = set[Path]()
    for record, (_, level) in noted.items():
        made, paths = pictures.paths(record)
        if level != Level.NONE and (made != level or "thumbnail" not in paths):
            yield Complaint(kind="edited-lost", sentence=f"{device.name} has lost a picture of an edited photo.")
        known |= set(paths.values())
    if set(_files(device.library.folder.edited)) - known:
        yield Complaint(kind="edited-stray", sentence=f"{device.name} keeps pictures of edits that are no more.")


def _placing(device: DeviceEvidence) -> Iterator[Complaint]:
    if count := len(device.library.held.incoming()):
        yield Complaint(kind="not-placed", sentence=f"On {device.name} {count} files were never brought to their places.")


def _checkpoint_work(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    for (reason,) in _rows(device.library, "SELECT value FROM meta WHERE key GLOB 'checkpoint_problem:*' ORDER BY key"):
        yield Complaint(kind="checkpoint-problem", sentence=f"{device.name} gets no further with a checkpoint: {bytes(reason).decode()}.")
    for blob in sorted(wanted_blobs(device.library)):
        holders = [each.name for each in case.group.relays if blob_path(each, blob).exists()]
        holders += [each.name for each in case.group.devices if each.library.checkpoint_blobs.info(blob) is not None]
        if holders:
            yield Complaint(
                kind="checkpoint-wanted", sentence=f"{device.name} still waits for a blob of a checkpoint that {holders[0]} has."
            )
            return


def _nodes(device: DeviceEvidence) -> Iterator[Complaint]:
    for state in [] if device.engine is None else device.engine.progress.nodes.values():
        if state.connected and (state.lacks_here or state.lacks_there):
            yield Complaint(
                kind="node-lacks",
                sentence=f"{device.name} or {state.name or 'its relay'} refuses entries of the other: {state.reason or 'no reason'}.",
            )


def _rows(library: Library, query: str) -> list[tuple[Any, ...]]:
    with library.database.read() as connection:
        return connection.execute(query).fetchall()


def _count(library: Library, query: str) -> int:
    return int(_rows(library, query)[0][0])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
