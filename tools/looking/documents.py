"""What every view is made of: plain documents, which `--json` prints as they are and people get as text."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from crdt.clock import Stamp
from peer.library.instants import iso_utc
from store.ids import DeviceId, EntryHash, LogId

Document: TypeAlias = dict[str, Any]
SHORT_VALUE = 60
"""Characters of a value that people are shown in a line."""


def entry_document(log: LogId, seq: int, name: EntryHash) -> Document:
    """Where an entry stands, as heads, deps and origins show it."""
    return {"log": log.hex(), "seq": seq, "name": name.hex()}


def device_document(device: DeviceId | None, names: dict[DeviceId, str]) -> Document:
    """A device with what people call it; both ``None`` when it isn't known."""
    return {"device": None if device is None else device.hex(), "device_name": None if device is None else names.get(device)}


def stamp_document(stamp: Stamp) -> Document:
    """A stamp as bytes and as the time that it says."""
    return {"stamp": stamp.hex(), "time": iso_utc(stamp.millis)}


def short_entry(entry: Document | None) -> str:
    """``LOG:SEQ`` in few digits; what `entry` takes."""
    return "" if entry is None else f"{entry['log'][:10]}:{entry['seq']}"


def short_device(document: Document) -> str:
    """The device's name, or the beginning of its id."""
    return document["device_name"] or (document["device"] or "unknown")[:10]


def short_value(value: Any) -> str:
    """A value of a document in one line of bounded length."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHORT_VALUE else text[: SHORT_VALUE - 1] + "…"
