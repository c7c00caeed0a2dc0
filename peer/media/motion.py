"""The film inside a motion photo: where it lies in the file, and whether it is whole. Pure.

Phones put it behind the picture, and say so in three ways:

- Google, in XMP: ``GCamera:MicroVideoOffset``, counted from the end of the file, or since 2021 a directory of all parts with their lengths, in the order
  in which they lie ("Motion Photo format 1.0").
- Samsung, in a trailer of named blocks that ends with ``SEFT``; the film is the block ``MotionPhoto_Data``.
- in HEIC, a box ``mpvd`` at the top level.

What they say is often wrong after another program has worked on the file. So it is believed only when an ISO base media file with its index begins at that
place and ends within the file; and a photo that lost its film is a photo.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crdt.values import MAX_WHOLE_NUMBER
from peer.media.boxes import boxes
from peer.media.tiff import Buffer
from peer.media.xmp import Packet, XmpValue, number_of, structure_of, structures_of, text_of

LOST = "the film of this motion photo is missing, truncated or damaged; the photo is whole"

MAX_PARTS = 32
_MAX_BLOCKS = 256
_MAX_NAME_BYTES = 64

_TRAILER_END, _TRAILER_START, _TRAILER_FILM = b"SEFT", b"SEFH", b"MotionPhoto_Data"

_FILM_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"udta", b"moof", b"mfra", b"sidx", b"styp"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionPart:
    """``extent``: offset and length of a whole film in the file. ``problem``: it was announced and isn't there. Neither: a photo like most."""

    extent: tuple[int, int] | None = None
    problem: str | None = None


def find_motion(data: Buffer, packet: Packet) -> MotionPart:
    """The film in the photo ``data``, whose XMP packet is ``packet``. Costs next to nothing where there is none."""
    announced = False
    for offset, end in _announcements(data, packet):
        announced = True
        length = film_length(data, offset, end)
        if length:
            return MotionPart(extent=(offset, length))
    return MotionPart(problem=LOST) if announced else MotionPart()


def film_length(data: Buffer, offset: int, end: int) -> int:
    """How long the film is that begins at ``offset`` and ends before or at ``end``; 0 when no whole one does."""
    if not 0 < offset < end <= len(data) or data[offset + 4 : offset + 8] != b"ftyp":
        return 0
    kinds: set[bytes] = set()
    last = offset
    for box in boxes(data, offset, end):
        if box.kind not in _FILM_BOXES:
            break  # what phones append behind the film
        if box.end > end:
            return 0
        kinds.add(box.kind)
        last = box.end
    return last - offset if {b"moov", b"mdat"} <= kinds or {b"moov", b"moof"} <= kinds else 0


def _announcements(data: Buffer, packet: Packet) -> Iterator[tuple[int, int]]:
    """Where films are said to lie: begin and end. A place that can't be makes an announcement all the same."""
    yield from _in_boxes(data)
    yield from _in_packet(packet, len(data))
    if data[-4:] == _TRAILER_END:
        yield from _in_trailer(data)


def _in_boxes(data: Buffer) -> Iterator[tuple[int, int]]:
    if data[4:8] == b"ftyp":
        yield from ((box.start, box.end) for box in boxes(data) if box.kind == b"mpvd")


def _in_packet(packet: Packet, size: int) -> Iterator[tuple[int, int]]:
    behind = _length(packet.get("GCamera:MicroVideoOffset"))
    if behind:
        yield size - behind, size
    items = [structure_of(item.get("Container:Item")) or item for item in structures_of(packet.get("Container:Directory"))[:MAX_PARTS]]
    lengths = [(_length(item.get("Item:Length")), _length(item.get("Item:Padding"))) for item in items]
    for number, item in enumerate(items):
        if text_of(item.get("Item:Semantic")) == "MotionPhoto":
            begin = size - sum(length + padding for length, padding in lengths[number:])
            yield begin, begin + lengths[number][0] if lengths[number][0] else size


def _length(value: XmpValue | None) -> int:
    """A length in bytes; 0 when it is none."""
    number = number_of(value)
    return int(number) if number is not None and 0 <= number < MAX_WHOLE_NUMBER else 0


def _in_trailer(data: Buffer) -> Iterator[tuple[int, int]]:
    """Blocks lie before their directory, which lies before its own length and the end mark; their places count back from the directory."""
    end = len(data) - 8
    directory = end - int.from_bytes(data[end : end + 4], "little")
    if directory < 0 or data[directory : directory + 4] != _TRAILER_START:
        return
    count = int.from_bytes(data[directory + 8 : directory + 12], "little")
    for number in range(min(count, _MAX_BLOCKS)):
        entry = data[directory + 12 + 12 * number : directory + 24 + 12 * number]
        begin = directory - int.from_bytes(entry[4:8], "little")
        name_length = int.from_bytes(data[begin + 4 : begin + 8], "little") if begin > 0 else 0
        if 0 < name_length <= _MAX_NAME_BYTES and data[begin + 8 : begin + 8 + name_length] == _TRAILER_FILM:
            yield begin + 8 + name_length, min(begin + int.from_bytes(entry[8:12], "little"), len(data))
