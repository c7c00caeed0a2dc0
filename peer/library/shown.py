"""Values of fields as scripts read them (CLI.md): ids in hexadecimal, times and places as ``set`` takes them. Pure."""

from __future__ import annotations

from typing import Any

from crdt.values import Value

_IDS_OF_RECORDS = frozenset({"cover"})


def shown(field: str, value: Value) -> Any:
    """A register's value as JSON. What holds bytes shows them in hexadecimal; of the id of a record its 16 bytes, as everywhere."""
    if field == "taken" and isinstance(value, dict):
        return value.get("t")
    if field in _IDS_OF_RECORDS and isinstance(value, bytes):
        return value[1:].hex()
    return plain(value)


def plain(value: Value) -> Any:
    """Any value as JSON."""
    match value:
        case bytes():
            return value.hex()
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value
