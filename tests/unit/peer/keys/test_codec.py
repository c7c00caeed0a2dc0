"""The codec byte: shorter wins, and nothing inflates beyond the limit."""

from __future__ import annotations

import random
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.codec import MAX_PLAIN_BYTES, PLAIN, ZSTD, pack, unpack
from peer.keys.errors import BodyError, UnknownCodecError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@given(st.binary(max_size=3000))
def test_round_trip(plain: bytes) -> None:
    packed = pack(plain)
    assert unpack(packed) == plain
    assert len(packed) <= len(plain) + 1


def test_what_does_not_shrink_stays_as_it_is() -> None:
    noise = random.Random(1).randbytes(1000)
    assert pack(noise) == bytes([PLAIN]) + noise
    assert pack(b"") == bytes([PLAIN])
    repeated = pack(b"again and " * 100)
    assert repeated[0] == ZSTD
    assert len(repeated) < 100


@pytest.mark.parametrize("excess", [1, 2, 1024 * 1024 * 1024])
def test_a_bomb_is_stopped_at_the_limit(excess: int) -> None:
    compressor = zstd.ZstdCompressor(level=1)
    chunk = bytes(MAX_PLAIN_BYTES)
    frame = bytearray(compressor.compress(chunk))
    while excess > 0:
        frame += compressor.compress(chunk[:excess])
        excess -= len(chunk)
    frame += compressor.flush()
    tracemalloc.start()
    try:
        with pytest.raises(BodyError, match="more than"):
            unpack(bytes([ZSTD]) + bytes(frame))
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_PLAIN_BYTES
    finally:
        tracemalloc.stop()


def test_the_limit_itself_is_allowed() -> None:
    largest = bytes(MAX_PLAIN_BYTES)
    assert unpack(pack(largest)) == largest
    assert unpack(bytes([PLAIN]) + largest) == largest


def test_too_much_is_refused_before_it_is_written() -> None:
    with pytest.raises(BodyError):
        pack(bytes(MAX_PLAIN_BYTES + 1))
    with pytest.raises(BodyError):
        unpack(bytes([PLAIN]) + bytes(MAX_PLAIN_BYTES + 1))


FRAME = zstd.compress(b"again and " * 100)


@pytest.mark.parametrize(
    "packed",
    [
        bytes([ZSTD]),
        bytes([ZSTD]) + b"no frame at all",
        bytes([ZSTD]) + FRAME[:-1],
        bytes([ZSTD]) + FRAME + b"x",
        bytes([ZSTD]) + FRAME + FRAME,
    ],
    ids=["empty", "no frame", "truncated", "trailing byte", "two frames"],
)
def test_anything_but_one_frame_is_refused(packed: bytes) -> None:
    with pytest.raises(BodyError):
        unpack(packed)


def frame(*, descriptor: int = 0x40, window: int = 0, magic: bytes = b"\x28\xb5\x2f\xfd") -> bytes:
    """One raw block of 300 bytes behind a header with their number."""
    return b"".join(
        (magic, bytes([descriptor, window]), (300 - 256).to_bytes(2, "little"), (300 << 3 | 1).to_bytes(3, "little"), b"x" * 300)
    )


def test_a_window_may_be_as_large_as_a_body() -> None:
    assert unpack(bytes([ZSTD]) + frame(window=23 - 10 << 3)) == b"x" * 300


@pytest.mark.parametrize(
    "judged_differently",
    [
        frame(window=24 - 10 << 3),
        frame(window=23 - 10 << 3 | 1),
        frame(descriptor=0x50),
        frame(descriptor=0x41),
        frame(magic=b"\x27\xb5\x2f\xfd"),
        b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip",
    ],
    ids=["window", "window by an eighth", "unused bit", "dictionary", "before the standard", "skippable"],
)
def test_what_some_decoders_take_and_others_don_t_is_refused(judged_differently: bytes) -> None:
    """A decoder that finds room for all of the content at once doesn't look at the window; libraries differ in what they still know."""
    with pytest.raises(BodyError):
        unpack(bytes([ZSTD]) + judged_differently)


@pytest.mark.parametrize("packed", [b"", b"\x01plain", b"\x03plain", b"\xffplain"])
def test_an_unknown_codec_is_refused(packed: bytes) -> None:
    with pytest.raises(UnknownCodecError):
        unpack(packed)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_body_or_a_body_error(packed: bytes) -> None:
    try:
        assert len(unpack(packed)) <= MAX_PLAIN_BYTES
    except BodyError:
        return
