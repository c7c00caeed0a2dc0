"""What changes say, once they are opened with the library's keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crdt.client import client_id
from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError
from crdt.update import DecodedUpdate, decode_update
from peer.keys.change_body import ChangeBody
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError, UnknownCodecError, UnsealError
from peer.keys.sealing import open_body
from store.entries import Entry, EntryKind
from store.ids import EpochId, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that could be opened. ``updates``: ``None`` for bytes that are no update."""

    stamp: Stamp
    client: int
    updates: tuple[tuple[RecordId, DecodedUpdate | None], ...] = field(repr=False)
    purges: tuple[RecordId, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """A change that can't be opened. ``for_good``: everybody finds it void; else it waits. ``epoch``: whose key is missing."""

    for_good: bool
    epoch: EpochId | None = None


def open_change(entry: Entry, keyring: Mapping[EpochId, Epoch]) -> Change | Closed:
    """What a change says, to who has these keys."""
    assert entry.kind is EntryKind.CHANGE
    assert entry.epoch is not None
    epoch = keyring.get(entry.epoch)
    if epoch is None:
        return Closed(for_good=False, epoch=entry.epoch)
    try:
        body = ChangeBody.decode(open_body(epoch, entry.prefix, entry.body))
    except UnknownCodecError:
        return Closed(for_good=False)
    except (UnsealError, BodyError):
        return Closed(for_good=True)
    stamp = Stamp(body.stamp)
    return Change(
        stamp=stamp,
        client=client_id(entry.log, entry.previous, stamp, body.random),
        updates=tuple((record, _decoded(update)) for record, update in body.updates),
        purges=body.purges,
    )


def all_keys(keyrings: Iterable[Keyring]) -> Keyring:
    """What all of them open together."""
    return Keyring(epoch for keyring in keyrings for epoch in keyring.values())


def _decoded(update: bytes) -> DecodedUpdate | None:
    try:
        return decode_update(update)
    except MalformedUpdateError:
        return None
