"""The picture that stands for a film: its first frame that isn't nearly black, and what only a decoder knows of it.

PyAV (FFmpeg) is an extra and loaded when the first film comes. The container is the one that ``types`` found, never one that FFmpeg guesses: some
of those that it knows are playlists that open other files and addresses. It reads through our open file and nothing else.
Only key frames are decoded, a few of them; a short film whose only key frame is black is decoded a little further.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from peer.media.capture_time import parse_moment
from peer.media.decoders import UnsupportedPictureError
from peer.media.movie import seconds

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

NEEDS_EXTRA = "a picture of this video needs the extra: pip install 'calotype[video]'"
UNREADABLE = "no frame of this video can be decoded"

_DEMUXERS = {
    "MP4": "mov",
    "MOV": "mov",
    "M4V": "mov",
    "3GP": "mov",
    "AVI": "avi",
    "MKV": "matroska",
    "WebM": "matroska",
    "MTS": "mpegts",
    "MPEG": "mpeg",
    "WMV": "asf",
}
_ELEMENTARY_STREAM = b"\x00\x00\x01\xb3"

_FIRST_SECONDS = 10
_KEY_FRAMES = 6
_FURTHER_FRAMES = 48
_PACKETS = 2_000
_NEARLY_BLACK = 16.0
"""Mean brightness of 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """``image``: upright, in sRGB, with at most the edge that was asked for. ``size``: the film's, as looked at. ``duration`` in seconds, ``taken`` as
    text; for containers whose headers nothing else reads here."""

    image: Image.Image
    size: tuple[int, int]
    duration: float | None
    taken: str | None


def poster_of(file: BinaryIO, name: str, *, edge: int, pixels: int) -> Poster:
    """The poster of the film in ``file``, of the type ``name`` (as in ``types.TYPES``). Frames of more than ``pixels`` aren't decoded.

    Raises ``UnsupportedPictureError`` with the reason, ``MemoryError``.
    """
    try:
        import av
    except ModuleNotFoundError as error:
        raise UnsupportedPictureError(NEEDS_EXTRA) from error
    except ImportError as error:
        raise UnsupportedPictureError("PyAV is installed, but doesn't load") from error
    try:
        with av.open(file, mode="r", format=_demuxer(file, name), metadata_errors="replace") as container:
            return _poster(container, edge, pixels)
    except (UnsupportedPictureError, MemoryError):
        raise
    except Exception as error:  # whatever a decoder makes of hostile bytes: the file stays what it is, only its picture is missing
        raise UnsupportedPictureError(UNREADABLE) from error


def _demuxer(file: BinaryIO, name: str) -> str:
    file.seek(0)
    beginning = file.read(4)
    file.seek(0)
    return "mpegvideo" if name == "MPEG" and beginning == _ELEMENTARY_STREAM else _DEMUXERS[name]


def _poster(container: InputContainer, edge: int, pixels: int) -> Poster:
    from av import VideoStream

    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise UnsupportedPictureError("this video has no moving pictures")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > pixels:
        raise UnsupportedPictureError(f"too many pixels: {width} × {height}")
    stream.codec_context.options = {"max_pixels": str(pixels)}  # frames may be larger than the container says
    stream.codec_context.thread_count = 1  # a frame for each thread costs memory, and one frame isn't faster by many
    frame = _first_bright(container, stream)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    shown = (max(1, round(frame.width * aspect)), frame.height) if Fraction(1, 8) < aspect < 8 else (frame.width, frame.height)
    length = container.duration / 1_000_000 if container.duration else 0.0
    upright = _scaled(frame, shown, edge).rotate(frame.rotation, expand=True) if frame.rotation else _scaled(frame, shown, edge)
    size = shown[::-1] if frame.rotation % 180 else shown
    return Poster(image=upright, size=size, duration=seconds(length), taken=parse_moment(container.metadata.get("creation_time", "")))


def _first_bright(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """The first frame that shows something, of the key frames and then of all; else the brightest of those that were looked at."""
    import av

    stream.codec_context.skip_frame = "NONKEY"
    looked_at = []
    for frame in islice(_frames(container, stream), _KEY_FRAMES):
        looked_at.append((_brightness(frame), frame))
        if looked_at[-1][0] >= _NEARLY_BLACK:
            return frame
    with suppress(av.error.FFmpegError):
        container.seek(0)
    stream.codec_context.skip_frame = "DEFAULT"
    for frame in islice(_frames(container, stream), _FURTHER_FRAMES):
        looked_at = [max([*looked_at, (_brightness(frame), frame)], key=lambda pair: pair[0])]
        if looked_at[-1][0] >= _NEARLY_BLACK:
            return frame
    if not looked_at:
        raise UnsupportedPictureError(UNREADABLE)
    return max(looked_at, key=lambda pair: pair[0])[1]


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames of the first seconds. A packet that can't be decoded is passed over: recordings often begin in the middle of something."""
    import av

    begin = float((stream.start_time or 0) * (stream.time_base or 0))
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            if frame.time is not None and frame.time - begin > _FIRST_SECONDS:
                return
            yield frame


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """As many as may be looked at, up to where the file is damaged."""
    import av

    with suppress(av.error.InvalidDataError):
        yield from islice(container.demux(stream), _PACKETS)


def _brightness(frame: VideoFrame) -> float:
    grey = frame.reformat(width=min(64, frame.width), height=min(64, frame.height), format="gray")
    return float(grey.to_ndarray().mean())


def _scaled(frame: VideoFrame, shown: tuple[int, int], edge: int) -> Image.Image:
    """With square pixels, and at most ``edge`` of them on the longer side."""
    share = min(1.0, edge / max(shown))
    width, height = (max(1, round(length * share)) for length in shown)
    return Image.fromarray(frame.reformat(width=width, height=height, format="rgb24", interpolation="AREA").to_ndarray())
