"""Wrapping keys: ML-KEM-768 and X25519 together, used through HPKE (RFC 9180, base mode).

Whoever keeps a package for decades must break both to open it. Layouts are those of PROTOCOL.md section 3.3:

    public   ML-KEM-768 public key (1,184) | X25519 public key (32)
    private  ML-KEM-768 seed (64) | X25519 private key (32)
    wrapped  ML-KEM-768 ciphertext (1,088) | X25519 ephemeral public key (32) | AES-256-GCM ciphertext

HPKE draws the ephemeral keys itself, from the operating system: they are the one thing here that no seed can repeat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Self

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from peer.keys.errors import MissingKemError, WrappingError
from peer.seams import Randomness
from store.signatures import WRAPPING_KEY_BYTES

MLKEM_SEED_BYTES = 64
MLKEM_PUBLIC_BYTES = 1184
X25519_BYTES = 32
PRIVATE_BYTES = MLKEM_SEED_BYTES + X25519_BYTES
WRAPPING_OVERHEAD = 1088 + X25519_BYTES + 16
"""How much longer the wrapped bytes are than the plaintext."""


@cache
def _suite() -> Suite:
    try:
        return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    except UnsupportedAlgorithm as error:
        raise MissingKemError from error


@dataclass(frozen=True, eq=False, repr=False)
class WrappingKeys:
    """A key pair that packages are made to. The private half is in no text."""

    private: bytes

    def __post_init__(self) -> None:
        if len(self.private) != PRIVATE_BYTES:
            raise ValueError(f"a private wrapping key has {PRIVATE_BYTES} bytes, not {len(self.private)}")

    @classmethod
    def generate(cls, random: Randomness) -> Self:
        return cls(random(MLKEM_SEED_BYTES) + random(X25519_BYTES))

    @cached_property
    def public(self) -> bytes:
        """The public half, 1,216 bytes."""
        mlkem, x25519 = self._halves
        return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """What was wrapped to this key for the use ``info``; ``WrappingError`` when it wasn't."""
        try:
            return _suite().decrypt(wrapped, MLKEM768X25519PrivateKey(*self._halves), info=info)
        except (InvalidTag, ValueError) as error:
            raise WrappingError("A package doesn't open: it was changed, or made for another key or use.") from error

    @cached_property
    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        try:
            mlkem = MLKEM768PrivateKey.from_seed_bytes(self.private[:MLKEM_SEED_BYTES])
        except UnsupportedAlgorithm as error:
            raise MissingKemError from error
        return mlkem, X25519PrivateKey.from_private_bytes(self.private[MLKEM_SEED_BYTES:])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


def wrap(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """``plaintext`` for the holder of ``public`` (1,216 bytes) alone, bound to the use ``info``. Differs every time.

    Raises ``WrappingError`` when ``public`` is no key that can receive.
    """
    try:
        return _suite().encrypt(plaintext, _parse_public(public), info=info)
    except ValueError as error:  # an X25519 key of small order
        raise WrappingError("A wrapping key can't receive packages: it is not a key that anyone could have made.") from error


def check_public(public: bytes) -> None:
    """Raises ``WrappingError`` unless ``public`` has the form of a public wrapping key."""
    _parse_public(public)


def _parse_public(public: bytes) -> MLKEM768X25519PublicKey:
    if len(public) != WRAPPING_KEY_BYTES:
        raise WrappingError(f"A wrapping key has {WRAPPING_KEY_BYTES} bytes, not {len(public)}.")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:MLKEM_PUBLIC_BYTES])
    except UnsupportedAlgorithm as error:
        raise MissingKemError from error
    except ValueError as error:
        raise WrappingError("A wrapping key is no valid ML-KEM-768 key.") from error
    return MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(public[MLKEM_PUBLIC_BYTES:]))
