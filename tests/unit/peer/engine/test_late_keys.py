"""A device that joins a long history: its keys come last, in the log of a device whose changes it can't read before."""

from __future__ import annotations

from pathlib import Path

from peer.engine import exchanging
from tests.fleet.node import FakeClock, make_node
from tests.fleet.peers import found, join
from tests.unit.peer.engine.test_sync import asset, rate


async def test_what_came_before_the_keys_is_applied_as_soon_as_they_are_there(tmp_path: Path) -> None:
    clock = FakeClock()
    node = make_node(clock)
    one = await found(tmp_path / "one", node, clock)
    for number in range(exchanging.APPLY_ENTRIES + 10):
        rate(one, asset(number), 3)
    two = await join(tmp_path / "two", one, node, clock)
    assert not two.waiting_count()
    assert {record for record, _ in two.records.all()} > {asset(number) for number in range(exchanging.APPLY_ENTRIES + 10)}
