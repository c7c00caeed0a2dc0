"""Steps 1 to 5: what is seen, which way up, and without an empty corner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crdt.values import Value
from peer.rendering.framing import frame_of
from peer.rendering.pictures import render
from peer.rendering.reading import read_parameters
from tests.unit.peer.rendering.samples import HEIGHT, WIDTH, pixels, sample

SIZES = st.tuples(st.integers(1, 300), st.integers(1, 300))
STARTS = st.floats(0, 1)
LENGTHS = st.floats(0, 1, exclude_min=True)
CROPS = st.tuples(STARTS, STARTS, LENGTHS, LENGTHS).map(list)
ANGLES = st.floats(-45, 45)


def edited(image: Image.Image, **edits: Value) -> Image.Image:
    return render(image, read_parameters(edits).parameters)


def test_a_crop_is_exactly_these_pixels() -> None:
    rendered = edited(sample(), crop=[0.25, 0.5, 0.5, 0.25])
    assert rendered.tobytes() == sample().crop((3, 4, 9, 6)).tobytes()


def test_a_crop_and_a_crop_of_its_remainder_are_one_crop() -> None:
    image = sample()
    twice = edited(edited(image, crop=[0.25, 0, 0.5, 1]), crop=[0.5, 0.5, 0.5, 0.5])
    assert twice.tobytes() == edited(image, crop=[0.5, 0.5, 0.25, 0.5]).tobytes()


@pytest.mark.parametrize("flip", ["h", "v", "hv"])
def test_flipped_twice_is_as_before(flip: str) -> None:
    assert edited(edited(sample(), flip=flip), flip=flip).tobytes() == sample().tobytes()


def test_four_quarter_turns_are_none() -> None:
    image = sample()
    for _ in range(4):
        image = edited(image, rotate=90)
    assert image.tobytes() == sample().tobytes()


def test_a_quarter_turn_is_clockwise() -> None:
    rendered = edited(sample(), rotate=90)
    assert rendered.size == (HEIGHT, WIDTH)
    assert rendered.getpixel((HEIGHT - 1, 0)) == sample().getpixel((0, 0))


def test_flips_are_those_of_the_original_and_turns_come_after() -> None:
    rendered = edited(sample(), flip="h", rotate=90)
    assert rendered.tobytes() == edited(edited(sample(), flip="h"), rotate=90).tobytes()
    assert rendered.getpixel((HEIGHT - 1, 0)) == sample().getpixel((WIDTH - 1, 0))


def test_straightening_turns_clockwise_about_the_middle() -> None:
    image = Image.new("RGB", (101, 101), "black")
    image.paste((255, 255, 255), (80, 48, 90, 53))  # to the right of the middle: a clockwise turn brings it down
    rendered = pixels(edited(image, straighten=30))[..., 0]
    rows, columns = np.nonzero(rendered > 128)
    assert rows.mean() > rendered.shape[0] / 2 + 5
    assert columns.mean() > rendered.shape[1] / 2


@settings(max_examples=100, deadline=None)
@given(size=SIZES, crop=CROPS, angle=ANGLES)
def test_no_corner_is_empty(size: tuple[int, int], crop: list[Value], angle: float) -> None:
    rendered = edited(Image.new("RGB", size, "white"), crop=crop, straighten=angle)
    assert rendered.width >= 1
    assert rendered.height >= 1
    assert rendered.getextrema() == ((255, 255),) * 3


@settings(max_examples=100, deadline=None)
@given(size=SIZES, crop=CROPS, angle=ANGLES)
def test_a_frame_is_never_larger_than_its_crop_nor_out_of_the_picture(size: tuple[int, int], crop: list[Value], angle: float) -> None:
    parameters = read_parameters({"crop": crop, "straighten": angle}).parameters
    frame, cropped = frame_of(size, parameters), frame_of(size, read_parameters({"crop": crop}).parameters)
    assert frame.width <= cropped.width
    assert frame.height <= cropped.height
    left, top, right, bottom = cropped.box
    assert (left >= 0, top >= 0, right <= size[0], bottom <= size[1]) == (True,) * 4


def test_what_is_left_is_as_large_as_can_be_and_keeps_its_proportions() -> None:
    frame = frame_of((4000, 3000), read_parameters({"straighten": 5}).parameters)
    assert frame.width / frame.height == pytest.approx(4 / 3, rel=0.001)
    assert frame_of((4000, 3000), read_parameters({"straighten": 5, "crop": [0.3, 0.3, 0.4, 0.4]}).parameters).width == 1600
    a = np.radians(5)
    assert frame.height == int(3000 / (4 / 3 * np.sin(a) + np.cos(a)))


def test_at_most_so_large_and_never_enlarged() -> None:
    image = sample().resize((120, 80))
    assert render(image, read_parameters({"rotate": 90}).parameters, edge=60).size == (40, 60)
    assert render(image, read_parameters({}).parameters, edge=500).size == (120, 80)
