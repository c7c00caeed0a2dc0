"""Beginning with a checkpoint: what a new device does before it asks for entries, and one that was away for longer than everything.

Control entries come first: they say who is a member, bring the keys, and name the checkpoints. The newest settled one is fetched and taken in when something
that it covers isn't here; then heads say what is still missing, as always.
"""

from __future__ import annotations

import trio

from peer.engine.node_work import NodeWork
from peer.errors import IntegrityError, UnreachableNodeError
from peer.library.checkpoints.contents import missing_blobs
from peer.library.checkpoints.loading import checkpoint_to_load, load
from peer.library.library import Library
from peer.seams import RunBlocking
from relay.api import LibraryApi
from relay.errors import NotFoundError
from relay.messages import Cursor, PullEnd, PullRequest
from store.ids import BlobId

PAGE_BYTES = 2 * 1024 * 1024
APPLY_ENTRIES = 64
STEP_SECONDS = 120.0
BLOB_SECONDS = 300.0


async def bootstrap(library: Library, api: LibraryApi, run_blocking: RunBlocking) -> bool:
    """True: a checkpoint was loaded. ``SyncError``; ``UnreachableNodeError`` when the node lacks a part of it; ``IntegrityError`` when it isn't what all
    devices agreed on."""
    await _pull_control(library, api, run_blocking)
    checkpoint = await run_blocking(checkpoint_to_load, library)
    if checkpoint is None:
        return False
    for blob in await run_blocking(missing_blobs, library, checkpoint.blobs):
        try:
            await fetch_blob(library, api, blob, run_blocking)
        except NotFoundError as error:
            raise UnreachableNodeError(
                "A part of the checkpoint that this device has to begin with isn't there yet. Nothing was lost.",
                hint="Another device brings it when it syncs there; then try again.",
            ) from error
    await run_blocking(load, library, checkpoint)
    return True


async def bootstrap_from(work: NodeWork) -> bool:
    """The same for a session, which goes on when nothing comes of it: what keeps a checkpoint from being loaded is shown."""
    async with work.progress.checkpoints:
        try:
            loaded = await bootstrap(work.library, work.connection.api, work.run_blocking)
        except (UnreachableNodeError, IntegrityError) as error:
            work.state.reason = error.message
            return False
    if loaded:
        work.progress.committed.set()
    return loaded


async def fetch_blob(library: Library, api: LibraryApi, blob: BlobId, run_blocking: RunBlocking) -> int:
    """Bring one blob of a checkpoint here; how many bytes it has."""
    with trio.fail_after(BLOB_SECONDS):
        sealed = await api.get_blob(blob)
    await run_blocking(lambda: library.checkpoint_blobs.put(blob, sealed, now=library.clock.now()))
    return len(sealed)


async def _pull_control(library: Library, api: LibraryApi, run_blocking: RunBlocking) -> None:
    cursor: Cursor | None = None
    more = True
    while more:
        portion: list[bytes] = []
        more = False
        with trio.fail_after(STEP_SECONDS) as scope:
            async with api.pull(PullRequest(cursor=cursor, heads=None, limit=PAGE_BYTES, seen=False, control=True)) as items:
                async for item in items:
                    scope.deadline = trio.current_time() + STEP_SECONDS
                    if isinstance(item, PullEnd):
                        more = item.more and item.cursor != cursor
                        cursor = item.cursor
                    else:
                        portion.append(item)
                        if len(portion) >= APPLY_ENTRIES:
                            await run_blocking(library.receive, portion)
                            portion = []
        await run_blocking(library.receive, portion)
