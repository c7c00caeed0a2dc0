"""Pictures of edited photos, made in the background on every device, for itself (``peer.library.edited_pictures``).

From the best file that is here: when the original arrives later, they are made again from it. Renderers stay for a while after the last picture, so
that who moves a slider on another device sees each step here within a moment.
"""

from __future__ import annotations

from pathlib import Path

import trio

from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.library.edited_pictures import Due, EditedPictures, Level
from peer.library.library import Library
from peer.media.findings import Picture
from peer.rendering.messages import Rendered, RenderRequest
from peer.rendering.parameters import Parameters
from peer.rendering.renderers import OpenRenderers, Renderer, open_renderers
from peer.rendering.to_file import media_of
from peer.seams import RunBlocking

AT_ONCE = 8
KEPT_SECONDS = 60.0


class EditedPreviewMaker:
    """Does what the table ``edited_picture`` says is due."""

    def __init__(self, run_blocking: RunBlocking, open_pool: OpenRenderers = open_renderers) -> None:
        self._run = run_blocking
        self._open_pool = open_pool

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        """Until cancelled."""
        pictures = EditedPictures(library)
        await self._run(pictures.tidy)
        while True:
            if await self._run(pictures.due, 1):
                async with self._open_pool() as renderers:
                    await self._work(pictures, work, renderers)
            await work.rest()

    async def _work(self, pictures: EditedPictures, work: Work, renderers: Renderer) -> None:
        until = trio.current_time() + KEPT_SECONDS
        while trio.current_time() < until:
            if due := await self._run(pictures.due, AT_ONCE):
                async with trio.open_nursery() as nursery:
                    for each in due:
                        nursery.start_soon(self._look_after, pictures, each, renderers)
                until = trio.current_time() + KEPT_SECONDS
            else:
                await work.rest(until - trio.current_time())

    async def _look_after(self, pictures: EditedPictures, due: Due, renderers: Renderer) -> None:
        key, parameters = await self._run(pictures.edits_of, due.record)
        undrawn = due.undrawn
        for level, path in await self._run(pictures.sources, due) if due.edits and key == due.edits else ():
            rendered = await self._rendered(path, parameters, renderers)
            if rendered is not None and rendered.thumbnail is not None:
                await self._run(pictures.put, due, level, _made(rendered, level), undrawn)
                return
            if not path.exists():
                return  # it was moved to its place or taken away meanwhile, and what there is to do is looked at again
            undrawn = level + 1
        await self._run(pictures.leave, due, undrawn)

    async def _rendered(self, path: Path, parameters: Parameters, renderers: Renderer) -> Rendered | None:
        media = await self._run(media_of, path)
        return None if media is None else await renderers.render(RenderRequest(path=path, media=media, parameters=parameters))


def _made(rendered: Rendered, level: Level) -> dict[str, Picture]:
    """A thumbnail enlarges to no preview."""
    pictures = {"thumbnail": rendered.thumbnail, "preview": None if level is Level.THUMBNAIL else rendered.preview}
    return {kind: picture for kind, picture in pictures.items() if picture is not None}
