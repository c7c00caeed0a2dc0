"""What pages are told, and how often."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import trio
import trio.testing

from peer.gallery.live import PROGRESS_SECONDS, QUIET_SECONDS, events_of
from tests.fleet.libraries import add_photo
from tests.unit.peer.gallery.conftest import Site


async def next_of(stream: AsyncIterator[str]) -> tuple[str, Any]:
    """The next event, and what it says."""
    text = await anext(stream)
    if text.startswith(":"):
        return "", text
    name, data = text.rstrip("\n").split("\n")
    assert text.endswith("\n\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_page_is_told_at_once_and_at_each_change(site: Site, autojump_clock: trio.testing.MockClock) -> None:
    async with aclosing(events_of(site.parts)) as stream:
        name, document = await next_of(stream)
        assert (name, document) == ("changed", {"revision": (await site.get("/api/v1/session"))["revision"]})
        name, document = await next_of(stream)
        assert (name, document["queues"]["uploads"], document["nodes"]) == ("progress", 0, [])
        photo = add_photo(site.library, "a")
        await site.parts.engine.library_changed()
        name, document = await next_of(stream)
        assert (name, document["revision"]) == ("changed", (await site.get("/api/v1/timeline"))["revision"])
        began = trio.current_time()
        await site.done("/api/v1/assets/set", ids=[photo.body.hex()], assignments=["rating=3"])
        while (await next_of(stream))[0] != "changed":
            pass
        assert trio.current_time() - began < 1


async def test_silence_is_broken_so_that_both_notice_when_the_other_is_gone(site: Site, autojump_clock: trio.testing.MockClock) -> None:
    async with aclosing(events_of(site.parts)) as stream:
        for _ in range(2):
            await next_of(stream)
        began = trio.current_time()
        assert (await next_of(stream))[1].startswith(":")
        assert trio.current_time() - began == QUIET_SECONDS


async def test_progress_is_told_once_a_second_at_most(site: Site, autojump_clock: trio.testing.MockClock) -> None:
    counts = site.parts.engine.progress.counts
    told = 0
    async with aclosing(events_of(site.parts)) as stream, trio.open_nursery() as nursery:

        async def go_on() -> None:
            while True:
                counts.bytes_up += 1000
                site.parts.engine.progress.changed.notify()
                await trio.sleep(0.01)

        nursery.start_soon(go_on)
        began = trio.current_time()
        while trio.current_time() - began < 10:
            told += (await next_of(stream))[0] == "progress"
        nursery.cancel_scope.cancel()
    assert 5 <= told <= 10 / PROGRESS_SECONDS + 2
