"""What is shown is what the records say, and the device's own proof finds nothing (`calotype verify`)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from peer.library.verifying import verify
from store.ids import FileHash, RecordKind
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.needs import first_values

SHOWN = 5
_PLAIN = {"rating": 0, "favorite": False, "hidden": False, "caption": ""}
"""Columns that are a register each, and what is shown where nobody wrote it."""


def check_verify(case: Case, random: Random) -> Iterator[Complaint]:
    """``verify`` on every device, deep on one of them: it finds what was spoiled on purpose, and nothing else."""
    deep = random.choice(case.group.devices) if case.group.devices else None
    for device in case.group.devices:
        whole = case.archive.files_of(device.name)
        spoiled = {str(held.path) for held in device.library.held.all("original") if held.file not in whole}
        problems = verify(device.library, deep=device is deep).problems
        for problem in [each for each in problems if each.partition(": ")[0] not in spoiled][:SHOWN]:
            yield Complaint(kind="verify", sentence=f"{device.name} finds about itself: {problem}.")


def check_listings(case: Case) -> Iterator[Complaint]:
    """The rows that listings read, against the model: which photos and albums there are, their simple fields, and which files they name."""
    for device in case.group.devices:
        if not device.library.is_loading:
            yield from list(_check_assets(case, device))[:SHOWN]
            yield from list(_check_albums(case, device))[:SHOWN]


def _check_assets(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    expected = {}
    for record, model in case.model.records.items():
        values = first_values(model.live())
        if record.kind is RecordKind.ASSET and isinstance(values.get("v/primary"), bytes):
            fields = tuple(_of_type(values.get(f"v/{column}"), plain) for column, plain in _PLAIN.items())
            trashed = isinstance(values.get("v/trashed"), dict)
            expected[bytes(record)] = (*fields, trashed, values["v/primary"])
    query = "SELECT record, rating, favorite, hidden, caption, trashed IS NOT NULL, primary_file FROM asset"
    with device.library.database.read() as connection:
        shown = {row[0]: (row[1], bool(row[2]), bool(row[3]), row[4], bool(row[5]), row[6]) for row in connection.execute(query).fetchall()}
        files = set(connection.execute("SELECT record, file FROM asset_file").fetchall())
    for raw in sorted(expected.keys() | shown.keys()):
        if expected.get(raw) != shown.get(raw):
            yield Complaint(kind="listing", sentence=f"{device.name} shows a photo otherwise than it is: {case.named(raw)}.")
    wanted = {(bytes(needed.record), bytes(needed.file)) for needed in case.needed if needed.kind == "original" and needed.wanted}
    for raw, file in sorted(wanted - files):
        yield Complaint(kind="listing", sentence=f"{device.name} doesn't list file {FileHash(file).short()} of {case.named(raw)}.")


def _check_albums(case: Case, device: DeviceEvidence) -> Iterator[Complaint]:
    expected = {}
    for record, model in case.model.records.items():
        if record.kind is RecordKind.ALBUM:
            values = first_values(model.live())
            title = values.get("v/title")
            expected[bytes(record)] = (title if isinstance(title, str) else "", isinstance(values.get("v/trashed"), dict))
    with device.library.database.read() as connection:
        query = "SELECT record, title, trashed IS NOT NULL FROM album"
        shown = {row[0]: (row[1], bool(row[2])) for row in connection.execute(query).fetchall()}
    for raw in sorted(expected.keys() | shown.keys()):
        if expected.get(raw) != shown.get(raw):
            yield Complaint(kind="listing", sentence=f"{device.name} shows an album otherwise than it is: {case.named(raw)}.")


def _of_type(value: object, plain: object) -> object:
    return value if type(value) is type(plain) else plain
