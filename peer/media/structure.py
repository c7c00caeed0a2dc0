"""Whether a file is whole, from its structure alone: cheap, without decoding, for files of any size. Pure.

Decoders are forgiving: a PNG without its last chunk, a GIF without its end, a movie without its index come out as pictures, or are never
opened at all. So each container is followed from its beginning to where it says that it ends. What no container says (the samples inside)
is left to the decoder. Where programs are known to write wrong lengths the check is left out: calling a good photo broken is worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peer.media.boxes import boxes
from peer.media.jpeg import END_OF_IMAGE, FRAMES, LOSSLESS_OR_HIERARCHICAL, START_OF_SCAN, segments
from peer.media.tiff import Buffer, Directory, TiffFile

TRUNCATED = "the file is truncated"

_EIGHT_BITS = b"\x08"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a file can't be used as a picture. ``broken``: bytes are missing or wrong; otherwise whole, but of a kind that isn't drawn."""

    reason: str
    broken: bool = True


def fault_of(data: Buffer, name: str) -> Fault | None:
    """What is wrong with the file ``data`` of the type ``name`` (as in ``types.TYPES``); ``None`` when nothing was found."""
    check = _CHECKS.get(name)
    return check(data) if check else None


def _jpeg(data: Buffer) -> Fault | None:
    drawable: bool | None = None
    for segment in segments(data):
        if segment.end > len(data):
            return Fault(reason=TRUNCATED)
        if segment.marker in FRAMES:
            drawable = segment.marker not in LOSSLESS_OR_HIERARCHICAL and data[segment.start : segment.start + 1] == _EIGHT_BITS
        if segment.marker == START_OF_SCAN:
            if drawable is None:
                return Fault(reason="the JPEG has no frame header")
            if data.rfind(END_OF_IMAGE, segment.end) < 0:
                return Fault(reason=TRUNCATED)
            return None if drawable else Fault(reason="this variant of JPEG (lossless, hierarchical or 12 bits) isn't drawn", broken=False)
    return Fault(reason="the JPEG breaks off before its picture begins")


def _png(data: Buffer) -> Fault | None:
    at = 8
    while True:
        header = data[at : at + 8]
        end = at + 12 + int.from_bytes(header[:4], "big")
        if len(header) < 8 or end > len(data):
            return Fault(reason=TRUNCATED)
        if header[4:] == b"IEND":
            return None
        if not header[4:].isalpha():
            return Fault(reason="the PNG's chunks are damaged")
        at = end


def _gif(data: Buffer) -> Fault | None:
    """GIF89a, appendix B: a header, then blocks, then a trailer."""
    at = 13 + _colour_table(data[10:11])
    while True:
        introducer = data[at : at + 1]
        if introducer == b"\x3b":
            return None
        if introducer == b"\x21":
            at += 2
        elif introducer == b"\x2c":
            at += 10 + _colour_table(data[at + 9 : at + 10]) + 1
        elif introducer in (b"", b"\x00"):
            return Fault(reason=TRUNCATED)
        else:
            return Fault(reason="the GIF's blocks are damaged")
        while length := data[at : at + 1]:
            at += 1 + length[0]
            if not length[0]:
                break


def _colour_table(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _riff(data: Buffer) -> Fault | None:
    """The first RIFF chunk is there; recorders that were switched off leave its length 0, which is no lie about this file."""
    length = int.from_bytes(data[4:8], "little")
    return Fault(reason=TRUNCATED) if 8 + length > len(data) else None


_TOP_LEVEL_BOXES = frozenset(
    {
        b"ftyp",
        b"meta",
        b"mdat",
        b"moov",
        b"moof",
        b"mfra",
        b"sidx",
        b"styp",
        b"free",
        b"skip",
        b"wide",
        b"uuid",
        b"idat",
        b"jxlc",
        b"jxlp",
        b"jp2c",
    }
)


def _box_file(*needed: bytes) -> Callable[[Buffer], Fault | None]:
    """A check that all top-level boxes are there, and one of ``needed`` among them. What phones append behind them isn't looked at."""

    def check(data: Buffer) -> Fault | None:
        kinds: set[bytes] = set()
        for box in boxes(data):
            if box.kind in _TOP_LEVEL_BOXES and box.end > len(data):
                return Fault(reason=TRUNCATED)
            kinds.add(box.kind)
        return None if not needed or kinds.intersection(needed) else Fault(reason=f"{TRUNCATED}: it has no index")

    return check


_image = _box_file(b"meta", b"moov")
_movie = _box_file(b"moov", b"moof")


def _jpeg_xl_or_2000(data: Buffer) -> Fault | None:
    return _box_file()(data) if data[4:6] in (b"JX", b"jP") else None


_STRIPS_AND_TILES = ((0x0111, 0x0117), (0x0144, 0x0145))
_SUB_DIRECTORIES = 0x014A
_MAX_SUB_DIRECTORIES = 256
_BIG_TIFF = (b"II+\x00", b"MM\x00+")


def _tiff(data: Buffer) -> Fault | None:
    if data[:4] in _BIG_TIFF:
        return None
    tiff = TiffFile.parse(data)
    directories = list(tiff.chain()) if tiff else []
    if not tiff or not directories:
        return Fault(reason=f"{TRUNCATED}: it has no directory")
    offsets = {offset for directory in directories for offset in directory.offsets(_SUB_DIRECTORIES)}
    nested = [tiff.directory(offset) for offset in sorted(offsets)[:_MAX_SUB_DIRECTORIES]]
    if any(directory is None or _data_end(directory) > len(data) for directory in (*directories, *nested)):
        return Fault(reason=TRUNCATED)
    last = directories[-1].following
    return Fault(reason=TRUNCATED) if last >= len(data) else None


def _data_end(directory: Directory) -> int:
    """Where the samples and the values of a directory end."""
    samples = (
        start + length
        for starts, lengths in _STRIPS_AND_TILES
        for start, length in zip(directory.offsets(starts), directory.offsets(lengths), strict=False)
    )
    return max((directory.end, *samples))


_EBML_HEADER_ID = b"\x1a\x45\xdf\xa3"
_SEGMENT_ID = b"\x18\x53\x80\x67"


def _matroska(data: Buffer) -> Fault | None:
    """The segment behind the EBML header is there; live recordings leave its length unknown: all ones (RFC 8794, 6.2)."""
    header_end = _ebml_end(data, 0, _EBML_HEADER_ID)
    segment_end = _ebml_end(data, header_end, _SEGMENT_ID) if header_end else None
    return Fault(reason=TRUNCATED) if segment_end is None or segment_end > len(data) else None


def _ebml_end(data: Buffer, at: int, identifier: bytes) -> int | None:
    """Where the element at ``at`` ends, the end of the data when its length is unknown; ``None`` when it isn't there."""
    start = at + len(identifier)
    first = data[start : start + 1]
    if data[at:start] != identifier or not first or not first[0]:
        return None
    octets = 9 - first[0].bit_length()
    length = int.from_bytes(data[start : start + octets], "big") & ((1 << 7 * octets) - 1)
    return len(data) if length == (1 << 7 * octets) - 1 else start + octets + length


_CHECKS: dict[str, Callable[[Buffer], Fault | None]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WebP": _riff,
    "AVI": _riff,
    "HEIC": _image,
    "HEIF": _image,
    "AVIF": _image,
    "CR3": _movie,
    "MP4": _movie,
    "MOV": _movie,
    "M4V": _movie,
    "3GP": _movie,
    "JPEG XL": _jpeg_xl_or_2000,
    "JPEG 2000": _jpeg_xl_or_2000,
    "TIFF": _tiff,
    "DNG": _tiff,
    "NEF": _tiff,
    "CR2": _tiff,
    "MKV": _matroska,
    "WebM": _matroska,
}
