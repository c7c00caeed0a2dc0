"""Importing in tests: the same examination as in production, but in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from peer.importing.outcome import Outcome
from peer.importing.pipeline import Importer, Watcher
from peer.importing.prepare import Examiner, OpenPool
from peer.library.library import Library
from peer.media.examination import examine
from peer.media.findings import Examination
from peer.media.types import MediaType
from peer.rendering.drawing import draw_edited
from peer.rendering.messages import Rendered, RenderRequest
from peer.rendering.renderers import Renderer
from peer.seams import RunBlocking
from tests.fleet.node import call_directly


class InThisProcess:
    """An ``Examiner`` without processes and without limits of memory and time."""

    async def examine(self, path: Path, media: MediaType, *, want_preview: bool = False, want_pictures: bool = True) -> Examination:
        await trio.lowlevel.checkpoint()
        return examine(path, media, want_preview=want_preview, want_pictures=want_pictures)


@asynccontextmanager
async def in_this_process() -> AsyncIterator[Examiner]:
    yield InThisProcess()


class RendersInThisProcess:
    """A ``Renderer`` without processes and without limits of memory and time."""

    async def render(self, request: RenderRequest) -> Rendered:
        await trio.lowlevel.checkpoint()
        return draw_edited(request)


@asynccontextmanager
async def rendering_in_this_process() -> AsyncIterator[Renderer]:
    yield RendersInThisProcess()


async def bring(
    library: Library,
    *paths: Path,
    bring_back: bool = False,
    move: bool = False,
    run_blocking: RunBlocking = call_directly,
    open_pool: OpenPool = in_this_process,
) -> Outcome:
    """What ``calotype import`` does."""
    importer = Importer(library, run_blocking, Watcher(), bring_back=bring_back, move=move, open_pool=open_pool)
    return await importer.run(paths)
