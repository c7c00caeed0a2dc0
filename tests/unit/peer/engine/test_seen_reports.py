"""What devices tell each other of what they have seen costs little: only what the node lacks is sent, and nobody hurries to fetch it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trio
from trio.testing import MockClock

from peer.engine.session import OTHERS_REPORTS_SECONDS, REPORT_SECONDS
from relay.api import LibraryApi
from tests.fleet.node import FakeClock, make_node
from tests.fleet.peers import found, join, make_engine, running, sync
from tests.unit.peer.engine.test_sync import asset, rate


class Listening:
    """A way to the node that notes the calls about reports."""

    def __init__(self, api: LibraryApi, notes: list[str]) -> None:
        self._api = api
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    async def heads(self) -> Any:
        self._notes.append("heads")
        return await self._api.heads()

    async def seen(self, reports: Sequence[bytes]) -> int:
        self._notes.append(f"seen {len(reports)}")
        return await self._api.seen(reports)


async def test_after_a_change_each_device_sends_its_own_report_and_fetches_the_others_later(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    clock = FakeClock()
    notes: list[str] = []
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    for library in (one, two, one):
        await sync(library, node)
    node.between = lambda api: Listening(api, notes)
    first, second = make_engine(one, node, report_at_once=False), make_engine(two, node, report_at_once=False)
    async with running(first, second):
        await first.until_settled()
        await second.until_settled()
        await trio.sleep(2 * (REPORT_SECONDS + OTHERS_REPORTS_SECONDS))
        notes.clear()
        rate(one, asset(1), 4)
        await first.library_changed()
        await trio.sleep(REPORT_SECONDS + 1)
        assert notes == ["seen 1", "seen 1"]
        await trio.sleep(2 * OTHERS_REPORTS_SECONDS)
    assert notes == ["seen 1", "seen 1", "heads", "heads"]
    for library in (one, two):
        assert {report.device for report in library.log.seen() if report.heads == library.applied_heads()} == {one.device, two.device}
