"""Steps 6 to 11: they are what is written, they keep what they promise, and bands don't show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crdt.values import Value
from peer.rendering import colours
from peer.rendering.curves import channel_table
from peer.rendering.filters import FILTERS
from peer.rendering.parameters import SLIDERS, Parameters
from peer.rendering.pictures import render
from peer.rendering.reading import read_parameters
from tests.unit.peer.rendering.reference import rendered_pixel
from tests.unit.peer.rendering.samples import pixels, sample

AMOUNTS = st.floats(-100, 100, allow_nan=False)
SLIDER_EDITS = st.dictionaries(st.sampled_from(SLIDERS), AMOUNTS, min_size=1)
TONES = ("exposure", "contrast", "highlights", "shadows", "temperature", "tint")


def edited(image: Image.Image, **edits: Value) -> Image.Image:
    return render(image, read_parameters(edits).parameters)


@settings(max_examples=100, deadline=None)
@given(edits=SLIDER_EDITS, monochrome=st.booleans())
def test_pixels_are_what_the_written_formulas_give(edits: dict[str, float], monochrome: bool) -> None:
    image = sample()
    rendered = pixels(render(image, read_parameters({**edits, "monochrome": monochrome}).parameters))
    named = {**edits, "monochrome": monochrome, "width": image.width, "height": image.height}
    for y, x in ((0, 0), (0, 11), (3, 5), (7, 0), (7, 11), (4, 8)):
        expected = rendered_pixel(image.getpixel((x, y)), (x, y, 0), named)  # type: ignore[arg-type]  # of an RGB picture
        assert np.abs(rendered[y, x] - np.array(expected)).max() <= 1


@pytest.mark.parametrize("name", SLIDERS)
def test_a_slider_at_zero_changes_no_bit(name: str) -> None:
    assert edited(sample(), **{name: 0}).tobytes() == sample().tobytes()


def test_without_parameters_the_picture_is_the_same() -> None:
    image = sample()
    assert edited(image) is image


def test_the_source_is_left_as_it_is() -> None:
    image = sample()
    edited(image, saturation=-50, vignette=100)
    assert image.tobytes() == sample().tobytes()


@settings(max_examples=100, deadline=None)
@given(edits=st.dictionaries(st.sampled_from(TONES), AMOUNTS, min_size=1))
def test_tone_curves_keep_the_order_of_tones(edits: dict[str, float]) -> None:
    parameters = read_parameters(edits).parameters
    for channel in range(3):
        table = channel_table(parameters, channel)
        assert (np.diff(table) >= -1e-12).all()
        assert table.min() >= 0
        assert table.max() <= 1


@pytest.mark.parametrize("name", ["contrast", "highlights", "shadows"])
@pytest.mark.parametrize("amount", [-100, -30, 30, 100])
def test_curves_keep_black_and_white(name: str, amount: int) -> None:
    table = channel_table(read_parameters({name: amount}).parameters, 0)
    assert (table[0], table[-1]) == (0, 1)


@settings(max_examples=50, deadline=None)
@given(signs=st.tuples(*[st.sampled_from((-100, 0, 100)) for _ in SLIDERS]), named=st.sampled_from(["", *FILTERS]))
def test_extremes_are_no_overflow(signs: tuple[int, ...], named: str) -> None:
    edits = dict(zip(SLIDERS, signs, strict=True))
    with np.errstate(all="raise"):
        rendered = render(sample(), read_parameters({**edits, "filter": named or None}).parameters)
    assert rendered.size == sample().size


def test_grey_stays_grey_under_saturation_and_keeps_its_luminance_under_temperature() -> None:
    grey = Image.new("RGB", (2, 2), (119, 119, 119))
    assert edited(grey, saturation=100).tobytes() == grey.tobytes()
    warm = pixels(edited(grey, temperature=50))[0, 0]
    assert warm[0] > 119 > warm[2]
    linear = ((warm / 255 + 0.055) / 1.055) ** 2.4
    assert abs(linear @ np.array([0.2126, 0.7152, 0.0722]) - ((119 / 255 + 0.055) / 1.055) ** 2.4) < 0.005


@pytest.mark.parametrize("name", ["noir", "mono"])
def test_black_and_white_filters_leave_no_colour(name: str) -> None:
    rendered = pixels(edited(sample(), filter=name))
    assert np.ptp(rendered, axis=-1).max() == 0


def test_a_hundred_of_exposure_is_two_stops() -> None:
    rendered = pixels(edited(Image.new("RGB", (1, 1), (64, 64, 64)), exposure=100))[0, 0, 0]
    assert ((rendered / 255 + 0.055) / 1.055) ** 2.4 == pytest.approx(4 * ((64 / 255 + 0.055) / 1.055) ** 2.4, rel=0.02)


def test_what_shows_through_stays_so() -> None:
    image = sample()
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    rendered = edited(image, saturation=50, exposure=30, vignette=20)
    assert rendered.mode == "RGBA"
    assert rendered.getchannel("A").tobytes() == alpha.tobytes()


@pytest.mark.parametrize("band", [12, 36, 10_000])
def test_bands_dont_show(band: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = edited(sample(), saturation=40, vignette=80, filter="vivid")
    monkeypatch.setattr(colours, "BAND_PIXELS", band)
    assert edited(sample(), saturation=40, vignette=80, filter="vivid").tobytes() == whole.tobytes()


def test_what_isnt_known_is_skipped_and_named() -> None:
    reading = read_parameters({"filter": "aurora", "sharpness": 10, "exposure": "bright", "crop": [0, 0, 0, 0], "rotate": 45, "tint": 20})
    assert reading.skipped == ("crop", "exposure", "filter=aurora", "rotate", "sharpness")
    assert reading.parameters == Parameters(tint=0.2)


@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.booleans(), st.floats(), st.text(), st.binary(), st.lists(st.floats())))
)
def test_reading_parameters_never_fails(edits: dict[str, Value]) -> None:
    reading = read_parameters(edits)
    assert len(reading.skipped) <= len(edits)
