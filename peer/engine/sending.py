"""Sending in the name of the recovery phrase: also from a device that somebody else has shut out meanwhile."""

from __future__ import annotations

from peer.engine.exchanging import push_all
from peer.engine.restorer import Reach, session_of_master
from peer.keys.master import MasterKeys
from peer.library.library import Library
from peer.seams import RunBlocking
from relay.errors import SyncError


async def send_by_phrase(library: Library, master: MasterKeys, reach: Reach, run_blocking: RunBlocking) -> int:
    """Push what the library's relays lack. How many were reached; the others get it with the next sync."""
    reached = 0
    for node in await run_blocking(library.nodes.relays):
        try:
            async with reach(node.url) as api:
                await push_all(library, session_of_master(master, api, node.key, library.clock, library.randomness), run_blocking)
            reached += 1
        except SyncError:
            continue
    return reached
