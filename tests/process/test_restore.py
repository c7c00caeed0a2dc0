"""The drill with real programs: both devices are lost, and a relay and the phrase bring the photos back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fleet.programs import Device
from tests.process.pair import join, world

pytestmark = pytest.mark.process


async def test_all_devices_are_lost_and_restored(tmp_path: Path) -> None:
    async with world(tmp_path, photos=4, initialised=False) as made:
        created = await made.one.ask("init", "--name", "one")
        await made.one.ask("relay", "add", made.relay.url, "--token", made.token)
        await join(made)
        await made.one.ask("import", str(made.photos))
        photo = (await made.one.lines("ls"))[0]
        await made.one.ask("set", photo["id"], "rating=4", "caption=remembered")
        await made.one.ask("album", "create", "Sweden")
        await made.one.ask("album", "add", "Sweden", photo["id"])
        for device in (made.one, made.two, made.one):
            await device.ask("sync")
        before = await made.one.lines("ls")
        for device in (made.one, made.two):
            shutil.rmtree(device.library)

        phrase = tmp_path / "phrase"
        phrase.write_text(created["recovery_phrase"])
        new = Device(name="new", library=tmp_path / "new")
        restored = await new.ask("restore", "--relay", made.relay.url, "--phrase-file", str(phrase), "--name", "new")
        assert restored["library"] == created["library"]
        assert restored["device"] not in (created["device"], None)
        await new.ask("sync")
        after = await new.lines("ls")
        assert [{**row, "original": "here"} for row in before] == after
        findings = await new.ask("verify", "--deep")
        assert (findings["originals"], findings["problems"]) == (4, [])

        removed = await new.ask("devices", "remove", "one", "two", "--yes")
        assert len(removed["removed"]) == 2
        await new.ask("sync")
        assert {row["name"]: row["member"] for row in await new.lines("devices")} == {"new": True, "one": False, "two": False}
