"""Contents made by hand, without an engine: what stands at which key."""

from __future__ import annotations

from collections.abc import Mapping

from crdt.client import client_of
from crdt.clock import Stamp
from crdt.keys import parse_key
from crdt.record import Cell, Content
from crdt.values import Plain, canonical


def stamp(millis: int) -> Stamp:
    return Stamp.of(1_700_000_000_000 + millis)


def content(cells: Mapping[str, tuple[int, Plain]]) -> Content:
    """Keys with the milliseconds of their stamp and their value."""
    live = {key: Cell(stamp(millis), parse_key(key).writer, canonical(value)) for key, (millis, value) in cells.items()}
    vector: dict[int, int] = {}
    for cell in live.values():
        vector[client_of(cell.writer)] = vector.get(client_of(cell.writer), 0) + 1
    return Content(live=live, vector=vector)
