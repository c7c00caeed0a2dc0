"""The framing of streams: whatever the pieces, the same items; and nothing else passes."""

from __future__ import annotations

from itertools import pairwise

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.messages import ItemDecoder, frame
from store.encoding import MalformedError, TooLongError

items = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=400)), max_size=8)


@given(items, st.data())
def test_items_come_out_whole_however_the_bytes_are_cut(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(frame(tag, content) for tag, content in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    decoder = ItemDecoder(longest=1000)
    received = [item for start, end in pairwise([0, *cuts, len(stream)]) for item in decoder.feed(stream[start:end])]
    decoder.finish()
    assert received == sent


@given(st.binary(max_size=70_000))
def test_an_item_is_a_cbor_byte_string(content: bytes) -> None:
    assert cbor2.loads(frame(7, content)) == b"\x07" + content


@given(st.binary(max_size=64))
def test_noise_is_items_or_malformed(noise: bytes) -> None:
    decoder = ItemDecoder(longest=64)
    try:
        received = list(decoder.feed(noise))
        decoder.finish()
    except MalformedError:
        return
    assert b"".join(frame(tag, content) for tag, content in received) == noise


@pytest.mark.parametrize(
    "raw",
    [
        b"\x40",  # an item without a tag
        b"\x60",  # text
        b"\x5f\x41\x00\xff",  # an indefinite length
        b"\x58\x01\x00",  # a length that isn't in its shortest form
        b"\x5b" + bytes(7) + b"\x05" + bytes(5),
        b"\x5c\x00",  # a length of no known width
        b"\xf6",
    ],
)
def test_what_is_no_item(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        list(ItemDecoder(longest=100).feed(raw))


def test_a_long_item_is_refused_by_its_head() -> None:
    with pytest.raises(TooLongError):
        list(ItemDecoder(longest=100).feed(frame(0, bytes(100))[:2]))
    with pytest.raises(TooLongError):
        list(ItemDecoder(longest=100).feed(b"\x5b" + b"\xff" * 8))
    assert list(ItemDecoder(longest=100).feed(frame(0, bytes(99)))) == [(0, bytes(99))]


def test_an_end_inside_an_item() -> None:
    decoder = ItemDecoder(longest=100)
    assert list(decoder.feed(frame(1, b"first") + frame(2, b"second")[:-1])) == [(1, b"first")]
    with pytest.raises(MalformedError):
        decoder.finish()
