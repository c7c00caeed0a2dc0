"""Edits: what a record says of them, what goes to and comes from the process that renders, and what of an original is copied into pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crdt.values import BadValueError, canonical
from peer.media.findings import PREVIEW_EDGE, Picture
from peer.media.messages import MAX_ANSWER_BYTES
from peer.media.types import TYPES
from peer.rendering.exif_copies import PREFIX, exif_copy
from peer.rendering.filters import FILTERS
from peer.rendering.framing import frame_of
from peer.rendering.messages import (
    MAX_PROBLEM,
    Rendered,
    RenderRequest,
    decode_render_request,
    decode_rendered,
    encode_render_request,
    encode_rendered,
)
from peer.rendering.parameters import SLIDERS, Parameters
from peer.rendering.reading import MAX_NAME_CHARACTERS, read_parameters
from peer.rendering.xmp_copies import MAX_PACKET_BYTES, xmp_copy
from store.encoding import MalformedError, decode, encode
from tests.fixtures.blocks import description, packet
from tests.fixtures.pictures import Shot
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Target, promise

_SIZE = (40, 30)


def edits(data: bytes) -> None:
    """Whatever a record says of edits, what is understood has its bounds, leaves something of any picture, and the rest is named shortly."""
    try:
        said = canonical(decode(data, limit=len(data)))
    except (MalformedError, BadValueError):
        return
    if not isinstance(said, dict):
        return
    reading = read_parameters(said)
    parameters = reading.parameters
    promise(all(-1 <= getattr(parameters, name) <= 1 for name in SLIDERS), "a slider beyond its end")
    promise(parameters.filter == "" or parameters.filter in FILTERS, "a filter that nobody knows")
    promise(all(len(name) <= MAX_NAME_CHARACTERS for name in reading.skipped), "a long name")
    for size in ((1, 1), _SIZE, (30_000, 7)):
        frame = frame_of(size, parameters)
        promise(1 <= frame.width <= size[0] and 1 <= frame.height <= size[1], "a frame that is larger than the picture, or empty")
    promise(decode_render_request(_request(parameters)).parameters == parameters, "a request that says something else")


def rendered(data: bytes) -> None:
    """Whatever a process answers, what is taken of it is bounded."""
    try:
        answer = decode_rendered(data)
    except MalformedError:
        return
    promise(len(answer.problem or "") <= MAX_PROBLEM and len(data) <= MAX_ANSWER_BYTES, "a long answer")
    for picture in (answer.thumbnail, answer.preview):
        promise(picture is None or (0 < picture.width <= PREVIEW_EDGE and 0 < picture.height <= PREVIEW_EDGE), "a picture without end")


def described(data: bytes) -> None:
    """Whatever an original says of itself, its copies aren't longer, and making them again changes nothing."""
    exif, xmp = exif_copy(data, _SIZE), xmp_copy(data, _SIZE)
    promise(len(exif) <= len(PREFIX) + len(data) and len(xmp) <= MAX_PACKET_BYTES, "a copy that grew")
    promise(exif_copy(exif, _SIZE) == exif, "an EXIF block that changes when it is copied again")


def _request(parameters: Parameters) -> bytes:
    return encode_render_request(RenderRequest(path=Path("/a"), media=TYPES["JPEG"], parameters=parameters))


def _edits() -> Mapping[str, bytes]:
    geometry = {"crop": [0.1, 0, 0.5, 1], "straighten": -3.5, "rotate": 270, "flip": "hv"}
    colours = {**dict.fromkeys(SLIDERS, -40), "monochrome": True, "filter": "fade"}
    return {
        "geometry": encode(geometry),
        "colours": encode(colours),
        "unknown": encode({"filter": "aurora", "blur": [1, {"a": None}], "tint": None}),
    }


def _answers() -> Mapping[str, bytes]:
    picture = Picture(data=b"RIFF", width=8, height=6, media="image/webp")
    return {
        "pictures": encode_rendered(Rendered(width=8, height=6, thumbnail=picture, preview=picture)),
        "problem": encode_rendered(Rendered(problem="the file is damaged")),
    }


def _descriptions() -> Mapping[str, bytes]:
    return {
        "exif": Shot(orientation=6, position=(59.3, 18.0, 10.0), iso=200).exif(),
        "xmp": packet(description("old"), 'tiff:Orientation="6" GCamera:MotionPhoto="1"'),
    }


TARGETS = (
    Target(name="edits", check=edits, seeds=_edits, mutate=mutated_cbor),
    Target(name="rendered", check=rendered, seeds=_answers, mutate=mutated_cbor),
    Target(name="described", check=described, seeds=_descriptions),
)
