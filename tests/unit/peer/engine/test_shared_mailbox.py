"""One mailbox at several nodes: posted everywhere, heard from anywhere, and one joining whatever happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from peer.engine.shared_mailbox import SharedMailbox
from relay.errors import UnreachableError

BOX = bytes(16)


class FakeBox:
    """A node's mailbox in memory. ``fails``: its node goes away."""

    def __init__(self) -> None:
        self.messages_in_it: list[bytes] = []
        self.fails = False
        self._changed = trio.Event()

    def change(self, message: bytes | None = None) -> None:
        if message is not None:
            self.messages_in_it.append(message)
        self._changed.set()
        self._changed = trio.Event()

    async def post_message(self, box: bytes, message: bytes) -> None:
        assert box == BOX
        await trio.lowlevel.checkpoint()
        if self.fails:
            raise UnreachableError("gone")
        self.change(message)

    async def messages(self, box: bytes, after: int, wait: float) -> Sequence[bytes]:
        while len(self.messages_in_it) <= after and not self.fails:
            await self._changed.wait()
        if self.fails:
            raise UnreachableError("gone")
        return self.messages_in_it[after:]


@asynccontextmanager
async def shared(*boxes: FakeBox) -> AsyncGenerator[SharedMailbox]:
    mailbox = SharedMailbox(BOX)

    async def follow(box: FakeBox) -> None:
        try:
            await mailbox.follow(box)
        except UnreachableError:
            return

    async with trio.open_nursery() as nursery:
        for box in boxes:
            mailbox.add(box)
            nursery.start_soon(follow, box)
        yield mailbox
        nursery.cancel_scope.cancel()


async def test_what_comes_anywhere_is_heard_in_the_order_in_which_it_came() -> None:
    first, second = FakeBox(), FakeBox()
    async with shared(first, second) as mailbox:
        second.change(b"one")
        assert list(await mailbox.messages(BOX, 0, 20)) == [b"one"]
        first.change(b"two")
        assert list(await mailbox.messages(BOX, 1, 20)) == [b"two"]
        assert mailbox.used is second


async def test_what_is_posted_goes_everywhere_and_is_heard_once() -> None:
    first, second = FakeBox(), FakeBox()
    async with shared(first, second) as mailbox:
        await mailbox.post_message(BOX, b"ours")
        await trio.testing.wait_all_tasks_blocked()
        assert first.messages_in_it == second.messages_in_it == [b"ours"]
        assert list(await mailbox.messages(BOX, 0, 0)) == [b"ours"]
        assert mailbox.used is None


async def test_a_node_that_goes_away_takes_nothing_with_it() -> None:
    first, second = FakeBox(), FakeBox()
    async with shared(first, second) as mailbox:
        first.change(b"one")
        await trio.testing.wait_all_tasks_blocked()
        first.fails = True
        first.change()
        await mailbox.post_message(BOX, b"ours")
        await trio.testing.wait_all_tasks_blocked()
        assert second.messages_in_it == [b"ours"]
        assert list(await mailbox.messages(BOX, 0, 0)) == [b"one", b"ours"]


async def test_without_any_node_left_nobody_waits() -> None:
    box = FakeBox()
    async with shared(box) as mailbox:
        box.fails = True
        box.change()
        with pytest.raises(UnreachableError):
            await mailbox.messages(BOX, 0, 1000)
        with pytest.raises(UnreachableError):
            await mailbox.post_message(BOX, b"ours")
        assert not mailbox.is_reachable


async def test_waiting_ends_after_its_time(autojump_clock: trio.testing.MockClock) -> None:
    async with shared(FakeBox()) as mailbox:
        assert list(await mailbox.messages(BOX, 0, 20)) == []
        assert trio.current_time() >= 20
