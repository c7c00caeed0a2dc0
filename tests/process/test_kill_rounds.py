"""``kill -9`` at random moments, then ``verify`` finds nothing and the work goes on."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.process.pair import join, killed, whole, world

pytestmark = pytest.mark.process
ROUNDS = 6
PHOTOS = 24


async def test_import(tmp_path: Path) -> None:
    random = Random(1)
    async with world(tmp_path, photos=PHOTOS) as made:
        interrupted = 0
        for _ in range(ROUNDS):
            interrupted += await killed(made.one, random, "import", str(made.photos))
            await whole(made.one)
        assert interrupted
        await made.one.ask("import", str(made.photos))
        findings = await whole(made.one, deep=True)
        assert findings["originals"] == PHOTOS
        assert len(await made.one.lines("ls")) == PHOTOS
        originals = [path for path in (made.one.library / "originals").rglob("*") if path.is_file()]
        assert len(originals) == PHOTOS


async def test_upload_download_and_pull(tmp_path: Path) -> None:
    random = Random(2)
    async with world(tmp_path, photos=PHOTOS) as made:
        await made.one.ask("import", str(made.photos))
        for _ in range(ROUNDS):
            await killed(made.one, random, "sync", earliest=0.4)
            await whole(made.one)
        await made.one.ask("sync")
        new, again = made.puts()
        assert new == len(list((made.folder / "relay" / "blobs").rglob("*/*"))) or new >= PHOTOS * 2
        assert again == 0, "a blob that the relay had acknowledged was sent again"
        await join(made)
        for _ in range(ROUNDS):
            await killed(made.two, random, "sync", earliest=0.4)
            await whole(made.two)
        await made.two.ask("sync")
        await made.one.ask("sync")
        findings = await whole(made.two, deep=True)
        assert findings["originals"] == PHOTOS
        assert await made.one.ask("digest") == await made.two.ask("digest")
        assert {row["original"] for row in await made.two.lines("ls")} == {"here"}


async def test_a_killed_peer_and_a_killed_relay(tmp_path: Path) -> None:
    async with world(tmp_path, photos=8) as made:
        await join(made)
        await made.one.start()
        await made.two.start()
        await made.one.ask("import", str(made.photos))
        made.relay.serving.kill()
        await made.relay.serving.stop()
        row = (await made.one.lines("ls"))[0]
        await made.one.ask("set", row["id"], "caption=written while the relay was away")
        assert made.two.peer is not None
        made.two.peer.kill()
        await made.two.stop()
        await made.restart_relay()
        await made.two.start()
        await made.one.settle()
        await made.two.settle()
        await whole(made.one, deep=True)
        await whole(made.two, deep=True)
        assert await made.one.ask("digest") == await made.two.ask("digest")
        shown = await made.two.ask("show", row["id"])
        assert shown["caption"] == "written while the relay was away"
        assert {each["original"] for each in await made.two.lines("ls")} == {"here"}
