"""What a movie's header says: when it was recorded and how large it is looked at (ISO/IEC 14496-12, 8.2 and 8.3). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peer.media.boxes import Box, boxes, find
from peer.media.capture_time import write_moment
from peer.media.metadata import Metadata
from peer.media.tiff import Buffer

_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_FIRST_PLAUSIBLE = datetime(1990, 1, 1, tzinfo=UTC)
"""Before this nobody wrote such files; recorders without a clock write the epoch or 1970."""

_MAX_EDGE = 65_535
_FIXED_POINT = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieHeader:
    """``metadata`` holds ``taken`` (in UTC), ``width`` and ``height`` as far as they are known; ``size`` is those two."""

    metadata: Metadata
    size: tuple[int, int] | None


def read_movie(data: Buffer) -> MovieHeader:
    """The header of an MP4, MOV or 3GP file; an empty one for every other container."""
    movie = find(data, b"moov")
    if movie is None:
        return MovieHeader(metadata={}, size=None)
    header = find(data, b"mvhd", start=movie.start, end=movie.end)
    taken = _creation_time(data, header) if header else None
    tracks = (track for track in boxes(data, movie.start, movie.end) if track.kind == b"trak" and track.end <= movie.end)
    headers = (find(data, b"tkhd", start=track.start, end=track.end) for track in tracks)
    size = next((size for header in headers if header and (size := _displayed_size(data, header))), None)
    found: Metadata = {"taken": taken} if taken else {}
    if size:
        found |= {"width": size[0], "height": size[1]}
    return MovieHeader(metadata=found, size=size)


def _creation_time(data: Buffer, header: Box) -> str | None:
    width = 8 if data[header.start : header.start + 1] == b"\x01" else 4
    seconds = int.from_bytes(data[header.start + 4 : header.start + 4 + width], "big")
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return write_moment(moment) if moment >= _FIRST_PLAUSIBLE else None


def _displayed_size(data: Buffer, header: Box) -> tuple[int, int] | None:
    """Width and height of a track, exchanged when its matrix turns it by a quarter; ``None`` for sound."""
    at = header.start + (52 if data[header.start : header.start + 1] == b"\x01" else 40)
    end = at + 44
    if end > header.end:
        return None
    words = [int.from_bytes(data[place : place + 4], "big") for place in range(at, end, 4)]
    width, height = words[9] // _FIXED_POINT, words[10] // _FIXED_POINT
    if not (0 < width <= _MAX_EDGE and 0 < height <= _MAX_EDGE):
        return None
    quarter_turn = words[0] == 0 and words[4] == 0 and words[1] != 0
    return (height, width) if quarter_turn else (width, height)
