"""Making seen reports, and reading the digest that is sealed in them (PROTOCOL.md section 3.4)."""

from __future__ import annotations

from peer.keys.derivation import derive
from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import BodyError
from peer.keys.sealing import open_sealed, seal
from store.heads import Heads
from store.ids import EntryHash, LibraryId
from store.seen import SeenReport, assemble_report, make_digest_context, make_statement

DIGEST_BYTES = 16
_PURPOSE = "seen"


def make_report(
    keys: DeviceKeys,
    epoch: Epoch,
    *,
    library: LibraryId,
    number: int,
    counter: int,
    heads: Heads,
    checkpoint: EntryHash | None,
    time: int,
    digest: bytes,
) -> SeenReport:
    """The signed report of this device. ``number`` of its log; ``time`` in milliseconds since 1970; ``digest`` of the library, 16 bytes."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a library digest has {DIGEST_BYTES} bytes, not {len(digest)}")
    context = make_digest_context(
        library=library, device=keys.device, number=number, counter=counter, heads=heads, checkpoint=checkpoint, epoch=epoch.id, time=time
    )
    statement = make_statement(context, seal(_digest_key(epoch), _PURPOSE, context, digest))
    return assemble_report(statement, keys.sign(statement))


def open_digest(keyring: Keyring, report: SeenReport) -> bytes:
    """The library digest of the device that wrote ``report``. Raises ``MissingEpochError``, ``UnsealError`` or ``BodyError``.

    The signature is not verified here.
    """
    digest = open_sealed(_digest_key(keyring.require(report.epoch)), _PURPOSE, report.digest_context, report.sealed_digest)
    if len(digest) != DIGEST_BYTES:
        raise BodyError(f"A seen report with a digest of {len(digest)} bytes.")
    return digest


def _digest_key(epoch: Epoch) -> bytes:
    return derive(epoch.log_key, b"calotype seen")
