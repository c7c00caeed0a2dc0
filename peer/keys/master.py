"""The library's master keys: what the recovery phrase stands for (PROTOCOL.md section 4)."""

from __future__ import annotations

from functools import cached_property
from typing import Self

from peer.keys.derivation import derive
from peer.keys.identity import Identity
from peer.keys.phrase import seed_of
from peer.keys.wrapping import MLKEM_SEED_BYTES, WrappingKeys
from store.ids import MASTER, DeviceId, LibraryId


class MasterKeys(Identity):
    """Signing and wrapping keys of a library; the same for the same phrase, for ever."""

    @classmethod
    def from_phrase(cls, phrase: str) -> Self:
        """The keys of ``phrase``, as a person may have typed it. Raises ``PhraseError``."""
        seed = seed_of(phrase)
        wrapping = derive(seed, b"calotype master mlkem", MLKEM_SEED_BYTES) + derive(seed, b"calotype master x25519")
        return cls(derive(seed, b"calotype master signing"), WrappingKeys(wrapping))

    @property
    def id(self) -> DeviceId:
        return MASTER

    @cached_property
    def library(self) -> LibraryId:
        """The fingerprint of the public keys."""
        return LibraryId.of(self.signing_key, self.wrapping_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.library!r})"
