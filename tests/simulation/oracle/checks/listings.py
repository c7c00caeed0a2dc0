"""What is shown is what the records say, and the device's own proof finds nothing (`calotype verify`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from crdt.folding import FoldableAsset, fold
from peer.library.verifying import verify
from store.ids import FileHash, RecordKind
from tests.simulation.oracle.case import Case
from tests.simulation.oracle.evidence import Complaint, DeviceEvidence
from tests.simulation.oracle.model import Item
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
    expected = _expected_assets(case)
    query = "SELECT record, rating, favorite, hidden, caption, trashed IS NOT NULL, primary_file, folded FROM asset"
    with device.library.database.read() as connection:
        shown = {
            row[0]: (row[1], bool(row[2]), bool(row[3]), row[4], bool(row[5]), row[6], row[7])
            for row in connection.execute(query).fetchall()
        }
        files = set(connection.execute("SELECT record, file FROM asset_file").fetchall())
    for raw in sorted(expected.keys() | shown.keys()):
        if expected.get(raw) != shown.get(raw):
            yield Complaint(kind="listing", sentence=f"{device.name} shows a photo otherwise than it is: {case.named(raw)}.")
    wanted = {(bytes(needed.record), bytes(needed.file)) for needed in case.needed if needed.kind == "original" and needed.wanted}
    for raw, file in sorted(wanted - files):
        yield Complaint(kind="listing", sentence=f"{device.name} doesn't list file {FileHash(file).short()} of {case.named(raw)}.")


def _expected_assets(case: Case) -> dict[bytes, tuple[object, ...]]:
    """A row for each asset: its simple fields, whether it is in the trash, its primary file, and what it is shown as part of. Of what is shown together
    the rating is the first that there is."""
    values = {
        record: first
        for record, model in case.model.records.items()
        if record.kind is RecordKind.ASSET and isinstance((first := first_values(model.live())).get("v/primary"), bytes)
    }
    parents = fold(
        FoldableAsset(asset=record, files=_files_of(first, case.model.records[record].live())) for record, first in values.items()
    )
    expected = {}
    for record, first in values.items():
        fields = [_of_type(first.get(f"v/{column}"), plain) for column, plain in _PLAIN.items()]
        parts = [record, *sorted(child for child, parent in parents.items() if parent == record)]
        fields[0] = next((rating for part in parts if (rating := _rating(values[part]))), 0)
        trashed = isinstance(first.get("v/trashed"), dict)
        parent = parents.get(record)
        expected[bytes(record)] = (*fields, trashed, first["v/primary"], None if parent is None else bytes(parent))
    return expected


def _rating(values: Mapping[str, object]) -> int:
    """That of the person, else what the sidecar says, else what the file says."""
    said = [values.get("v/rating")]
    for name in ("d/sidecar", "d/exif"):
        extracted = values.get(name)
        said.append(extracted.get("rating") if isinstance(extracted, dict) else None)
    return next((rating for rating in said if type(rating) is int), 0)


def _files_of(values: Mapping[str, object], live: Mapping[str, Item]) -> dict[FileHash, str]:
    """An asset's files with their roles."""
    files = {FileHash.from_base64(key.split("/")[2]): "version" for key in live if key.startswith("s/version/")}
    for name, value in values.items():
        if name.startswith("v/role:") and isinstance(value, bytes):
            files[FileHash(value)] = name.removeprefix("v/role:")
    primary = values["v/primary"]
    assert isinstance(primary, bytes)
    return files | {FileHash(primary): "primary"}


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
