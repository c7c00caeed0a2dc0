"""Pruning on a relay: the bytes of changes go once a settled checkpoint stands for them.

A relay prunes below a checkpoint only when

1. its settlement was verified here (``LogStore.settled``),
2. by this relay's own clock and the reports that it stores, no active member is without an acknowledgement of just this checkpoint:
   one device's word alone is never enough, unless this relay heard all others once and nothing for 90 days,
3. every blob of the checkpoint is held for the library; each is read and compared with its name right before.

Libraries are looked at when something came that may make a difference, and all of them every hour, because a device that is silent for long
enough holds nothing back any more. Portions are small, and between them the stores are free for others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import trio

from relay.errors import SyncError
from relay.parts import NodeParts
from store.errors import DamagedError
from store.ids import BlobId, LibraryId
from store.log import Pruned, SettledCheckpoint
from store.settlement import pruning_held_back_by

LOOK_SECONDS = 60 * 60
PAUSE_SECONDS = 1
"""After each look, so that what keeps coming is looked at together."""

PORTION_ENTRIES = 500
_log = logging.getLogger("relay.pruning")


async def keep_pruned(parts: NodeParts) -> None:
    """Looks at libraries as described above, until cancelled. What goes wrong with one is logged, and tried again later."""
    look_at_all = trio.current_time()
    while True:
        with trio.move_on_at(look_at_all):
            await parts.pruning_due.wait()
        libraries = parts.pruning_due.take()
        if trio.current_time() >= look_at_all:
            libraries = frozenset(account.library for account in await parts.run(parts.libraries.accounts))
            look_at_all = trio.current_time() + LOOK_SECONDS
        for library in sorted(libraries):
            try:
                await prune_library(parts, library)
            except SyncError as error:
                _log.warning("pruning library %s: %s", library.short(), error.message)
        await trio.sleep(PAUSE_SECONDS)


async def prune_library(parts: NodeParts, library: LibraryId) -> Pruned:
    """Prunes below the newest checkpoint that allows it. What was pruned."""
    entries = size = 0
    checkpoint = await _allowed(parts, library)
    while checkpoint is not None:
        portion = await parts.run(_prune_portion, parts, library, checkpoint)
        entries, size = entries + portion.entries, size + portion.bytes
        if not portion.more:
            break
    return Pruned(entries=entries, bytes=size)


async def _allowed(parts: NodeParts, library: LibraryId) -> SettledCheckpoint | None:
    for checkpoint in await parts.run(_acknowledged, parts, library):
        if await _holds(parts, library, checkpoint.blobs):
            return checkpoint
    return None


def _acknowledged(parts: NodeParts, library: LibraryId) -> list[SettledCheckpoint]:
    """The checkpoints below which something could be pruned, and that no device holds back."""
    log = parts.logs.of(library)
    prunable = [checkpoint for checkpoint in log.settled() if log.can_prune(checkpoint.covered)]
    if not prunable:
        return []
    reports, members, now = log.seen(), log.roster().devices, parts.clock.now()
    return [checkpoint for checkpoint in prunable if not pruning_held_back_by(checkpoint, reports, members, now=now)]


async def _holds(parts: NodeParts, library: LibraryId, blobs: Sequence[BlobId]) -> bool:
    """Whether all are here and whole. Those that are damaged are asked back from whoever has them."""
    if len(await parts.run(parts.libraries.held, library, blobs)) < len({*blobs}):
        return False
    lost = [blob for blob in blobs if not await parts.run(_is_whole, parts, blob)]
    for blob in lost:
        for holder in await parts.run(parts.libraries.forget_blob, blob):
            for reader in parts.hub.readers(holder):
                reader.blobs_wanted((blob,))
    return not lost


def _is_whole(parts: NodeParts, blob: BlobId) -> bool:
    try:
        return parts.blobs.get(blob) is not None
    except DamagedError:
        return False


def _prune_portion(parts: NodeParts, library: LibraryId, checkpoint: SettledCheckpoint) -> Pruned:
    """The room that it makes is the library's again in the same transaction."""
    with parts.libraries.atomic():
        pruned = parts.logs.of(library).prune(checkpoint.covered, limit=PORTION_ENTRIES)
        if pruned.bytes:
            parts.libraries.add_entry_bytes(library, -pruned.bytes)
    return pruned
