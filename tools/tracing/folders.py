"""What the folder of a device or a relay says of itself: since when it has the entries, and the files."""

from __future__ import annotations

from sqlite3 import Connection

from peer.errors import UsageError
from peer.library.asset_files import located_in
from peer.library.held import HeldTable
from peer.library.meta import Meta
from peer.library.nodes import NodeKind
from peer.library.queues import DownloadQueue, Priority
from peer.library.tracing import entry_traces
from peer.seams import SystemClock
from relay.messages import BlobState, BlobTrace, EntryTrace, Standing
from relay.sqlite_accounts import SqliteLibraries
from store.ids import BlobId, DeviceId, LibraryId, LogId, RecordId, RecordKind, StoreId
from tools.looking.folder import Inspected
from tools.tracing.model import Sight, State, Step, Subject, TracedFile
from tools.tracing.traces import applied_step, file_step, stored_step

THIS_FOLDER = "this folder"
POLICIES = {
    "thumbnails": "its policy is thumbnails",
    "optimize": "its policy is optimize, and its budget has no room for it",
}


def folder_sight(inspected: Inspected, subject: Subject, *, is_this: bool) -> Sight:
    """``UsageError`` when the folder holds another library."""
    if subject.library not in inspected.libraries:
        raise UsageError(
            f"{inspected.root} holds another library than the one that is followed.", hint="Name folders of the same library with --also."
        )
    known_by = THIS_FOLDER if is_this else f"the folder {inspected.root}"
    if inspected.library_folder is None:
        return _relay(inspected, subject, known_by, is_this=is_this)
    return _device(inspected, subject, known_by, is_this=is_this)


def own_device(inspected: Inspected, library: LibraryId) -> DeviceId | None:
    """The device whose folder this is; ``None`` as long as it hasn't begun a log."""
    own = Meta(inspected.database).get("log")
    return None if own is None else inspected.log(library).roster().logs.get(LogId(own))


def clock_correction(inspected: Inspected) -> int:
    """How far the clock by which a device makes its stamps is ahead of its own, in milliseconds: a relay corrected it (``peer.library.hlc``)."""
    return Meta(inspected.database).get_int("clock_offset")


def policy_of(connection: Connection, device: DeviceId) -> str:
    """What a device keeps, as far as this folder knows."""
    row = connection.execute("SELECT policy FROM device WHERE record = ?", (RecordId.make(RecordKind.DEVICE, device),)).fetchone()
    return "everything" if row is None else str(row[0])


def unwanted(file: TracedFile, policy: str) -> str:
    """Why a device with this policy doesn't want a file; empty when it does."""
    is_picture = file.priority is not Priority.ORIGINAL
    if file.priority is Priority.THUMBNAIL or policy == "everything" or (policy == "optimize" and is_picture):
        return ""
    return POLICIES.get(policy, "")


# A relay


def _relay(inspected: Inspected, subject: Subject, known_by: str, *, is_this: bool) -> Sight:
    names = [entry.name for entry in subject.entries]
    received = inspected.log(subject.library).received(names)
    traces = {
        name: EntryTrace(standing=Standing.STORED, stored=received[name]) if name in received else EntryTrace(standing=Standing.ABSENT)
        for name in names
    }
    with inspected.database.read() as connection:
        row = connection.execute("SELECT store FROM relay_store").fetchone()
    store = None if row is None else StoreId(row[0])
    return Sight(
        key=inspected.root.name if store is None else store.hex(),
        name=inspected.root.name,
        kind=NodeKind.RELAY,
        address=str(inspected.root),
        is_this=is_this,
        stored={name: stored_step(trace, known_by) for name, trace in traces.items()},
        files={file.file: file_step(file, _relay_blobs(inspected, subject.library, file.blobs), known_by) for file in subject.files},
    )


def _relay_blobs(inspected: Inspected, library: LibraryId, blobs: tuple[BlobId, ...]) -> dict[BlobId, BlobTrace]:
    traces = {
        blob: BlobTrace(state=BlobState.HELD, stored=at)
        for blob, at in SqliteLibraries(inspected.database).held_since(library, blobs).items()
    }
    query = "SELECT 1 FROM relay_trash JOIN relay_library ON relay_library.id = library WHERE name = ? AND blob = ?"
    with inspected.database.read() as connection:
        for blob in blobs:
            if blob not in traces and connection.execute(query, (library, blob)).fetchone() is not None:
                traces[blob] = BlobTrace(state=BlobState.RELEASED)
    return traces


# A device


def _device(inspected: Inspected, subject: Subject, known_by: str, *, is_this: bool) -> Sight:
    device = own_device(inspected, subject.library)
    names = [entry.name for entry in subject.entries]
    traces = entry_traces(inspected.database, subject.library, names)
    absent = EntryTrace(standing=Standing.ABSENT)
    with inspected.database.read() as connection:
        waiting = [name for name, trace in traces.items() if trace.standing is Standing.WAITING]
        query = "SELECT reason, since FROM waiting WHERE name = ?"
        why = {name: connection.execute(query, (name,)).fetchone() or ("", None) for name in waiting}
        policy = "everything" if device is None else policy_of(connection, device)
        files = {file.file: _file(inspected, connection, file, policy, known_by) for file in subject.files}
    return Sight(
        key=str(inspected.root) if device is None else device.hex(),
        name=inspected.root.name if device is None else inspected.device_names().get(device) or device.short(),
        kind=NodeKind.PEER,
        device=device,
        address=str(inspected.root),
        policy=policy,
        is_this=is_this,
        correction=clock_correction(inspected),
        stored={name: stored_step(traces.get(name, absent), known_by) for name in names},
        applied={name: _applied(traces.get(name, absent), known_by, why.get(name, ("", None))) for name in names},
        files=files,
    )


def _applied(trace: EntryTrace, known_by: str, why: tuple[str, int | None]) -> Step:
    reason, since = why
    return applied_step(trace, known_by, reason=reason, since=since)


def _file(inspected: Inspected, connection: Connection, file: TracedFile, policy: str, known_by: str) -> Step:
    table = HeldTable(inspected.database, SystemClock())
    held = table.get(file.file)
    assert inspected.library_folder is not None, "a device's folder"
    if held is not None:
        path = located_in(inspected.library_folder, held)
        if path.exists() or not inspected.library_folder.originals.exists():
            return Step(state=State.DONE, time=table.since(file.file), known_by=known_by)
        return Step(
            state=State.NOT_YET, known_by=known_by, reason=f"it should lie at {held.path} but doesn't: it was moved or deleted by hand"
        )
    queued = DownloadQueue(inspected.database).waiting(file.file)
    if queued is not None:
        reason, next_try = queued
        return Step(state=State.WAITING, known_by=known_by, reason=reason or "it waits for its turn to be downloaded", next_try=next_try)
    if connection.execute("SELECT 1 FROM evicted WHERE file = ?", (file.file,)).fetchone() is not None:
        return Step(state=State.UNWANTED, known_by=known_by, reason="it was given up to save room, because others keep it")
    if reason := unwanted(file, policy):
        return Step(state=State.UNWANTED, known_by=known_by, reason=reason)
    if not file.ways:
        return Step(state=State.NOT_YET, known_by=known_by, reason="no device has told yet how to get its bytes")
    return Step(state=State.NOT_YET, known_by=known_by, reason="it isn't queued: `calotype fetch` brings it")
