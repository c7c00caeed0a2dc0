"""What is computed from a photo's file, computed again: when an earlier version is shown, or a conflict about versions was settled.

Whoever changes ``primary`` writes what was computed from the new one in the same entry. Settling a conflict and undoing can't do that: they know values, not
bytes. So every device that runs looks at photos with several versions whose primary was written later than what is said about it, and where it has the
bytes says it anew: at once if it wrote the primary itself, else after a minute, in case that device does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import trio

from crdt import schema
from crdt.asset import view_asset
from crdt.clock import Stamp
from crdt.draft import Draft
from crdt.fields import fields_of, read_register
from peer.engine.chores import Work
from peer.engine.progress import Progress
from peer.errors import CalotypeError, ExitCode
from peer.importing.prepare import Examiner, OpenPool, exif_of, rendition_of
from peer.library.actions import BY_PROGRAM, Action
from peer.library.asset_files import located
from peer.library.authoring import Edit
from peer.library.held import HeldFile
from peer.library.library import Library
from peer.library.placing import write_rendition
from peer.library.queues import Priority, uploads_of_file
from peer.library.segments import name_blobs
from peer.library.versions import Description, describe, is_described, name_version
from peer.library.writers import Writers
from peer.media.findings import Examination, Verdict
from peer.media.types import HEAD_BYTES, Kind, MediaType, identify
from peer.media.worker import open_decoders
from peer.seams import RunBlocking
from store.ids import FileHash, RecordId

LOOK_SECONDS = 60.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file that was looked at again, and its thumbnail."""

    file: FileHash
    description: Description
    thumbnail: HeldFile | None


async def describe_original(library: Library, file: FileHash, decoders: Examiner, run_blocking: RunBlocking) -> Described | None:
    """``None`` when the file isn't here, or is none that this version knows."""
    found = await run_blocking(_find, library, file)
    if found is None:
        return None
    path, media = found
    examination = await decoders.examine(path, media)
    return None if examination.verdict is Verdict.BROKEN else await run_blocking(_described, library, file, media, examination)


def _find(library: Library, file: FileHash) -> tuple[Path, MediaType] | None:
    held = library.held.get(file)
    if held is None:
        return None
    path = located(library, held)
    try:
        with path.open("rb") as stream:
            media = identify(stream.read(HEAD_BYTES), held.path.name)
    except OSError:
        return None
    return (path, media) if isinstance(media, MediaType) else None


def _described(library: Library, file: FileHash, media: MediaType, examination: Examination) -> Described:
    picture, held, rendition = examination.thumbnail, None, None
    if picture is not None:
        held = write_rendition(library, "thumbnail", picture.data)
        blobs = name_blobs(library.folder.root / held.path, held.size, library.write_epoch()).blobs
        rendition = rendition_of(held, picture.width, picture.height, picture.media, blobs)
    description = Description(
        kind=media.kind.value, media=media.media, exif=exif_of(examination), thumbhash=examination.thumbhash, thumbnail=rendition
    )
    return Described(file=file, description=description, thumbnail=held)


def show_version(library: Library, record: RecordId, described: Described) -> None:
    """Make the file the photo's primary, with all that is computed from it. Written even when it is the primary: that settles a conflict."""

    def change(draft: Draft, stamp: Stamp) -> None:
        name_version(draft, described.file)
        describe(draft, described.description)

    _write(library, described, Edit(record, change), Action("restore version"))


def _write(library: Library, described: Described, edit: Edit, action: Action) -> None:
    rendition = described.description.thumbnail
    with library.database.write() as connection:
        library.change([edit], action=action)
        if described.thumbnail is None or rendition is None:
            return
        library.held.put(described.thumbnail)
        uploads = uploads_of_file(rendition.file, rendition.size, rendition.blobs, Priority.THUMBNAIL)
        library.uploads.add([node.number for node in library.nodes.relays()], uploads)
        if described.description.kind == Kind.PHOTO.value:
            connection.execute("INSERT OR REPLACE INTO preview_wanted (record, file) VALUES (?, ?)", (edit.record, described.file))


class Redescriber:
    """The chore: says anew what is computed from primaries that changed without it."""

    def __init__(self, run_blocking: RunBlocking, open_pool: OpenPool = open_decoders) -> None:
        self._run = run_blocking
        self._open_pool = open_pool

    async def __call__(self, library: Library, work: Work, progress: Progress) -> None:
        since: dict[tuple[RecordId, FileHash], float] = {}
        while True:
            stale = await self._run(_stale, library)
            now = trio.current_time()
            since = {(record, file): since.get((record, file), now) for record, file, _ in stale}
            due = [(record, file) for record, file, own in stale if own or now - since[record, file] >= LOOK_SECONDS]
            if due:
                async with self._open_pool() as decoders:
                    for record, file in due:
                        await self._one(library, record, file, decoders)
                progress.committed.set()
            await work.rest(LOOK_SECONDS if len(due) < len(stale) else inf)

    async def _one(self, library: Library, record: RecordId, file: FileHash, decoders: Examiner) -> None:
        described = await describe_original(library, file, decoders, self._run)
        await self._run(_say_anew, library, record, file, described)


def _stale(library: Library) -> list[tuple[RecordId, FileHash, bool]]:
    """Photos with several versions whose primary is here and isn't described, and whether this device named it. What was found in order is noted."""
    with library.database.read() as connection:
        rows = connection.execute(
            "SELECT DISTINCT asset.record, asset.primary_file FROM asset_file JOIN asset USING (record)"
            " LEFT JOIN described ON described.record = asset.record"
            " WHERE asset_file.role = 'version' AND described.file IS NOT asset.primary_file"
            " AND asset.primary_file IN (SELECT file FROM held) LIMIT ?",
            (AT_ONCE,),
        ).fetchall()
        looked = [_judge(library, RecordId(row[0]), FileHash(row[1])) for row in rows]
    in_order = [(record, file) for record, file, is_stale, _ in looked if not is_stale]
    if in_order:
        note_described(library, in_order)
    return [(record, file, own) for record, file, is_stale, own in looked if is_stale]


def _judge(library: Library, record: RecordId, file: FileHash) -> tuple[RecordId, FileHash, bool, bool]:
    content = library.records.content(record)
    fields = None if content is None else fields_of(content)
    reading = None if fields is None else read_register(fields, schema.PRIMARY)
    if fields is None or reading is None or is_described(fields):
        return record, file, False, False
    device = Writers(library).device_of(reading.cell.writer)
    return record, file, True, device is not None and device.id == library.device


def note_described(library: Library, described: Sequence[tuple[RecordId, FileHash]]) -> None:
    """These primaries are described as they should be, or can't be."""
    with library.database.write() as connection:
        connection.executemany("INSERT OR REPLACE INTO described VALUES (?, ?)", described)


def _say_anew(library: Library, record: RecordId, file: FileHash, described: Described | None) -> None:
    """Nothing when the photo has another primary by now, or was deleted for good: then this is no description of it."""
    with library.database.write():
        content = library.records.content(record)
        if content is None or view_asset(content).primary != file:
            return
        if described is not None:
            _write(library, described, Edit(record, lambda draft, stamp: describe(draft, described.description)), BY_PROGRAM)
        note_described(library, [(record, file)])


def not_a_version(file: FileHash) -> CalotypeError:
    """What can't be shown, because its bytes aren't here or can't be examined."""
    return CalotypeError(
        f"The version {file.short()} can't be shown: its bytes can't be read. Nothing was changed.",
        hint="`calotype why ID` says where a photo's files are.",
        exit_code=ExitCode.PARTLY,
    )
