"""Named parts of pictures, wherever the camera was turned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crdt.facts import Region
from peer.media.pictures import upright as turned_upright
from peer.media.regions import read_regions, stored, upright
from peer.media.xmp import read_packet
from tests.fixtures.blocks import face, microsoft_regions, packet, regions

NO_NUMBERS = ("nan", "inf", "-0.1", "1.1", "", "x", "1/0")


def read(elements: str, orientation: int = 1) -> tuple[Region, ...]:
    return read_regions(read_packet(packet(elements)), orientation)


def test_names_and_places() -> None:
    assert read(regions(face("Marie", 0.25, 0.5, 0.125, 0.25), face("Rex", 0.75, 0.75, 0.25, 0.25, kind="Pet"))) == (
        Region(name="Marie", x=0.25, y=0.5, width=0.125, height=0.25, kind="Face"),
        Region(name="Rex", x=0.75, y=0.75, width=0.25, height=0.25, kind="Pet"),
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_region_is_turned_like_the_picture(orientation: int) -> None:
    """Its middle lies on the same pixel before and after."""
    picture = Image.new("L", (40, 30))
    picture.putpixel((7, 20), 255)
    region = Region(name="spot", x=7.5 / 40, y=20.5 / 30, width=3 / 40, height=1 / 30)
    seen = turned_upright(picture, orientation)
    found = upright(region, orientation)
    assert seen.getpixel((int(found.x * seen.width), int(found.y * seen.height))) == 255
    assert (round(found.width * seen.width), round(found.height * seen.height)) == ((1, 3) if orientation > 4 else (3, 1))


@given(st.tuples(*[st.integers(0, 10**6)] * 4), st.integers(1, 8))
def test_back_and_forth(sides: tuple[int, int, int, int], orientation: int) -> None:
    x, y, width, height = (side / 10**6 for side in sides)
    region = Region(name="a", x=x, y=y, width=width, height=height)
    assert stored(upright(region, orientation), orientation) == region


def test_pixels_become_fractions() -> None:
    assert read(regions(face("a", 100, 50, 40, 20, unit="pixel"), size=(400, 100))) == (
        Region(name="a", x=0.25, y=0.5, width=0.1, height=0.2, kind="Face"),
    )
    assert read(regions(face("a", 100, 50, 40, 20, unit="pixel"))) == ()
    assert read(regions(face("a", 100, 50, 40, 20, unit="pixel"), size=(0, 0))) == ()


def test_microsofts_are_upright_already() -> None:
    assert read(microsoft_regions(("Marie", "0.25, 0.5, 0.5, 0.25")), orientation=6) == (
        Region(name="Marie", x=0.5, y=0.625, width=0.5, height=0.25, kind="Face"),
    )


def test_the_working_groups_come_first() -> None:
    both = microsoft_regions(("old", "0,0,1,1")) + regions(face("new", 0.5, 0.5, 1, 1))
    assert [region.name for region in read(both)] == ["new"]


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_absurd_places_are_left_out(number: str) -> None:
    good = face("good", 0.5, 0.5, 0.1, 0.1)
    bad = good.replace("good", "bad").replace('stArea:x="0.5"', f'stArea:x="{number}"')
    assert [region.name for region in read(regions(bad, good))] == ["good"]
    assert read(microsoft_regions(("bad", f"{number}, 0.1, 0.1, 0.1"))) == ()


@pytest.mark.parametrize("rectangle", ["", "1", "0,0,0,0", "0,0,1,1,1", "0.9,0.9,0.9,0.9"])
def test_rectangles_that_are_none_are_left_out(rectangle: str) -> None:
    assert read(microsoft_regions(("x", rectangle))) == ()


def test_without_a_name_or_a_size_it_is_no_region() -> None:
    assert read(regions(face("", 0.5, 0.5, 0.1, 0.1), face("flat", 0.5, 0.5, 0.1, 0), face(" ", 0.5, 0.5, 0.1, 0.1))) == ()


def test_no_more_than_a_record_keeps() -> None:
    assert len(read(regions(*(face(f"{number}", 0.5, 0.5, 0.1, 0.1) for number in range(1000))))) == 200
