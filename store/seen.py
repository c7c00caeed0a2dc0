"""Seen reports (PROTOCOL.md section 3.4): what a device says that it has applied. Pure.

    statement = CBOR(["calotype seen", 1, library, device, number, counter, heads applied, checkpoint or empty, epoch, time, sealed digest])
    report    = CBOR([statement, Ed25519(statement)])

The newest by (``number`` of the device's log, ``counter``, SHA-256(statement)) wins; time only informs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from store.encoding import decode, encode
from store.errors import RefusedError, refusing
from store.heads import Heads
from store.ids import DeviceId, EntryHash, EpochId, LibraryId
from store.shapes import array, identifier, number, octets, optional, versioned
from store.signatures import SIGNATURE_BYTES, is_signed

MAX_REPORT_BYTES = 256 * 1024
SEALED_DIGEST_BYTES = 32 + 16 + 16
"""siv, the digest, and the tag of AES-256-GCM."""
_LABEL = "calotype seen"
_VERSION = 1
_DEPTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenReport:
    """``time`` in milliseconds since 1970 by the device's clock."""

    library: LibraryId
    device: DeviceId
    number: int
    counter: int
    heads: Heads
    checkpoint: EntryHash | None
    epoch: EpochId
    time: int
    sealed_digest: bytes = field(repr=False)
    statement: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The bytes that travel."""
        return encode([self.statement, self.signature])

    @property
    def rank(self) -> tuple[int, int, bytes]:
        """Of two reports of one device the one with the higher rank is newer."""
        return self.number, self.counter, hashlib.sha256(self.statement).digest()

    @property
    def digest_context(self) -> bytes:
        """What ``sealed_digest`` is sealed to."""
        return make_digest_context(
            library=self.library,
            device=self.device,
            number=self.number,
            counter=self.counter,
            heads=self.heads,
            checkpoint=self.checkpoint,
            epoch=self.epoch,
            time=self.time,
        )


def newer(first: SeenReport, second: SeenReport) -> bool:
    """Whether ``first`` is newer than ``second``, a report of the same device."""
    return first.rank > second.rank


def make_digest_context(
    *,
    library: LibraryId,
    device: DeviceId,
    number: int,
    counter: int,
    heads: Heads,
    checkpoint: EntryHash | None,
    epoch: EpochId,
    time: int,
) -> bytes:
    """The statement's fields before the sealed digest as one CBOR array: the associated data of its sealing."""
    return encode([_LABEL, _VERSION, library, device, number, counter, heads.to_wire(), checkpoint or b"", epoch, time])


def make_statement(digest_context: bytes, sealed_digest: bytes) -> bytes:
    """What the device signs, with Ed25519 and as it is."""
    return encode([*decode(digest_context, limit=MAX_REPORT_BYTES, depth=_DEPTH), sealed_digest])


def assemble_report(statement: bytes, signature: bytes) -> SeenReport:
    """The report of a statement and the signature over it; same ``RefusedError`` as ``parse_seen``."""
    return parse_seen(encode([statement, signature]))


@lru_cache(maxsize=64)  # every node brings the same few again whenever heads are compared
def parse_seen(raw: bytes) -> SeenReport:
    """``RefusedError``: `malformed`, `too-large`, `too-deep`, `unknown-version`. The signature is not verified here."""
    with refusing("seen report"):
        statement, signature = array(decode(raw, limit=MAX_REPORT_BYTES, depth=1), 2)
        values = decode(octets(statement), limit=MAX_REPORT_BYTES, depth=_DEPTH)
        library, device, log_number, counter, heads, checkpoint, epoch, time, sealed_digest = versioned(values, _VERSION, 11, label=_LABEL)
        return SeenReport(
            library=identifier(LibraryId, library),
            device=identifier(DeviceId, device),
            number=number(log_number),
            counter=number(counter),
            heads=Heads.from_wire(heads),
            checkpoint=optional(EntryHash, checkpoint),
            epoch=identifier(EpochId, epoch),
            time=number(time),
            sealed_digest=octets(sealed_digest, exactly=SEALED_DIGEST_BYTES),
            statement=statement,
            signature=octets(signature, exactly=SIGNATURE_BYTES),
        )


def verify_seen(report: SeenReport, public_key: bytes) -> None:
    """``RefusedError`` (`bad-signature`) unless the owner of ``public_key`` (Ed25519, 32 bytes) signed it."""
    if not is_signed(report.statement, report.signature, public_key):
        raise RefusedError("bad-signature", f"the seen report of device {report.device.short()} isn't signed by it")
