"""Pictures, films and originals, as they lie on this device.

What a browser shows is told its type by us, from the bytes, and only types that can't run anything are shown at all: everything else, an SVG for example,
is a file to be saved. Nothing is fetched here: what isn't on this device is answered with a sentence, and asked for by another call.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import trio
from starlette.responses import FileResponse, Response, StreamingResponse

from crdt.asset import AssetView, view_asset
from crdt.record import EMPTY
from peer.gallery.calls import Call, asset_of, failure
from peer.gallery.guard import MEDIA_HEADERS
from peer.library.asset_files import located
from peer.library.edited_pictures import EditedPictures, Level
from peer.library.editing import parse_edits
from peer.library.library import Library
from peer.library.projection import PICTURE_BYTES
from peer.library.queries import Queries
from peer.library.renderings import edits_key
from peer.rendering.messages import Form, Output, RenderRequest
from peer.rendering.parameters import SLIDERS
from peer.rendering.reading import read_parameters
from peer.rendering.to_file import media_of, sources
from store.ids import FileHash, RecordId

FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
SHOWN_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
SHOWN = SHOWN_PICTURES | {"image/heic", "image/heif", "image/bmp", "video/mp4", "video/quicktime", "video/webm"}
"""Types that browsers may show in a page; of the rest they are given the bytes to save."""

EDIT_NAMES = ("crop", "straighten", "flip", "rotate", *SLIDERS, "monochrome", "filter")
_CHUNK = 256 * 1024
_QUALITY = 85
_NOT_HERE = "This isn't on this device yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file to be sent. ``start`` and ``length``: which part of it, of a film inside of a photo. ``is_final``: there will be none better."""

    path: Path
    media_type: str
    name: str
    start: int = 0
    length: int | None = None
    is_final: bool = True


async def thumbnail(call: Call) -> Response:
    return await _picture(call, "thumbnail")


async def preview(call: Call) -> Response:
    return await _picture(call, "preview")


async def original(call: Call) -> Response:
    found = await call.read(lambda library: _original(library, asset_of(library, call.path["id"])))
    return await _answer(call, found, is_kept=False)


async def motion(call: Call) -> Response:
    found = await call.read(lambda library: _motion(library, asset_of(library, call.path["id"])))
    return await _answer(call, found, is_kept=False)


async def render(call: Call) -> Response:
    """With parameters that nobody has to have set: each side of a conflict."""
    renderer = call.parts.renderer
    texts = {name: call.query[name] for name in EDIT_NAMES if call.query[name] is not None}
    edits = parse_edits(texts) if texts else {}
    source = await call.read(lambda library: next(sources(library, _view(library, asset_of(library, call.path["id"]))), None))
    if renderer is None or source is None:
        return failure(404, _NOT_HERE, "It comes by itself, or with a request to fetch it.")
    parameters = read_parameters({name: value for name, value in edits.items() if value is not None}).parameters
    path = call.library.scratch() / f"{secrets.token_hex(8)}.jpg"
    output = Output(path=path, form=Form.JPEG, quality=_QUALITY, edge=call.query["edge"])
    try:
        made = await renderer.render(RenderRequest(path=source.path, media=source.media, parameters=parameters, output=output))
        if made.problem is not None:
            return failure(409, f"The picture can't be made: {made.problem}.")
        content = await call.parts.run_blocking(path.read_bytes)
    finally:
        path.unlink(missing_ok=True)
    return Response(content, media_type="image/jpeg", headers={**MEDIA_HEADERS, "cache-control": ASK_AGAIN})


async def _picture(call: Call, kind: str) -> Response:
    found = await call.read(lambda library: _picture_file(library, asset_of(library, call.path["id"]), kind, call.query["v"]))
    return await _answer(call, found, is_kept=call.query["v"] is not None)


def _view(library: Library, record: RecordId) -> AssetView:
    return view_asset(library.records.content(record) or EMPTY)


def _picture_file(library: Library, record: RecordId, kind: str, wanted: str | None) -> Found | None:
    """As edited, where it is and that was made; as imported, if that is asked for by its name (``picture`` of the photo)."""
    view, name = _view(library, record), f"{record.body.hex()[:10]}-{kind}"
    thumbnail = None if view.thumbnail is None else _path(library, view.thumbnail.file)
    as_imported = view.thumbnail is not None and wanted == view.thumbnail.file[:PICTURE_BYTES].hex()
    if edits_key(view) and not as_imported:
        level, paths = EditedPictures(library).paths(record)
        path = paths.get(kind, paths.get("thumbnail"))  # one that isn't larger than a thumbnail has no preview
        if path is not None:
            return _found(path, name, is_final=level is Level.ORIGINAL)
    is_final = as_imported or not edits_key(view)
    if kind == "thumbnail":
        return None if thumbnail is None else _found(thumbnail, name, is_final=is_final)
    if view.preview is not None:
        best = _path(library, view.preview.file)
    else:  # the photo isn't larger than one, and browsers show it
        best = None if view.primary is None else _path(library, view.primary)
        best = best if best is not None and _found(best, name).media_type in SHOWN_PICTURES else None
    if best is not None:
        return _found(best, name, is_final=is_final)
    return None if thumbnail is None else _found(thumbnail, name, is_final=False)


def _original(library: Library, record: RecordId) -> Found | None:
    view = _view(library, record)
    path = None if view.primary is None else _path(library, view.primary)
    row = Queries(library.database).asset(record)
    return None if path is None or row is None else _found(path, row.name)


def _motion(library: Library, record: RecordId) -> Found | None:
    """The film of a Live Photo: a file of its own, or a part of the photo's."""
    for part in Queries(library.database).parts(record):
        view = _view(library, part)
        if (file := view.roles.get("motion")) is not None and (path := _path(library, file)) is not None:
            return _found(path, "motion.mov")
        inside = view.exif.motion
        if inside is not None and view.primary is not None and (path := _path(library, view.primary)) is not None:
            return Found(path=path, media_type="video/mp4", name="motion.mp4", start=inside.offset, length=inside.size)
    return None


def _path(library: Library, file: FileHash) -> Path | None:
    held = library.held.get(file)
    path = None if held is None else located(library, held)
    return path if path is not None and path.is_file() else None


def _found(path: Path, name: str, *, is_final: bool = True) -> Found:
    media = media_of(path)
    shown = media.media if media is not None and media.media in SHOWN else "application/octet-stream"
    return Found(path=path, media_type=shown, name=name, is_final=is_final)


async def _answer(call: Call, found: Found | None, *, is_kept: bool) -> Response:
    if found is None:
        return failure(404, _NOT_HERE, "It comes by itself, or with a request to fetch it.")
    headers = {
        **MEDIA_HEADERS,
        "cache-control": FOR_EVER if is_kept and found.is_final else ASK_AGAIN,
        "content-disposition": disposition(found),
    }
    if found.length is None:
        return FileResponse(found.path, media_type=found.media_type, headers=headers)
    return await call.parts.run_blocking(lambda: part_of_file(found, call.request.headers.get("range"), headers))


def disposition(found: Found) -> str:
    """Shown where that is safe, else to be saved under its name."""
    kind = "inline" if found.media_type in SHOWN else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(found.name.encode('utf-8', 'replace'), safe='')}"


def part_of_file(found: Found, wanted: str | None, headers: dict[str, str]) -> Response:
    """A film inside of a file, or the one range of it that a player asks for (RFC 9110 section 14)."""
    size = min(found.length or 0, max(found.path.stat().st_size - found.start, 0))
    part = byte_range(wanted, size)
    first, last = part or (0, size - 1)
    headers = {**headers, "accept-ranges": "bytes", "content-length": str(max(last - first + 1, 0))}
    if part is not None:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    content = _bytes(found.path, found.start + first, last - first + 1)
    return StreamingResponse(content, status_code=200 if part is None else 206, media_type=found.media_type, headers=headers)


def byte_range(wanted: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte of a range header with one range that can be met; ``None``: all of it."""
    unit, _, spec = (wanted or "").partition("=")
    start, dash, end = spec.strip().partition("-")
    if (
        unit.strip() != "bytes"
        or not dash
        or not all(part == "" or (part.isascii() and part.isdigit() and len(part) < 19) for part in (start, end))
    ):
        return None
    if start == "":
        return None if end in ("", "0") or not size else (max(size - int(end), 0), size - 1)
    first, last = int(start), min(int(end), size - 1) if end else size - 1
    return (first, last) if first <= last else None


async def _bytes(path: Path, start: int, count: int) -> AsyncIterator[bytes]:
    async with await trio.open_file(path, "rb") as stream:
        await stream.seek(start)
        while count > 0 and (chunk := await stream.read(min(count, _CHUNK))):
            count -= len(chunk)
            yield chunk
