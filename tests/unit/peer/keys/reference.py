"""PROTOCOL.md sections 1, 3.1, 3.3 and 4 once more, from hash functions and AES alone: what other programs would write.

HPKE is that of RFC 9180 in base mode; its KEM is X-Wing (id 0x647a), which binds ML-KEM-768 and X25519 by SHA3-256.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_SUITE = b"HPKE" + (0x647A).to_bytes(2, "big") + (1).to_bytes(2, "big") + (2).to_bytes(2, "big")


def extract(salt: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), key, "sha256")


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    output, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


def hkdf(key: bytes, info: bytes, length: int = 32) -> bytes:
    return expand(extract(b"", key), info, length)


def aes(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return AESGCM(key).encrypt(bytes(12), plaintext, aad)


def seal(key: bytes, purpose: str, aad: bytes, plaintext: bytes) -> bytes:
    name = b"calotype " + purpose.encode()
    siv = hmac.digest(hkdf(key, name + b" siv"), len(aad).to_bytes(4, "big") + aad + plaintext, "sha256")
    return siv + aes(hkdf(key, name + siv), plaintext, aad)


def seal_segment(secret: bytes, segment: bytes) -> bytes:
    siv = hmac.digest(hkdf(secret, b"calotype convergence"), segment, "sha256")
    start = b"\x01" + hashlib.sha256(b"calotype epoch" + secret).digest()[:16]
    return start + siv + aes(hkdf(hkdf(secret, b"calotype blob"), siv), segment, start)


def unwrap(private: bytes, wrapped: bytes, info: bytes) -> bytes:
    """The receiver's side of HPKE with X-Wing. ``private``: ML-KEM seed (64) | X25519 (32)."""
    ciphertext, ephemeral, sealed = wrapped[:1088], wrapped[1088:1120], wrapped[1120:]
    x25519 = X25519PrivateKey.from_private_bytes(private[64:])
    kem_secret = MLKEM768PrivateKey.from_seed_bytes(private[:64]).decapsulate(ciphertext)
    dh_secret = x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    shared = hashlib.sha3_256(kem_secret + dh_secret + ephemeral + x25519.public_key().public_bytes_raw() + b"\\.//^\\").digest()
    context = b"\x00" + _labelled_extract(b"", b"psk_id_hash", b"") + _labelled_extract(b"", b"info_hash", info)
    secret = _labelled_extract(shared, b"secret", b"")
    key, nonce = _labelled_expand(secret, b"key", context, 32), _labelled_expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, sealed, b"")


def _labelled_extract(salt: bytes, label: bytes, key: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + _SUITE + label + key)


def _labelled_expand(secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(secret, length.to_bytes(2, "big") + b"HPKE-v1" + _SUITE + label + info, length)
