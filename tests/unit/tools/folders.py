"""Folders to look into: two devices of one library that edited apart, and a relay that stores what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from crdt.client import client_id
from crdt.clock import Stamp
from crdt.draft import Draft
from peer.keys.change_body import ChangeBody
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch
from peer.keys.sealing import seal_body
from peer.layout import LibraryFolder
from peer.library.authoring import Edit
from peer.library.creating import begin_as, create_library
from peer.library.library import Library
from peer.library.membership import admit
from relay.data_folder import DataFolder
from store.entries import Entry, EntryKind, make_prefix, seal_entry
from store.heads import Heads
from store.ids import FileHash, LibraryId, RecordId
from store.sqlite_log import SqliteLogStore
from tests.fleet.disks import at_home
from tests.unit.peer.keys.seeded import Seeded

NOW = 1_700_000_000_000
PHOTO = RecordId.asset(FileHash(b"\x3f" * 32))


class SteppingClock:
    """A second later at each question, so that who edits last wins."""

    def __init__(self, start: int = NOW) -> None:
        self._now = start

    def now(self) -> int:
        self._now += 1000
        return self._now


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two devices of one library, both open."""

    laptop: Library
    phone: Library

    def exchange(self) -> None:
        """Each gets what the other has."""
        for source, target in ((self.laptop, self.phone), (self.phone, self.laptop)):
            target.receive(raws_of(source))

    def close(self) -> None:
        self.laptop.close()
        self.phone.close()


def make_pair(root: Path) -> Pair:
    """``laptop`` made the library, ``phone`` joined it; both are in sync."""
    clock = SteppingClock()
    laptop, _ = create_library(LibraryFolder(root / "laptop"), "laptop", clock=clock, randomness=Seeded("laptop"))
    folder = LibraryFolder(root / "phone")
    folder.create()
    random = Seeded("phone")
    keys = DeviceKeys.generate(random)
    keys.save(folder.device_key)
    phone = Library.create(folder, keys, laptop.id, clock=clock, randomness=random)
    admit(laptop, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    phone.receive(raws_of(laptop))
    begin_as(phone, "phone")
    pair = Pair(laptop=laptop, phone=phone)
    pair.exchange()
    return pair


def open_pair(root: Path) -> Pair:
    """The pair that ``make_pair`` left in ``root``, a day later."""
    clock = SteppingClock(NOW + 86_400_000)
    laptop, phone = (
        Library.open(at_home(LibraryFolder(root / name)), clock=clock, randomness=Seeded(f"{name} again")) for name in ("laptop", "phone")
    )
    return Pair(laptop=laptop, phone=phone)


def change(library: Library, edit: Callable[[Draft], None], record: RecordId = PHOTO) -> Entry:
    """The entry that ``edit`` made of the photo."""

    def apply(draft: Draft, _: Stamp) -> None:
        edit(draft)

    (name,) = library.change([Edit(record, apply)])
    arrived = library.log.get(name)
    assert arrived is not None
    return arrived.entry


def forge(library: Library, updates: Iterable[tuple[RecordId, Callable[[int, Stamp], bytes]]], *, epoch: Epoch | None = None) -> Entry:
    """A change that this device seals and signs whatever it says, and stores. Updates are made from the entry's client id and stamp."""
    log = library.own_log()
    assert log is not None
    (tip,) = library.log.heads()[log]
    stamp, random, chosen = library.hlc.next(), bytes(16), epoch or library.write_epoch()
    client = client_id(log, tip.name, stamp, random)
    body = ChangeBody(stamp=bytes(stamp), random=random, updates=tuple((record, make(client, stamp)) for record, make in updates))
    prefix = make_prefix(kind=EntryKind.CHANGE, library=library.id, log=log, seq=tip.seq + 1, previous=tip.name, deps=(), epoch=chosen.id)
    entry = seal_entry(prefix, seal_body(chosen, prefix, body.encode()), library.keys.sign)
    library.receive([entry.raw])
    return entry


def raws_of(library: Library) -> list[bytes]:
    return [arrived.entry.raw for arrived in library.log.missing(Heads(), limit_bytes=1 << 30)]


def fill_relay(root: Path, library: LibraryId, raws: Iterable[bytes]) -> None:
    """A relay's folder that stores these entries, beside those of other libraries."""
    with DataFolder(root).opened() as database:
        SqliteLogStore(database, library).append(list(raws), now=NOW)
