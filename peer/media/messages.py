"""What the decoders' owner and a decoder say to each other: CBOR, each message behind its length as u32. Pure but for ``read_message``.

A decoder that a hostile file took over could answer anything, so answers are bounded and checked like any bytes from outside.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from crdt.values import MAX_WHOLE_NUMBER
from peer.media.fields import fits
from peer.media.findings import PREVIEW_EDGE, Examination, Picture, Verdict
from peer.media.plausible import Metadata
from peer.media.types import TYPES, MediaType
from store.encoding import MalformedError, decode, encode

READY = b"calotype decoder 1"
"""A decoder's first message, once it can take requests."""

LENGTH_BYTES = 4
MAX_REQUEST_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 16 * 1024 * 1024

_MAX_PROBLEM = 300
_MAX_NOTES = 8
_MAX_THUMBHASH_BYTES = 64
_RENDITION_TYPES = frozenset({"image/webp", "image/jpeg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Examine the file at ``path``, which was taken for ``media``. Without ``want_pictures`` nothing is drawn of films and RAW files."""

    path: Path
    media: MediaType
    want_preview: bool
    want_pictures: bool = True


def framed(message: bytes) -> bytes:
    """``message`` behind its length."""
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


def frame_length(header: bytes, limit: int) -> int:
    """The length that ``header`` announces; ``MalformedError`` above ``limit``."""
    length = int.from_bytes(header, "big")
    if length > limit:
        raise MalformedError(f"a message of {length} bytes where at most {limit} are allowed")
    return length


def read_message(stream: BinaryIO, limit: int) -> bytes | None:
    """The next message of a blocking stream; ``None`` when it ended."""
    header = stream.read(LENGTH_BYTES)
    if len(header) < LENGTH_BYTES:
        return None
    length = frame_length(header, limit)
    message = stream.read(length)
    return message if len(message) == length else None


def encode_request(request: Request) -> bytes:
    return encode(
        {
            "path": bytes(request.path),
            "media": request.media.name,
            "preview": request.want_preview,
            "pictures": request.want_pictures,
        }
    )


def decode_request(message: bytes) -> Request:
    """``MalformedError`` for anything that ``encode_request`` didn't write."""
    match decode(message, limit=MAX_REQUEST_BYTES):
        case {"path": bytes(path), "media": str(name), "preview": bool(preview), "pictures": bool(pictures)} if name in TYPES:
            return Request(path=Path(os.fsdecode(path)), media=TYPES[name], want_preview=preview, want_pictures=pictures)
    raise MalformedError("not a request to a decoder")


def encode_answer(examination: Examination) -> bytes:
    return encode(
        {
            "verdict": examination.verdict.value,
            "problem": examination.problem[:_MAX_PROBLEM] if examination.problem else None,
            "exif": examination.exif,
            "size": [examination.width, examination.height],
            "thumbnail": _encode_picture(examination.thumbnail),
            "thumbhash": examination.thumbhash,
            "preview": _encode_picture(examination.preview),
            "notes": [note[:_MAX_PROBLEM] for note in examination.notes[:_MAX_NOTES]],
        }
    )


def decode_answer(message: bytes) -> Examination:
    """``MalformedError`` for anything that isn't an examination within its bounds."""
    match decode(message, limit=MAX_ANSWER_BYTES):
        case {
            "verdict": str(verdict),
            "problem": None | str() as problem,
            "exif": dict(exif),
            "size": [None | int() as width, None | int() as height],
            "thumbnail": thumbnail,
            "thumbhash": None | bytes() as thumbhash,
            "preview": preview,
            "notes": list(notes),
        } if len(thumbhash or b"") <= _MAX_THUMBHASH_BYTES and len(problem or "") <= _MAX_PROBLEM and verdict in tuple(Verdict):
            return Examination(
                verdict=Verdict(verdict),
                problem=problem,
                exif=_checked_metadata(exif),
                width=_checked_edge(width),
                height=_checked_edge(height),
                thumbnail=_decode_picture(thumbnail),
                thumbhash=thumbhash,
                preview=_decode_picture(preview),
                notes=_checked_notes(notes),
            )
    raise MalformedError("not the answer of a decoder")


def _encode_picture(picture: Picture | None) -> list[Any] | None:
    return None if picture is None else [picture.data, picture.width, picture.height, picture.media]


def _decode_picture(value: Any) -> Picture | None:
    match value:
        case None:
            return None
        case [bytes(data), int(width), int(height), str(media)]:
            if 0 < width <= PREVIEW_EDGE and 0 < height <= PREVIEW_EDGE and media in _RENDITION_TYPES:
                return Picture(data=data, width=width, height=height, media=media)
    raise MalformedError("not a picture")


def _checked_edge(value: int | None) -> int | None:
    if value is not None and (isinstance(value, bool) or not 0 < value <= MAX_WHOLE_NUMBER):
        raise MalformedError("not a width or height")
    return value


def _checked_notes(notes: list[Any]) -> tuple[str, ...]:
    if len(notes) > _MAX_NOTES or not all(isinstance(note, str) and len(note) <= _MAX_PROBLEM for note in notes):
        raise MalformedError("not notes")
    return tuple(notes)


def _checked_metadata(exif: dict[Any, Any]) -> Metadata:
    """What a record can hold, so that nothing that a decoder answers can stop an import."""
    if not fits(exif):
        raise MalformedError("not metadata")
    return exif
