"""What a change says inside, for who has the keys: a device's folder with its ``device.key``."""

from __future__ import annotations

from dataclasses import dataclass

from crdt.client import client_id, writer
from crdt.clock import Stamp
from crdt.lib0 import MalformedUpdateError
from crdt.update import DecodedUpdate, Item, decode_update, write_item
from peer.errors import CalotypeError
from peer.keys.change_body import ChangeBody
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Keyring
from peer.keys.errors import BodyError, UnknownCodecError, UnsealError
from peer.keys.packages import open_packages
from peer.keys.sealing import open_body
from peer.library.shown import plain
from store.database import Database
from store.entries import Entry
from store.ids import LibraryId, RecordId
from tools.looking.documents import Document, stamp_document
from tools.looking.folder import Inspected
from tools.looking.origins import Origins
from tools.looking.verdicts import void_updates


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A change that was opened: its body, its stamp, and the CRDT client id that it writes under."""

    body: ChangeBody
    stamp: Stamp
    client: int

    @classmethod
    def of(cls, entry: Entry, body: ChangeBody) -> Opened:
        """``body`` is that of ``entry``."""
        stamp = Stamp(body.stamp)
        return cls(body=body, stamp=stamp, client=client_id(entry.log, entry.previous, stamp, body.random))


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The keys that were found, or why there are none."""

    database: Database
    library: LibraryId
    keyring: Keyring
    reason: str
    origins: Origins

    @classmethod
    def of(cls, inspected: Inspected, library: LibraryId) -> Contents:
        keyring, reason = _find_keys(inspected, library)
        origins = Origins(inspected.database, library, inspected.device_names())
        return cls(database=inspected.database, library=library, keyring=keyring, reason=reason, origins=origins)

    def of_change(self, entry: Entry) -> Document:
        """``change``: the body, or ``None`` with ``sealed``, the reason."""
        if not self.keyring:
            return {"change": None, "sealed": self.reason}
        try:
            opened = self.open(entry)
        except (UnsealError, BodyError, UnknownCodecError) as error:
            return {"change": None, "sealed": error.message}
        body, stamp, client = opened.body, opened.stamp, opened.client
        voids = void_updates(self.database, self.library, entry)
        change = {
            **stamp_document(stamp),
            "batch": body.batch.hex() or None,
            "client": client,
            "writer": writer(client),
            "updates": [self._update(record, update, voids.get(record)) for record, update in body.updates],
            "purges": [_record(record) for record in body.purges],
        }
        return {"change": change, "sealed": ""}

    def open(self, entry: Entry) -> Opened:
        """What is inside a change. ``UnsealError`` where there is no key, or another one; ``BodyError``, ``UnknownCodecError``."""
        return Opened.of(entry, ChangeBody.decode(self._unsealed(entry)))

    def opened(self, entry: Entry) -> Opened | None:
        """The same; ``None`` for what can't be opened or decoded, and for control entries."""
        try:
            return None if entry.epoch is None else self.open(entry)
        except (UnsealError, BodyError, UnknownCodecError):
            return None

    def plain(self, entry: Entry) -> bytes:
        """The encoded body of a change, to be looked through; empty where it can't be opened."""
        try:
            return self._unsealed(entry)
        except (UnsealError, BodyError, UnknownCodecError):
            return b""

    def _unsealed(self, entry: Entry) -> bytes:
        assert entry.epoch is not None, "a change has an epoch"
        return open_body(self.keyring.require(entry.epoch), entry.prefix, entry.body)

    def _update(self, record: RecordId, update: bytes, void: str | None) -> Document:
        document = {**_record(record), "bytes": len(update), "void": void is not None, "reason": void or ""}
        try:
            return document | self._decoded(decode_update(update))
        except MalformedUpdateError as error:
            return document | {"items": [], "deletes": [], "unreadable": str(error)}

    def _decoded(self, decoded: DecodedUpdate) -> Document:
        deletes = [
            {"client": piece.client, "clock": piece.clock, "length": piece.length, **self.origins.of_client(piece.client)}
            for piece in decoded.deletes
        ]
        items = [
            {"key": item.key, "value": plain(item.value), "clock": clock, "bytes": _encoded_bytes(item)}
            for clock, item in enumerate(decoded.items)
        ]
        return {"items": items, "deletes": deletes}


def _find_keys(inspected: Inspected, library: LibraryId) -> tuple[Keyring, str]:
    if inspected.library_folder is None:
        return Keyring(), "a relay has no keys"
    try:
        keys = DeviceKeys.load(inspected.library_folder.device_key)
    except CalotypeError as error:
        return Keyring(), error.message
    keyring = open_packages(inspected.log(library).roster().epochs, library=library, recipient=keys)
    return keyring, "" if keyring else "the device in this folder was given no key of the library"


def _encoded_bytes(item: Item) -> int:
    out = bytearray()
    write_item(out, item)
    return len(out)


def _record(record: RecordId) -> Document:
    return {"record": record.body.hex(), "kind": record.kind.name.lower()}
