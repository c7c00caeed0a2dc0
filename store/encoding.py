"""Deterministic CBOR at every door: bounded, canonical, without duplicate keys (PROTOCOL.md section 1). Pure."""

from __future__ import annotations

from typing import Any

import cbor2

DEFAULT_DEPTH = 16


class MalformedError(ValueError):
    """The bytes are not what they should be; nothing was taken from them."""


def encode(value: Any) -> bytes:
    """The one encoding of ``value``."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, limit: int, depth: int = DEFAULT_DEPTH) -> Any:
    """The value that ``data`` encodes.

    Raises ``MalformedError`` when ``data`` is longer than ``limit`` bytes, nested deeper than ``depth``, or is not byte
    for byte what ``encode`` would have written.
    """
    if len(data) > limit:
        raise MalformedError(f"{len(data)} bytes where at most {limit} are allowed")
    try:
        value = cbor2.loads(data, max_depth=depth, allow_indefinite=False, allow_duplicate_keys=False, strict_hashable_types=True)
        canonical = encode(value)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise MalformedError(f"not CBOR as agreed: {error}") from error
    if canonical != data:
        raise MalformedError("CBOR that is not in its shortest form")
    return value
