"""Which bytes a library needs, by the model's records and by nothing that a device runs (PROTOCOL.md section 6.1).

Every value that lives counts, that of the winner and those in conflict with it; what is *wanted* on each device is what the winners name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from store.ids import BlobId, FileHash, RecordId, RecordKind
from tests.simulation.oracle.model import Item, LibraryModel

ORIGINAL, THUMBNAIL, PREVIEW = "original", "thumbnail", "preview"
Way = tuple[BlobId, ...]


@dataclass(slots=True, kw_only=True)
class NeededFile:
    """``ways``: for each source the blobs that it names. ``wanted``: on every device that keeps everything."""

    file: FileHash
    record: RecordId
    kind: str
    ways: list[Way] = field(default_factory=list)
    wanted: bool = False


def needed_files(model: LibraryModel) -> list[NeededFile]:
    """Of all assets that aren't purged; a file that several name comes once for each."""
    return [
        needed
        for record in sorted(model.records)
        if record.kind is RecordKind.ASSET
        for needed in _needed_by(record, model.records[record].live())
    ]


def first_values(live: Mapping[str, Item]) -> dict[str, object]:
    """What registers and derived fields say: of each the value with the highest (stamp, writer)."""
    return {name: live[key].value for name, key in _winners(live).items() if not name.startswith("s/")}


def _needed_by(record: RecordId, live: Mapping[str, Item]) -> Iterator[NeededFile]:
    if not any(_parts(key)[0] == "v/primary" for key in live):
        return  # its import is on the way, or void
    originals: dict[FileHash, NeededFile] = {}
    winners = _winners(live)
    for key, item in live.items():
        field_name, element = _parts(key)
        if field_name == "v/primary" or field_name.startswith("v/role:"):
            if (file := _file(item.value)) is not None:
                needed = originals.setdefault(file, NeededFile(file=file, record=record, kind=ORIGINAL))
                needed.wanted |= winners[field_name] == key
        elif field_name == "s/version":
            file = FileHash.from_base64(element)
            originals.setdefault(file, NeededFile(file=file, record=record, kind=ORIGINAL)).wanted = True
    for key, item in live.items():
        field_name, element = _parts(key)
        source = originals.get(FileHash.from_base64(element)) if field_name == "s/source" else None
        if source is not None and isinstance(item.value, dict):
            source.ways += [_blobs(item.value[way]) for way in ("blobs", "index", "patch") if way in item.value]
    for needed in originals.values():
        needed.wanted &= bool(needed.ways)  # nobody knows yet how to get it
        yield needed
    yield from _renditions(record, live, winners)


def _renditions(record: RecordId, live: Mapping[str, Item], winners: Mapping[str, str]) -> Iterator[NeededFile]:
    for kind in (THUMBNAIL, PREVIEW):
        value = live[winners[f"d/{kind}"]].value if f"d/{kind}" in winners else None
        if isinstance(value, dict) and (file := _file(value.get("file"))) is not None:
            yield NeededFile(file=file, record=record, kind=kind, ways=[_blobs(value.get("blobs"))], wanted=True)


def _winners(live: Mapping[str, Item]) -> dict[str, str]:
    """Of each register and derived field the key that is read: the highest (stamp, writer)."""
    winners: dict[str, str] = {}
    for key in sorted(live, key=lambda each: (live[each].stamp, each.rpartition("/")[2])):
        winners[_parts(key)[0]] = key
    return winners


def _parts(key: str) -> tuple[str, str]:
    """Family and name, and the element of a set."""
    family, name, *rest = key.split("/")
    return f"{family}/{name}", rest[0] if family == "s" else ""


def _file(value: object) -> FileHash | None:
    return FileHash(value) if isinstance(value, bytes) and len(value) == FileHash.SIZE else None


def _blobs(value: object) -> Way:
    blobs = value if isinstance(value, list) else []
    return tuple(BlobId(blob) for blob in blobs if isinstance(blob, bytes) and len(blob) == BlobId.SIZE)
