"""What is said to the process that renders, and what it answers: CBOR in the frames of ``peer.media.messages``. Pure.

What a record says is understood before (``reading``), so a request is small whatever that is. Answers are bounded and checked like any bytes
from outside.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from crdt.values import MAX_WHOLE_NUMBER
from peer.media.findings import PREVIEW_EDGE, Picture
from peer.media.messages import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES
from peer.media.types import TYPES, MediaType
from peer.rendering.parameters import Parameters
from store.encoding import MalformedError, decode, encode

MAX_PROBLEM = 300
_PARAMETERS = frozenset(field.name for field in fields(Parameters))


class Form(StrEnum):
    """In what a picture is written."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    TIFF = "TIFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file to write: whatever ``path`` has in it is replaced. ``quality`` 1 to 100 where the form has one; ``edge``: at most that long."""

    path: Path
    form: Form
    quality: int
    edge: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """Render the file at ``path``, which was taken for ``media``: into a file, or as thumbnail and preview when there is no ``output``."""

    path: Path
    media: MediaType
    parameters: Parameters
    output: Output | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came of it. ``problem``: why there is no picture. Width and height are those of the file or of the preview."""

    problem: str | None = None
    width: int = 0
    height: int = 0
    thumbnail: Picture | None = None
    preview: Picture | None = None


def encode_render_request(request: RenderRequest) -> bytes:
    output = request.output
    return encode(
        {
            "path": bytes(request.path),
            "media": request.media.name,
            "parameters": {name: list(value) if name == "crop" else value for name, value in asdict(request.parameters).items()},
            "output": None if output is None else [bytes(output.path), output.form.value, output.quality, output.edge],
        }
    )


def decode_render_request(message: bytes) -> RenderRequest:
    """``MalformedError`` for anything that ``encode_render_request`` didn't write."""
    match decode(message, limit=MAX_REQUEST_BYTES):
        case {"path": bytes(path), "media": str(name), "parameters": dict(parameters), "output": output} if name in TYPES:
            return RenderRequest(path=_path(path), media=TYPES[name], parameters=_parameters(parameters), output=_output(output))
    raise MalformedError("not a request to render")


def _parameters(values: dict[str, Any]) -> Parameters:
    match values:
        case {"crop": [_, _, _, _] as crop, **others} if values.keys() == _PARAMETERS:
            return Parameters(**{**others, "crop": tuple(crop)})
    raise MalformedError("not a request to render")


def _output(value: Any) -> Output | None:
    match value:
        case None:
            return None
        case [bytes(path), str(form), int(quality), None | int() as edge] if form in tuple(Form):
            return Output(path=_path(path), form=Form(form), quality=quality, edge=edge)
    raise MalformedError("not a request to render")


def _path(path: bytes) -> Path:
    return Path(os.fsdecode(path))


def encode_rendered(rendered: Rendered) -> bytes:
    return encode(
        {
            "problem": None if rendered.problem is None else rendered.problem[:MAX_PROBLEM],
            "size": [rendered.width, rendered.height],
            "pictures": [_encode_picture(picture) for picture in (rendered.thumbnail, rendered.preview)],
        }
    )


def decode_rendered(message: bytes) -> Rendered:
    """``MalformedError`` for anything that isn't an answer within its bounds."""
    match decode(message, limit=MAX_ANSWER_BYTES):
        case {"problem": None | str() as problem, "size": [int(width), int(height)], "pictures": [thumbnail, preview]} if (
            len(problem or "") <= MAX_PROBLEM and 0 <= width <= MAX_WHOLE_NUMBER and 0 <= height <= MAX_WHOLE_NUMBER
        ):
            return Rendered(
                problem=problem, width=width, height=height, thumbnail=_decode_picture(thumbnail), preview=_decode_picture(preview)
            )
    raise MalformedError("not the answer of a renderer")


def _encode_picture(picture: Picture | None) -> list[Any] | None:
    return None if picture is None else [picture.data, picture.width, picture.height, picture.media]


def _decode_picture(value: Any) -> Picture | None:
    match value:
        case None:
            return None
        case [bytes(data), int(width), int(height), ("image/webp" | "image/jpeg") as media]:
            if 0 < width <= PREVIEW_EDGE and 0 < height <= PREVIEW_EDGE:
                return Picture(data=data, width=width, height=height, media=media)
    raise MalformedError("not a picture")
