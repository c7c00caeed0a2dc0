"""Connected nodes that can be asked for promises: what joins the chore that gives originals up with the connections that monitors keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import trio

from peer.library.promises import Promise
from store.ids import FileHash


@dataclass(slots=True)
class Question:
    """Which of these files does the node promise to keep? ``promises`` when ``answered``; ``None`` of one that couldn't be asked to the end."""

    files: Sequence[FileHash]
    promises: list[Promise] | None = None
    answered: trio.Event = field(default_factory=trio.Event)


class Holders:
    """By the numbers of the nodes. ``joined`` is called when there is one more."""

    def __init__(self) -> None:
        self.joined: Callable[[], None] = lambda: None
        self._channels: dict[int, trio.MemorySendChannel[Question]] = {}

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(self._channels)

    async def ask(self, node: int, files: Sequence[FileHash]) -> list[Promise] | None:
        """The promises of a node for some files, proven. ``None``: it can't be asked now, or goes away meanwhile."""
        channel = self._channels.get(node)
        if channel is None:
            return None
        question = Question(files)
        try:
            await channel.send(question)
        except trio.BrokenResourceError:
            return None
        await question.answered.wait()
        return question.promises

    @contextmanager
    def questions(self, node: int) -> Iterator[trio.MemoryReceiveChannel[Question]]:
        """Those that come for a node inside the block. Whoever takes one sets ``answered``, whatever happens."""
        send, receive = trio.open_memory_channel[Question](0)
        self._channels[node] = send
        self.joined()
        try:
            with receive:
                yield receive
        finally:
            if self._channels.get(node) is send:
                del self._channels[node]
