"""What a movie's header says: how long it is, how large it is looked at, when and where it was recorded (ISO/IEC 14496-12, 8.2 and 8.3). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from peer.media.boxes import Box, boxes, find
from peer.media.capture_time import write_moment
from peer.media.plausible import Metadata
from peer.media.quicktime import read_user_metadata
from peer.media.tiff import Buffer

_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_FIRST_PLAUSIBLE = datetime(1990, 1, 1, tzinfo=UTC)
"""Before this nobody wrote such files; recorders without a clock write the epoch or 1970."""

_MAX_EDGE = 65_535
_FIXED_POINT = 65_536
_MAX_SECONDS = 366 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieHeader:
    """``metadata`` holds ``duration`` (seconds), ``width``, ``height``, ``taken`` (local time with its zone where the recorder says it, else
    UTC) and what ``quicktime`` reads, as far as they are known; ``size`` is width and height."""

    metadata: Metadata
    size: tuple[int, int] | None


def read_movie(data: Buffer) -> MovieHeader:
    """The header of an MP4, MOV or 3GP file; an empty one for every other container."""
    movie = find(data, b"moov")
    if movie is None:
        return MovieHeader(metadata={}, size=None)
    header = find(data, b"mvhd", start=movie.start, end=movie.end)
    tracks = (track for track in boxes(data, movie.start, movie.end) if track.kind == b"trak" and track.end <= movie.end)
    headers = (find(data, b"tkhd", start=track.start, end=track.end) for track in tracks)
    size = next((size for header in headers if header and (size := _displayed_size(data, header))), None)
    taken = _creation_time(data, header) if header else None
    duration = _duration(data, movie, header) if header else None
    found: Metadata = {"taken": taken} if taken else {}
    found |= read_user_metadata(data, movie)
    if duration:
        found["duration"] = duration
    if size:
        found |= {"width": size[0], "height": size[1]}
    return MovieHeader(metadata=found, size=size)


def seconds(value: float) -> float | None:
    """A length in seconds as records keep it: to the millisecond; ``None`` for what can't be one."""
    if not 0 < value <= _MAX_SECONDS:
        return None
    rounded = max(0.001, round(float(value), 3))
    return int(rounded) if rounded.is_integer() else rounded


def _is_long(data: Buffer, header: Box) -> bool:
    """Whether times in this header have 64 bits."""
    return data[header.start : header.start + 1] == b"\x01"


def _creation_time(data: Buffer, header: Box) -> str | None:
    width = 8 if _is_long(data, header) else 4
    elapsed = int.from_bytes(data[header.start + 4 : header.start + 4 + width], "big")
    try:
        moment = _EPOCH + timedelta(seconds=elapsed)
    except OverflowError:
        return None
    return write_moment(moment) if moment >= _FIRST_PLAUSIBLE else None


def _duration(data: Buffer, movie: Box, header: Box) -> float | None:
    """Of the whole film; a film in fragments has it in a header of its own, or nowhere."""
    scale_at, width = (header.start + 20, 8) if _is_long(data, header) else (header.start + 12, 4)
    scale = int.from_bytes(data[scale_at : scale_at + 4], "big")
    if not scale or scale_at + 4 + width > header.end:
        return None
    units = int.from_bytes(data[scale_at + 4 : scale_at + 4 + width], "big")
    if units in (0, (1 << 8 * width) - 1):  # all ones: the writer didn't know
        fragments = find(data, b"mvex", b"mehd", start=movie.start, end=movie.end)
        units = (
            int.from_bytes(data[fragments.start + 4 : fragments.end], "big") if fragments and fragments.end - fragments.start <= 12 else 0
        )
    return seconds(units / scale)


def _displayed_size(data: Buffer, header: Box) -> tuple[int, int] | None:
    """Width and height of a track, exchanged when its matrix turns it by a quarter; ``None`` for sound."""
    at = header.start + (52 if _is_long(data, header) else 40)
    end = at + 44
    if end > header.end:
        return None
    words = [int.from_bytes(data[place : place + 4], "big") for place in range(at, end, 4)]
    width, height = words[9] // _FIXED_POINT, words[10] // _FIXED_POINT
    if not (0 < width <= _MAX_EDGE and 0 < height <= _MAX_EDGE):
        return None
    quarter_turn = words[0] == 0 and words[4] == 0 and words[1] != 0
    return (height, width) if quarter_turn else (width, height)
