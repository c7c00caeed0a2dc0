"""What the engine needs of this device as a node for others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from store.ids import BlobId, DeviceId


class Served(Protocol):
    """This device as a node for its neighbours (``peer.lan.serving``)."""

    @property
    def connected(self) -> Collection[DeviceId]:
        """The devices that are connected to it just now, and so come for what is new here, and bring what is new there."""

    async def library_changed(self) -> None:
        """Entries, reports or members may be new: tell whom it concerns."""

    def blobs_arrived(self, blobs: Iterable[BlobId]) -> None:
        """Files came to this device: tell whoever may wait for them."""
