"""The XMP packet of an original for a picture that was made from it (ISO 16684-1). Pure.

Properties that don't hold of the new picture are corrected or taken away as text, so that whatever else the packet says stays as it was written. That
works for the packets in UTF-8 that pictures carry; others are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_PACKET_BYTES = 60_000
"""What a JPEG has room for in one segment."""

_SPACES = rb"[ \t\r\n]"


def _property(name: bytes) -> re.Pattern[bytes]:
    """Its value, as an attribute or as an element."""
    return re.compile(
        rb"(?P<before>\b" + name + _SPACES + rb"{0,8}=" + _SPACES + rb"{0,8}[\"']|<" + name + rb">" + _SPACES + rb"{0,64})[^<>\"']{0,64}"
    )


_ORIENTATION = _property(rb"tiff:Orientation")
_WIDTHS = (_property(rb"tiff:ImageWidth"), _property(rb"exif:PixelXDimension"))
_HEIGHTS = (_property(rb"tiff:ImageLength"), _property(rb"exif:PixelYDimension"))
_FILMS = tuple(_property(name) for name in (rb"GCamera:MotionPhoto", rb"GCamera:MicroVideo"))
_LEFT_OUT = (rb"xmp:Thumbnails", rb"xap:Thumbnails", rb"Container:Directory", rb"xmpMM:History")


def xmp_copy(packet: bytes, size: tuple[int, int]) -> bytes:
    """``packet`` for an upright picture of ``size`` without a film in it; empty when that can't be."""
    packet = packet.strip(b"\x00 \r\n\t")
    try:
        packet.decode("utf-8")
    except UnicodeDecodeError:
        return b""
    for name in _LEFT_OUT:
        packet = _without(packet, name)
    for pattern, value in _corrections(size).items():
        packet = pattern.sub(lambda match, value=value: match["before"] + value, packet)  # type: ignore[misc]  # bound at once
    return packet if b"<" in packet and len(packet) <= MAX_PACKET_BYTES else b""


def _corrections(size: tuple[int, int]) -> Mapping[re.Pattern[bytes], bytes]:
    width, height = (b"%d" % pixels for pixels in size)
    return {
        _ORIENTATION: b"1",
        **dict.fromkeys(_WIDTHS, width),
        **dict.fromkeys(_HEIGHTS, height),
        **dict.fromkeys(_FILMS, b"0"),
    }


def _without(packet: bytes, name: bytes) -> bytes:
    """``packet`` without the elements of this name, each from its begin to its end."""
    begin, end = b"<" + name, b"</" + name + b">"
    while (start := packet.find(begin)) >= 0 and (stop := packet.find(end, start)) >= 0:
        packet = packet[:start] + packet[stop + len(end) :]
    return packet
