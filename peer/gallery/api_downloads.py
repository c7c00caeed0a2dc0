"""Many photos as one ZIP file, made while it is sent: nothing of it is ever on the disk."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from starlette.responses import Response, StreamingResponse

from crdt.asset import view_asset
from crdt.record import EMPTY
from peer.errors import CalotypeError, UsageError
from peer.exporting.names import EDITED, PhotoNames
from peer.exporting.photos import Photo, photo_of
from peer.gallery.calls import Call, answer, assets_of
from peer.gallery.guard import MEDIA_HEADERS
from peer.library.library import Library
from peer.library.renderings import edits_key
from peer.rendering.messages import Form
from peer.rendering.to_file import render_with
from store.ids import RecordId

MOST_PHOTOS = 2000
_CHUNK = 1 << 20
_QUALITY = 92
_MISSING = "not on this device.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A file as it goes into the ZIP file. ``taken_ns``: its time, where it has one."""

    name: str
    path: Path
    taken_ns: int | None


async def ask(call: Call) -> Response:
    texts = call.body["ids"]
    await call.read(lambda library: assets_of(library, _not_too_many(texts)))
    name = call.parts.waiting.add(texts)
    return answer({"url": f"/api/v1/zip?waiting={name}{'&edited=1' if call.body['edited'] else ''}"}, status=201)


async def download(call: Call) -> Response:
    waiting, ids = call.query["waiting"], call.query["ids"]
    if (waiting is None) == (ids is None):
        raise UsageError("Say which photos: by `ids`, or by what was asked for before.")
    texts = ids if waiting is None else call.parts.waiting.take(waiting)
    records = await call.read(lambda library: assets_of(library, _not_too_many(texts)))
    headers = {**MEDIA_HEADERS, "cache-control": "no-store", "content-disposition": 'attachment; filename="photos.zip"'}
    return StreamingResponse(_zipped(call, records, edited=call.query["edited"]), media_type="application/zip", headers=headers)


def _not_too_many(texts: list[str]) -> list[str]:
    if not texts:
        raise UsageError("No photo was named.")
    if len(texts) > MOST_PHOTOS:
        raise UsageError(f"More than {MOST_PHOTOS} photos at once.", hint="Use `calotype export` for more.")
    return texts


async def _zipped(call: Call, records: Sequence[RecordId], *, edited: bool) -> AsyncIterator[bytes]:
    sink, names = _Sink(), _Names()
    missing: list[str] = []
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED) as archive:
        for record in records:
            photo = await call.read(partial(photo_of, record=record))
            if photo is None:
                continue
            number = names.number_for(photo.names)
            missing += [photo.names.of(role, number) for role in photo.missing]
            for role, path in photo.here.items():
                async for piece in _added(
                    call, archive, sink, _Member(name=photo.names.of(role, number), path=path, taken_ns=photo.taken_ns)
                ):
                    yield piece
            if edited:
                async for piece in _edited(call, archive, sink, photo, photo.names.ending_in(f"{EDITED}.jpg", number)):
                    yield piece
        if missing:
            archive.writestr(_MISSING, "\n".join(missing) + "\n")
    yield sink.take()


async def _edited(call: Call, archive: zipfile.ZipFile, sink: _Sink, photo: Photo, name: str) -> AsyncIterator[bytes]:
    """The picture with its edits, where it has some and it can be made."""
    renderer = call.parts.renderer
    if renderer is None or not await call.read(lambda library: _is_edited(library, photo.record)):
        return
    with TemporaryDirectory(dir=call.library.scratch()) as folder:
        path = Path(folder, "edited.jpg")
        try:
            await render_with(renderer, call.library, photo.record, path, Form.JPEG, quality=_QUALITY)
        except CalotypeError:
            return
        async for piece in _added(call, archive, sink, _Member(name=name, path=path, taken_ns=photo.taken_ns)):
            yield piece


async def _added(call: Call, archive: zipfile.ZipFile, sink: _Sink, member: _Member) -> AsyncIterator[bytes]:
    run = call.parts.run_blocking
    with member.path.open("rb") as source, archive.open(_info(member), "w", force_zip64=True) as target:
        while await run(lambda: _copied(source, target)):
            yield sink.take()


def _copied(source: IO[bytes], target: IO[bytes]) -> int:
    chunk = source.read(_CHUNK)
    target.write(chunk)
    return len(chunk)


def _info(member: _Member) -> zipfile.ZipInfo:
    seconds = (member.taken_ns or 0) // 1_000_000_000
    moment = max(datetime.fromtimestamp(seconds, UTC), datetime(1980, 1, 1, tzinfo=UTC))
    return zipfile.ZipInfo(member.name, moment.timetuple()[:6])


def _is_edited(library: Library, record: RecordId) -> bool:
    return bool(edits_key(view_asset(library.records.content(record) or EMPTY)))


class _Names:
    """Each name once: all files of a photo whose stem is taken by another one get a number."""

    def __init__(self) -> None:
        self._stems: Counter[str] = Counter()

    def number_for(self, names: PhotoNames) -> int:
        self._stems[names.stem.casefold()] += 1
        return self._stems[names.stem.casefold()]


class _Sink:
    """What the archive writes to: bytes that wait to be sent. It can't be sought in, so sizes follow the files."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back but what `take` gives."""

    def take(self) -> bytes:
        content, self._waiting = bytes(self._waiting), bytearray()
        return content
