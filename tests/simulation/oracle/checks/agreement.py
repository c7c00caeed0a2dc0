"""Devices that have seen the same changes show the same library (DESIGN.md section 1, goal 2), and it is the one that the entries make."""

from __future__ import annotations

from collections.abc import Iterator

from crdt.digest import EMPTY_DIGEST, purged_digest, record_digest
from crdt.record import Content, EngineError, read
from peer.library.library import Library
from store.encoding import encode
from store.ids import RecordId
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.model import Item, RecordModel

SHOWN = 5
"""Of what differs, so many are named."""


def check_agreement(case: Case) -> Iterator[Complaint]:
    """All digests are equal, and each is the model's; each key and value of each record is; the same ids are purged, the same updates void."""
    for device in case.group.devices:
        if device.library.is_loading:
            yield Complaint(kind="still-loading", sentence=f"{device.name} hasn't taken in a checkpoint to its end.")
            continue
        differences = [*_record_differences(case, device), *_purge_differences(case, device)]
        yield from differences[:SHOWN]
        yield from list(_void_differences(case, device))[:SHOWN]
        if bytes(device.library.records.digest()) != case.digest and not differences:
            yield Complaint(kind="digest", sentence=f"{device.name} has the right records and another digest than they make.")
    digests = {bytes(device.library.records.digest()): device.name for device in case.group.devices}
    if len(digests) > 1:
        named = ", ".join(f"{name} {digest.hex()[:8]}" for digest, name in sorted(digests.items(), key=lambda pair: pair[1]))
        yield Complaint(kind="no-agreement", sentence=f"The devices have met and don't show the same library: {named}.")


def check_stored_digest(library: Library, name: str) -> Iterator[Complaint]:
    """The digest that is kept is the sum over the records that are kept; each record can be read. True at every moment (PROTOCOL.md section 6.3)."""
    total = EMPTY_DIGEST
    for record, state in library.records.all():
        try:
            digest = record_digest(record, read(state))
        except EngineError as error:
            yield Complaint(kind="damaged-record", sentence=f"On {name} the record {record.short()} can't be read: {error}.")
            continue
        if digest != library.records.stored_digest(record):
            yield Complaint(kind="stored-digest", sentence=f"On {name} the record {record.short()} isn't what its digest was taken of.")
        total = total.add(digest)
    for record in library.records.purged():
        total = total.add(purged_digest(record))
    if total != library.records.digest():
        yield Complaint(kind="stored-digest", sentence=f"On {name} the records don't add up to the stored digest.")


def check_client_ids(case: Case) -> Iterator[Complaint]:
    """No two different changes share a CRDT client id (DESIGN.md section 4)."""
    for first, second, record in case.model.twice:
        if case.is_honest(first) and case.is_honest(second):
            yield Complaint(
                kind="client-id-twice",
                sentence=f"{case.name(first)} and {case.name(second)} wrote {case.name(record)} under one client id.",
            )


def _record_differences(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    disputed = {record for _, _, record in case.model.twice}
    expected = case.model.records
    contents = case.contents(device)
    for record, content in contents.items():
        model = expected.get(record)
        if model is None:
            yield _differs(case, device, record, "is there, although no entry that counts made it, or one purged it")
        elif record not in disputed and bytes(record_digest(record, content)) != model.digest(record).to_bytes(16, "big"):
            yield _differs(case, device, record, what_differs(model, content))
    for record in sorted(expected.keys() - contents.keys()):
        yield _differs(case, device, record, "is missing")


def what_differs(model: RecordModel, content: Content) -> str:
    """A clause for people."""
    live = model.live()
    lacking = sorted(live.keys() - content.live.keys())
    surplus = sorted(content.live.keys() - live.keys())
    other = [key for key in sorted(live.keys() & content.live.keys()) if not _is_same(live[key], content, key)]
    parts = [
        f"{word} {', '.join(map(_stem, keys[:SHOWN]))}"
        for word, keys in (("lacks", lacking), ("still has", surplus), ("says otherwise at", other))
        if keys
    ]
    return " and ".join(parts) or "knows of other entries than it should"


def _is_same(item: Item, content: Content, key: str) -> bool:
    cell = content.live[key]
    return (item.stamp, encode(item.value)) == (cell.stamp, encode(cell.value))


def _stem(key: str) -> str:
    return key.rpartition("/")[0]


def _purge_differences(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    purged = set(device.library.records.purged())
    for record in sorted(purged ^ case.model.purged.keys()):
        clause = "is purged there, and no entry that counts purges it" if record in purged else "was purged, and is not there"
        yield _differs(case, device, record, clause)


def _void_differences(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    expected = case.model.voids()
    found = {(name, record) for name, record in case.book(device).void if record not in case.model.purged}
    disputed = {record for _, _, record in case.model.twice}
    for name, record in sorted(found ^ expected, key=lambda pair: (pair[0], pair[1] or b"")):
        if record in disputed:
            continue
        verdict = "void" if (name, record) in found else "good"
        what = "" if record is None else f" for {case.name(record)}"
        yield Complaint(
            kind="verdict", sentence=f"{device.name} found {case.name(name)} to be {verdict}{what}, against the rules of the gate."
        )


def _differs(case: Case, device: DeviceEvidence, record: RecordId, clause: str) -> Complaint:
    return Complaint(kind="record", sentence=f"On {device.name} {case.name(record)} {clause}.")
