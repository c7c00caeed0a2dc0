"""The size that a WebP says to have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from peer.media.webp import canvas_size
from tests.fixtures.pictures import encoded


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (5000, 3)])
@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"xmp": b"<x/>"}, {"save_all": True}])
def test_of_each_kind(size: tuple[int, int], options: dict[str, bool]) -> None:
    frames = {"append_images": [Image.new("RGB", size, "blue")]} if "save_all" in options else {}
    assert canvas_size(encoded(Image.new("RGB", size, "red"), "WEBP", shot=None, **options, **frames)) == size


@given(st.binary(max_size=40))
def test_of_anything(data: bytes) -> None:
    size = canvas_size(data)
    assert size is None or min(size) >= 0
