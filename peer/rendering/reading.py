"""The edit parameters of a record, as far as this version understands them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crdt.parsing import WrongTypeError
from crdt.schema import EDITS
from crdt.values import Value
from peer.rendering.filters import FILTERS
from peer.rendering.parameters import SLIDERS, Parameters

MAX_NAME_CHARACTERS = 64
"""Of what is skipped and named: anybody could have written it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Parameters, and the names of what was skipped: a parameter, or ``filter=NAME``."""

    parameters: Parameters
    skipped: tuple[str, ...]


def read_parameters(edits: Mapping[str, Value]) -> Reading:
    """What ``edits`` (parameter to value, null for none) mean. Never raises."""
    known: dict[str, object] = {}
    skipped: list[str] = []
    for name, value in sorted(edits.items()):
        if value is None:
            continue
        try:
            known[name] = _understood(name, value)
        except (KeyError, WrongTypeError):
            skipped.append(_named(name, value))
    return Reading(parameters=Parameters(**known), skipped=tuple(skipped))  # type: ignore[arg-type]  # the parsers of the schema give these types


def _understood(name: str, value: Value) -> object:
    """``KeyError`` for what this version doesn't know, ``WrongTypeError`` for a value of another type."""
    parsed = EDITS[name].parse(value)
    if name in SLIDERS:
        return float(parsed) / 100
    match name:
        case "filter":
            if parsed not in FILTERS:
                raise KeyError(parsed)
        case "rotate":
            return int(parsed) // 90
        case "straighten":
            return float(parsed)
    return parsed


def _named(name: str, value: Value) -> str:
    return (f"{name}={value}" if name == "filter" and isinstance(value, str) else name)[:MAX_NAME_CHARACTERS]
