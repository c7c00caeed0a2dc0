"""Epochs: the generations of a library's secret, and the keys that come from each (PROTOCOL.md section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from peer.keys.derivation import KEY_BYTES, derive
from peer.keys.errors import MissingEpochError
from peer.seams import Randomness
from store.ids import EpochId

SECRET_BYTES = KEY_BYTES


@dataclass(frozen=True, repr=False)
class Epoch:
    """One secret of 32 bytes; equal when the secrets are. Its keys are derived when first used. Only its id is in any text."""

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise ValueError(f"an epoch's secret has {SECRET_BYTES} bytes, not {len(self.secret)}")

    @classmethod
    def generate(cls, random: Randomness) -> Self:
        return cls(random(SECRET_BYTES))

    @cached_property
    def id(self) -> EpochId:
        return EpochId.of(self.secret)

    @cached_property
    def log_key(self) -> bytes:
        """Seals the bodies of changes and the digests in seen reports."""
        return derive(self.secret, b"calotype log")

    @cached_property
    def blob_key(self) -> bytes:
        """Encrypts blobs."""
        return derive(self.secret, b"calotype blob")

    @cached_property
    def convergence_key(self) -> bytes:
        """Makes equal segments seal to equal blobs, for members only."""
        return derive(self.secret, b"calotype convergence")

    @cached_property
    def discovery_key(self) -> bytes:
        """Lets members recognise each other on the local network."""
        return derive(self.secret, b"calotype discovery")

    @cached_property
    def earlier_key(self) -> bytes:
        """Seals the secrets of earlier epochs."""
        return derive(self.secret, b"calotype earlier")

    def __repr__(self) -> str:
        return f"Epoch({self.id.short()}…)"


class Keyring(Mapping[EpochId, Epoch]):
    """All epochs whose secrets a device knows. Never changes; ``with_epoch`` makes another."""

    def __init__(self, epochs: Iterable[Epoch] = ()) -> None:
        self._epochs = {epoch.id: epoch for epoch in epochs}

    def with_epoch(self, epoch: Epoch) -> Keyring:
        return Keyring((*self._epochs.values(), epoch))

    def require(self, epoch: EpochId) -> Epoch:
        """The epoch with that id; ``MissingEpochError`` when its secret isn't known."""
        found = self._epochs.get(epoch)
        if found is None:
            raise MissingEpochError(f"Sealed under epoch {epoch.short()}…, whose secret this device has not received yet.")
        return found

    def __getitem__(self, epoch: EpochId) -> Epoch:
        return self._epochs[epoch]

    def __iter__(self) -> Iterator[EpochId]:
        return iter(self._epochs)

    def __len__(self) -> int:
        return len(self._epochs)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(epoch.short() + '…' for epoch in self)})"
