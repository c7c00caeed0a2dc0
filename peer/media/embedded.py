"""The JPEGs that cameras put into their RAW files: where they lie, and how large the picture of the sensor is. Pure.

Most RAW files are TIFF files, whose directories name previews in one of three ways. RAF says in its header where its JPEG is, CR3 keeps a whole one as
the first sample of its first track. Whatever a file claims is believed only when a drawable JPEG begins there that lies within the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peer.media.boxes import boxes, find
from peer.media.jpeg import frame_size
from peer.media.tiff import Buffer, Directory, TiffFile

MAX_DIRECTORIES = 64
MAX_JPEG_BYTES = 64 * 1024 * 1024

_SUB_DIRECTORIES, _EXIF_POINTER = 0x014A, 0x8769
_JPEG_OFFSET, _JPEG_LENGTH, _PANASONIC_JPEG = 0x0201, 0x0202, 0x002E
_COMPRESSION, _STRIP_OFFSETS, _STRIP_LENGTHS = 0x0103, 0x0111, 0x0117
_JPEG_COMPRESSIONS = frozenset({6, 7})

_WIDTH, _HEIGHT, _PHOTOMETRIC, _DEFAULT_CROP_SIZE = 0x0100, 0x0101, 0x0106, 0xC620
_SENSOR_PHOTOMETRICS = frozenset({32_803, 34_892})
"""A colour filter array, and linear RAW (DNG 1.7, chapter 4)."""
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003

_RAF_JPEG_AT = 84


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPicture:
    """A JPEG inside another file: where it lies, and its size in pixels as stored."""

    offset: int
    length: int
    width: int
    height: int


def embedded_pictures(data: Buffer, name: str) -> list[EmbeddedPicture]:
    """All that the RAW file ``data`` of the type ``name`` (as in ``types.TYPES``) names, the largest first."""
    found: dict[int, EmbeddedPicture] = {}
    for offset, length in _claims(data, name):
        picture = _checked(data, offset, length)
        if picture is not None:
            found.setdefault(offset, picture)
    return sorted(found.values(), key=lambda picture: picture.width * picture.height, reverse=True)


def sensor_size(data: Buffer, name: str) -> tuple[int, int] | None:
    """Width and height of the picture in a RAW file that is a TIFF file, before orientation; ``None`` when its directories don't say."""
    if name in ("CR3", "RAF"):
        return None
    directories = list(_directories(data))
    for directory in directories:
        if directory.number(_PHOTOMETRIC) in _SENSOR_PHOTOMETRICS:
            size = _size(directory.numbers(_DEFAULT_CROP_SIZE)) or _size((directory.number(_WIDTH) or 0, directory.number(_HEIGHT) or 0))
            if size is not None:
                return size
    sizes = (_size((directory.number(_EXIF_WIDTH) or 0, directory.number(_EXIF_HEIGHT) or 0)) for directory in directories)
    return next((size for size in sizes if size is not None), None)


def _size(numbers: tuple[float, ...]) -> tuple[int, int] | None:
    if len(numbers) != 2 or not all(1 <= number <= 1_000_000 for number in numbers):
        return None
    return round(numbers[0]), round(numbers[1])


def _checked(data: Buffer, offset: int, length: int) -> EmbeddedPicture | None:
    if not 0 < length <= MAX_JPEG_BYTES or offset < 0 or offset + length > len(data):
        return None
    size = frame_size(data, offset)
    return None if size is None else EmbeddedPicture(offset=offset, length=length, width=size[0], height=size[1])


def _claims(data: Buffer, name: str) -> Iterator[tuple[int, int]]:
    """Where JPEGs are said to lie: offset and length."""
    if name == "RAF":
        place = data[_RAF_JPEG_AT : _RAF_JPEG_AT + 8]
        yield int.from_bytes(place[:4], "big"), int.from_bytes(place[4:], "big")
    elif name == "CR3":
        yield from _first_samples(data)
    else:
        for directory in _directories(data):
            yield from _claims_of(directory)


def _claims_of(directory: Directory) -> Iterator[tuple[int, int]]:
    yield from zip(directory.offsets(_JPEG_OFFSET)[:1], directory.offsets(_JPEG_LENGTH)[:1], strict=False)
    if directory.number(_COMPRESSION) in _JPEG_COMPRESSIONS and len(directory.offsets(_STRIP_OFFSETS)) == 1:
        yield from zip(directory.offsets(_STRIP_OFFSETS), directory.offsets(_STRIP_LENGTHS)[:1], strict=False)
    extent = directory.extent(_PANASONIC_JPEG)
    if extent is not None:
        yield extent


def _directories(data: Buffer) -> Iterator[Directory]:
    """Those of the chain and all below them, each once."""
    tiff = TiffFile.parse(data)
    waiting = list(tiff.chain())[:MAX_DIRECTORIES] if tiff else []
    seen: set[int] = set()
    while waiting and tiff:
        directory = waiting.pop(0)
        yield directory
        for offset in (*directory.offsets(_SUB_DIRECTORIES), *directory.offsets(_EXIF_POINTER)[:1]):
            if offset not in seen and len(seen) < MAX_DIRECTORIES:
                seen.add(offset)
                below = tiff.directory(offset)
                waiting += [below] if below else []


def _first_samples(data: Buffer) -> Iterator[tuple[int, int]]:
    """The first sample of each track: one of them is a whole JPEG (ISO/IEC 14496-12, 8.7)."""
    movie = find(data, b"moov")
    for track in boxes(data, movie.start, movie.end) if movie else ():
        table = find(data, b"mdia", b"minf", b"stbl", start=track.start, end=track.end) if track.kind == b"trak" else None
        if table is None:
            continue
        sizes = find(data, b"stsz", start=table.start, end=table.end)
        long, short = (find(data, kind, start=table.start, end=table.end) for kind in (b"co64", b"stco"))
        offsets, width = (long, 8) if long else (short, 4)
        if sizes is None or offsets is None:
            continue
        same = int.from_bytes(data[sizes.start + 4 : sizes.start + 8], "big")
        first = int.from_bytes(data[sizes.start + 12 : sizes.start + 16], "big")
        yield int.from_bytes(data[offsets.start + 8 : offsets.start + 8 + width], "big"), same or first
