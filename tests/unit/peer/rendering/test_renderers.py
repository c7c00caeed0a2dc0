"""Rendering in processes with limits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from peer.media.limits import DecodeLimits
from peer.media.types import TYPES
from peer.rendering.messages import (
    Form,
    Output,
    Rendered,
    RenderRequest,
    decode_render_request,
    decode_rendered,
    encode_render_request,
    encode_rendered,
)
from peer.rendering.parameters import Parameters
from peer.rendering.renderers import open_renderers
from store.encoding import MalformedError, encode
from tests.fixtures.pictures import jpeg

pytestmark = pytest.mark.process


async def test_a_process_renders(tmp_path: Path) -> None:
    path, into = tmp_path / "photo.jpg", tmp_path / "made.jpg"
    path.write_bytes(jpeg(320, 200))
    async with open_renderers(1) as renderers:
        answer = await renderers.render(RenderRequest(path=path, media=TYPES["JPEG"], parameters=Parameters(rotate=1)))
        assert answer.thumbnail is not None
        assert Image.open(io.BytesIO(answer.thumbnail.data)).size == (200, 320)
        output = Output(path=into, form=Form.JPEG, quality=90, edge=100)
        answer = await renderers.render(RenderRequest(path=path, media=TYPES["JPEG"], parameters=Parameters(tint=0.1), output=output))
        assert Image.open(io.BytesIO(into.read_bytes())).size == (answer.width, answer.height) == (100, 62)


async def test_memory_is_bounded_for_fifty_megapixels(tmp_path: Path) -> None:
    path, into = tmp_path / "large.jpg", tmp_path / "made.jpg"
    Image.new("RGB", (8192, 6400), (90, 120, 60)).save(path, quality=50)
    request = RenderRequest(
        path=path,
        media=TYPES["JPEG"],
        parameters=Parameters(rotate=1, saturation=0.3),
        output=Output(path=into, form=Form.JPEG, quality=80),
    )
    megabytes = 8192 * 6400 * 4 // 1024**2
    async with open_renderers(1, limits=DecodeLimits(memory=(3 * megabytes + 250) * 1024**2, seconds=60)) as renderers:
        assert (await renderers.render(request)).problem is None
    async with open_renderers(1, limits=DecodeLimits(memory=megabytes * 1024**2, seconds=60)) as renderers:
        assert (await renderers.render(request)).problem is not None


def test_requests_and_answers_are_checked() -> None:
    parameters = Parameters(crop=(0.1, 0, 0.5, 1), rotate=1, tint=0.3, monochrome=True, filter="noir")
    request = RenderRequest(path=Path("/a"), media=TYPES["PNG"], parameters=parameters)
    assert decode_render_request(encode_render_request(request)) == request
    assert decode_rendered(encode_rendered(Rendered(problem="p" * 900))).problem == "p" * 300
    for wrong in (
        {},
        {"problem": None, "size": [1, -1], "pictures": [None, None]},
        {"problem": None, "size": [1, 1], "pictures": [[b"", 9999, 1, "image/png"], None]},
    ):
        with pytest.raises(MalformedError):
            decode_rendered(encode(wrong))
    with pytest.raises(MalformedError):
        decode_render_request(encode({"path": b"/a", "media": "PNG", "parameters": {}, "output": [b"/b", "EXE", 1, None]}))
