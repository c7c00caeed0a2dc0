"""Motion photos: the film is found, whole, and can be played; and a photo without its film is a photo."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.media.examination import examine
from peer.media.findings import Examination, Verdict
from peer.media.motion import LOST, film_length, find_motion
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.media.xmp import Packet
from tests.fixtures import motion, pictures
from tests.fixtures.pictures import box

MOVING = motion.short_film()

WHOLE: dict[str, bytes] = {
    "micro video": motion.micro_video(moving=MOVING),
    "container": motion.container(moving=MOVING),
    "container with padding": motion.container(moving=MOVING, padding=24),
    "container with a gain map": motion.container(moving=MOVING, gain_map=pictures.jpeg(64, 48)),
    "container with something behind": motion.container(moving=MOVING, trailing=b"trailer of some phone"),
    "samsung": motion.samsung(moving=MOVING),
    "samsung with an offset that counts its trailer": motion.micro_video(moving=MOVING + b"\x00\x00\x01\x0aImage_UTC_Data"),
    "heic": motion.heic_with_film(moving=MOVING),
}


@pytest.fixture
def look(tmp_path: Path) -> Callable[[bytes], Examination]:
    def examined(data: bytes) -> Examination:
        path = tmp_path / "a.bin"
        path.write_bytes(data)
        media = identify(data[:HEAD_BYTES], path.name)
        assert isinstance(media, MediaType), media
        return examine(path, media)

    return examined


@pytest.mark.parametrize("form", WHOLE)
def test_the_film_is_found_and_plays(look: Callable[[bytes], Examination], form: str) -> None:
    data = WHOLE[form]
    found = look(data)
    assert (found.verdict, found.problem, found.notes) == (Verdict.DRAWN, None, ())
    assert (found.width, found.height) == (640, 480)
    assert "duration" not in found.exif
    offset, length = _extent(found)
    assert data[offset : offset + length] == MOVING
    with av.open(io.BytesIO(data[offset : offset + length]), "r") as played:
        frames = [frame for packet in played.demux(video=0) for frame in packet.decode()]
    assert len(frames) == 10


@pytest.mark.parametrize("form", ["micro video", "container", "heic"])
@pytest.mark.parametrize("missing", [1, len(MOVING) // 2, len(MOVING)])
def test_a_film_that_is_cut_off_is_left_out_and_said(look: Callable[[bytes], Examination], form: str, missing: int) -> None:
    found = look(WHOLE[form][:-missing])
    assert (found.verdict, found.problem, found.notes) == (Verdict.DRAWN, None, (LOST,))
    assert found.thumbnail is not None
    assert "motion" not in found.exif


@pytest.mark.parametrize("moving", [b"", b"no film" * 100, MOVING[:-40], box(b"ftyp", b"mp42", bytes(4)), MOVING.replace(b"moov", b"free")])
def test_what_is_no_film_is_left_out_and_said(look: Callable[[bytes], Examination], moving: bytes) -> None:
    for data in (motion.samsung(moving=moving), motion.heic_with_film(moving=moving), motion.container(moving=moving)):
        found = look(data)
        assert (found.verdict, found.notes) == (Verdict.DRAWN, (LOST,))
        assert "motion" not in found.exif


def test_an_ordinary_photo_has_none_and_nothing_is_said_of_it(look: Callable[[bytes], Examination]) -> None:
    for data in (pictures.jpeg(), pictures.heic(), pictures.jpeg() + b"SEFT", pictures.jpeg(xmp=b"<a>MotionPhoto</a>"), pictures.png()):
        found = look(data)
        assert (found.verdict, found.notes) == (Verdict.DRAWN, ())
        assert "motion" not in found.exif


@pytest.mark.parametrize("offset", [0, 1, 2**31, 10**14, 10**15])
def test_offsets_that_lead_nowhere(look: Callable[[bytes], Examination], offset: int) -> None:
    found = look(motion.micro_video(moving=MOVING, offset=offset))
    assert found.verdict is Verdict.DRAWN
    assert "motion" not in found.exif


def test_a_photo_is_not_a_film_from_its_first_byte() -> None:
    assert film_length(MOVING, 0, len(MOVING)) == 0
    assert film_length(b"x" + MOVING, 1, len(MOVING) + 1) == len(MOVING)
    assert film_length(b"x" + MOVING, 1, len(MOVING)) == 0
    assert film_length(b"x" + MOVING, 1, len(MOVING) + 2) == 0


def test_a_directory_of_thousands_of_parts_is_not_followed() -> None:
    parts: Packet = {
        "Container:Directory": [{"Container:Item": {"Item:Semantic": "MotionPhoto", "Item:Length": "9"}} for _ in range(100_000)]
    }
    assert find_motion(b"x" * 100, parts).problem == LOST


@settings(max_examples=100, deadline=None)
@given(form=st.sampled_from(sorted(WHOLE)), data=st.data())
def test_whatever_trailers_say_a_film_lies_in_the_file(form: str, data: st.DataObject) -> None:
    hostile = bytearray(WHOLE[form][-len(MOVING) - 200 :])
    for _ in range(data.draw(st.integers(1, 8))):
        hostile[data.draw(st.integers(0, len(hostile) - 1))] = data.draw(st.integers(0, 255))
    places = st.integers(-(2**70), 2**70).map(str) | st.text(max_size=5) | st.just(str(len(MOVING)))
    packet: Packet = {
        "GCamera:MicroVideoOffset": data.draw(places),
        "Container:Directory": [
            {"Container:Item": {"Item:Semantic": "MotionPhoto", "Item:Length": data.draw(places), "Item:Padding": data.draw(places)}}
        ],
    }
    extent = find_motion(bytes(hostile), packet).extent
    if extent is not None:
        assert 0 < extent[0] < sum(extent) <= len(hostile)
        assert hostile[extent[0] + 4 : extent[0] + 8] == b"ftyp"


def _extent(found: Examination) -> tuple[int, int]:
    match found.exif["motion"]:
        case [int(offset), int(length)]:
            return offset, length
    raise AssertionError("no film")
