"""Previews, made in the background for what was imported on this device: larger pictures for looking at, where the original isn't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import trio

from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.facts import Rendition
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.importing.prepare import Examiner, OpenPool, rendition_of
from peer.library.actions import BY_PROGRAM
from peer.library.authoring import Edit
from peer.library.library import Library
from peer.library.placing import write_rendition
from peer.library.queues import Priority, uploads_of_file
from peer.library.segments import name_blobs
from peer.media.findings import Picture
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.media.worker import open_decoders
from peer.originals.copying import discard
from peer.seams import RunBlocking
from store.ids import FileHash, RecordId

AT_ONCE = 16


class PreviewMaker:
    """Empties the table ``preview_wanted``."""

    def __init__(self, run_blocking: RunBlocking, open_pool: OpenPool = open_decoders) -> None:
        self._run = run_blocking
        self._open_pool = open_pool

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        """Until cancelled; decoders are kept only while there is something to do."""
        while True:
            if await self._run(_wanted, library):
                async with self._open_pool() as decoders:
                    while wanted := await self._run(_wanted, library):
                        await self._make(library, wanted, decoders)
                        progress.committed.set()
            await work.rest()

    async def _make(self, library: Library, wanted: list[tuple[RecordId, FileHash]], decoders: Examiner) -> None:
        made: dict[RecordId, Picture] = {}

        async def one(record: RecordId, file: FileHash) -> None:
            picture = await self._picture(library, file, decoders)
            if picture is not None:
                made[record] = picture

        async with trio.open_nursery() as nursery:
            for record, file in wanted:
                nursery.start_soon(one, record, file)
        await self._run(_keep, library, wanted, made)

    async def _picture(self, library: Library, file: FileHash, decoders: Examiner) -> Picture | None:
        """The preview of a held original; ``None`` when it needs none, or can't have one."""
        held = await self._run(library.held.get, file)
        if held is None:
            return None
        path = library.folder.root / held.path

        def media_of() -> MediaType | None:
            with path.open("rb") as stream:
                media = identify(stream.read(HEAD_BYTES), path.name)
            return media if isinstance(media, MediaType) else None

        try:
            media = await self._run(media_of)
        except OSError:
            return None
        return None if media is None else (await decoders.examine(path, media, want_preview=True)).preview


def _wanted(library: Library) -> list[tuple[RecordId, FileHash]]:
    """Of originals that are in their place: a name that changes meanwhile would look like a file that is gone."""
    with library.database.read() as connection:
        rows = connection.execute(
            "SELECT record, file FROM preview_wanted WHERE NOT EXISTS"
            " (SELECT 1 FROM held WHERE held.file = preview_wanted.file AND incoming IS NOT NULL) LIMIT ?",
            (AT_ONCE,),
        ).fetchall()
    return [(RecordId(record), FileHash(file)) for record, file in rows]


def _keep(library: Library, wanted: Sequence[tuple[RecordId, FileHash]], made: Mapping[RecordId, Picture]) -> None:
    """Those that are wanted still: a photo that was deleted for good meanwhile gets none, and one that has another version by now gets that one's."""
    epoch = library.write_epoch()
    kept = {record: write_rendition(library, "preview", picture.data) for record, picture in made.items()}
    blobs = {record: name_blobs(library.folder.root / held.path, held.size, epoch).blobs for record, held in kept.items()}
    edits, uploads = [], []
    with library.database.write() as connection:
        for record, file in wanted:
            query = "DELETE FROM preview_wanted WHERE record = ? AND file = ?"
            is_wanted = connection.execute(query, (record, file)).rowcount > 0
            if record in kept and is_wanted:
                held, picture = kept[record], made[record]
                library.held.put(held)
                edits.append(_edit(record, rendition_of(held, picture.width, picture.height, picture.media, blobs[record])))
                uploads += uploads_of_file(held.file, held.size, blobs[record], Priority.PREVIEW)
        library.change(edits, action=BY_PROGRAM)
        library.uploads.add([node.number for node in library.nodes.relays()], uploads)
        for held in kept.values():
            if library.held.get(held.file) is None:
                discard(library.folder.root / held.path)


def _edit(record: RecordId, rendition: Rendition) -> Edit:
    def change(draft: Draft, stamp: Stamp) -> None:
        draft.derive("preview", rendition.value())

    return Edit(record, change)
