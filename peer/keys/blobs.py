"""Sealed segments of files (PROTOCOL.md section 4).

    siv  = HMAC-SHA256(convergence key, segment)
    blob = 1 | epoch (16) | siv (32) | AES-256-GCM(HKDF(blob key, siv), nonce 0, segment, aad = 1 | epoch)

Equal segments seal to equal blobs on every device of a library, and to no outsider's guess. Work here is bound by two passes of
SHA-256 over the segment (siv and name); everything is done in one call each.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from peer.buffers import Buffers
from peer.keys.derivation import derive
from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import UnsealError
from peer.keys.sealing import NONCE, SIV_BYTES, TAG_BYTES
from store.blobs import MAX_BLOB_BYTES
from store.ids import BlobId, EpochId

SEGMENT_BYTES = 4 * 1024 * 1024
_VERSION = b"\x01"
_AAD_BYTES = len(_VERSION) + EpochId.SIZE
_START = _AAD_BYTES + SIV_BYTES
BLOB_OVERHEAD = _START + TAG_BYTES
"""How much longer a blob is than its segment."""

_ciphertexts = Buffers(SEGMENT_BYTES + TAG_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBlob:
    """A sealed segment and its name."""

    id: BlobId
    sealed: bytes = field(repr=False)


def segments_of(size: int) -> int:
    """How many segments a file of ``size`` bytes is cut into."""
    return -(-size // SEGMENT_BYTES)


def seal_segment(epoch: Epoch, segment: bytes | memoryview) -> SealedBlob:
    """The blob of a segment of 1 to 4,194,304 bytes."""
    with _ciphertexts.lend() as buffer:
        sealed = b"".join(_seal_into(buffer, epoch, segment))
    return SealedBlob(id=BlobId.of(sealed), sealed=sealed)


def name_segment(epoch: Epoch, segment: bytes | memoryview) -> BlobId:
    """The name of the blob that ``seal_segment`` makes of a segment."""
    name = hashlib.sha256()
    with _ciphertexts.lend() as buffer:
        for part in _seal_into(buffer, epoch, segment):
            name.update(part)
    return BlobId(name.digest())


def _seal_into(buffer: memoryview, epoch: Epoch, segment: bytes | memoryview) -> tuple[bytes, bytes, memoryview]:
    """The parts of the blob: what it begins with, its siv, and in ``buffer`` its ciphertext."""
    if not 0 < len(segment) <= SEGMENT_BYTES:
        raise ValueError(f"a segment has 1 to {SEGMENT_BYTES} bytes, not {len(segment)}")
    siv = hmac.digest(epoch.convergence_key, segment, "sha256")
    aad = _VERSION + epoch.id
    ciphertext = buffer[: len(segment) + TAG_BYTES]
    AESGCM(derive(epoch.blob_key, siv)).encrypt_into(NONCE, segment, aad, ciphertext)
    return aad, siv, ciphertext


def epoch_of(sealed: bytes) -> EpochId:
    """The epoch that a blob was sealed under; ``UnsealError`` when it can't be a blob."""
    if not BLOB_OVERHEAD < len(sealed) <= MAX_BLOB_BYTES:
        raise UnsealError(f"A blob of {len(sealed)} bytes is no sealed segment.")
    if sealed[:1] != _VERSION:
        raise UnsealError(f"A blob of version {sealed[0]}, which this program doesn't know.")
    return EpochId(sealed[len(_VERSION) : _AAD_BYTES])


def open_blob(keyring: Keyring, sealed: bytes) -> bytes:
    """The segment inside. Raises ``MissingEpochError``, or ``UnsealError`` when it was not sealed exactly so."""
    epoch = keyring.require(epoch_of(sealed))
    view = memoryview(sealed)
    siv = bytes(view[_AAD_BYTES:_START])
    try:
        segment = AESGCM(derive(epoch.blob_key, siv)).decrypt(NONCE, view[_START:], bytes(view[:_AAD_BYTES]))
    except InvalidTag as error:
        raise UnsealError from error
    if not hmac.compare_digest(siv, hmac.digest(epoch.convergence_key, segment, "sha256")):
        raise UnsealError
    return segment
