"""``kill -9`` of `calotype-relay gc` while it moves blobs into the trash, and while it unlinks them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from store.ids import BlobId
from store.releases import HOUR_MS
from tests.fleet.authors import filler, make_library
from tests.fleet.libraries import IN_MEMORY
from tests.unit.relay.releasing import Stage, parts_in, release

pytestmark = pytest.mark.process
BLOBS = 1200
KILLS = 8
GC = [sys.executable, "-c", "from relay.commands import run; run()", "gc", "--json", "--data"]


async def test_no_blob_is_lost_and_all_go_in_the_end() -> None:
    random = Random(1)
    with TemporaryDirectory(dir=IN_MEMORY) as folder, parts_in(data := Path(folder) / "relay") as parts:
        stage = Stage(parts, make_library("kill gc"))
        stage.anna = stage.library.join("anna")
        await stage.begin()
        sealed = [filler(f"blob {number}", 64) for number in range(BLOBS)]
        with parts.libraries.atomic():
            blobs = await stage.put(stage.anna, *sealed)
        kept, gone = blobs[:100], blobs[100:]
        release(stage.anna, *gone)
        await stage.push()
        await stage.report(stage.anna)
        for hours in (1, 26):  # two of three passes
            stage.hours(hours, every=hours)
        stage.book.count(2 * HOUR_MS)
        killed = _kill_a_few(data, random)
        _assert_consistent(stage, kept, gone)
        _finish(data)
        assert not any(map(stage.is_held, gone))
        assert all(map(stage.has_file, gone))
        stage.book.count(31 * 24 * HOUR_MS)
        killed += _kill_a_few(data, random)
        _assert_consistent(stage, kept, gone)
        _finish(data)
        assert not any(map(stage.has_file, gone))
        assert all(map(stage.has_file, kept))
        assert stage.book.trashed(stage.library.id).blobs == 0
        assert killed >= KILLS // 2


def _kill_a_few(data: Path, random: Random) -> int:
    """How many were killed before they were done."""
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([*GC, data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(0.25 + random.random() * 0.4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
    return killed


def _finish(data: Path) -> None:
    assert json.loads(subprocess.run([*GC, data], check=True, capture_output=True).stdout)["dry_run"] is False


def _assert_consistent(stage: Stage, kept: list[BlobId], gone: list[BlobId]) -> None:
    """What is held has its file; what has none is neither held nor anywhere but in the trash; the sums are those of what is held."""
    held = stage.parts.libraries.held(stage.library.id, [*kept, *gone])
    assert held >= {*kept}
    assert all(map(stage.has_file, held))
    account = stage.parts.libraries.account(stage.library.id)
    assert account is not None
    assert (account.blobs, account.blob_bytes) == (len(held), 64 * len(held))
    for blob in gone:
        assert stage.has_file(blob) or not stage.is_held(blob)
