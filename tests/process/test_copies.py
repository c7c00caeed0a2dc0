"""A folder that is copied, put back from a backup, or rolled back with its whole disk: real programs, a real relay, one device."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from peer.library.instance import STATE_VARIABLE
from tests.fleet.programs import Device
from tests.process.pair import assert_whole, digest, join, take_photos, world

pytestmark = pytest.mark.process


async def agree(devices: Sequence[Device]) -> None:
    """Everybody syncs until all have met what the others brought; then all show the same, and it is whole."""
    for device in (*devices, *devices[:-1]):
        await device.ask("sync")
    assert len({digest(device) for device in devices}) == 1
    for device in devices:
        await assert_whole(device)


async def forks(device: Device) -> int:
    return int((await device.ask("status"))["forks"])


async def test_a_copied_folder_an_old_backup_and_a_rolled_back_disk_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setenv(STATE_VARIABLE, str(notes))
    async with world(tmp_path, photos=4) as made:
        one, two = made.one, made.two
        await one.ask("import", str(made.photos))
        await join(made)
        await agree([one, two])

        three = Device(name="three", library=tmp_path / "three")
        shutil.copytree(two.library, three.library)
        await two.ask("import", str(take_photos(tmp_path / "card of two", 2, seed=100)))
        await three.ask("import", str(take_photos(tmp_path / "card of three", 2, seed=200)))
        await agree([one, two, three])
        assert await forks(one) == 0

        shutil.copytree(two.library, tmp_path / "backup")
        await two.ask("import", str(take_photos(tmp_path / "since the backup", 2, seed=300)))
        await agree([one, two])
        shutil.rmtree(two.library)
        shutil.copytree(tmp_path / "backup", two.library)
        await two.ask("import", str(take_photos(tmp_path / "after the backup", 2, seed=400)))
        await agree([one, two, three])
        assert await forks(one) == 0

        shutil.copytree(two.library, tmp_path / "disk")
        shutil.copytree(notes, tmp_path / "disk notes")
        await two.ask("import", str(take_photos(tmp_path / "first branch", 2, seed=500)))
        await agree([one, two])
        for there, then in ((two.library, tmp_path / "disk"), (notes, tmp_path / "disk notes")):
            shutil.rmtree(there)
            shutil.copytree(then, there)
        await two.ask("import", str(take_photos(tmp_path / "second branch", 2, seed=600)))
        await agree([one, two, three])
        assert await forks(one) == 1
        assert (await one.ask("status"))["assets"] == 4 + 6 * 2
        shutil.rmtree(two.library)
        await agree([one, three])
