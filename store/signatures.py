"""Ed25519 (RFC 8032), as all signed things here use it. Pure."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_BYTES = 64
SIGNING_KEY_BYTES = 32
WRAPPING_KEY_BYTES = 1184 + 32
"""ML-KEM-768 public key, then X25519 public key (PROTOCOL.md section 3.3)."""


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` was made with the secret half of ``public_key`` (32 bytes)."""
    try:
        _load(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _load(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)
