"""What the master and a device have in common: an id, a signing key, a wrapping key.

Everything that is signed or received by "the master or a member" takes an ``Identity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from peer.keys.wrapping import WrappingKeys
from store.ids import DeviceId

SIGNING_BYTES = 32


@dataclass(frozen=True, eq=False, repr=False)
class Identity:
    """Private keys of one signer. ``signing_private``: the 32 bytes of an Ed25519 key. Neither half is in any text."""

    signing_private: bytes
    wrapping: WrappingKeys

    def __post_init__(self) -> None:
        if len(self.signing_private) != SIGNING_BYTES:
            raise ValueError(f"a private signing key has {SIGNING_BYTES} bytes, not {len(self.signing_private)}")

    @property
    def id(self) -> DeviceId:
        """How certificates and packages name this signer or recipient."""
        raise NotImplementedError

    @cached_property
    def signing_key(self) -> bytes:
        """The public Ed25519 key, 32 bytes."""
        return self._signer.public_key().public_bytes_raw()

    @property
    def wrapping_key(self) -> bytes:
        """The public wrapping key, 1,216 bytes."""
        return self.wrapping.public

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message``, 64 bytes."""
        return self._signer.sign(message)

    @cached_property
    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.signing_private)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"
