"""Records at rest: bytes of a state in, bytes of a state out. The only module that touches the engine.

No document lives longer than one call. What the engine does to those who trust it (out-of-order updates, changes that stay after an
error, panics, values that come back as something else) was measured and is held by
``tests/unit/crdt/test_engine_dangers.py``; the answers to it are here:

- *Nothing waits inside a document.* ``apply`` demands that all that an update deletes is there, and checks afterwards that exactly what
  the decoded update says has happened; then no part of it can be pending, and none is missing from the saved state.
- *A failed document is thrown away.* Each call works on a scratch document made from the state; on any failure, a panic of the
  engine included, ``EngineError`` is raised and the caller still has the state that it had.
- *The author walks the same way as everybody else.* ``write`` makes the bytes of an update with our own encoder and applies them
  like received ones, so what an author stores is what these bytes make of the same state everywhere.
- *Values are read in canonical form*, so that content doesn't depend on the engine's types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from pycrdt import Doc, Map, TransactionEvent

from crdt.client import WRITER_LENGTH, client_of, writer
from crdt.clock import Stamp
from crdt.keys import parse_key
from crdt.update import DecodedUpdate, DeleteRange, Item, decode_deletes, decode_state_vector, encode_update
from crdt.values import Plain, Value, canonical

ROOT = "r"
"""The name of the one root map."""

_Raw: TypeAlias = dict[str, Any]
"""Keys and values as the engine gives them."""


class EngineError(Exception):
    """The engine did not do what an update says, or a state is not one that it made. Nothing was changed."""


class NotLiveError(LookupError):
    """A local change deletes a key that is not live: it was made over other content. Nothing was changed."""


class Cell(NamedTuple):
    """What stands at one key: when it was written, by which entry, and what."""

    stamp: Stamp
    writer: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a record says: its live keys, and how many clocks of each client it knows. Equal content has equal digests."""

    live: Mapping[str, Cell]
    vector: Mapping[int, int]


EMPTY = Content(live=MappingProxyType({}), vector=MappingProxyType({}))
"""A record that nobody has written yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a local change does: values by stem (``crdt.keys``), and live keys that it deletes."""

    sets: Mapping[str, Plain] = field(default_factory=dict)
    deletes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.sets or self.deletes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A record after an update: the state to keep, and what it says."""

    state: bytes
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A record after a local change, and the update to send."""

    update: bytes
    state: bytes
    content: Content


def read(state: bytes) -> Content:
    """What the record with this ``state`` says; ``EngineError`` when it is no state of a record."""
    with _scratch(state) as document:
        return Content(live=MappingProxyType(_cells(_live(document))), vector=MappingProxyType(_vector(document)))


def apply(state: bytes | None, update: bytes, decoded: DecodedUpdate) -> Applied:
    """The record after ``update``, which the gate accepted as ``decoded``; ``state`` is ``None`` for a new record.

    ``EngineError`` when something that it deletes isn't there yet (it came before what it depends on), when its client has written here
    already, or when the engine fails or does anything else than ``decoded`` says.
    """
    with _scratch(state) as document:
        before, vector = (_live(document), _vector(document)) if state is not None else ({}, {})
        _require_ready(vector, decoded)
        with document.transaction():
            document.apply_update(update)
            after, vector_after, new_state = _live(document), _vector(document), document.get_update()
        if decoded.client is not None:
            vector[decoded.client] = len(decoded.items)
        if vector_after != vector:
            raise EngineError("the engine did not take all of an update")
        fresh = _verified_sets(after, decoded)
        old = {key: pair for key, pair in after.items() if key not in fresh}
        _verify_rest(before, old, vector, decoded)
        content = Content(live=MappingProxyType(_cells(old) | fresh), vector=MappingProxyType(vector))
        return Applied(state=new_state, content=content)


def write(state: bytes | None, client: int, stamp: Stamp, changes: Changes) -> Written:
    """The record after a local ``changes`` by the entry with this client id and stamp; ``state`` is ``None`` for a new record.

    Deterministic: the same arguments give the same update. An entry writes a record once. ``ValueError`` when there is nothing to
    change, a stem is no stem or a value can't be held; ``NotLiveError``, ``EngineError``. The caller puts the update through the gate
    like any other.
    """
    if not changes:
        raise ValueError("there is nothing to change")
    name = writer(client)
    items = [Item(f"{stem}/{name}", stamp, canonical(value)) for stem, value in sorted(changes.sets.items())]
    for item in items:
        parse_key(item.key)
    deletes = _locate(state, changes.deletes) if changes.deletes else []
    update = encode_update(client, items, deletes)
    decoded = DecodedUpdate(client=client if items else None, items=tuple(items), deletes=tuple(deletes))
    applied = apply(state, update, decoded)
    return Written(update=update, state=applied.state, content=applied.content)


def _locate(state: bytes | None, keys: frozenset[str]) -> list[DeleteRange]:
    """The items that stand at ``keys``. Keys don't say their clocks, so a scratch document deletes them and tells what it did."""
    updates: list[bytes] = []
    with _scratch(state) as document:
        root: Map[Any] = document.get(ROOT, type=Map)
        missing = keys.difference(root.keys())
        if missing:
            raise NotLiveError("a key to delete is not live")

        def remember(event: TransactionEvent) -> None:
            updates.append(event.update)

        subscription = document.observe(remember)
        try:
            with document.transaction():
                for key in keys:
                    del root[key]
        finally:
            document.unobserve(subscription)
        (update,) = updates
        return decode_deletes(update)


@contextmanager
def _scratch(state: bytes | None) -> Iterator[Doc[Any]]:
    """A document made from ``state``, to be thrown away; whatever the engine raises meanwhile becomes ``EngineError``."""
    try:
        document: Doc[Any] = Doc()
        if state is not None:
            document.apply_update(state)
        yield document
    except (EngineError, NotLiveError):
        raise
    except Exception as error:
        raise EngineError(f"the engine failed: {error}") from error
    except BaseException as error:
        # A panic of the engine is no Exception, and its class can't be imported.
        if type(error).__name__ == "PanicException":
            raise EngineError(f"the engine panicked: {error}") from error
        raise


def _live(document: Doc[Any]) -> _Raw:
    """All live keys. Reads through the engine's own map: the package's ``Map`` opens a transaction for each key, eight times as slow."""
    root: Map[Any] = document.get(ROOT, type=Map)
    with document.transaction() as transaction:
        inner, engine = root.integrated, transaction._txn
        return {key: inner.get(engine, key) for key in inner.keys(engine)}


def _vector(document: Doc[Any]) -> dict[int, int]:
    return decode_state_vector(document.get_state())


def _cells(raw: _Raw) -> dict[str, Cell]:
    stamps: dict[bytes, Stamp] = {}
    cells = {}
    for key, pair in raw.items():
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not bytearray:
            raise EngineError("a record holds something else than pairs of a stamp and a value")
        raw_stamp = bytes(pair[0])
        stamp = stamps.get(raw_stamp) or stamps.setdefault(raw_stamp, Stamp(raw_stamp))
        cells[key] = Cell(stamp, key[-WRITER_LENGTH:], canonical(pair[1]))
    return cells


def _require_ready(vector: Mapping[int, int], decoded: DecodedUpdate) -> None:
    """Applied before what it depends on, an update would wait inside the document, and be lost when that is saved."""
    if decoded.client is not None and decoded.client in vector:
        raise EngineError("the client of an update has written here already")
    for piece in decoded.deletes:
        if piece.end > vector.get(piece.client, 0):
            raise EngineError("an update deletes what isn't there yet")


def _verified_sets(after: _Raw, decoded: DecodedUpdate) -> dict[str, Cell]:
    """The cells that an update sets, when the engine shows each of them. Python's equality sees through the engine's types."""
    cells = {}
    for key, stamp, value in decoded.items:
        if after.get(key) != [stamp, value]:
            raise EngineError("the engine did not set what an update sets")
        cells[key] = Cell(stamp, key[-WRITER_LENGTH:], value)
    return cells


def _verify_rest(before: _Raw, after: _Raw, vector: Mapping[int, int], decoded: DecodedUpdate) -> None:
    """Of older keys, those are gone that were deleted, and no others. A key doesn't say its clock, so each client's are counted."""
    if any(before.get(key) != pair for key, pair in after.items()):
        raise EngineError("a key has another value than before an update that doesn't set it")
    if not decoded.deletes and len(before) == len(after):
        return
    deleted: Counter[str] = Counter()
    for piece in decoded.deletes:
        deleted[writer(piece.client)] += piece.length
    gone = Counter(key[-WRITER_LENGTH:] for key in before.keys() - after.keys())
    if any(count > deleted[name] for name, count in gone.items()):
        raise EngineError("a key is gone that an update doesn't delete")
    left = Counter(key[-WRITER_LENGTH:] for key in after)
    if any(left[name] > vector[client_of(name)] - count for name, count in deleted.items()):
        raise EngineError("a key is live that an update deletes")
