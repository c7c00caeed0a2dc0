"""HKDF-SHA256 (RFC 5869) with an empty salt: the one way in which keys come from keys (PROTOCOL.md section 1)."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive(key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """``length`` bytes for the use that ``info`` names."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)
