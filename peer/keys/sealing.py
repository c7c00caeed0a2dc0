"""Sealing: deterministic authenticated encryption of small things (PROTOCOL.md section 4).

The synthetic initialisation vector (SIV) is a keyed hash of all that is sealed, and the encryption key is derived from it. So no key
ever meets two different plaintexts under one nonce, whatever was cloned, restored or forked: there is no counter and no
random number that could come twice. The price: who sees two sealed texts sees whether the plaintexts were equal.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from peer.keys.codec import pack, unpack
from peer.keys.derivation import derive
from peer.keys.epochs import Epoch
from peer.keys.errors import UnsealError

SIV_BYTES = 32
TAG_BYTES = 16
SEALING_OVERHEAD = SIV_BYTES + TAG_BYTES
"""How much longer the sealed bytes are than the plaintext."""

NONCE = bytes(12)
"""The same for every message: each has a key of its own."""


def seal(key: bytes, purpose: str, aad: bytes, plaintext: bytes) -> bytes:
    """``siv | ciphertext``; the same input always gives the same bytes. ``aad`` is bound to it but not inside."""
    siv = _siv(key, purpose, aad, plaintext)
    return siv + AESGCM(_message_key(key, purpose, siv)).encrypt(NONCE, plaintext, aad)


def open_sealed(key: bytes, purpose: str, aad: bytes, sealed: bytes) -> bytes:
    """What was sealed with the same key, purpose and ``aad``; ``UnsealError`` when nothing was, or when a bit differs."""
    if len(sealed) < SEALING_OVERHEAD:
        raise UnsealError
    siv = sealed[:SIV_BYTES]
    try:
        plaintext = AESGCM(_message_key(key, purpose, siv)).decrypt(NONCE, sealed[SIV_BYTES:], aad)
    except InvalidTag as error:
        raise UnsealError from error
    if not hmac.compare_digest(siv, _siv(key, purpose, aad, plaintext)):
        raise UnsealError
    return plaintext


def seal_body(epoch: Epoch, prefix: bytes, plain: bytes) -> bytes:
    """The body of a change entry; ``plain`` is an encoded ``ChangeBody``. Raises ``BodyError`` when that is too long."""
    return seal(epoch.log_key, "body", prefix, pack(plain))


def open_body(epoch: Epoch, prefix: bytes, body: bytes) -> bytes:
    """The encoded ``ChangeBody`` inside. Raises ``UnsealError``, or ``BodyError`` when it can't be decompressed within the limits."""
    return unpack(open_sealed(epoch.log_key, "body", prefix, body))


def _siv(key: bytes, purpose: str, aad: bytes, plaintext: bytes) -> bytes:
    framed = b"".join((len(aad).to_bytes(4, "big"), aad, plaintext))
    return hmac.digest(derive(key, f"calotype {purpose} siv".encode("ascii")), framed, "sha256")


def _message_key(key: bytes, purpose: str, siv: bytes) -> bytes:
    return derive(key, f"calotype {purpose}".encode("ascii") + siv)
