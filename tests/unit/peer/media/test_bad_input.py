"""What strains decoders, in the processes and with the limits that an import has: each file costs itself, and no process dies or swells for it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trio
from PIL import Image

from peer.library.library import Library
from peer.media.examination import examine
from peer.media.findings import Picture, Verdict
from peer.media.limits import DecodeLimits
from peer.media.motion import LOST
from peer.media.types import HEAD_BYTES, TYPES, MediaType, identify
from peer.media.worker import Decoders, decoder_command, open_decoders
from tests.fixtures import bad, motion, pictures
from tests.fleet.imports import bring
from tests.fleet.libraries import MovedClock, make_library
from tests.unit.peer.importing.looking import assert_whole, assets, originals, reasons, write

pytestmark = pytest.mark.process

MEMORY = 400 * 1024 * 1024

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's private memory")

MISBEHAVES = """
import os, sys, time
from peer.media.decode_worker import examined, main
from peer.media.messages import decode_request

def answer(message, limits):
    data = decode_request(message).path.read_bytes()
    if b"HANG" in data:
        time.sleep(600)
    if b"DIE" in data:
        os.abort()
    if b"SWELL" in data:
        held = [bytearray(10_000_000) for _ in range(10_000)]
    return examined(message, limits)

main(sys.argv[1:], answer)
"""
"""A decoder as it is, but for photos that carry one of these words: as if libraries for pictures were taken over, or lost their way."""


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
ODD = bad.odd_but_good()
FOUR = [RED, GREEN, BLUE, WHITE]
EXPECTED = {
    "cmyk.jpg": FOUR,
    "cmyk.tif": FOUR,
    "sixteen bits of colour.png": FOUR,
    "profile of another kind.png": FOUR,
    "profile of nonsense.jpg": FOUR,
    "camera.dng": FOUR,
    "sensor.dng": FOUR,
    "film.mp4": FOUR,
    "animated.webp": [RED] * 4,
    "animated.gif": [RED] * 4,
    "animated.png": [RED] * 4,
    "long.png": [RED] * 4,
}


def misbehaving(limits: DecodeLimits) -> list[str]:
    return [sys.executable, "-P", "-c", MISBEHAVES, *decoder_command(limits)[-3:]]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = make_library(tmp_path / "library", clock=MovedClock())
    yield made
    made.close()


def identified(path: Path) -> MediaType:
    media = identify(path.read_bytes()[:HEAD_BYTES], path.name)
    assert isinstance(media, MediaType)
    return media


def processes(decoders: Decoders) -> list[int]:
    return [decoder._process.pid for decoder in decoders._idle]


def most_memory(pid: int) -> int:
    """The most that a process ever had in memory, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def is_there(pid: int) -> bool:
    """Also as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@LINUX
async def test_a_folder_of_all_of_them_at_once(library: Library, tmp_path: Path) -> None:
    good = {**bad.odd_but_good(), "ordinary.jpg": pictures.jpeg(seed=1), "ordinary.heic": pictures.heic(seed=2)}
    kept = bad.kept_without_picture()
    limits = DecodeLimits(memory=MEMORY, seconds=5)
    strange = {
        "hangs.jpg": pictures.jpeg(64, 48, seed=1, comment=b"HANG"),
        "dies.jpg": pictures.jpeg(64, 48, seed=2, comment=b"DIE"),
        "swells.jpg": pictures.jpeg(64, 48, seed=3, comment=b"SWELL"),
    }
    noted = {"lost its film.jpg": motion.micro_video(moving=motion.short_film()[:-50])}
    broken = {
        "cut.jpg": pictures.truncated(pictures.jpeg(seed=4)),
        "cut.mp4": pictures.truncated(pictures.movie(), 0.9),
        "empty.png": b"",
        "text.jpg": b"no picture at all",
    }
    card = write(tmp_path / "card", {**good, **kept, **strange, **noted, **broken})

    def pool() -> AbstractAsyncContextManager[Decoders]:
        return open_decoders(2, limits=limits, command=misbehaving(limits))

    of_others = children()
    with trio.fail_after(90):
        outcome = await bring(library, card, open_pool=pool)

    assert set(reasons(outcome)) == broken.keys()
    without = {each.path.name: each.reason for each in outcome.without_picture}
    assert without.keys() == kept.keys() | strange.keys()
    assert without["hangs.jpg"] == "it takes longer than 5 seconds to decode"
    assert without["dies.jpg"] == "the decoder was ended by signal 6 while it worked on it"
    assert without["swells.jpg"] == "the decoder stopped with code 1 while it worked on it"
    assert without["bomb.tif"] == "it is damaged, or needs more memory than a decoder may use"
    assert without["bomb.png"] == "too many pixels: 60000 × 60000"
    assert outcome.to_json()["notes"] == [{"path": str(card / "lost its film.jpg"), "reason": LOST}]
    taken = {**good, **kept, **strange, **noted}
    assert {row.name for row in assets(library)} == taken.keys()
    assert sorted(originals(library).values()) == sorted(taken.values())
    assert_whole(library)
    assert children() <= of_others


def children() -> set[str]:
    """The processes that this one started and that are left, also as zombies."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


@LINUX
async def test_no_bomb_takes_more_memory_than_is_allowed_nor_costs_its_decoder(tmp_path: Path) -> None:
    bombs = bad.kept_without_picture()
    write(tmp_path, bombs)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(pictures.jpeg())
    async with open_decoders(1, limits=DecodeLimits(memory=MEMORY)) as decoders:
        await decoders.examine(photo, TYPES["JPEG"])
        (pid,) = processes(decoders)
        for path in (tmp_path / name for name in bombs):
            found = await decoders.examine(path, identified(path), want_preview=True)
            assert (found.verdict, found.thumbnail) == (Verdict.UNDRAWABLE, None), path.name
            assert found.problem
            assert processes(decoders) == [pid], path.name
            assert most_memory(pid) < MEMORY + 100 * 1024 * 1024, path.name  # private memory, and the libraries' code
        assert (await decoders.examine(photo, TYPES["JPEG"])).verdict is Verdict.DRAWN
    assert not is_there(pid)


@LINUX
@pytest.mark.parametrize(("form", "options"), [("JPEG", {"progressive": True, "subsampling": 0}), ("WEBP", {"quality": 10, "method": 0})])
async def test_a_whole_picture_is_not_called_damaged_for_want_of_memory(tmp_path: Path, form: str, options: dict[str, Any]) -> None:
    """Their decoders don't say why they fail."""
    path = tmp_path / "large.bin"
    path.write_bytes(pictures.encoded(Image.new("RGB", (5000, 4000), "red"), form, shot=None, **options))
    async with open_decoders(1, limits=DecodeLimits(memory=110 * 1024 * 1024)) as decoders:
        found = await decoders.examine(path, identified(path))
    assert (found.verdict, found.width, found.height) == (Verdict.UNDRAWABLE, 5000, 4000)
    assert found.problem is not None
    assert "memory" in found.problem


async def test_a_file_that_takes_too_long_costs_its_decoder_and_no_other_file(tmp_path: Path) -> None:
    slow, photo = tmp_path / "slow.tif", tmp_path / "photo.jpg"
    slow.write_bytes(bad.packed_tiff(15_000))
    photo.write_bytes(pictures.jpeg(64, 48))
    async with open_decoders(1, limits=DecodeLimits(seconds=60)) as decoders:
        await decoders.examine(photo, TYPES["JPEG"])
        (pid,) = processes(decoders)
        decoders._limits = DecodeLimits(seconds=0.05)
        found = await decoders.examine(slow, TYPES["TIFF"])
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "it takes longer than 0.05 seconds to decode")
        assert not is_there(pid)
        decoders._limits = DecodeLimits(seconds=60)
        assert (await decoders.examine(photo, TYPES["JPEG"])).verdict is Verdict.DRAWN


class TestOddities:
    """Seldom, and right."""

    @pytest.mark.parametrize("name", ODD)
    def test_each_is_drawn(self, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes(ODD[name])
        found = examine(path, identified(path), want_preview=True)
        assert (found.verdict, found.problem, found.notes) == (Verdict.DRAWN, None, ())
        expected = EXPECTED.get(name)
        if expected is not None:
            assert corners(found.thumbnail) == expected

    def test_an_orientation_that_there_is_not_turns_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jpg"
        path.write_bytes(ODD["orientation 9.jpg"])
        found = examine(path, TYPES["JPEG"])
        assert (found.width, found.height) == (64, 48)
        assert "orientation" not in found.exif

    @pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "TIFF", "WebP", "HEIC", "MP4", "DNG"])
    def test_a_file_taken_for_another_type_has_a_verdict(self, tmp_path: Path, name: str) -> None:
        for other, data in ODD.items():
            path = tmp_path / "a"
            path.write_bytes(data)
            found = examine(path, TYPES[name])
            assert (found.problem is None) == (found.verdict is Verdict.DRAWN), other


def corners(picture: Picture | None) -> list[tuple[int, ...]]:
    assert picture is not None
    image = Image.open(io.BytesIO(picture.data)).convert("RGB")
    width, height = image.size
    places = [(width // 4, height // 4), (3 * width // 4, height // 4), (width // 4, 3 * height // 4), (3 * width // 4, 3 * height // 4)]
    colours = [image.getpixel(place) for place in places]
    return [tuple(255 if channel > 128 else 0 for channel in colour) for colour in colours if isinstance(colour, tuple)]
