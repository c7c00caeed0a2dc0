"""A small fleet without a network that the oracle judges: right until a test breaks something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from random import Random

from peer.keys.blobs import seal_segment
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.originals.held import HeldStamp
from relay.accounts import TokenHash
from relay.data_folder import DataFolder
from relay.sqlite_accounts import SqliteLibraries
from store.entries import Entry, parse_entry
from store.file_blobs import FileBlobStore
from store.ids import DeviceId, RecordId
from store.sqlite_log import SqliteLogStore
from tests.fleet.libraries import MovedClock, add_photo, admit, content_of, exchange, file_of, make_library, report
from tests.simulation.oracle import Archive, Complaint, DeviceEvidence, Evidence, RelayEvidence, judge
from tests.simulation.oracle.evidence import Named

TOKEN = "a registration token"
RELAY_KEY = b"the key of a relay, for this test"


class Household:
    """Anna, Bert and Cleo, and a relay; an archive is told of all that they do."""

    def __init__(self, root: Path) -> None:
        self.clock = MovedClock()
        self.archive = Archive()
        self.anna = make_library(root / "anna", clock=self.clock)
        self.bert = admit(self.anna, root / "bert", name="bert", seed=2)
        self.cleo = admit(self.anna, root / "cleo", name="cleo", seed=3)
        self.libraries = {"anna": self.anna, "bert": self.bert, "cleo": self.cleo}
        self.relay_folder = DataFolder(root / "relay")
        self._opened = self.relay_folder.opened()
        self.relay_database = self._opened.__enter__()
        self.relay_blobs = FileBlobStore(self.relay_folder.root)
        self.relay_log = SqliteLogStore(self.relay_database, self.anna.id, trusts_settled=True)
        self.accounts = SqliteLibraries(self.relay_database)
        self.accounts.add_token(TokenHash.of(TOKEN), quota=10**9, uses=1, now=0)
        self.accounts.register(self.anna.id, TokenHash.of(TOKEN), now=0)
        for library in self.libraries.values():
            library.nodes.add("https://relay", RELAY_KEY)
        self.relay_is_whole = True
        self.secrets: tuple[bytes | str, ...] = ()
        self.hostile: frozenset[DeviceId] = frozenset()
        self.away: set[str] = set()
        self.labels: dict[Named, str] = {}
        self.photos: dict[str, RecordId] = {}
        self.meet()

    @property
    def present(self) -> list[Library]:
        return [library for name, library in self.libraries.items() if name not in self.away]

    def photo(self, library: Library, label: str) -> RecordId:
        """Somebody imports one; the others get it when they meet."""
        record = self.photos[label] = add_photo(library, label)
        self.labels[record] = label
        keep(library, label)
        return record

    def tell(self) -> None:
        for name, library in self.libraries.items():
            self.archive.collect(name, library)
        self.archive.collect_relay("the relay", self.relay_log, self.relay_blobs, now=self.clock.now())

    def meet(self) -> None:
        """Those who are not away exchange everything, with each other and with the relay."""
        self.tell()
        exchange(*self.present)
        self.clock.pass_by()
        report(*self.present)
        for label in self.photos:
            if any(library.held.get(file_of(label)) for library in self.present):
                for library in self.present:
                    keep(library, label)
                self._bring(label)
        self._push()
        self.tell()

    def _push(self) -> None:
        for library in self.present:
            arrived = library.log.missing(self.relay_log.heads(), limit_bytes=1 << 24)
            self.relay_log.append([each.entry.raw for each in arrived], now=self.clock.now())
            for seen in library.log.seen():
                self.relay_log.put_seen(seen.raw, now=self.clock.now())

    def _bring(self, label: str) -> None:
        """The blob of a photo, under each epoch that anybody may have sealed it under."""
        for epoch in self.anna.keyring().values():
            sealed = seal_segment(epoch, content_of(label))
            if self.relay_blobs.put(sealed.id, sealed.sealed, now=self.clock.now()):
                self.accounts.add_blob(self.anna.id, sealed.id, len(sealed.sealed), now=self.clock.now())

    def evidence(self) -> Evidence:
        devices = tuple(
            DeviceEvidence(name=name, library=library, root=library.folder.root, stays=name not in self.away)
            for name, library in self.libraries.items()
        )
        relay = RelayEvidence(
            name="the relay",
            folder=self.relay_folder,
            log=self.relay_log,
            blobs=self.relay_blobs,
            key=RELAY_KEY,
            is_whole=self.relay_is_whole,
        )
        return Evidence(
            archive=self.archive,
            devices=devices,
            relays=(relay,),
            names=lambda named: self.labels.get(named, named.short()),
            secrets=self.secrets,
            hostile=self.hostile,
        )

    def judged(self, seed: int = 1) -> list[Complaint]:
        return judge(self.evidence(), Random(seed))

    def kinds(self, seed: int = 1) -> set[str]:
        return {complaint.kind for complaint in self.judged(seed)}

    def close(self) -> None:
        for library in self.libraries.values():
            library.close()
        self.relay_blobs.close()
        self._opened.__exit__(None, None, None)


def keep(library: Library, label: str) -> None:
    """The photo's file is on this device, as after a download or an import."""
    file = file_of(label)
    if library.held.get(file) is None:
        path = library.folder.originals / f"{label}.jpg"
        path.write_bytes(content_of(label))
        stamp = HeldStamp.of(path.stat())
        place = path.relative_to(library.folder.root)
        library.held.put(
            HeldFile(file=file, kind="original", path=place, incoming=None, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode)
        )
    library.downloads.done([file])


def newest(library: Library) -> Entry:
    """The entry that arrived last."""
    with library.database.read() as connection:
        (raw,) = connection.execute("SELECT raw FROM log_entry ORDER BY arrival DESC LIMIT 1").fetchone()
    return parse_entry(raw)


def tamper(library: Library, statement: str, *values: object) -> None:
    """Change the tables of a device behind its back."""
    with library.database.write() as connection:
        connection.execute(statement, values)


class _UndoneError(Exception):
    """Rolls back."""


@contextmanager
def undone(house: Household) -> Iterator[Household]:
    """Whatever is done to tables, files and archive in the block is undone afterwards: so many tests break one fleet."""
    archive, secrets, is_whole = deepcopy(house.archive), house.secrets, house.relay_is_whole
    folders = [house.relay_folder.root, *(library.folder.root for library in house.libraries.values())]
    before = {path: path.read_bytes() for path in _plain_files(folders)}
    with suppress(_UndoneError), ExitStack() as stack:
        for database in (house.relay_database, *(library.database for library in house.libraries.values())):
            stack.enter_context(database.write())
        yield house
        raise _UndoneError
    for library in house.libraries.values():
        library._pasts._newest.clear()
    for path in _plain_files(folders):
        if path not in before:
            path.unlink()
    for path, contents in before.items():
        path.write_bytes(contents)
    house.archive, house.secrets, house.relay_is_whole = archive, secrets, is_whole


def _plain_files(folders: list[Path]) -> list[Path]:
    """Without databases and locks."""
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [path for path in found if ".db" not in path.name or path.suffix == ".new"]


@contextmanager
def household(root: Path) -> Iterator[Household]:
    made = Household(root)
    try:
        yield made
    finally:
        made.close()
