"""The gate: whether an update may change its record (PROTOCOL.md section 6.2). Pure.

The verdict rests on three things only: the update's bytes, its entry (client id, stamp), and what entries in the causal past of
that entry made in this record. None of them depends on what else a device has applied or in which order, so every device
gives the same verdict, with the same reason. Limits and grammar belong to the protocol version for the same cause: to
change one is to change the version.

What is refused is *void*: that record stays as it is, the entry's other updates count. An author puts its own updates through
the gate before it commits them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from crdt.client import writer
from crdt.clock import Stamp
from crdt.keys import KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.update import DecodedUpdate, DeleteRange, Item, decode_update

Made: TypeAlias = Callable[[int], int | None]
"""How many clocks a client made in this record by updates that were not void, when its entry lies in the causal past of the entry that
is judged; else ``None``. An entry does not lie in its own past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The update counts; this is what it does."""

    update: DecodedUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """The update never changes its record; ``reason`` is a clause for people, the same on every device."""

    reason: str


Verdict: TypeAlias = Accepted | Void


class _RefusedError(Exception):
    """Carries the reason of a void update to ``judge``."""


def judge(update: bytes, *, client: int, stamp: Stamp, made: Made) -> Verdict:
    """The verdict on ``update``, part of the entry with this client id and stamp. Hostile bytes are void, never an exception."""
    try:
        decoded = decode_update(update)
        _check_author(decoded, client, made)
        _check_items(decoded.items, client, stamp)
        _check_deletes(decoded.deletes, made)
    except (MalformedUpdateError, KeyFormatError, _RefusedError) as error:
        return Void(reason=str(error))
    return Accepted(update=decoded)


def _check_author(decoded: DecodedUpdate, client: int, made: Made) -> None:
    if not decoded.items and not decoded.deletes:
        raise _RefusedError("an update changes nothing")
    if not decoded.items:
        return
    if decoded.client != client:
        raise _RefusedError("an item has a client id that is not its entry's")
    if made(client) is not None:
        raise _RefusedError("an earlier entry wrote under this client id")


def _check_items(items: tuple[Item, ...], client: int, stamp: Stamp) -> None:
    name = writer(client)
    seen = set()
    for item in items:
        if parse_key(item.key).writer != name:
            raise _RefusedError("a key does not end in its entry's writer")
        if item.stamp != stamp:
            raise _RefusedError("an item has a stamp that is not its entry's")
        seen.add(item.key)
    if len(seen) != len(items):
        raise _RefusedError("a key occurs twice")


def _check_deletes(deletes: tuple[DeleteRange, ...], made: Made) -> None:
    for piece in deletes:
        clocks = made(piece.client)
        if clocks is None or piece.end > clocks:
            raise _RefusedError("a delete names an item that nothing in its entry's causal past made")
