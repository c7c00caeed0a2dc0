"""What files are and say: types, structure, EXIF, XMP, movie headers, times, and the answers of decoders."""

from __future__ import annotations

import io
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from PIL import Image

from crdt.facts import Exif
from crdt.keys import escape, unescape
from crdt.values import canonical
from peer.media.boxes import boxes
from peer.media.capture_time import FIRST_YEAR, LAST_YEAR, parse_moment
from peer.media.exif import parse_block, parse_raw
from peer.media.findings import PREVIEW_EDGE, Picture, Verdict, broken, undrawable
from peer.media.jpeg import exif_segment, segments
from peer.media.messages import MAX_REQUEST_BYTES, Request, decode_answer, decode_request, encode_answer, encode_request
from peer.media.metadata import Metadata, orientation_of, read_metadata
from peer.media.movie import read_movie
from peer.media.plausible import MAX_CAPTION_BYTES, MAX_TEXT
from peer.media.structure import fault_of
from peer.media.types import TYPES, MediaType, identify
from peer.media.xmp import MAX_DEPTH, MAX_VALUE_CHARACTERS, XmpValue, read_packet
from store.encoding import MalformedError
from tests.fixtures.pictures import Shot
from tests.fuzz.seeds import fixed
from tests.fuzz.structure import mutated_cbor
from tests.fuzz.target import Target, promise

_TYPES = tuple(TYPES)
_RAW = ("CR3", "RAF", "NEF", "ORF", "RW2")
_EXTENSIONS = ("jpg", "nef", "mts", "mov", "txt", "")


def exif(data: bytes) -> None:
    """Whatever an EXIF block or RAW file says, what is read of it is plausible, and a record can hold it and gives it back."""
    check_metadata(read_metadata(parse_block(data), {}))
    for name in _RAW:
        check_metadata(read_metadata(parse_raw(data, name), {}))


def xmp(data: bytes) -> None:
    """Whatever a packet holds, short properties come out of it, and what is taken from them can be kept."""
    properties = read_packet(data)
    for value in properties.values():
        _check_property(value, MAX_DEPTH)
    check_metadata(read_metadata(parse_block(b""), properties))


def movie(data: bytes) -> None:
    """Whatever a movie's header says, time and size are plausible, and its boxes come in their order."""
    header = read_movie(data)
    check_metadata(header.metadata)
    found = list(boxes(data))
    promise(all(first.end <= second.start for first, second in pairwise(found)), "boxes that overlap")
    promise(8 * len(found) <= len(data), "more boxes than there is room for")


def structure(data: bytes) -> None:
    """Whatever a file holds, each type's check ends with nothing or a reason."""
    for name in _TYPES:
        fault = fault_of(data, name)
        promise(fault is None or bool(fault.reason), "a fault without a reason")
    found = list(segments(data))
    promise(all(first.end <= second.start for first, second in pairwise(found)), "segments that overlap")
    promise(len(exif_segment(data)) <= len(data), "more EXIF than there are bytes")


def file_type(data: bytes) -> None:
    """Whatever a file begins with, it is a known type or is left out with a reason, at once."""
    for extension in _EXTENSIONS:
        found = identify(data, f"x.{extension}")
        promise(isinstance(found, MediaType) or bool(found.reason), "left out without a reason")


def capture_time(data: bytes) -> None:
    """A moment that is read is a time of the years that have photographs, spelled as records spell it, and read again the same."""
    text, _, offset = data.decode("latin-1").partition("\n")
    moment = parse_moment(text, offset=offset, fraction=offset)
    if moment is not None:
        promise(FIRST_YEAR <= int(moment[:4]) <= LAST_YEAR, "a year without photographs")
        promise(Exif.parse({"taken": moment}).taken == moment, "a time that no record can hold")
        promise(parse_moment(moment) == moment, "a time that isn't read as it is written")


def decoder_answer(data: bytes) -> None:
    """An accepted answer of a decoder is read as it is written, and a record can hold what it says."""
    try:
        answer = decode_answer(data)
    except MalformedError:
        return
    said = replace(answer, problem=answer.problem or None)
    promise(decode_answer(encode_answer(answer)) == said, "an answer that isn't read as it is written")
    canonical({**answer.exif, "width": answer.width, "height": answer.height})
    for picture in (answer.thumbnail, answer.preview):
        promise(picture is None or max(picture.width, picture.height) <= PREVIEW_EDGE, "a picture that is too large")


def decoder_request(data: bytes) -> None:
    """An accepted request to a decoder is read as it is written."""
    try:
        request = decode_request(data)
    except MalformedError:
        return
    promise(
        len(data) <= MAX_REQUEST_BYTES and decode_request(encode_request(request)) == request, "a request that isn't read as it is written"
    )


def check_metadata(metadata: Metadata) -> None:
    """Breaks a promise unless ``metadata`` is what a record can hold and people can read."""
    promise(Exif.parse(canonical(metadata)).value() == metadata, "metadata that a record doesn't give back")
    promise(1 <= orientation_of(metadata) <= 8, "an orientation that there isn't")
    answer = undrawable("a reason", metadata)
    promise(decode_answer(encode_answer(answer)) == answer, "metadata that doesn't come back from a decoder")
    for name, value in metadata.items():
        if isinstance(value, str):
            lines = value.split("\n") if name == "caption" else [value]
            most = MAX_CAPTION_BYTES if name == "caption" else MAX_TEXT
            promise(0 < len(value) <= most and unicodedata.is_normalized("NFC", value), "text that is not short or not in NFC")
            promise(not any(unicodedata.category(character)[0] == "C" for line in lines for character in line), "text that can't be shown")
        elif name == "keywords" and isinstance(value, list):
            promise(all(isinstance(word, str) and unescape(escape(word)) == word for word in value), "a keyword that can be no element")


def _check_property(value: XmpValue, depth: int) -> None:
    promise(depth > 0 and len(value) > 0, "a property that is empty or too deep")
    if isinstance(value, str):
        promise(len(value) <= MAX_VALUE_CHARACTERS, "a property that is too long")
        return
    for part in value.values() if isinstance(value, dict) else value:
        _check_property(part, depth - 1)


_SHOT = Shot(
    lens="50mm",
    offset="+02:00",
    fraction="348",
    orientation=6,
    iso=100,
    aperture=1.8,
    exposure=0.004,
    focal=50.0,
    position=(47.4, -8.5, -3.0),
)
_XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 exif:DateTimeOriginal="2024-07-21T18:03:11.25+02:00"><xmp:CreateDate>2024-07-21</xmp:CreateDate><aux:Lens>50mm</aux:Lens></rdf:Description>
</rdf:RDF></x:xmpmeta>"""


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _movie() -> bytes:
    header = _box(b"mvhd", bytes(4), struct.pack(">I", 3_800_000_000), bytes(92))
    matrix = struct.pack(">9I", 0, 65_536, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000)
    track = _box(b"trak", _box(b"tkhd", bytes(40), matrix, struct.pack(">II", 1920 << 16, 1080 << 16)))
    return _box(b"ftyp", b"mp42", bytes(4), b"mp42isom") + _box(b"moov", header, track) + _box(b"mdat", bytes(8))


def _raw_movie() -> bytes:
    """CR3: one TIFF for each directory, in Canon's box."""
    block = _SHOT.exif()[6:]
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    content = (_box(kind, block) for kind in (b"CMT1", b"CMT2", b"CMT4"))
    return _box(b"ftyp", b"crx ", bytes(4), b"crx isom") + _box(b"moov", _box(b"uuid", canon, *content)) + _box(b"mdat", bytes(4))


def _picture(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, form, **({"exif": _SHOT.exif()} if form == "JPEG" else {}))
    return out.getvalue()


def _raf() -> bytes:
    return b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">I", 100) + bytes(12) + _picture("JPEG")


def _files() -> Mapping[str, bytes]:
    pictures = {form.lower(): _picture(form) for form in ("JPEG", "PNG", "GIF", "TIFF", "WEBP")}
    mkv = bytes.fromhex("1a45dfa3 84 42828100 18538067 01ffffffffffffff 00")
    return {**pictures, "mov": _movie(), "cr3": _raw_movie(), "mkv": mkv, "jxl": b"\0\0\0\x0cJXL \r\n\x87\n" + _box(b"jxlc", b"x")}


def _heads() -> Mapping[str, bytes]:
    svg = b'<?xml version="1.0"?><!-- a --> <!DOCTYPE svg PUBLIC ""><svg xmlns="">'
    return {**{name: data[:200] for name, data in _files().items()}, "svg": svg, "text": b"only words", "mts": (b"G" + bytes(187)) * 3}


def _answers() -> Mapping[str, bytes]:
    picture = Picture(data=b"picture", width=360, height=270, media="image/webp")
    drawn = replace(broken("x"), verdict=Verdict.DRAWN, problem=None, exif={"iso": 100, "gps": [1.5, 2]}, width=4, height=3)
    answers = {"broken": broken("the file is empty"), "drawn": replace(drawn, thumbnail=picture, thumbhash=b"hash", preview=picture)}
    return {name: encode_answer(answer) for name, answer in answers.items()}


def _requests() -> Mapping[str, bytes]:
    return {
        name.lower(): encode_request(Request(path=Path(f"/x/{name}"), media=TYPES[name], want_preview=True)) for name in ("JPEG", "CR3")
    }


def _blocks() -> Mapping[str, bytes]:
    return {"block": _SHOT.exif(), "tiff": _picture("TIFF"), "cr3": _raw_movie(), "raf": _raf()}


TARGETS = (
    Target(name="exif", check=exif, seeds=_blocks),
    Target(
        name="xmp",
        check=xmp,
        seeds=fixed(packet=_XMP, padded=b"\0\0" + _XMP + b"\0\n", wide=_XMP.decode().encode("utf-16"), doctype=b"<!DOCTYPE x []><x/>"),
    ),
    Target(name="movie", check=movie, seeds=lambda: {"mov": _movie(), "cr3": _raw_movie()}),
    Target(name="structure", check=structure, seeds=_files),
    Target(name="file-type", check=file_type, seeds=_heads),
    Target(
        name="capture-time",
        check=capture_time,
        seeds=fixed(
            exif=b"2024:07:21 18:03:11\n+02:00", iso=b"2024-07-21T18:03:11.25Z\n348", day=b"1999/1/2\n-0930", zero=b"0000:00:00 00:00:00\n"
        ),
        longest=80,
    ),
    Target(name="decoder-answer", check=decoder_answer, seeds=_answers, mutate=mutated_cbor),
    Target(name="decoder-request", check=decoder_request, seeds=_requests, mutate=mutated_cbor),
)
