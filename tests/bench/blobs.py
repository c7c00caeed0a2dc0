"""How fast blobs go to a relay and come back, over loopback, by the project's client."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import trio

from peer.engine.connecting import library_at
from peer.engine.registering import register_library
from peer.engine.uploads import AT_ONCE
from peer.layout import LibraryFolder
from peer.library.creating import create_library
from peer.seams import run_in_thread
from relay.api import LibraryApi
from store.blobs import MAX_BLOB_BYTES
from store.ids import BlobId
from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale
from tests.fleet.programs import start_relay

METHOD = (
    f"The project's HTTP client, {AT_ONCE} calls at once as the engine makes them, and a relay process that verifies each blob by its name and makes it "
    "durable before it acknowledges. Random blobs of the largest size (4 MiB and 65 bytes) and of 3 MB; names computed beforehand; every blob that "
    "comes back is verified. Client and relay share the two cores."
)
SIZES = {"4 MiB blobs": MAX_BLOB_BYTES, "3 MB blobs": 3_000_000}


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    relay = await start_relay(folder)
    library, _ = create_library(LibraryFolder(folder / "library"), "bench")
    try:
        with closing(library):
            await register_library(library, relay.url, await relay.token(), run_in_thread)
            async with library_at(library, library.nodes.all()[0], run_in_thread) as api:
                return [figure for name, size in SIZES.items() for figure in await _there_and_back(api, name, size, scale.of(800, 160))]
    finally:
        await relay.serving.stop()


async def _there_and_back(api: LibraryApi, name: str, size: int, megabytes: int) -> list[Figure]:
    blobs = {BlobId.of(sealed): sealed for sealed in _random_blobs(size, megabytes * 1_000_000 // size)}

    async def put(blob: BlobId) -> None:
        assert await api.put_blob(blob, blobs[blob])

    async def get(blob: BlobId) -> None:
        assert len(await api.get_blob(blob)) == size

    up, down = await _rate(put, list(blobs), size), await _rate(get, list(blobs), size)
    return [
        Figure(name=f"upload, {len(blobs)} {name}", value=up, unit="MB/s", budget=Budget(bound=250, at_least=True)),
        Figure(name=f"download, {len(blobs)} {name}", value=down, unit="MB/s", budget=Budget(bound=500, at_least=True)),
    ]


def _random_blobs(size: int, count: int) -> list[bytes]:
    """Each with a beginning of its own; the rest costs too much time to be random in each."""
    rest = os.urandom(size - 16)
    return [os.urandom(16) + rest for _ in range(count)]


async def _rate(work: Callable[[BlobId], Awaitable[None]], blobs: Sequence[BlobId], size: int) -> float:
    """Megabytes a second."""
    to_do = iter(blobs)

    async def worker() -> None:
        for blob in to_do:
            await work(blob)

    start = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(AT_ONCE):
            nursery.start_soon(worker)
    return len(blobs) * size / (time.perf_counter() - start) / 1e6
