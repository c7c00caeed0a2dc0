"""Where EXIF, XMP and IPTC stand in a file, by its type. Pure.

JPEG     segments APP1 (EXIF; XMP, and what didn't fit into it as extended XMP) and APP13 (IPTC in Photoshop's resources)
TIFF     the file itself; tags 700 (XMP), 33723 (IPTC), 34377 (Photoshop's resources). So do DNG, NEF, CR2, ARW and others
CR3      boxes; RAF: the JPEG that it begins with
others   what their decoder hands over: PNG (eXIf, iTXt), WebP, HEIC, AVIF, GIF
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from peer.media import iptc
from peer.media.boxes import boxes
from peer.media.exif import RAF_JPEG_AT, ExifDirectories, parse_block, parse_raw
from peer.media.iptc import NO_IPTC, Iptc
from peer.media.jpeg import exif_segment, prefixed_segments
from peer.media.tiff import Buffer, TiffFile
from peer.media.xmp import MAX_PACKET_BYTES, Packet, read_packet, text_of

_APP1, _APP13 = 0xE1, 0xED
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33_723, 34_377
_IPTC_MARK = 0x1C
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_NUMBERS_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The metadata of one file, as ``metadata.read_metadata`` takes it."""

    exif: ExifDirectories = field(default_factory=ExifDirectories)
    xmp: Packet = field(default_factory=dict)
    iptc: Iptc = NO_IPTC


def photo_blocks(data: Buffer, name: str, info: Mapping[Any, Any]) -> Blocks:
    """Those of a photograph of the type ``name`` (as in ``types.TYPES``); ``info``: what its decoder found, as Pillow's images have it."""
    if name == "JPEG":
        return jpeg_blocks(data)
    if name == "TIFF":
        return tiff_blocks(data)
    return decoded_blocks(info)


def jpeg_blocks(data: Buffer, start: int = 0) -> Blocks:
    """Those of the JPEG that begins at ``start``."""
    resources = b"".join(prefixed_segments(data, _APP13, _PHOTOSHOP, start, limit=MAX_PACKET_BYTES))
    packet = read_packet(next(prefixed_segments(data, _APP1, _XMP, start, limit=MAX_PACKET_BYTES), b""))
    return Blocks(
        exif=parse_block(exif_segment(data, start)),
        xmp=_with_extension(packet, data, start),
        iptc=iptc.from_resources(resources),
    )


def raw_blocks(data: Buffer, name: str) -> Blocks:
    """Those of a RAW file of the type ``name`` (as in ``types.TYPES``)."""
    if name == "RAF":
        return jpeg_blocks(data, int.from_bytes(data[RAF_JPEG_AT : RAF_JPEG_AT + 4], "big"))
    if name == "CR3":
        found = (box for box in boxes(data) if box.kind == b"uuid" and bytes(data[box.start : box.start + 16]) == _XMP_BOX)
        box = next(found, None)
        packet = bytes(data[box.start + 16 : min(box.end, box.start + 17 + MAX_PACKET_BYTES)]) if box else b""
        return Blocks(exif=parse_raw(data, name), xmp=read_packet(packet))
    return tiff_blocks(data)


def tiff_blocks(data: Buffer) -> Blocks:
    """Those of a TIFF file, or of one in disguise."""
    tiff = TiffFile.parse(data)
    directory = tiff.first() if tiff else None
    if directory is None:
        return Blocks()
    resources = iptc.from_resources(directory.raw(_PHOTOSHOP_TAG, limit=MAX_PACKET_BYTES))
    block = directory.raw(_IPTC_TAG, limit=iptc.MAX_BYTES)
    if block and block[0] != _IPTC_MARK and len(block) % 4 == 0:  # written as numbers of four bytes, in the other order
        block = b"".join(block[at : at + 4][::-1] for at in range(0, len(block), 4))
    return Blocks(
        exif=parse_block(data),
        xmp=read_packet(directory.raw(_XMP_TAG, limit=MAX_PACKET_BYTES)),
        iptc=Iptc(block=block, changed_alone=resources.changed_alone) if block else resources,
    )


def decoded_blocks(info: Mapping[Any, Any]) -> Blocks:
    """Those that a decoder found; ``info`` as Pillow's images have it."""
    block, packet = (value if isinstance(value, bytes) else b"" for value in (info.get("exif"), info.get("xmp")))
    return Blocks(exif=parse_block(block), xmp=read_packet(packet))


def _with_extension(packet: Packet, data: Buffer, start: int) -> Packet:
    """The packet, and behind it the extended one that it names (XMP specification part 3, section 1.1.3.1)."""
    guid = text_of(packet.get("xmpNote:HasExtendedXMP")).encode("ascii", "replace")
    if not guid:
        return packet
    pieces: dict[int, bytes] = {}
    for segment in prefixed_segments(data, _APP1, _EXTENDED_XMP + guid, start, limit=MAX_PACKET_BYTES):
        pieces.setdefault(int.from_bytes(segment[4:_NUMBERS_BYTES], "big"), segment[_NUMBERS_BYTES:])
    extended = b"".join(pieces[offset] for offset in sorted(pieces))
    return {**read_packet(extended), **packet}
