"""Nodes are asked since when they have a photo: a relay, a neighbour, one of an older version, one that is away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from peer.engine.connecting import session_of
from peer.keys.blobs import seal_segment
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.nodes import NodeKind, NodeTable
from peer.originals.held import HeldStamp
from peer.place import Place
from relay.api import LibraryApi
from relay.errors import NotFoundError, UnreachableError
from relay.messages import BlobState, HeadsAnswer, Registration, TraceAnswer
from store.entries import EntryKind
from store.ids import BlobId, EntryHash, LogId, RecordId
from tests.fleet.libraries import MovedClock, add_original, admit, content_of, exchange, file_of, give, make_library
from tests.fleet.node import TOKEN, make_node
from tests.unit.peer.lan.stations import LOOPBACK, serving
from tests.unit.relay.nodes import serving as serving_http
from tests.unit.tools.folders import raws_of
from tools.looking.folder import look_into
from tools.tracing.asking import ASKED, Call, Line, ask_nodes
from tools.tracing.contacts import Caller, Contact, unmet
from tools.tracing.model import Sight, State
from tools.views.trace import Traced, gather_trace, trace_document

AHEAD_MS = 90_000
"""The relay's clock."""


class Scene:
    """A photo that the laptop imported, and a relay in this process that has it half a second later; the phone has the entry after a second."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = MovedClock()
        self.laptop = make_library(root / "laptop", name="laptop", clock=self.clock)
        self.phone = admit(self.laptop, root / "phone", name="phone")
        exchange(self.laptop, self.phone)
        self.clock.pass_by(1000)
        self.photo: RecordId = add_original(self.laptop, "sea")[0]
        self.relay = make_node(_Ahead(self.clock))

    def traced(self, library: str = "laptop") -> Traced:
        return look_into(self.root / library, partial(gather_trace, text=self.photo.body.hex())).result

    async def bring_to_relay(self) -> None:
        self.clock.pass_by(500)
        service = self.relay.service
        genesis, *others = (
            arrived.entry.raw for arrived in self.laptop.log.control(0, limit_bytes=1 << 30) if _by_master(self.laptop, arrived.entry.log)
        )
        await service.register(Registration(token=TOKEN, genesis=genesis, entries=tuple(others)))
        node = self.laptop.nodes.add("https://relay.example.org", self.relay.key)
        self.laptop.nodes.met(node.number, self.relay.parts.store, self.clock.now())
        session = session_of(self.laptop, service, node)
        await session.push(raws_of(self.laptop))
        self.clock.pass_by(250)
        sealed = seal_segment(self.laptop.write_epoch(), content_of("sea"))
        await session.put_blob(sealed.id, sealed.sealed)

    def close(self) -> None:
        self.laptop.close()
        self.phone.close()


class _Ahead:
    def __init__(self, clock: MovedClock) -> None:
        self._clock = clock

    def now(self) -> int:
        return self._clock.now() + AHEAD_MS


def _by_master(library: Library, log: LogId) -> bool:
    return log == library.id.master_log()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


def calling(scene: Scene) -> Call:
    """Sessions with the service, by this scene's clock."""

    @asynccontextmanager
    async def call(caller: Caller, contact: Contact) -> AsyncGenerator[Line]:
        (node,) = (node for node in NodeTable(scene.laptop.database).all() if node.url == contact.url)
        session = session_of(scene.laptop, scene.relay.service, node)
        yield Line(api=session, clock_offset=(await session.open()).clock_offset)

    return call


async def asked(traced: Traced, call: Call | None = None) -> list[Sight]:
    assert not isinstance(traced.caller, str)
    return await ask_nodes(traced.caller, traced.contacts, traced.subject, call=call)


async def test_a_relay_says_since_when_and_its_clock_is_accounted_for(scene: Scene) -> None:
    await scene.bring_to_relay()
    traced = scene.traced()
    (sight,) = await asked(traced, calling(scene))
    assert (sight.reached, sight.clock_offset) == (True, AHEAD_MS)
    document = trace_document(traced, [sight], root=scene.root, now=scene.clock.now(), asking="")
    (relay,) = (node for node in document["nodes"] if node["kind"] == "relay")
    assert (relay["reached"], relay["clock_offset_ms"], relay["steps"]["applied"]) == (True, AHEAD_MS, None)
    stored, original = relay["steps"]["stored"], relay["steps"]["original"]
    assert (stored["time"], stored["after_ms"], stored["known_by"]) == ("2023-11-14T22:14:51.500Z", 500, ASKED)
    assert original["after_ms"] == 750


async def test_a_node_that_lacks_it_says_so(scene: Scene) -> None:
    await scene.bring_to_relay()
    scene.relay.parts.libraries.forget_blob(BlobId.of(seal_segment(scene.laptop.write_epoch(), content_of("sea")).sealed))
    (sight,) = await asked(scene.traced(), calling(scene))
    step = sight.files[file_of("sea")]
    assert (step.state, step.reason) == (State.NOT_YET, "it isn't there")


async def test_a_relay_passes_on_what_a_device_reported(scene: Scene) -> None:
    await scene.bring_to_relay()
    exchange(scene.laptop, scene.phone)
    made = scene.phone.report_seen()
    assert made is not None
    (node,) = scene.laptop.nodes.relays()
    session = session_of(scene.laptop, scene.relay.service, node)
    await session.push(raws_of(scene.phone))
    await session.seen([made.raw])
    traced = scene.traced()
    assert traced.subject.main is not None
    reported, relay = await asked(traced, calling(scene))
    step = reported.applied[traced.subject.main.name]
    assert (reported.device, step.state, step.is_bound, step.time) == (scene.phone.device, State.DONE, True, made.time)
    assert relay.kind is NodeKind.RELAY
    document = trace_document(traced, [reported, relay], root=scene.root, now=scene.clock.now(), asking="")
    assert "on phone by +0.8 s" in document["way"]


class Older:
    """A node from before this call."""

    def __init__(self, api: LibraryApi) -> None:
        self._api = api

    async def stat(self, blobs: Sequence[BlobId]) -> Sequence[BlobState]:
        return await self._api.stat(blobs)

    async def heads(self) -> HeadsAnswer:
        return await self._api.heads()

    async def trace(self, entries: Sequence[EntryHash], blobs: Sequence[BlobId]) -> TraceAnswer:
        raise NotFoundError("there is no such call")


async def test_an_older_node_says_what_it_can(scene: Scene) -> None:
    await scene.bring_to_relay()

    @asynccontextmanager
    async def call(caller: Caller, contact: Contact) -> AsyncGenerator[Line]:
        async with calling(scene)(caller, contact) as line:
            yield Line(api=Older(line.api), clock_offset=line.clock_offset)  # type: ignore[arg-type]  # the calls that are made

    (sight,) = await asked(scene.traced(), call)
    assert (sight.reached, "version" in sight.reason) == (True, True)
    assert (sight.files[file_of("sea")].state, sight.files[file_of("sea")].time) == (State.DONE, None)
    assert dict(sight.stored) == {}


async def test_a_node_that_is_away_is_a_reason(scene: Scene) -> None:
    await scene.bring_to_relay()

    @asynccontextmanager
    async def call(caller: Caller, contact: Contact) -> AsyncGenerator[Line]:
        raise UnreachableError("no connection to the node")
        yield

    traced = scene.traced()
    (sight,) = await asked(traced, call)
    assert (sight.reached, sight.reason) == (False, "no connection to the node")
    document = trace_document(traced, [sight], root=scene.root, now=scene.clock.now(), asking="")
    (relay,) = (node for node in document["nodes"] if node["kind"] == "relay")
    assert (relay["reached"], relay["reason"]) == (False, "no connection to the node")
    assert relay["steps"]["original"]["state"] == "done"  # it acknowledged it


async def test_a_neighbour_says_what_it_applied_and_holds(scene: Scene) -> None:
    scene.clock.pass_by(1000)
    give(scene.laptop, scene.phone)
    scene.clock.pass_by(2000)
    original = scene.phone.folder.originals / "sea.jpg"
    original.write_bytes(content_of("sea"))
    scene.phone.held.put(_held_on(scene.phone, original))
    with scene.phone.database.write() as connection:
        blob = seal_segment(scene.laptop.write_epoch(), content_of("sea")).id
        connection.execute("INSERT INTO blob_segment VALUES (?, ?, 0)", (blob, file_of("sea")))
    async with serving(scene.phone) as station:
        known = scene.laptop.nodes.add_peer(scene.phone.device, scene.phone.keys.signing_key)
        for number, port in enumerate((station.port, 1)):  # nobody is at the place where it was last
            scene.laptop.nodes.met_at(known.number, Place(LOOPBACK, port), 0.1, scene.clock.now() + number)
        traced = scene.traced()
        (sight,) = await asked(traced)
    assert sight.reached, sight.reason
    main = traced.subject.main
    assert main is not None
    assert main.written is not None
    assert main.kind is EntryKind.CHANGE
    assert [step.time for step in (sight.stored[main.name], sight.applied[main.name], sight.files[file_of("sea")])] == [
        main.written + 1000,
        main.written + 1000,
        main.written + 3000,
    ]


async def test_a_neighbour_is_nobody_else(scene: Scene) -> None:
    """Another member that listens at the place is not believed to be the one that was met there."""
    third = admit(scene.laptop, scene.root / "tablet", name="tablet", seed=3)
    exchange(scene.laptop, scene.phone, third)
    async with serving(third) as station:
        known = scene.laptop.nodes.add_peer(scene.phone.device, scene.phone.keys.signing_key)
        scene.laptop.nodes.met_at(known.number, Place(LOOPBACK, station.port), 0.1, scene.clock.now())
        traced = scene.traced()
        (sight,) = await asked(traced)
    third.close()
    assert (sight.reached, sight.reason) == (False, "another device of the library answers there")
    strangers = unmet(traced.sights, traced.contacts)
    assert [(each.name, each.reached) for each in strangers] == [("tablet", False)]


async def test_over_http(scene: Scene) -> None:
    await scene.bring_to_relay()
    async with serving_http(scene.relay.service) as url:
        with scene.laptop.database.write() as connection:
            connection.execute("UPDATE node SET url = ?", (url,))
        traced = scene.traced()
        (sight,) = await asked(traced)
    assert sight.reached, sight.reason
    assert traced.subject.main is not None
    assert sight.stored[traced.subject.main.name].state is State.DONE


def _held_on(library: Library, path: Path) -> HeldFile:
    stamp = HeldStamp.of(path.stat())
    place = path.relative_to(library.folder.root)
    return HeldFile(
        file=file_of("sea"), kind="original", path=place, incoming=None, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode
    )
