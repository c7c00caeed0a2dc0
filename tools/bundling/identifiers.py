"""Other ids for all that a library names, and the keys that go with them.

- SHA-256 of files, ids of blobs and of albums, batches: from a keyed hash, so equal for equal. A photo's id follows from its file's as it did, whatever
  its generation; who doesn't have the key can't tell whether a file that they have is among them.
- Logs, epochs and devices: new ones, assigned in the order of the old, since some rules take the smallest.
- Entries get their names when they are made; until then, and for those that are only spoken of, a name that nothing has.
- CRDT client ids follow from entries. Of entries with one stamp the id decides who wins, so their new ids are brought into the order of the old ones: of
  *n* entries each looks for random bytes until its id lies in its *n*-th of all ids.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from crdt.client import CLIENT_BITS, MAX_CLIENT, RANDOM_BYTES, client_id, client_of, writer
from crdt.clock import Stamp
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch
from peer.keys.identity import Identity
from peer.keys.master import MasterKeys
from peer.keys.wrapping import WrappingKeys
from peer.seams import Randomness
from store.ids import LIBRARY_RECORD, MASTER, BlobId, DeviceId, EntryHash, EpochId, FileHash, LibraryId, LogId, RecordId, RecordKind
from tools.bundling.errors import CannotBeMadeAgainError

GENERATIONS = 16
"""How often a photo may have been purged and brought back for its id to be recognised; later ones get ids that follow from nothing."""
KEY_BYTES = 32
MAX_EQUAL_STAMPS = 2048
"""Entries with one stamp; finding ids for n of them takes some n² tries."""
_TRIES_A_PLACE = 200
_FEW_BYTES = 4
_FIRST_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
_LETTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""Those that a writer begins with (the first of its 54 bits is 0), and the others, in the order of text."""

K = TypeVar("K", bound=bytes)
V = TypeVar("V")


class Things:
    """Ids that don't depend on entries. ``files``, ``photos``: all that are named anywhere."""

    def __init__(
        self,
        *,
        library: LibraryId,
        logs: Iterable[LogId],
        epochs: Iterable[EpochId],
        devices: Iterable[DeviceId],
        files: Collection[FileHash],
        photos: Collection[RecordId],
        random: Randomness,
    ) -> None:
        self._key = random(KEY_BYTES)
        self._random = random
        self.master = MasterKeys(random(32), WrappingKeys.generate(random))
        self._master_log = library.master_log()
        ordinary = {*logs} - {self._master_log}
        self._logs = _in_order(ordinary, sorted(LogId(random(LogId.SIZE)) for _ in ordinary)) | {
            self._master_log: self.library.master_log()
        }
        wanted = {*epochs}
        made = [Epoch.generate(random) for _ in wanted]
        self._epochs = _in_order(wanted, sorted(made, key=lambda epoch: epoch.id))
        members = {*devices} - {MASTER}
        keys = [DeviceKeys.generate(random) for _ in members]
        self._devices = _in_order(members, sorted(keys, key=lambda each: each.id))
        self._photos = {RecordId.asset(file): (file, 0) for file in files}
        if not self._photos.keys() >= {*photos}:
            self._photos |= {RecordId.asset(file, generation): (file, generation) for file in files for generation in range(1, GENERATIONS)}

    @property
    def library(self) -> LibraryId:
        return self.master.library

    def log(self, log: LogId) -> LogId:
        return self._logs[log]

    def epoch(self, epoch: EpochId) -> Epoch:
        return self._epochs[epoch]

    def identity(self, device: DeviceId) -> Identity:
        """The keys of a device, or of the master."""
        return self.master if device == MASTER else self._devices[device]

    def own_keys(self, device: DeviceId) -> DeviceKeys:
        return self._devices[device]

    def device(self, device: DeviceId) -> DeviceId:
        """An id that stands where a device's does, whether there is such a device or not."""
        return MASTER if device == MASTER else self._devices[device].id if device in self._devices else DeviceId(self.octets(device))

    def file(self, file: FileHash) -> FileHash:
        return FileHash(self.octets(file))

    def blob(self, blob: BlobId) -> BlobId:
        return BlobId(self.octets(blob))

    def record(self, record: RecordId) -> RecordId:
        if record == LIBRARY_RECORD:
            return record
        if record.kind is RecordKind.DEVICE:
            return RecordId.make(RecordKind.DEVICE, self.device(DeviceId(record.body)))
        known = self._photos.get(record)
        if known is not None:
            file, generation = known
            return RecordId.asset(self.file(file), generation)
        return RecordId.make(record.kind, self.octets(record.body))

    def octets(self, value: bytes) -> bytes:
        """As many other bytes; those below four stay, since they tell nothing and couldn't stay different."""
        if len(value) < _FEW_BYTES:
            return value
        made = b"".join(hmac.digest(self._key, block.to_bytes(4, "big") + value, "sha256") for block in range(-(-len(value) // 32)))
        return made[: len(value)]


class KeptThings(Things):
    """Files, blobs, photos and albums are called as they are; devices, logs and epochs aren't."""

    def octets(self, value: bytes) -> bytes:
        return value


class Entries:
    """Names of entries and ids of CRDT clients, as they come into being."""

    def __init__(self, things: Things, clients: Mapping[Stamp, Collection[int]], random: Randomness) -> None:
        self._things = things
        self._random = random
        self._places = {
            stamp: {client: place for place, client in enumerate(sorted({*equal}, key=writer))} for stamp, equal in clients.items()
        }
        self._names: dict[EntryHash, EntryHash] = {}
        self._clients: dict[int, int] = {}
        self._randoms: dict[int, tuple[LogId, EntryHash, bytes]] = {}

    def name(self, name: EntryHash) -> EntryHash:
        """Of an entry that was made; else a name that nothing has."""
        known = self._names.get(name)
        return EntryHash(self._things.octets(name)) if known is None else known

    def made(self, name: EntryHash, other: EntryHash) -> None:
        """``other`` is made for the entry ``name``."""
        self._names[name] = other

    def client(self, client: int) -> int:
        """Of an entry that was placed; else one that nothing has."""
        if client not in self._clients:
            self._clients[client] = int.from_bytes(self._random(7), "big") & MAX_CLIENT
        return self._clients[client]

    def writer(self, text: str) -> str:
        return writer(self.client(client_of(text)))

    def placed(self, client: int, stamp: Stamp, *, log: LogId, previous: EntryHash, other: Stamp) -> tuple[int, bytes]:
        """The client id for an entry that had ``client`` and ``stamp``, after the *other* entry ``previous`` at the *other* stamp, and the random bytes that
        lead to it."""
        if (known := self._randoms.get(client)) is not None:
            made_in, made_after, random = known
            if (made_in, made_after) != (log, previous):
                raise CannotBeMadeAgainError("two entries in different places have one CRDT client id, which can't be made again")
            return self._clients[client], random
        places = self._places[stamp]
        if len(places) > MAX_EQUAL_STAMPS:
            raise CannotBeMadeAgainError("too many entries have one stamp for their order to be made again")
        found, random = _find(places[client], len(places), log, previous, other, self._random)
        self._clients[client] = found
        self._randoms[client] = (log, previous, random)
        return found, random


def ordinal(client: int) -> int:
    """Where ``writer(client)`` stands among all writers, compared as text: a number of 53 bits."""
    text = writer(client)
    number = _FIRST_LETTERS.index(text[0])
    for character in text[1:]:
        number = number << 6 | _LETTERS.index(character)
    return number


def _find(place: int, places: int, log: LogId, previous: EntryHash, stamp: Stamp, draw: Randomness) -> tuple[int, bytes]:
    for _ in range(_TRIES_A_PLACE * places):
        random = draw(RANDOM_BYTES)
        client = client_id(log, previous, stamp, random)
        if ordinal(client) * places >> CLIENT_BITS == place:
            return client, random
    raise CannotBeMadeAgainError("too many entries have one stamp for their order to be made again")


def _in_order(old: Iterable[K], new: Iterable[V]) -> dict[K, V]:
    return dict(zip(sorted(old), new, strict=True))
