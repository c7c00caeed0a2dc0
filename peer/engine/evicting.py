"""Giving up originals, as a chore of a running peer: follows the policy, asks the nodes in reach for promises, and gives up what they keep.

One pass goes through the originals that may go, in their order (``peer.library.eviction``), some at a time: every connected node is asked about them, and
what enough of them promised goes at once. What nobody promised stays, and isn't asked about again for an hour.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.library.eviction import Candidate, choose, excess
from peer.library.free_space import disk_space
from peer.library.giving_up import candidates, forget_old_promises, give_up
from peer.library.library import Library
from peer.library.policies import follow_policy
from peer.library.promises import Promise
from peer.seams import RunBlocking
from store.ids import FileHash

BATCH_FILES = 64
BATCH_BYTES = 256 * 1024 * 1024
ASK_AGAIN_SECONDS = 3600.0
RETRY_SECONDS = 60.0
"""While there is too much, and nobody in reach who keeps it."""

LOOK_SECONDS = 600.0
"""The disk may fill up by what others do."""


LOOK_AGAIN_SECONDS = 0.5
"""While nodes come to rest: what they say may make something ready to go."""


@dataclass(frozen=True, slots=True)
class _Excess:
    """``too_many``: bytes; infinite when nothing is to stay."""

    too_many: float
    disk_is_short: bool


@dataclass(frozen=True, slots=True)
class _Refusal:
    """``nodes`` were asked about a file, and it wasn't enough. ``until``: trio's time."""

    nodes: frozenset[int]
    until: float


class Evictor:
    """``Chore``. Refusals are remembered by a clock that nobody sets."""

    def __init__(self, run_blocking: RunBlocking) -> None:
        self._run = run_blocking
        self._refused: dict[FileHash, _Refusal] = {}

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        progress.holders.joined = work.look
        await self._run(forget_old_promises, library)
        while True:
            changed = progress.changed.next_event()
            if await self._run(follow_policy, library):
                progress.committed.set()
            found = await self._run(_excess, library)
            await self._relieve(library, progress, found)
            if found.too_many and not _everybody_rests(progress):
                work.settled = False
                await trio.sleep(LOOK_AGAIN_SECONDS)
                with trio.move_on_after(RETRY_SECONDS):
                    await changed.wait()
            else:
                await work.rest(RETRY_SECONDS if found.too_many else LOOK_SECONDS)

    async def _relieve(self, library: Library, progress: Progress, found: _Excess) -> None:
        """One pass."""
        too_many = found.too_many
        chosen = candidates(library, disk_is_short=found.disk_is_short)
        while too_many > 0 and (nodes := _ready(progress)):
            batch = await self._run(self._next_batch, chosen, too_many, nodes, trio.current_time())
            answers = await _ask(progress, nodes, batch) if batch else {}
            if not answers:
                return
            promises = {file: [each[file] for each in answers.values() if file in each] for file in batch}
            size = await self._run(lambda: give_up(library, promises, disk_is_short=found.disk_is_short))  # noqa: B023 - called at once
            refusal = _Refusal(frozenset(answers), trio.current_time() + ASK_AGAIN_SECONDS)
            self._refused |= dict.fromkeys(await self._run(_still_here, library, batch), refusal)
            too_many -= size
            if size:
                progress.changed.notify()

    def _next_batch(self, chosen: Iterator[Candidate], too_many: float, nodes: frozenset[int], now: float) -> list[FileHash]:
        """Blocking."""
        self._refused = {file: refusal for file, refusal in self._refused.items() if refusal.until > now}
        batch: list[FileHash] = []
        size = 0
        for each in choose((each for each in chosen if not self._is_refused(each.file, nodes)), too_many):
            batch.append(each.file)
            size += each.size
            if len(batch) == BATCH_FILES or size >= BATCH_BYTES:
                break
        return batch

    def _is_refused(self, file: FileHash, nodes: frozenset[int]) -> bool:
        """Whether nobody is ready that wasn't asked about the file already."""
        return file in self._refused and nodes <= self._refused[file].nodes


def _excess(library: Library) -> _Excess:
    lacks = disk_space(library.folder.root).lacks
    too_many = excess(library.policy(), held=library.held.totals()["original"][1], disk_lacks=lacks)
    return _Excess(too_many, disk_is_short=lacks > 0)


def _still_here(library: Library, files: Sequence[FileHash]) -> list[FileHash]:
    return [file for file in files if library.held.get(file) is not None]


def _ready(progress: Progress) -> frozenset[int]:
    """The nodes with which everything is exchanged."""
    states = progress.nodes
    return frozenset(
        number
        for number in progress.holders.numbers
        if number in states and states[number].entries_settled and states[number].uploads_settled
    )


def _everybody_rests(progress: Progress) -> bool:
    """Every node was tried, and with those in reach there is nothing more to do: what can't go now can't go for a while."""
    return all(state.settled or (not state.connected and state.failures) for state in progress.nodes.values())


async def _ask(progress: Progress, nodes: Collection[int], files: Sequence[FileHash]) -> dict[int, dict[FileHash, Promise]]:
    """What each of the nodes promises, by file, of those that could be asked; all at once."""
    answers: dict[int, dict[FileHash, Promise]] = {}

    async def ask(node: int) -> None:
        promises = await progress.holders.ask(node, files)
        if promises is not None:
            answers[node] = {promise.file: promise for promise in promises}

    async with trio.open_nursery() as nursery:
        for node in sorted(nodes):
            nursery.start_soon(ask, node)
    return answers
