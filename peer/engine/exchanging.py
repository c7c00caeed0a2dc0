"""One exchange of entries, without a session that stays: for joining and inviting."""

from __future__ import annotations

from peer.library.library import Library
from peer.seams import RunBlocking
from relay.api import LibraryApi
from relay.messages import PullEnd, PullRequest
from store.heads import Heads

PAGE_BYTES = 2 * 1024 * 1024
APPLY_ENTRIES = 64


async def pull_all(library: Library, api: LibraryApi, run_blocking: RunBlocking) -> None:
    """Everything that the node has and this device lacks. A node that says that there is more and sends nothing new isn't asked again."""
    more = True
    while more:
        heads, before = await run_blocking(library.log.heads), await run_blocking(library.log.count)
        portion: list[bytes] = []
        async with api.pull(PullRequest(cursor=None, heads=heads, limit=PAGE_BYTES, seen=False)) as items:
            async for item in items:
                if isinstance(item, PullEnd):
                    more = item.more
                else:
                    portion.append(item)
                    if len(portion) >= APPLY_ENTRIES:
                        await run_blocking(library.receive, portion)
                        portion = []
        await run_blocking(library.receive, portion)
        more = more and await run_blocking(library.log.count) > before


async def push_floor(library: Library, api: LibraryApi, theirs: Heads, run_blocking: RunBlocking) -> None:
    """A node that has nothing of what was given up here takes what builds on it only when it knows the checkpoint that stands for that. So control
    entries go there first, by themselves."""
    if not await run_blocking(_lacks_floor, library, theirs):
        return
    after = 0
    while page := await run_blocking(lambda: library.log.control(after, limit_bytes=PAGE_BYTES)):  # noqa: B023 - called at once
        await api.push([arrived.entry.raw for arrived in page])
        after = page[-1].arrival


def _lacks_floor(library: Library, theirs: Heads) -> bool:
    settled = library.log.settled() if library.log.figures().stubs else ()
    covered = settled[0].covered.tips() if settled else ()
    return any(all(there.seq < tip.seq for there in theirs.get(log, ())) for log, tip in covered)


async def push_all(library: Library, api: LibraryApi, run_blocking: RunBlocking) -> None:
    """Everything that this device has and the node lacks."""
    theirs, after = (await api.heads()).heads, 0
    await push_floor(library, api, theirs, run_blocking)
    while page := await run_blocking(lambda: library.log.missing(theirs, limit_bytes=PAGE_BYTES, after=after)):  # noqa: B023 - called at once
        await api.push([arrived.entry.raw for arrived in page])
        after = page[-1].arrival
