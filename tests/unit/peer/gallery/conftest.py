"""A gallery over a real library, asked as a browser asks: without a network between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from peer.engine.engine import Engine, EngineParts
from peer.engine.invitations import InvitationKeeper
from peer.gallery.app import GalleryApp
from peer.gallery.calls import GalleryParts
from peer.gallery.drops import Drops
from peer.gallery.guard import own_hosts
from peer.gallery.operations import OPERATIONS
from peer.gallery.page_files import PageFiles
from peer.gallery.sessions import Sessions
from peer.gallery.waiting import Downloads
from peer.library.library import Library
from peer.rendering.renderers import Renderer
from tests.fleet.libraries import MovedClock, make_library
from tests.fleet.node import call_directly

HOST = "127.0.0.1:8467"
ORIGIN = f"http://{HOST}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """``client``: a browser that is logged in; ``stranger``: one that isn't."""

    library: Library
    parts: GalleryParts
    sessions: Sessions
    client: httpx.AsyncClient
    stranger: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Any:
        """The document of a call that succeeds."""
        response = await self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body, headers={"Origin": ORIGIN})

    async def done(self, path: str, **body: Any) -> Any:
        """The document of a change that succeeds."""
        response = await self.post(path, **body)
        assert response.is_success, response.text
        return response.json()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def library(tmp_path: Path, clock: MovedClock) -> Iterator[Library]:
    made = make_library(tmp_path / "anna", clock=clock)
    yield made
    made.close()


@pytest.fixture(scope="session")
def page() -> PageFiles:
    return PageFiles()


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve(clock: MovedClock, page: PageFiles) -> AsyncIterator[Serve]:
    """Serves a library."""
    opened: list[httpx.AsyncClient] = []

    async def serve_library(library: Library, *, renderer: Renderer | None = None) -> Site:
        engine = Engine(EngineParts(library=library, connect=nobody, run_blocking=call_directly))
        parts = GalleryParts(
            library=library,
            engine=engine,
            invitations=InvitationKeeper(library, engine, call_directly),
            run_blocking=call_directly,
            drops=Drops(library.folder, library.randomness),
            waiting=Downloads(library.randomness),
        )
        parts = replace(parts, renderer=renderer)
        sessions = Sessions(clock, Random(5).randbytes)
        app = GalleryApp(parts, OPERATIONS, sessions, page, hosts=own_hosts("127.0.0.1", 8467), scheme="http")
        clients = [httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) for _ in range(2)]
        opened.extend(clients)
        response = await clients[0].get("/login", params={"key": sessions.new_key()})
        assert response.status_code == 303
        return Site(library=library, parts=parts, sessions=sessions, client=clients[0], stranger=clients[1])

    yield serve_library
    for client in opened:
        await client.aclose()


@pytest.fixture
async def site(serve: Serve, library: Library) -> Site:
    return await serve(library)


def nobody(*_: object, **__: object) -> Any:
    raise AssertionError("no node is dialled here")
