"""Bodies of control entries (PROTOCOL.md section 3.2): clear, with ids, public keys, heads and wrapped keys, never a name. Pure.

Each is a frozen class with ``encode``; ``parse_control`` reads the body of an entry. Lists of ids are sorted and without
repetition, but for the blobs of a checkpoint, whose order is that of their contents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from store.certificates import Certificate, parse_certificate
from store.encoding import decode, encode
from store.entries import MAX_ENTRY_BYTES, Entry, EntryKind
from store.errors import refusing
from store.heads import Heads
from store.ids import BlobId, DeviceId, EntryHash, EpochId, LibraryId, LogId
from store.seen import SeenReport, parse_seen
from store.shapes import AnyId, array, ascending, identifier, number, octets, optional, several, versioned
from store.signatures import SIGNING_KEY_BYTES, WRAPPING_KEY_BYTES

MAX_RECIPIENTS = 1024
MAX_PACKAGE_BYTES = 2048
MAX_EARLIER_BYTES = 64 * 1024
MAX_BLOBS = 16_384
_VERSION = 1
_DEPTH = 5

Packaged: TypeAlias = tuple[tuple[DeviceId, bytes], ...]
"""(recipient, package) sorted by recipient; ``MASTER`` for the master."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """The first entry of the master log. ``time`` in milliseconds since 1970."""

    signing_key: bytes
    wrapping_key: bytes = field(repr=False)
    time: int

    @property
    def library(self) -> LibraryId:
        return LibraryId.of(self.signing_key, self.wrapping_key)

    def encode(self) -> bytes:
        return encode([_VERSION, self.signing_key, self.wrapping_key, self.time])


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The first entry of a device's log; ``number`` counts the device's logs from 0."""

    device: DeviceId
    number: int
    log_before: LogId | None = None

    def encode(self) -> bytes:
        return encode([_VERSION, self.device, self.number, self.log_before or b""])


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """Makes a device a member, when the certificate counts."""

    certificate: Certificate

    def encode(self) -> bytes:
        return encode([_VERSION, self.certificate.raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """An epoch's secret for some recipients; ``earlier`` are the secrets before it, sealed under it, or empty."""

    epoch: EpochId
    packages: Packaged = field(repr=False)
    earlier: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        return encode([_VERSION, self.epoch, _packages_to_wire(self.packages), self.earlier])


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Ends the membership of devices; ``pins`` are the heads of their logs that count, the rest is the new epoch."""

    devices: tuple[DeviceId, ...]
    pins: Heads
    epoch: EpochId
    packages: Packaged = field(repr=False)
    earlier: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        packages = _packages_to_wire(self.packages)
        return encode([_VERSION, sorted(self.devices), self.pins.to_wire(), self.epoch, packages, self.earlier])


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A sealed snapshot of all records, in ``blobs``, that covers ``heads``."""

    heads: Heads
    records: int
    blobs: tuple[BlobId, ...]

    def encode(self) -> bytes:
        return encode([_VERSION, self.heads.to_wire(), self.records, list(self.blobs)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The members' reports that acknowledge a checkpoint, sorted by device."""

    checkpoint: EntryHash
    reports: tuple[SeenReport, ...]

    def encode(self) -> bytes:
        reports = sorted(self.reports, key=lambda report: report.device)
        return encode([_VERSION, self.checkpoint, [report.raw for report in reports]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Blobs that relays may delete."""

    blobs: tuple[BlobId, ...]

    def encode(self) -> bytes:
        return encode([_VERSION, sorted(self.blobs)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Blobs that are needed after all, and the releases that named them."""

    blobs: tuple[BlobId, ...]
    releases: tuple[EntryHash, ...]

    def encode(self) -> bytes:
        return encode([_VERSION, sorted(self.blobs), sorted(self.releases)])


ControlBody: TypeAlias = Genesis | Open | Certification | Packages | Remove | Checkpoint | Settled | Release | Claim


def parse_control(entry: Entry) -> ControlBody:
    """The body of a control entry. ``RefusedError``: `malformed`, `too-deep`, `too-large`, `unknown-version`; ``KeyError`` for a change."""
    return parse_body(entry.kind, entry.body)


def parse_body(kind: EntryKind, body: bytes) -> ControlBody:
    """``parse_control`` by the body's bytes alone."""
    parse = _PARSERS[kind]
    with refusing(f"{kind.name.lower()} body"):
        return parse(decode(body, limit=MAX_ENTRY_BYTES, depth=_DEPTH))


def _genesis(value: Any) -> Genesis:
    signing_key, wrapping_key, time = versioned(value, _VERSION, 4)
    return Genesis(
        signing_key=octets(signing_key, exactly=SIGNING_KEY_BYTES),
        wrapping_key=octets(wrapping_key, exactly=WRAPPING_KEY_BYTES),
        time=number(time),
    )


def _open(value: Any) -> Open:
    device, log_number, before = versioned(value, _VERSION, 4)
    return Open(device=identifier(DeviceId, device), number=number(log_number), log_before=optional(LogId, before))


def _certification(value: Any) -> Certification:
    [certificate] = versioned(value, _VERSION, 2)
    return Certification(certificate=parse_certificate(octets(certificate)))


def _packages(value: Any) -> Packages:
    epoch, packages, earlier = versioned(value, _VERSION, 4)
    return Packages(
        epoch=identifier(EpochId, epoch),
        packages=_packages_from_wire(packages),
        earlier=octets(earlier, at_most=MAX_EARLIER_BYTES),
    )


def _remove(value: Any) -> Remove:
    devices, pins, epoch, packages, earlier = versioned(value, _VERSION, 6)
    return Remove(
        devices=_ids(DeviceId, devices, at_most=MAX_RECIPIENTS),
        pins=Heads.from_wire(pins),
        epoch=identifier(EpochId, epoch),
        packages=_packages_from_wire(packages),
        earlier=octets(earlier, at_most=MAX_EARLIER_BYTES),
    )


def _checkpoint(value: Any) -> Checkpoint:
    heads, records, blobs = versioned(value, _VERSION, 4)
    return Checkpoint(
        heads=Heads.from_wire(heads),
        records=number(records),
        blobs=several(blobs, lambda blob: identifier(BlobId, blob), at_most=MAX_BLOBS),
    )


def _settled(value: Any) -> Settled:
    checkpoint, raws = versioned(value, _VERSION, 3)
    reports = several(raws, lambda raw: parse_seen(octets(raw)), at_most=MAX_RECIPIENTS)
    ascending([report.device for report in reports])
    return Settled(checkpoint=identifier(EntryHash, checkpoint), reports=reports)


def _release(value: Any) -> Release:
    [blobs] = versioned(value, _VERSION, 2)
    return Release(blobs=_ids(BlobId, blobs, at_most=MAX_BLOBS))


def _claim(value: Any) -> Claim:
    blobs, releases = versioned(value, _VERSION, 3)
    return Claim(blobs=_ids(BlobId, blobs, at_most=MAX_BLOBS), releases=_ids(EntryHash, releases, at_most=MAX_BLOBS))


def _ids(kind: type[AnyId], value: Any, *, at_most: int) -> tuple[AnyId, ...]:
    parsed = several(value, lambda element: identifier(kind, element), at_most=at_most)
    ascending(parsed)
    return parsed


def _package(value: Any) -> tuple[DeviceId, bytes]:
    recipient, package = array(value, 2)
    return identifier(DeviceId, recipient), octets(package, at_most=MAX_PACKAGE_BYTES)


def _packages_from_wire(value: Any) -> Packaged:
    packages = several(value, _package, at_most=MAX_RECIPIENTS)
    ascending([recipient for recipient, _ in packages])
    return packages


def _packages_to_wire(packages: Packaged) -> list[list[bytes]]:
    return [[recipient, package] for recipient, package in sorted(packages)]


_PARSERS: Mapping[EntryKind, Callable[[Any], ControlBody]] = {
    EntryKind.GENESIS: _genesis,
    EntryKind.OPEN: _open,
    EntryKind.CERTIFICATE: _certification,
    EntryKind.PACKAGES: _packages,
    EntryKind.REMOVE: _remove,
    EntryKind.CHECKPOINT: _checkpoint,
    EntryKind.SETTLED: _settled,
    EntryKind.RELEASE: _release,
    EntryKind.CLAIM: _claim,
}
