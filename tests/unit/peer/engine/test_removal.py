"""A device is removed while others run, are away, or remove at the same time; and who may still talk to the relay afterwards."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.engine import epoch_keeper
from peer.engine.engine import Engine
from peer.engine.progress import Fault, NodeState
from peer.engine.sending import send_by_phrase
from peer.keys.master import MasterKeys
from peer.library.epochs import needs_epoch, valid_epoch
from peer.library.library import Library
from peer.library.removing import remove_devices
from relay.api import SyncApi
from store.ids import RecordId
from tests.fleet.libraries import add_photo, digest, edit, file_of
from tests.fleet.node import FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, found_with_phrase, join, make_engine, running, sync
from tests.unit.peer.engine.test_restoring import reached
from tests.unit.peer.library.household import entries, rating_of


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


async def devices(root: Path, node: LocalNode, clock: FakeClock, count: int = 3) -> list[Library]:
    """So many of one library, each with all that the others have."""
    one = await found(root / "1", node, clock)
    add_photo(one, "sea")
    others = [await join(root / f"{number}", one, node, clock, name=f"{number}", seed=7 + number) for number in range(2, count + 1)]
    for library in (one, *others):
        await sync(library, node)
    return [one, *others]


async def test_a_running_device_is_cut_off_at_once(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one, two, gone = await devices(tmp_path, node, clock)
    engines = [make_engine(library, node) for library in (one, two, gone)]
    async with running(*engines):
        for engine in engines:
            await engine.until_settled()
        remove_devices(one, [gone.device])
        await engines[0].library_changed()
        with trio.fail_after(60):
            while gone_state(engines[2]).fault is not Fault.NOT_ALLOWED:
                await engines[2].progress.changed.next()
        stored = gone.log.count()
        photo = add_photo(one, "after it")
        await engines[0].library_changed()
        with trio.fail_after(60):
            while two.records.content(photo) is None:
                await engines[1].progress.changed.next()
    assert "not a member" in gone_state(engines[2]).reason
    assert gone.log.count() == stored
    assert gone.records.content(photo) is None
    close(one, two, gone)


async def test_who_was_away_follows_when_it_returns(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one, away, gone = await devices(tmp_path, node, clock)
    remove_devices(one, [gone.device])
    photo = add_photo(one, "under the new key")
    edit(away, photo_of(one, "sea"), rating=2)
    await sync(one, node)
    for library in (away, one):
        engine = await sync(library, node)
        assert engine.reached
    assert digest(away) == digest(one)
    assert valid_epoch(away) == valid_epoch(one)
    assert away.records.content(photo) is not None
    close(one, away, gone)


async def test_what_it_wrote_unknowingly_stays_with_it(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one, two, gone = await devices(tmp_path, node, clock)
    photo = photo_of(one, "sea")
    remove_devices(one, [gone.device])
    edit(gone, photo, rating=5)
    await sync(one, node)
    engine = await sync(gone, node)
    assert not engine.reached
    await sync(two, node)
    assert [rating_of(library, photo) for library in (one, two, gone)] == [0, 0, 5]
    close(one, two, gone)


async def test_two_removals_at_once_end_with_one_epoch_for_all(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one, two, three, *gone = members = await devices(tmp_path, node, clock, 5)
    remove_devices(one, [gone[0].device])
    remove_devices(two, [gone[1].device])
    engines = [make_engine(library, node) for library in (one, two, three)]
    async with running(*engines):
        for engine in engines:
            await engine.until_settled()
        await trio.sleep(2 * epoch_keeper.LONGEST_WAIT_SECONDS)
        for engine in engines:
            await engine.until_settled()
    assert not any(needs_epoch(library) for library in (one, two, three))
    begun = one.roster().write_epochs()
    assert 1 <= len(begun) <= 3
    assert {epoch.id for library in (one, two, three) if (epoch := valid_epoch(library)) is not None} == {begun[0]}
    assert not any({*begun} & {*library.keyring()} for library in gone)
    close(*members)


async def test_nothing_is_begun_while_there_is_one(tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock) -> None:
    one, two = await devices(tmp_path, node, clock, 2)
    before = len(entries(one))
    async with running(make_engine(one, node), make_engine(two, node)):
        await trio.sleep(5 * epoch_keeper.LONGEST_WAIT_SECONDS)
    assert len(entries(one)) == before
    close(one, two)


async def test_the_phrase_lets_one_back_in_that_a_thief_removed(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    one, phrase = await found_with_phrase(tmp_path / "one", node, clock)
    photo = add_photo(one, "sea")
    stolen = await join(tmp_path / "stolen", one, node, clock)
    await sync(one, node)
    remove_devices(stolen, [one.device])
    await sync(stolen, node)
    assert not (await sync(one, node)).reached
    master = MasterKeys.from_phrase(phrase)
    remove_devices(one, [stolen.device], master=master)

    def reach(address: str) -> AbstractAsyncContextManager[SyncApi]:
        return reached(node)

    assert await send_by_phrase(one, master, reach, call_directly) == 1
    edit(one, photo, rating=4)
    assert (await sync(one, node)).reached
    assert not (await sync(stolen, node)).reached
    node.reachable = False
    assert await send_by_phrase(one, master, reach, call_directly) == 0
    close(one, stolen)


def photo_of(library: Library, label: str) -> RecordId:
    record = RecordId.asset(file_of(label))
    assert library.records.content(record) is not None
    return record


def gone_state(engine: Engine) -> NodeState:
    return next(iter(engine.progress.nodes.values()))


def close(*libraries: Library) -> None:
    for library in libraries:
        library.close()
