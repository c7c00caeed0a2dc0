"""A watched folder under a real peer: slow copies, what came meanwhile, re-saved files, and how soon another device sees a new photo."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest
import trio

from tests.fixtures.pictures import jpeg
from tests.fleet.programs import Device
from tests.process.pair import assert_whole, join, stored, until, world

pytestmark = pytest.mark.process
NEW_PHOTOS = 12
SLOW_PIECES = 6


def photos(device: Device) -> int:
    return int(stored(device, "SELECT count(*) FROM asset"))


def thumbnails(device: Device) -> int:
    return int(stored(device, "SELECT count(*) FROM held WHERE kind = 'thumbnail'"))


async def test_a_watched_folder_from_end_to_end(tmp_path: Path) -> None:
    phone = tmp_path / "phone"
    phone.mkdir()
    async with world(tmp_path, photos=0) as made:
        await join(made)
        await made.one.ask("watch", "add", str(phone))
        (phone / "meanwhile.jpg").write_bytes(jpeg(seed=1))
        for device in (made.one, made.two):
            await device.start()
        await until(lambda: thumbnails(made.two) == 1)

        slow, data = phone / "slow.jpg", jpeg(seed=2)
        with slow.open("wb") as writer:
            for start in range(0, len(data), len(data) // SLOW_PIECES + 1):
                writer.write(data[start : start + len(data) // SLOW_PIECES + 1])
                writer.flush()
                await trio.sleep(0.25)
                assert photos(made.one) == 1
        await until(lambda: thumbnails(made.two) == 2)

        delays = []
        for number in range(NEW_PHOTOS):
            new = phone / f".{number}.jpg"
            new.write_bytes(jpeg(seed=10 + number))
            began = time.monotonic()
            new.rename(phone / f"{number}.jpg")
            await until(lambda number=number: thumbnails(made.two) == 3 + number)  # type: ignore[misc]
            delays.append(time.monotonic() - began)
        assert median(delays) <= 0.5, delays

        (phone / "0.jpg").unlink()
        before = slow.read_bytes()
        slow.write_bytes(before[:2] + b"\xff\xfe\x00\x06ours" + before[2:])
        await until(lambda: stored(made.two, "SELECT count(*) FROM asset_file WHERE role = 'version'") == 1)
        await until(lambda: stored(made.two, "SELECT count(*) FROM download") == 0)
        assert photos(made.one) == photos(made.two) == 2 + NEW_PHOTOS
        for device in (made.one, made.two):
            await assert_whole(device)
