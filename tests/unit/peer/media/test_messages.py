"""What a decoder is told, and what it may answer."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.media.findings import Examination, Picture, Verdict, broken, undrawable
from peer.media.messages import (
    MAX_REQUEST_BYTES,
    Request,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
    framed,
    read_message,
)
from peer.media.types import TYPES
from store.encoding import MalformedError, decode, encode

DRAWN = Examination(
    verdict=Verdict.DRAWN,
    exif={
        "taken": "2024-07-21T18:03:11",
        "f": 1.8,
        "iso": 100,
        "gps": [48.5, 2.25],
        "caption": "Under the bridge\nin the evening",
        "rating": 4,
        "keywords": ["bridge", "evening"],
        "regions": [{"name": "Ada", "x": 0.5, "y": 0.25, "w": 0.1, "h": 0.2, "kind": "Face"}],
        "duration": 2.5,
        "content": "0A1B2C3D",
        "burst": "4E5F",
        "motion": [3_000_000_000, 2_000_000],
    },
    width=4000,
    height=3000,
    thumbnail=Picture(data=b"webp", width=360, height=270, media="image/webp"),
    thumbhash=bytes(25),
    preview=Picture(data=b"jpeg", width=2000, height=1500, media="image/jpeg"),
    notes=("its film is cut off",),
)


@pytest.mark.parametrize("examination", [DRAWN, broken("the file is empty"), undrawable("too many pixels", {"iso": 100}, (30_000, 20_000))])
def test_answers_arrive_as_they_were_given(examination: Examination) -> None:
    assert decode_answer(encode_answer(examination)) == examination


@pytest.mark.parametrize("name", [b"/a/b.jpg", b"/a/\xff\xfe\n.jpg", "/a/ä🙂.jpg".encode()])
def test_requests_arrive_whatever_the_path(name: bytes) -> None:
    request = Request(path=Path(os.fsdecode(name)), media=TYPES["HEIC"], want_preview=True)
    assert decode_request(encode_request(request)) == request


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": "splendid"},
        {"exif": {"f": float("nan")}},
        {"exif": {"gps": [1.0, 2.0, 3.0, 4.0]}},
        {"exif": {"f": {"deep": 1}}},
        {"exif": {1: 2}},
        {"exif": {"favorite": True}},
        {"exif": {"iso": 2**60}},
        {"exif": {"f": 1e300}},
        {"exif": {"keywords": ["x" * 100] * 501}},
        {"exif": {"keywords": ["x" * 1000] * 100}},
        {"exif": {"keywords": [1]}},
        {"exif": {"caption": "x" * 40_000}},
        {"exif": {"regions": [{"name": "Ada", "x": 2, "y": 0, "w": 0, "h": 0}]}},
        {"exif": {"regions": [{"name": "Ada"}]}},
        {"exif": {"motion": [1, 2, 3]}},
        {"exif": {"motion": [-1, 2]}},
        {"exif": {"rating": 6}},
        {"exif": {"surprise": "x"}},
        {"notes": ["x" * 301]},
        {"notes": ["x"] * 9},
        {"notes": [1]},
        {"notes": "x"},
        {"size": [2**60, 1]},
        {"size": [True, 1]},
        {"problem": "x" * 301},
        {"size": [1, 2, 3]},
        {"size": ["1", "2"]},
        {"thumbhash": bytes(1000)},
        {"thumbnail": [b"", 0, 10, "image/webp"]},
        {"thumbnail": [b"", 99_999, 10, "image/webp"]},
        {"thumbnail": [b"", 10, 10, "text/html"]},
        {"preview": "x"},
    ],
)
def test_answers_of_a_decoder_gone_wrong_are_refused(changed: dict[str, Any]) -> None:
    answer = decode(encode_answer(DRAWN), limit=10_000)
    with pytest.raises(MalformedError):
        decode_answer(encode(answer | changed))


@given(st.binary(max_size=100))
def test_nonsense_is_refused(message: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_answer(message)
    with pytest.raises(MalformedError):
        decode_request(message)


def test_messages_follow_each_other_until_the_stream_ends() -> None:
    stream = io.BytesIO(framed(b"one") + framed(b"") + framed(b"three")[:-1])
    assert [read_message(stream, 10) for _ in range(3)] == [b"one", b"", None]


def test_a_length_beyond_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedError):
        read_message(io.BytesIO(b"\xff\xff\xff\xff"), MAX_REQUEST_BYTES)
