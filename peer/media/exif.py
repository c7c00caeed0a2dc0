"""Where EXIF stands in a file, and its three directories (EXIF 3.0, section 4.6). Pure.

Photographs hand over an EXIF block; RAW files are read in place: most are TIFF files themselves, CR3 keeps one TIFF for each directory in a
box of its own, RAF begins with a whole JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass

from peer.media.boxes import find
from peer.media.jpeg import exif_segment
from peer.media.tiff import Buffer, Directory, TiffFile

_EXIF_POINTER = 0x8769
_GPS_POINTER = 0x8825
_PREFIX = b"Exif\x00\x00"

_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
RAF_JPEG_AT = 84
_MAX_BLOCK_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ExifDirectories:
    """The main directory, the one about the exposure, and the one about the place; ``None`` when absent or broken."""

    main: Directory | None = None
    exposure: Directory | None = None
    gps: Directory | None = None


def parse_block(block: Buffer) -> ExifDirectories:
    """The directories of an EXIF block (with or without its ``Exif`` prefix) or of a whole TIFF file."""
    if bytes(block[:6]) == _PREFIX:
        block = block[6:]
    tiff = TiffFile.parse(block)
    main = tiff.first() if tiff else None
    if tiff is None or main is None:
        return ExifDirectories()
    return ExifDirectories(main=main, exposure=_pointed(tiff, main, _EXIF_POINTER), gps=_pointed(tiff, main, _GPS_POINTER))


def parse_raw(data: Buffer, name: str) -> ExifDirectories:
    """The directories of a RAW file of the type ``name`` (as in ``types.TYPES``)."""
    if name == "CR3":
        return _parse_cr3(data)
    if name == "RAF":
        start = int.from_bytes(data[RAF_JPEG_AT : RAF_JPEG_AT + 4], "big")
        return parse_block(exif_segment(data, start))
    return parse_block(data)


def _pointed(tiff: TiffFile, main: Directory, tag: int) -> Directory | None:
    offsets = main.offsets(tag)
    return tiff.directory(offsets[0]) if offsets else None


def _parse_cr3(data: Buffer) -> ExifDirectories:
    movie = find(data, b"moov")
    canon = find(data, b"uuid", start=movie.start, end=movie.end) if movie else None
    if canon is None or bytes(data[canon.start : canon.start + 16]) != _CANON_BOX:
        return ExifDirectories()

    def first(kind: bytes) -> Directory | None:
        box = find(data, kind, start=canon.start + 16, end=canon.end)
        tiff = TiffFile.parse(data[box.start : min(box.end, box.start + _MAX_BLOCK_BYTES)]) if box else None
        return tiff.first() if tiff else None

    return ExifDirectories(main=first(b"CMT1"), exposure=first(b"CMT2"), gps=first(b"CMT4"))
