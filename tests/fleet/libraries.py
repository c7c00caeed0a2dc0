"""Libraries of several devices in one folder that exchange entries directly: no node, no network, one seed, a clock that tests move.

anna = make_library(tmp_path / "anna", seed=1)
bert = admit(anna, tmp_path / "bert", name="bert", seed=2)
photo = add_photo(anna, "sea")
exchange(anna, bert)
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

from crdt.asset import add_source
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Exif, Source, Way
from peer.keys.blobs import seal_segment
from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library import membership
from peer.library.authoring import Edit
from peer.library.creating import begin_as, create_library
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.originals.held import HeldStamp
from store.heads import Heads
from store.ids import FileHash, RecordId
from store.log import Status

START = 1_700_000_000_000
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A folder for temporary libraries whose commits wait for no disk, where the system has one: for ``dir`` of ``tempfile``."""

PAGE_BYTES = 1 << 20


class MovedClock:
    """Stands still until a test moves it. Milliseconds since 1970."""

    def __init__(self, now: int = START) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def pass_by(self, milliseconds: int = 1000) -> None:
        self.time += milliseconds


def make_library(folder: Path, *, name: str = "anna", seed: int = 1, clock: MovedClock | None = None) -> Library:
    """A new library with one device."""
    library, _ = create_library(LibraryFolder(folder), name, clock=clock or MovedClock(), randomness=Random(seed).randbytes)
    return library


def admit(inviter: Library, folder: Path, *, name: str = "bert", seed: int = 2, clock: MovedClock | None = None) -> Library:
    """Another device, by what a joining does once the codes were compared; both then have all entries."""
    random = Random(seed)
    keys = DeviceKeys.generate(random.randbytes)
    membership.admit(inviter, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    place = LibraryFolder(folder)
    place.create()
    keys.save(place.device_key)
    library = Library.create(place, keys, inviter.id, clock=clock or inviter.clock, randomness=random.randbytes)
    give(inviter, library)
    begin_as(library, name)
    give(library, inviter)
    return library


def give(source: Library, target: Library) -> int:
    """What ``target`` lacks of what ``source`` has, entries only. How many they were."""
    given = _give(source, target, target.log.heads(), Status.WAITING)
    if unknown := source.log.heads().unknown(target.log.has):  # of logs with branches, as a session asks again
        given += _give(source, target, target.log.heads().without(unknown))
    return given


def _give(source: Library, target: Library, heads: Heads, *also: Status) -> int:
    given = 0
    after = 0
    while page := source.log.missing(heads, limit_bytes=PAGE_BYTES, after=after):
        outcomes = [outcome.status for outcome in target.receive([arrived.entry.raw for arrived in page])]
        assert {*outcomes} <= {Status.STORED, Status.KNOWN, *also}  # of a log that was forked, more than what is missing may be sent
        given += outcomes.count(Status.STORED)
        after = page[-1].arrival
    return given


def exchange(*libraries: Library) -> None:
    """Everyone gets what anyone has, in the order in which they are named."""
    for _ in range(2):  # the second time for what a library got after it had given
        for target in libraries:
            for source in libraries:
                if source is not target:
                    give(source, target)


def report(*libraries: Library) -> None:
    """Each says what it has seen, and all take note."""
    raws = [made.raw for library in libraries if (made := library.report_seen()) is not None]
    for library in libraries:
        for raw in raws:
            library.take_report(raw)


def content_of(label: str) -> bytes:
    """The bytes of a file that stands for a photo."""
    return f"the bytes of {label}".encode()


def file_of(label: str) -> FileHash:
    """What these bytes are called."""
    return FileHash(hashlib.sha256(content_of(label)).digest())


def add_photo(library: Library, label: str, *, name: str | None = None, taken: str | None = "2024-07-21T18:03:11+02:00") -> RecordId:
    """What an import writes into the record of a photo, without a file on the disk."""
    record = RecordId.asset(file_of(label))
    library.change([Edit(record, lambda draft, stamp: _describe(library, draft, stamp, label, name or f"{label}.jpg", taken))])
    return record


def add_original(library: Library, label: str, **described: str) -> tuple[RecordId, Path]:
    """A photo with its file in the tree."""
    path = library.folder.originals / f"{label}.jpg"
    path.write_bytes(content_of(label))
    stamp = HeldStamp.of(path.stat())
    library.held.put(
        HeldFile(
            file=file_of(label),
            kind="original",
            path=path.relative_to(library.folder.root),
            incoming=None,
            size=stamp.size,
            mtime_ns=stamp.mtime_ns,
            inode=stamp.inode,
        )
    )
    return add_photo(library, label, **described), path


def edit(library: Library, record: RecordId, **fields: object) -> None:
    """Registers of a record, by name; underscores stand for colons."""

    def change(draft: Draft, stamp: Stamp) -> None:
        for field, value in fields.items():
            draft.set(field.replace("_", ":"), value)  # type: ignore[arg-type]  # what a test passes is a value

    library.change([Edit(record, change)])


def digest(library: Library) -> str:
    return bytes(library.records.digest()).hex()


def _describe(library: Library, draft: Draft, stamp: Stamp, label: str, name: str, taken: str | None) -> None:
    content = content_of(label)
    blob = seal_segment(library.write_epoch(), content).id
    draft.set("primary", bytes(file_of(label)))
    draft.add("name", name)
    add_source(draft, file_of(label), Source(size=len(content), way=Way.BLOBS, blobs=(blob,)))
    draft.derive("exif", Exif(taken=taken, width=4000, height=3000).value())
    draft.derive("kind", "photo")
    draft.derive("media", "image/jpeg")
