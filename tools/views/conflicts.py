"""`conflicts [RECORD]`: what devices changed at the same time, and nobody has decided yet."""

from __future__ import annotations

from collections.abc import Iterator

from crdt.record import EngineError
from peer.library.conflicts import OpenConflict, Side, conflict_candidates, conflicts_of
from peer.library.library import Library
from tools.looking.device import library_of
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.lookup import find_record, record_name
from tools.looking.origins import Origins
from tools.replaying.pasts import keys_of
from tools.replaying.readings import name_of_key
from tools.views.pasts import origins_of, the_library

ID_DIGITS = 10


def gather_conflicts(inspected: Inspected, text: str = "") -> list[Document]:
    """The open conflicts of the whole library, photos first, or of the record that ``text`` names: a document each, as ``calotype conflicts`` gives it
    (``id``, ``record``: its kind, ``field``, ``winner``, ``others``, ``kind``: values or trash, ``merged``, ``merged_cleanly``), and

    - ``rule``: a clause that says which rule decided what is shown
    - in ``winner`` and each of ``others``: ``entry``: the one that wrote it, null where several did, or it can't be told; ``settle``: the command that
      settles the conflict by this value, null where the device wrote several of the sides
    """
    keys_of(inspected, the_library(inspected))
    library, origins = library_of(inspected), origins_of(inspected)
    found = conflicts_of(library, find_record(inspected.database, text)) if text else _all(inspected, library)
    return [_document(conflict, library, origins) for conflict in found]


def _all(inspected: Inspected, library: Library) -> Iterator[OpenConflict]:
    """Those of records, and with entries, that can be read."""
    for record in conflict_candidates(library):
        try:
            with inspected.problems.going_on(f"the conflicts of {record_name(record)}"):
                yield from conflicts_of(library, record)
        except EngineError as error:
            inspected.problems.note(f"{record_name(record)} is damaged: {error}")


def _document(conflict: OpenConflict, library: Library, origins: Origins) -> Document:
    document = conflict.to_json()
    sides = (conflict.winner, *conflict.others)
    for shown, side in zip((document["winner"], *document["others"]), sides, strict=True):
        shown["entry"] = _entry(conflict, side, library, origins)
        shown["settle"] = _settle(conflict, side, sides)
    return {**document, "rule": _rule(conflict)}


def _rule(conflict: OpenConflict) -> str:
    if conflict.kind == "trash" and conflict.winner.value == "trashed":
        return "it is in the trash, and isn't purged as long as something stands against that which who trashed it hadn't seen"
    best = max(other.written for other in conflict.others)
    if best == conflict.winner.written:
        return "of values with equal times, the one with the larger stamp and writer is shown, on every device"
    return "of values that nobody had seen together, the one made last is shown, on every device"


def _settle(conflict: OpenConflict, side: Side, sides: tuple[Side, ...]) -> str | None:
    """A command without anything that people wrote: names of devices and values can hold what a shell reads otherwise."""
    base = f"calotype resolve {conflict.record.body.hex()[:ID_DIGITS]} {conflict.field}"
    if side is conflict.winner:
        return f"{base} --winner"
    if conflict.kind == "trash":
        return f"{base} --value {side.value}" if isinstance(side.value, str) else None
    if side.device is None or sum(each.device == side.device for each in sides) > 1:
        return None
    return f"{base} --device {side.device.id.hex()[:ID_DIGITS]}"


def _entry(conflict: OpenConflict, side: Side, library: Library, origins: Origins) -> Document | None:
    """The one entry of this device at this time that wrote to the field; of a contested trash, to any."""
    content = library.records.content(conflict.record)
    if content is None or side.device is None:
        return None
    entries = []
    for key, cell in content.live.items():
        if cell.stamp.millis == side.written and (conflict.kind == "trash" or name_of_key(key).field == conflict.field):
            origin = origins.of_cell(cell)
            if origin["device"] == side.device.id.hex() and origin["entry"] not in entries:
                entries.append(origin["entry"])
    return entries[0] if len(entries) == 1 else None
