"""Checkpoints among libraries of one folder, without an engine: what it does is done here step by step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library import membership
from peer.library.checkpoints.acknowledging import acknowledge_best, wanted_blobs
from peer.library.checkpoints.loading import checkpoint_to_load, load
from peer.library.checkpoints.pruning import prunable, prune
from peer.library.checkpoints.rules import Rules
from peer.library.checkpoints.settling import settle
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.creating import begin_as
from peer.library.library import Library
from store.ids import BlobId, EntryHash
from tests.fleet.libraries import MovedClock, exchange, give, report

EAGER = Rules(entries=1, share=0.0, pending_ms=0, longest_delay=0.0)
PAGE_BYTES = 1 << 20


def fetch(source: Library, target: Library, blobs: Iterable[BlobId]) -> None:
    """Blobs of a checkpoint, as far as ``source`` has them."""
    for blob in blobs:
        if (sealed := source.checkpoint_blobs.get(blob)) is not None:
            target.checkpoint_blobs.put(blob, sealed, now=target.clock.now())


def acknowledge_all(writer: Library, *others: Library) -> None:
    """Everybody gets what the writer has, compares, and says what it found."""
    for other in others:
        fetch(writer, other, wanted_blobs(other))
        acknowledge_best(other)
    report(writer, *others)


def settle_one(writer: Library, *others: Library) -> EntryHash | None:
    """A checkpoint by ``writer`` that all compare; its `settled` entry, when they agree. Who is not named hasn't heard of it."""
    write_checkpoint(writer)
    exchange(writer, *others)
    acknowledge_all(writer, *others)
    settled = settle(writer, EAGER)
    exchange(writer, *others)
    return settled


def prune_all(*libraries: Library, rules: Rules = EAGER) -> int:
    """What may go goes; how many entries."""
    gone = 0
    for library in libraries:
        while (checkpoint := prunable(library, rules)) is not None:
            pruned = prune(library, checkpoint)
            gone += pruned.entries
            if not pruned.more:
                break
    return gone


def give_control(source: Library, target: Library) -> None:
    """What somebody gets who begins with a checkpoint: control entries alone."""
    arrival = 0
    while page := source.log.control(arrival, limit_bytes=PAGE_BYTES):
        target.receive([arrived.entry.raw for arrived in page])
        arrival = page[-1].arrival


def load_from(source: Library, target: Library) -> bool:
    """What a device does that is new or was away for long, before it gets the entries that the checkpoint doesn't cover."""
    give_control(source, target)
    checkpoint = checkpoint_to_load(target)
    if checkpoint is None:
        return False
    fetch(source, target, checkpoint.blobs)
    load(target, checkpoint)
    return True


def admit_by_checkpoint(inviter: Library, folder: Path, *, name: str = "new", seed: int = 9, clock: MovedClock | None = None) -> Library:
    """Another device, that loads the newest settled checkpoint."""
    random = Random(seed)
    keys = DeviceKeys.generate(random.randbytes)
    membership.admit(inviter, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    place = LibraryFolder(folder)
    place.create()
    keys.save(place.device_key)
    library = Library.create(place, keys, inviter.id, clock=clock or inviter.clock, randomness=random.randbytes)
    load_from(inviter, library)
    give(inviter, library)
    begin_as(library, name)
    give(library, inviter)
    return library
