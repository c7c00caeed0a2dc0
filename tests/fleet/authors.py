"""Valid libraries for tests: a master, devices, certificates, logs and entries, all from one seed.

    library = make_library(seed=1)
    anna = library.join("anna")               # certificate, packages, open
    entry = anna.change(b"sealed")
    bert = library.join("bert")
    bert.sees(entry)                          # the next entry of bert's log names it
    bert.change(b"sealed too")
    library.raws()                            # everything so far, in a causal order

Bodies of changes are opaque bytes here, packages are filler of the right length, and wrapping keys are bytes from the seed:
for tests in which nothing is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from store.bodies import Certification, ControlBody, Genesis, Open, Packages, Remove, parse_control
from store.certificates import Certificate, assemble_certificate, certificate_to_sign
from store.entries import Dep, Entry, EntryKind, make_prefix, seal_entry
from store.heads import Heads, Tip
from store.ids import MASTER, NO_ENTRY, BlobId, DeviceId, EntryHash, EpochId, LibraryId, LogId
from store.seen import SEALED_DIGEST_BYTES, SeenReport, assemble_report, make_digest_context, make_statement
from store.signatures import WRAPPING_KEY_BYTES

NOW = 1_700_000_000_000
PACKAGE_BYTES = 1120 + 32 + 16


def filler(label: str, length: int) -> bytes:
    """Bytes that look random and are the same in each run."""
    return hashlib.shake_256(label.encode()).digest(length)


def filler_blob(label: str) -> BlobId:
    """A blob id that no bytes have."""
    return BlobId(filler(label, BlobId.SIZE))


class Keys:
    """A signing key pair and a wrapping key, from a label."""

    def __init__(self, label: str) -> None:
        self.signing_private = filler(f"{label} signing", 32)
        self._private = Ed25519PrivateKey.from_private_bytes(self.signing_private)
        self.signing_key = self._private.public_key().public_bytes_raw()
        self.wrapping_key = filler(f"{label} wrapping", WRAPPING_KEY_BYTES)

    @property
    def device(self) -> DeviceId:
        return DeviceId.of(self.signing_key, self.wrapping_key)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


@dataclass
class Writer:
    """The end of one log, or of one branch of it: writes the entry that comes next."""

    library: LibraryId
    log: LogId
    keys: Keys
    seq: int = 0
    previous: EntryHash = NO_ENTRY
    written: list[Entry] = field(default_factory=list)
    _seen: dict[LogId, Dep] = field(default_factory=dict)

    def sees(self, *entries: Entry) -> None:
        """The next entry names these; of each log the one seen last."""
        for entry in entries:
            self._seen[entry.log] = dep_of(entry)

    def make(self, kind: EntryKind, body: bytes, *, deps: Iterable[Dep] | None = None, epoch: EpochId | None = None) -> Entry:
        """The next entry, not yet part of the log. ``deps`` default to what was seen since the entry before."""
        named = self._seen.values() if deps is None else deps
        prefix = make_prefix(
            kind=kind, library=self.library, log=self.log, seq=self.seq, previous=self.previous, deps=tuple(named), epoch=epoch
        )
        return seal_entry(prefix, body, self.keys.sign)

    def write(self, kind: EntryKind, body: bytes, *, deps: Iterable[Dep] | None = None, epoch: EpochId | None = None) -> Entry:
        """The next entry; the log goes on after it."""
        entry = self.make(kind, body, deps=deps, epoch=epoch)
        self.seq, self.previous = entry.seq + 1, entry.name
        self._seen.clear()
        self.written.append(entry)
        return entry

    def fork(self) -> Writer:
        """Another writer that goes on from here, as a clone of the device would."""
        return Writer(self.library, self.log, self.keys, self.seq, self.previous, self.written, dict(self._seen))


class Author:
    """A device: its keys, and its newest log once one is open. A fork of it is a clone: the same keys and log."""

    def __init__(self, library: FleetLibrary, name: str, keys: Keys) -> None:
        self.library = library
        self.name = name
        self.keys = keys
        self.number = -1
        self.counter = 0
        self.writer: Writer | None = None

    @property
    def device(self) -> DeviceId:
        return self.keys.device

    @property
    def log(self) -> LogId:
        return self.end().log

    def open_log(self, *, deps: Iterable[Dep] | None = None, log: LogId | None = None, device: DeviceId | None = None) -> Entry:
        """The next log's first entry, which names everything that the library has (or ``deps``)."""
        self.number += 1
        before = self.writer.log if self.writer else None
        new_log = log or LogId(filler(f"{self.library.seed} {self.name} log {self.number}", LogId.SIZE))
        self.writer = Writer(self.library.id, new_log, self.keys, written=self.library.entries)
        body = Open(device=device or self.device, number=self.number, log_before=before)
        return self.writer.write(EntryKind.OPEN, body.encode(), deps=self.library.heads().deps() if deps is None else deps)

    def sees(self, *entries: Entry) -> None:
        """The next entry names these; of each log the one seen last."""
        self.end().sees(*entries)

    def change(self, body: bytes = b"", *, deps: Iterable[Dep] | None = None, epoch: EpochId | None = None) -> Entry:
        """A change with an opaque body; without one, filler that is different each time."""
        content = body or filler(f"{self.name} {self.number} {self.end().seq} {len(self.library.entries)}", 120)
        return self.end().write(EntryKind.CHANGE, content, deps=deps, epoch=epoch or self.library.epoch)

    def control(self, kind: EntryKind, body: ControlBody, *, deps: Iterable[Dep] | None = None) -> Entry:
        """A control entry."""
        return self.end().write(kind, body.encode(), deps=deps)

    def fork(self) -> Author:
        """A clone of this device: it goes on in the same log from here."""
        clone = Author(self.library, f"{self.name}'", self.keys)
        clone.number, clone.counter, clone.writer = self.number, self.counter, self.end().fork()
        return clone

    def report(
        self, heads: Heads | None = None, *, counter: int | None = None, checkpoint: EntryHash | None = None, time: int = NOW
    ) -> SeenReport:
        """A seen report over ``heads``, or over everything that the library has."""
        self.counter = self.counter + 1 if counter is None else counter
        context = make_digest_context(
            library=self.library.id,
            device=self.device,
            number=max(self.number, 0),
            counter=self.counter,
            heads=self.library.heads() if heads is None else heads,
            checkpoint=checkpoint,
            epoch=self.library.epoch,
            time=time,
        )
        statement = make_statement(context, filler("sealed digest", SEALED_DIGEST_BYTES))
        return assemble_report(statement, self.keys.sign(statement))

    def end(self) -> Writer:
        if self.writer is None:
            raise ValueError(f"{self.name} hasn't opened a log")
        return self.writer


class FleetLibrary:
    """A library with its master log begun; ``entries`` are all that its writers wrote, in the order of writing."""

    def __init__(self, seed: int | str) -> None:
        self.seed = seed
        self.entries: list[Entry] = []
        self.epoch = EpochId(filler(f"{seed} epoch", EpochId.SIZE))
        self.master_keys = Keys(f"{seed} master")
        self.id = LibraryId.of(self.master_keys.signing_key, self.master_keys.wrapping_key)
        self.master = Writer(self.id, self.id.master_log(), self.master_keys, written=self.entries)
        body = Genesis(signing_key=self.master_keys.signing_key, wrapping_key=self.master_keys.wrapping_key, time=NOW)
        self.genesis = self.master.write(EntryKind.GENESIS, body.encode())

    def author(self, name: str) -> Author:
        """A device that nothing vouches for yet."""
        return Author(self, name, Keys(f"{self.seed} {name}"))

    def certificate(self, device: Author, *, by: Author | None = None) -> Certificate:
        """A certificate by the master, or by another device."""
        signer, keys = (MASTER, self.master_keys) if by is None else (by.device, by.keys)
        to_sign = certificate_to_sign(
            library=self.id, signing_key=device.keys.signing_key, wrapping_key=device.keys.wrapping_key, signer=signer
        )
        return assemble_certificate(to_sign, keys.sign(to_sign))

    def certify(self, device: Author, *, by: Author | None = None) -> Entry:
        """The entry with the certificate, in the log of who signs it."""
        body = Certification(certificate=self.certificate(device, by=by)).encode()
        writer = self.master if by is None else by.end()
        return writer.write(EntryKind.CERTIFICATE, body)

    def packages(self, recipients: Sequence[DeviceId], *, by: Author | None = None, epoch: EpochId | None = None) -> Entry:
        """Packages of filler for ``recipients``."""
        wrapped = tuple(sorted((recipient, filler(f"package {recipient}", PACKAGE_BYTES)) for recipient in recipients))
        body = Packages(epoch=epoch or self.epoch, packages=wrapped).encode()
        writer = self.master if by is None else by.end()
        return writer.write(EntryKind.PACKAGES, body)

    def remove(
        self,
        *devices: Author,
        by: Author | None = None,
        pins: Heads | None = None,
        knows: Iterable[Entry] = (),
        epoch: EpochId | None = None,
        recipients: Sequence[DeviceId] = (),
    ) -> Entry:
        """A removal by the master, or by another device; it pins everything that the removed wrote so far (or ``pins``), and names what its author
        ``knows``."""
        ids = tuple(sorted({device.device for device in devices}))
        wrapped = tuple(sorted((recipient, filler(f"package {recipient}", PACKAGE_BYTES)) for recipient in recipients))
        new_epoch = epoch or EpochId(filler(f"{self.seed} epoch {len(self.entries)}", EpochId.SIZE))
        body = Remove(devices=ids, pins=self.heads_of_logs(ids) if pins is None else pins, epoch=new_epoch, packages=wrapped)
        writer = self.master if by is None else by.end()
        return writer.write(EntryKind.REMOVE, body.encode(), deps=[dep_of(entry) for entry in knows])

    def join(self, name: str, *, by: Author | None = None) -> Author:
        """A new member with an open log and a package."""
        device = self.author(name)
        self.certify(device, by=by)
        self.packages([device.device, MASTER], by=by)
        device.open_log()
        return device

    def heads(self) -> Heads:
        """The heads of everything written so far."""
        return heads_of(self.entries)

    def heads_of_logs(self, devices: Collection[DeviceId]) -> Heads:
        """The heads of all logs that these devices opened."""
        logs = {entry.log for entry in self.entries if entry.kind is EntryKind.OPEN and parse_open(entry).device in devices}
        return heads_of(entry for entry in self.entries if entry.log in logs)

    def raws(self) -> list[bytes]:
        """Everything written so far, as it travels."""
        return [entry.raw for entry in self.entries]


def make_library(seed: int | str = 0) -> FleetLibrary:
    """A library that has its genesis and nothing else."""
    return FleetLibrary(seed)


def dep_of(entry: Entry) -> Dep:
    """``entry`` as another entry names it."""
    return Dep(entry.log, entry.seq, entry.name)


def parse_open(entry: Entry) -> Open:
    """The body of an entry that opens a log."""
    body = parse_control(entry)
    assert isinstance(body, Open)
    return body


def heads_of(entries: Iterable[Entry]) -> Heads:
    """The tips among ``entries``: those that no other one follows."""
    known = {entry.name: entry for entry in entries}
    followed = {entry.previous for entry in known.values()}
    return Heads.of((entry.log, Tip(entry.seq, entry.name)) for entry in known.values() if entry.name not in followed)
