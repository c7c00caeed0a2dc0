"""No original byte is lost that a user did not delete (DESIGN.md section 1, goal 1), and every member that keeps everything has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from peer.library.library import Library
from store.ids import BlobId, FileHash
from tests.simulation.oracle.bodies import Change, all_keys, open_change
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence, RelayEvidence
from tests.simulation.oracle.needs import ORIGINAL, PREVIEW, THUMBNAIL, NeededFile, Way


def check_originals(case: Case) -> Iterator[Complaint]:
    """Of every file that lives: whether some machine or relay has the bytes, every device that should, and every store that had them."""
    for needed in case.needed:
        ways = [way for way in needed.ways if way]  # whoever names a file that nobody ever had loses nothing
        here = {device.name: why_not_held(device.library, needed.file) for device in case.evidence.devices}
        at_relays = [relay for relay in case.evidence.relays if any(has_all(relay, way) for way in ways)]
        if all(here.values()) and not at_relays:
            if needed.kind == ORIGINAL and case.archive.was_seen(needed.file) and not case.archive.is_lost(needed.file, ways):
                yield Complaint(kind="original-lost", sentence=f"Nobody has {_what(case, needed)} any more, and nobody deleted it.")
            continue
        members = [device.name for device in case.group.devices]
        if not all(here[name] for name in members) or any(relay in case.group.relays for relay in at_relays):
            yield from _not_held(case, needed, here)  # what only somebody has who was removed can't come
        yield from _vanished(case, needed, here)


def check_given_up(case: Case) -> Iterator[Complaint]:
    """What a device gave up can be fetched: as long as nothing was destroyed, some member that keeps it or some relay has it (PROTOCOL.md section 7.4)."""
    needed = {each.file: each for each in case.needed}
    for device in case.group.devices:
        with device.library.database.read() as connection:
            files = [FileHash(row[0]) for row in connection.execute("SELECT file FROM evicted ORDER BY file").fetchall()]
        for file in files:
            each = needed.get(file)
            if each is None or case.archive.is_lost(file, [way for way in each.ways if way]):
                continue
            at_devices = any(why_not_held(other.library, file) is None for other in case.evidence.devices)
            if not at_devices and not any(has_all(relay, way) for relay in case.evidence.relays for way in each.ways if way):
                yield Complaint(kind="given-up-lost", sentence=f"{device.name} gave up {_what(case, each)}, and nobody has it.")


def check_imports(case: Case) -> Iterator[Complaint]:
    """What a person was told is safe is part of the library, or somebody purged it, or the machine was destroyed before it told anybody."""
    untold: set[bytes] = set()  # what others never got, or what doesn't count, because its device had been removed
    applied = case.model.applied_names
    keyring = all_keys(
        device.library.keyring() for device in case.evidence.devices
    )  # who isn't one of the group writes under epochs of its own
    for name, entry in case.archive.entries.items():
        if name not in applied and entry.epoch is not None and isinstance(change := open_change(entry, keyring), Change):
            untold.update(record for record, _ in change.updates)
    for imported in case.archive.imports:
        model = case.model.records.get(imported.record)
        names_it = model is not None and any(imported.file in _bytes_in(item.value) for item in model.items.values())
        if not names_it and imported.record not in case.model.purged and imported.record not in untold:
            yield Complaint(
                kind="import-lost",
                sentence=f"{case.name(imported.record)} was imported on {imported.store} and acknowledged, and isn't in the library.",
            )


def check_relay_blobs(case: Case) -> Iterator[Complaint]:
    """Each blob that a living asset names lies at each relay that devices know, with the bytes of its name, and in the library's account
    (PROTOCOL.md section 7); as far as somebody has what it is made of."""
    for relay in case.group.relays:
        accounted = _accounted(relay)
        for needed in case.needed:
            if not any(why_not_held(device.library, needed.file) is None for device in case.group.devices):
                continue
            for blob in sorted({blob for way in needed.ways for blob in way}):
                if relay.is_whole and (problem := _problem_of_blob(relay, blob, accounted)):
                    yield Complaint(kind="blob-missing", sentence=f"At {relay.name} a blob of {_what(case, needed)} {problem}.")


def check_checkpoint_blobs(case: Case) -> Iterator[Complaint]:
    """The newest settled checkpoint lies at each relay too: a new device begins with it (PROTOCOL.md section 3.6)."""
    newest = {settled[0] for device in case.group.devices if (settled := device.library.log.settled())}
    blobs = {blob for checkpoint in newest for blob in checkpoint.blobs}
    here = {blob for blob in blobs for device in case.group.devices if device.library.checkpoint_blobs.info(blob) is not None}
    for relay in case.group.relays:
        accounted = _accounted(relay)
        for blob in sorted(here):
            if relay.is_whole and (problem := _problem_of_blob(relay, blob, accounted)):
                yield Complaint(kind="blob-missing", sentence=f"At {relay.name} a blob of the newest settled checkpoint {problem}.")


def check_relay_keeps(case: Case) -> Iterator[Complaint]:
    """What a relay acknowledged and the library needs it still has (nothing in this version deletes a blob)."""
    needed = {blob: each for each in case.needed for way in each.ways for blob in way}
    for relay in case.evidence.relays:
        for blob in sorted(case.archive.blobs_of(relay.name) & needed.keys()):
            if not blob_path(relay, blob).exists():
                yield Complaint(
                    kind="blob-vanished", sentence=f"{relay.name} had a blob of {_what(case, needed[blob])}, and has it no more."
                )


def why_not_held(library: Library, file: FileHash) -> str | None:
    """A clause, unless the table says that the file is here and its bytes are."""
    held = library.held.get(file)
    if held is None:
        return "doesn't list it as held"
    places = (
        [library.folder.root / held.path]
        if held.incoming is None
        else [library.folder.incoming / held.incoming, library.folder.root / held.path]
    )
    place = next((each for each in places if each.exists()), None)
    if place is None:
        return "lists it, and there is no file"
    if hashlib.sha256(place.read_bytes()).digest() != file:
        return "lists it, and the file has other bytes"
    return None


def blob_path(relay: RelayEvidence, blob: BlobId) -> Path:
    return relay.folder.root / "blobs" / blob.hex()[:2] / blob.hex()


def has_all(relay: RelayEvidence, way: Way) -> bool:
    """Whether a relay has these blobs, each with the bytes that it is named by."""
    return all(_is_intact(blob_path(relay, blob), blob) for blob in way)


def _not_held(case: Case, needed: NeededFile, here: dict[str, str | None]) -> Iterator[Complaint]:
    for device in case.group.devices if needed.wanted else ():
        if here[device.name] is not None and _is_to_keep(device.library, needed):
            yield Complaint(
                kind=f"{needed.kind}-missing",
                sentence=f"{device.name} is to keep it, and of {_what(case, needed)} it {here[device.name]}.",
            )


def _is_to_keep(library: Library, needed: NeededFile) -> bool:
    """Whether the policy of a device, or a pin, says that the file is to be there. Under a budget originals come and go."""
    with library.database.read() as connection:
        if connection.execute("SELECT 1 FROM pinned WHERE record = ?", (needed.record,)).fetchone() is not None:
            return True
    kinds = {"everything": {ORIGINAL, PREVIEW, THUMBNAIL}, "optimize": {PREVIEW, THUMBNAIL}, "thumbnails": {THUMBNAIL}}
    return needed.kind in kinds[library.policy().keep]


def _is_given_up(library: Library, file: FileHash) -> bool:
    with library.database.read() as connection:
        return connection.execute("SELECT 1 FROM evicted WHERE file = ?", (file,)).fetchone() is not None


def _vanished(case: Case, needed: NeededFile, here: dict[str, str | None]) -> Iterator[Complaint]:
    """Also on devices that aren't members any more: what they had stays theirs."""
    members = {device.name for device in case.group.devices}
    for device in case.evidence.devices:
        had = needed.file in case.archive.files_of(device.name)
        if (
            had
            and device.name not in members
            and here[device.name]
            and not (_purged_there(device, needed) or _is_given_up(device.library, needed.file))
        ):
            yield Complaint(kind="original-vanished", sentence=f"{device.name} had {_what(case, needed)}, and now it {here[device.name]}.")


def _purged_there(device: DeviceEvidence, needed: NeededFile) -> bool:
    return device.library.records.is_purged(needed.record)


def _problem_of_blob(relay: RelayEvidence, blob: BlobId, accounted: frozenset[bytes]) -> str:
    path = blob_path(relay, blob)
    if not path.exists():
        return "is missing"
    if not _is_intact(path, blob):
        return "has other bytes than its name says"
    return "" if blob in accounted else "lies on the disk, and isn't the library's by its account"


def _is_intact(path: Path, blob: BlobId) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).digest() == blob


def _accounted(relay: RelayEvidence) -> frozenset[bytes]:
    query = "SELECT blob FROM relay_holding h JOIN relay_library l ON l.id = h.library WHERE l.name = ?"
    with relay.log._database.read() as connection:
        return frozenset(row[0] for row in connection.execute(query, (relay.log.library,)).fetchall())


def _bytes_in(value: object) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _bytes_in(inner)


def _what(case: Case, needed: NeededFile) -> str:
    return f"the {needed.kind} of {case.name(needed.record)}"
