"""What can be told of a history without its keys: the graph, with numbers instead of names.

    {"logs": n, "devices": n, "epochs": n, "entries": [
        {"log", "seq", "author", "kind", "builds_on", "epoch", "received", "size", "state"}, …]}

Entries in the order of arrival, numbered from 0. ``builds_on``: the numbers of predecessor and deps, null for what isn't here; ``author``: number of the
device, 0 for the master, null when it isn't known; ``received``: milliseconds since the first came; ``size``: the largest power of two that the body isn't
smaller than, null where its bytes aren't here; ``state``: "stored", "stub", "detached" or "damaged". An entry of the wrong size, kind or place shows; one
whose signature is wrong never was stored.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field

from store.ids import MASTER, LibraryId
from tools.looking.documents import Document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_entries


@dataclass(slots=True)
class _Numbered:
    """Numbers in the order in which things are met."""

    of: dict[Hashable, int] = field(default_factory=dict)

    def number(self, thing: Hashable) -> int:
        return self.of.setdefault(thing, len(self.of))


class _Structure:
    def __init__(self) -> None:
        self.logs, self.epochs, self.devices = _Numbered(), _Numbered(), _Numbered({MASTER: 0})
        self._entries: dict[bytes, int] = {}
        self._first: int | None = None

    def entry(self, logged: LoggedEntry) -> Document:
        self._entries[logged.name] = len(self._entries)
        self._first = logged.received if self._first is None else self._first
        return {
            "log": self.logs.number(logged.item.log),
            "seq": logged.item.seq,
            "author": None if logged.author is None else self.devices.number(logged.author),
            "kind": logged.item.kind.name.lower(),
            "builds_on": [self._entries.get(name) for name in logged.item.needs],
            "epoch": None if logged.entry is None or logged.entry.epoch is None else self.epochs.number(logged.entry.epoch),
            "received": logged.received - self._first,
            "size": None if logged.entry is None else 1 << max(len(logged.entry.body).bit_length() - 1, 0),
            "state": _state(logged),
        }


def structure_of(inspected: Inspected, library: LibraryId) -> Document:
    """See above."""
    structure = _Structure()
    entries = [structure.entry(logged) for logged in logged_entries(inspected, library)]
    numbered = {"logs": structure.logs, "devices": structure.devices, "epochs": structure.epochs}
    return {**{name: len(each.of) for name, each in numbered.items()}, "entries": entries}


def encoded(structure: Document) -> bytes:
    """As it lies in a bundle."""
    return (json.dumps(structure, sort_keys=True) + "\n").encode("ascii")


def _state(logged: LoggedEntry) -> str:
    if logged.is_damaged:
        return "damaged"
    if logged.is_detached:
        return "detached"
    return "stub" if logged.entry is None else "stored"
