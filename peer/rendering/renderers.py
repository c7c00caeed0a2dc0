"""Processes that render, for a trio program: the pool of decoders (``peer.media.worker``) with another program in it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from peer.media.limits import DecodeLimits
from peer.media.worker import Decoders, GaveUpError, open_decoders
from peer.rendering.messages import Rendered, RenderRequest, decode_rendered, encode_render_request

RENDER_SECONDS = 120.0
"""For one file: the largest that may be decoded, as PNG."""


class Renderer(Protocol):
    """What renders files: worker processes with limits, or this process in tests."""

    async def render(self, request: RenderRequest) -> Rendered: ...


OpenRenderers = Callable[[], AbstractAsyncContextManager[Renderer]]


class Renderers:
    """A pool of renderers; made by ``open_renderers``."""

    def __init__(self, pool: Decoders) -> None:
        self._pool = pool

    async def render(self, request: RenderRequest) -> Rendered:
        """Raises nothing but ``DecodersUnavailableError``. Paths are absolute, or start from this program's working directory."""
        try:
            return await self._pool.ask(encode_render_request(request), decode_rendered)
        except GaveUpError as error:
            return Rendered(problem=str(error))


@asynccontextmanager
async def open_renderers(count: int | None = None, *, limits: DecodeLimits | None = None) -> AsyncIterator[Renderer]:
    """A pool of at most ``count`` renderers, ended with the block; each is started when it is needed."""
    chosen = limits or DecodeLimits(seconds=RENDER_SECONDS)
    async with open_decoders(count, limits=chosen, command=renderer_command(chosen)) as pool:
        yield Renderers(pool)


def renderer_command(limits: DecodeLimits) -> list[str]:
    """What starts a renderer; ``-P`` as for decoders."""
    return [sys.executable, "-P", "-m", "peer.rendering.render_worker", str(limits.memory), str(limits.seconds), str(limits.pixels)]
