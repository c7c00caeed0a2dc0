"""A portion of entries, looked at one by one: what their own bytes tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crdt.client import client_id
from crdt.clock import Stamp
from peer.keys.change_body import ChangeBody
from peer.keys.epochs import Keyring
from peer.keys.errors import BodyError, MissingEpochError, UnknownCodecError, UnsealError
from peer.keys.sealing import open_body
from store.entries import Dep, Entry, EntryKind, is_signed_by
from store.errors import DamagedError
from store.ids import DeviceId, EntryHash, LibraryId, LogId, RecordId
from store.sqlite_rows import intact_entry


class EntryRow(NamedTuple):
    """An entry as a store keeps it, and who may have signed it. ``opens``: its body is wanted."""

    arrival: int
    log: LogId
    seq: int
    kind: int
    name: bytes
    raw: bytes
    authors: tuple[DeviceId, ...]
    opens: bool


class OpenedChange(NamedTuple):
    """What stands in the body of a change."""

    client: int
    stamp: Stamp
    updates: tuple[tuple[RecordId, bytes], ...]
    purges: tuple[RecordId, ...]


class SeenEntry(NamedTuple):
    """What an entry's bytes tell. ``is_whole``: they are those that it is named by, so the rest means something. ``change`` is ``None`` where it wasn't
    wanted, or with a reason in ``sealed`` (it can't be opened here) or in ``void`` (it says nothing on any device)."""

    arrival: int
    name: EntryHash
    problems: tuple[str, ...]
    is_whole: bool = False
    previous: EntryHash | None = None
    deps: tuple[Dep, ...] = ()
    change: OpenedChange | None = None
    sealed: str = ""
    void: str = ""


@dataclass(frozen=True, kw_only=True)
class EntryWork:
    """``keys``: the public keys of all who ever were let in; ``None`` when that can't be told, so no signature can be verified."""

    library: LibraryId
    keys: Mapping[DeviceId, bytes] | None
    keyring: Keyring

    def __call__(self, portion: Sequence[EntryRow]) -> list[SeenEntry]:
        return [self._seen(row) for row in portion]

    def _seen(self, row: EntryRow) -> SeenEntry:
        name = EntryHash(row.name)
        try:
            entry = intact_entry(row.name, row.raw)
        except DamagedError as error:
            return SeenEntry(row.arrival, name, (str(error),))
        seen = SeenEntry(row.arrival, name, tuple(self._problems(row, entry)), True, entry.previous, entry.deps)
        return self._opened(seen, entry) if row.opens else seen

    def _problems(self, row: EntryRow, entry: Entry) -> list[str]:
        problems = []
        if entry.library != self.library:
            problems.append("it belongs to another library")
        if (entry.log, entry.seq, int(entry.kind)) != (row.log, row.seq, row.kind):
            problems.append(f"the store has it as {row.log.short()}:{row.seq}, but it says that it is {entry.log.short()}:{entry.seq}")
        keys = self.keys
        if keys is not None and not any(is_signed_by(entry, keys[author]) for author in row.authors if author in keys):
            problems.append("it isn't signed by the device whose log it is in")
        return problems

    def _opened(self, seen: SeenEntry, entry: Entry) -> SeenEntry:
        assert entry.kind is EntryKind.CHANGE
        assert entry.epoch is not None
        try:
            body = ChangeBody.decode(open_body(self.keyring.require(entry.epoch), entry.prefix, entry.body))
        except (MissingEpochError, UnknownCodecError) as error:
            return seen._replace(sealed=error.message)
        except (UnsealError, BodyError):
            return seen._replace(void="the body doesn't decode")
        stamp = Stamp(body.stamp)
        client = client_id(entry.log, entry.previous, stamp, body.random)
        return seen._replace(change=OpenedChange(client, stamp, body.updates, body.purges))
