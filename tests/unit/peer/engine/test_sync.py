"""Two devices and a relay, in one process and in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crdt.asset import view_asset
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import RecordId, RecordKind
from tests.fleet.node import FakeClock, LocalNode, make_node
from tests.fleet.peers import found, join, make_engine, running, sync


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def asset(number: int) -> RecordId:
    return RecordId.make(RecordKind.ASSET, number.to_bytes(16, "big"))


def rate(library: Library, record: RecordId, rating: int) -> None:
    library.change([Edit(record, lambda draft, stamp: draft.set("rating", rating))])


def rating(library: Library, record: RecordId) -> int:
    content = library.records.content(record)
    assert content is not None
    return view_asset(content).rating


async def test_what_was_edited_apart_is_the_same_after_meeting(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    for number in range(5):
        rate(one, asset(number), number)
        rate(two, asset(number + 3), number)
    for library in (one, two, one):
        engine = await sync(library, node)
        assert engine.settled
        assert engine.reached
    assert one.records.digest() == two.records.digest()
    assert {report.device for report in one.log.seen()} == {one.device, two.device}


async def test_a_change_arrives_while_both_run(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    first, second = make_engine(one, node, report_at_once=False), make_engine(two, node, report_at_once=False)
    async with running(first, second):
        await first.until_settled()
        await second.until_settled()
        rate(one, asset(1), 4)
        before = trio.current_time()
        await first.library_changed()
        with trio.fail_after(60):
            while two.records.content(asset(1)) is None:
                await second.progress.changed.next()
        assert trio.current_time() - before < 0.5
    assert rating(two, asset(1)) == 4


async def test_a_relay_that_is_away_is_tried_again_and_nothing_is_lost(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one = await found(tmp_path / "one", node, clock)
    two = await join(tmp_path / "two", one, node, clock)
    node.reachable = False
    engine = make_engine(one, node)
    async with running(engine):
        await engine.until_settled()
        assert not engine.reached
        assert next(iter(engine.progress.nodes.values())).reason == "the relay is away"
        rate(one, asset(1), 5)
        await engine.library_changed()
        await trio.sleep(600)
        node.reachable = True
        with trio.fail_after(600):
            await engine.until_settled(all_reached=True)
    await sync(two, node)
    assert rating(two, asset(1)) == 5
