"""Devices in this process that sync through a ``LocalNode``: real libraries, real engines, virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import trio

from peer.engine.connecting import session_of
from peer.engine.engine import Engine, EngineParts
from peer.engine.exchanging import pull_all, push_all
from peer.engine.registering import membership_entries
from peer.keys.device import DeviceKeys
from peer.layout import LibraryFolder
from peer.library.creating import begin_as, create_library
from peer.library.library import Library
from peer.library.membership import admit
from relay.messages import Registration
from tests.fleet.node import TOKEN, URL, FakeClock, LocalNode, call_directly


async def found(folder: Path, node: LocalNode, clock: FakeClock, *, name: str = "one", seed: int = 7) -> Library:
    """A new library, at home at ``node``."""
    library, _ = await found_with_phrase(folder, node, clock, name=name, seed=seed)
    return library


async def found_with_phrase(folder: Path, node: LocalNode, clock: FakeClock, *, name: str = "one", seed: int = 7) -> tuple[Library, str]:
    """The same, and its recovery phrase."""
    library, phrase = create_library(LibraryFolder(folder), name, clock=clock, randomness=Random(seed).randbytes)
    genesis, members = membership_entries(library)
    await node.service.register(Registration(token=TOKEN, genesis=genesis, entries=tuple(members)))
    library.nodes.add(URL, node.key)
    return library, phrase


async def join(folder: Path, inviter: Library, node: LocalNode, clock: FakeClock, *, name: str = "two", seed: int = 8) -> Library:
    """Another device of the library, by what a joining does after the codes were compared."""
    random = Random(seed)
    place = LibraryFolder(folder)
    keys = DeviceKeys.generate(random.randbytes)
    admit(inviter, signing_key=keys.signing_key, wrapping_key=keys.wrapping_key)
    await push_all(inviter, session_of(inviter, node.service, inviter.nodes.all()[0]), call_directly)
    place.create()
    keys.save(place.device_key)
    library = Library.create(place, keys, inviter.id, clock=clock, randomness=random.randbytes)
    remembered = library.nodes.add(URL, node.key)
    api = session_of(library, node.service, remembered)
    await pull_all(library, api, call_directly)
    begin_as(library, name)
    await push_all(library, api, call_directly)
    return library


def make_engine(library: Library, node: LocalNode, *, report_at_once: bool = True) -> Engine:
    return Engine(
        EngineParts(
            library=library,
            connect=node.connect(library),
            run_blocking=call_directly,
            report_at_once=report_at_once,
        )
    )


@asynccontextmanager
async def running(*engines: Engine) -> AsyncIterator[Sequence[Engine]]:
    """The engines, running until the block ends."""
    async with trio.open_nursery() as nursery:
        for engine in engines:
            await nursery.start(engine.run)
        yield engines
        nursery.cancel_scope.cancel()


async def sync(library: Library, node: LocalNode) -> Engine:
    """What ``calotype sync`` does; the engine afterwards, for its counts and states."""
    engine = make_engine(library, node)
    async with running(engine):
        await engine.until_settled()
    return engine
