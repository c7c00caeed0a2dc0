"""How fast photographs are imported."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.figures import Budget, Figure
from tests.bench.stage import Scale
from tests.fixtures.composites import xmp
from tests.fixtures.films import film, with_keys
from tests.fixtures.pictures import Shot, jpeg, photo_12_megapixels, scene
from tests.fleet.programs import Device

METHOD = (
    "`calotype import` of a folder of JPEGs of 4,000 × 3,000 pixels and 3 to 4 MB, from start to end of the command, Python's start-up included: identify, "
    "hash, copy, make durable, read back, examine in decoder processes, thumbnail and ThumbHash, seal to name the blobs, commit, place. No peer runs. "
    "Ten different scenes; every file has bytes of its own (the time in its EXIF), which changes nothing in the work. The second part is a folder of Live "
    "Photos: such a JPEG, a film of 1,440 × 1,080 pixels and two seconds beside it, and every fourth with an XMP sidecar; a photo counts once."
)
SCENES = 10
TAKEN = "2024:07:21 18:03:11"


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    count = scale.of(180, 60)
    size = _write_photos(folder / "photos", count)
    (folder / "first.jpg").write_bytes(jpeg())
    alpha = Device(name="alpha", library=folder / "alpha")
    await alpha.ask("init", "--name", "alpha")
    await alpha.ask("import", str(folder / "first.jpg"))
    start = time.perf_counter()
    imported = await alpha.ask("import", str(folder / "photos"))
    seconds = time.perf_counter() - start
    assert imported["imported"] == count
    live = count // 2
    _write_live_photos(folder / "live", live)
    start = time.perf_counter()
    composites = await alpha.ask("import", str(folder / "live"))
    live_seconds = time.perf_counter() - start
    assert (composites["imported"], composites["files"]) == (live, 2 * live + (live + 3) // 4)
    return [
        Figure(
            name=f"12-megapixel JPEGs with thumbnail, {count} files",
            value=count / seconds,
            unit="/s",
            budget=Budget(bound=30, at_least=True),
        ),
        Figure(name="the same in bytes", value=size / seconds / 1e6, unit="MB/s"),
        Figure(name=f"Live Photos with thumbnail, {live} of them", value=live / live_seconds, unit="/s"),
    ]


def _write_photos(folder: Path, count: int) -> int:
    """Their bytes together."""
    folder.mkdir()
    scenes = [photo_12_megapixels(seed, Shot(taken=TAKEN)) for seed in range(SCENES)]
    size = 0
    for number in range(count):
        taken = f"2024:07:21 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        photo = scenes[number % SCENES].replace(TAKEN.encode(), taken.encode())
        size += (folder / f"IMG_{number + 1:04}.JPG").write_bytes(photo)
    return size


def _write_live_photos(folder: Path, count: int) -> None:
    """Pairs by their names. The films differ in their names of the maker, and the times of the photos in their hours from those above."""
    folder.mkdir()
    scenes = [photo_12_megapixels(seed, Shot(taken=TAKEN)) for seed in range(SCENES)]
    moving = film("mov", size=(1440, 1080), frames=[scene(1440, 1080, seed=number) for number in range(5)])
    for number in range(count):
        taken = f"2025:07:21 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        (folder / f"IMG_{number + 1:04}.JPG").write_bytes(scenes[number % SCENES].replace(TAKEN.encode(), taken.encode()))
        (folder / f"IMG_{number + 1:04}.MOV").write_bytes(with_keys(moving, {"com.apple.quicktime.make": f"Maker {number}"}))
        if number % 4 == 0:
            (folder / f"IMG_{number + 1:04}.xmp").write_bytes(xmp(f"keyword {number}"))
