"""When an engine says that nothing is left to do: never while something just came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import pytest
import trio
from trio.testing import MockClock

from peer.control import Reply
from peer.engine.control import EngineControl
from peer.engine.engine import Engine, EngineParts
from peer.library.authoring import Edit
from peer.library.library import Library
from store.ids import RecordId, RecordKind
from tests.fleet.libraries import make_library
from tests.fleet.node import FakeClock, LocalNode, call_directly, make_node
from tests.fleet.peers import found, make_engine, running

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
PHOTO = RecordId.make(RecordKind.ASSET, bytes(16))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def node(clock: FakeClock) -> LocalNode:
    return make_node(clock)


def rate(library: Library, rating: int) -> None:
    library.change([Edit(PHOTO, lambda draft, stamp: draft.set("rating", rating))])


async def ask(library: Library, engine: Engine, request: Reply) -> Reply:
    replies: list[Reply] = []

    async def reply(each: Reply) -> None:
        replies.append(each)

    await EngineControl(library, engine, call_directly)(request, reply)
    return replies[0]


@pytest.mark.parametrize("call", ["advance", "arrival", "due", "next_try"])
async def test_what_comes_while_the_last_step_is_noted_is_not_taken_for_done(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock, call: str
) -> None:
    library = await found(tmp_path / "one", node, clock)
    armed = came = False

    async def run_blocking(function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        nonlocal armed, came
        name = getattr(getattr(function, "func", function), "__name__", "")
        if came and name == "arrival":
            await trio.sleep(1)  # the session is the last to look
        result = await call_directly(function, *arguments)
        if armed and name == call:
            armed, came = False, True
            rate(library, 5)
            await engine.library_changed()
        return result

    engine = Engine(
        EngineParts(
            library=library,
            connect=node.connect(library),
            run_blocking=run_blocking,
            report_at_once=True,
        )
    )
    async with running(engine):
        await engine.until_settled()
        rate(library, 1)
        armed = True
        await engine.library_changed()
        await engine.until_settled()
        assert node.parts.logs.of(library.id).heads() == library.log.heads()


async def test_a_sync_tries_a_relay_that_was_away_before_it_says_that_it_is(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    node.reachable = False
    engine = make_engine(library, node, report_at_once=False)
    async with running(engine):
        await engine.until_settled()
        await trio.sleep(3600)
        node.reachable = True
        report = await ask(library, engine, {"do": "sync"})
        assert report["converged"]


async def test_a_sync_that_may_wait_waits_for_a_relay_that_is_away(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    node.reachable = False
    engine = make_engine(library, node, report_at_once=False)
    async with running(engine), trio.open_nursery() as nursery:
        await engine.until_settled()

        async def come_back() -> None:
            await trio.sleep(30)
            node.reachable = True

        nursery.start_soon(come_back)
        report = await ask(library, engine, {"do": "sync", "wait": 3600})
        assert report["converged"]


async def test_a_relay_that_was_added_anew_is_dialled_by_its_new_key(
    tmp_path: Path, clock: FakeClock, node: LocalNode, autojump_clock: MockClock
) -> None:
    library = await found(tmp_path / "one", node, clock)
    (known,) = library.nodes.all()
    library.nodes.add(known.url, bytes(32))
    engine = make_engine(library, node)
    async with running(engine):
        await engine.until_settled()
        assert not engine.reached
        library.nodes.add(known.url, node.key)
        await engine.library_changed()
        with trio.fail_after(3600):
            await engine.until_settled(all_reached=True)


def test_the_number_of_a_node_is_never_given_to_another(tmp_path: Path) -> None:
    library = make_library(tmp_path / "one")
    first = library.nodes.add("https://one.example.org", bytes(32))
    library.nodes.remove(first.url)
    assert library.nodes.add("https://two.example.org", bytes(32)).number != first.number
    library.close()
