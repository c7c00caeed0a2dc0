"""Files that are broken, that aren't what they are named, or that can't be read: each costs itself, and says why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.library.library import Library
from peer.media.worker import open_decoders
from peer.originals.scan import Found
from tests.fixtures.pictures import gif, heic, huge_png, jpeg, png, truncated
from tests.fleet.imports import bring
from tests.unit.peer.importing.faults import Around
from tests.unit.peer.importing.looking import assert_whole, assets, originals, reasons, write

ROOT = Path(__file__).parents[4]
GOOD = jpeg(seed=1)

BAD = {
    "empty.jpg": b"",
    "cut in half.jpg": truncated(jpeg(seed=2)),
    "cut in half.png": truncated(png(seed=3)),
    "cut in half.heic": truncated(heic(seed=4)),
    "only a head.jpg": jpeg(seed=5)[:20],
    "all the same.jpg": jpeg(seed=6)[:-2].ljust(60_000, b"\0"),
    "a text.jpg": b"Dear diary, today I took no pictures.\n" * 40,
    "zeros.png": bytes(100_000),
    "noise.heic": bytes(range(256)) * 100,
    "notes.txt": b"not a picture",
}


async def test_what_is_broken_is_left_out_with_a_reason_and_the_rest_is_imported(
    library: Library, card: Path, autojump_clock: MockClock
) -> None:
    write(card, {**BAD, "good.jpg": GOOD})
    outcome = await bring(library, card)
    assert outcome.imported == 1
    assert set(reasons(outcome)) == BAD.keys()
    assert not outcome.complete
    assert [row.name for row in assets(library)] == ["good.jpg"]
    assert list(originals(library).values()) == [GOOD]
    assert_whole(library)


async def test_the_reason_says_what_is_wrong(library: Library, card: Path, autojump_clock: MockClock) -> None:
    found = reasons(await bring(library, write(card, BAD)))
    assert found["empty.jpg"] == "the file is empty"
    assert found["a text.jpg"] == "named .jpg, but what it contains isn't JPEG: it looks like text"
    assert {found[f"cut in half.{extension}"] for extension in ("jpg", "png", "heic")} == {"the file is truncated"}
    assert "breaks off" in found["only a head.jpg"]


async def test_what_a_file_is_named_doesn_t_matter_as_long_as_it_is_a_picture(
    library: Library, card: Path, autojump_clock: MockClock
) -> None:
    outcome = await bring(library, write(card, {"a.jpg": png(seed=1), "b.png": GOOD, "c.HEIC": gif(seed=2), "d": jpeg(seed=3)}))
    assert outcome.imported == 4
    assert outcome.complete
    assert {row.name: row.media for row in assets(library)} == {
        "a.jpg": "image/png",
        "b.png": "image/jpeg",
        "c.HEIC": "image/gif",
        "d": "image/jpeg",
    }


async def test_with_real_decoders_a_huge_picture_costs_little_and_is_kept_without_a_thumbnail(library: Library, card: Path) -> None:
    bomb = huge_png(20_000)
    assert len(bomb) < 100_000
    write(card, {"bomb.png": bomb, "broken.jpg": truncated(jpeg(seed=2)), "good.jpg": GOOD, "good.heic": heic(seed=4)})
    with trio.fail_after(60):
        outcome = await bring(library, card, open_pool=open_decoders)
    assert outcome.imported == 3
    assert [(each.path.name, "20000 × 20000" in each.reason) for each in outcome.without_picture] == [("bomb.png", True)]
    assert list(reasons(outcome)) == ["broken.jpg"]
    assert sorted(originals(library).values()) == sorted([bomb, GOOD, heic(seed=4)])
    assert_whole(library)


async def test_a_link_that_leads_to_itself_and_one_to_nowhere(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"good.jpg": GOOD})
    (card / "this.jpg").symlink_to(card / "that.jpg")
    (card / "that.jpg").symlink_to(card / "this.jpg")
    (card / "nowhere.jpg").symlink_to(card / "gone.jpg")
    (card / "round and round").symlink_to(card, target_is_directory=True)
    outcome = await bring(library, card)
    assert outcome.imported == 1
    assert set(reasons(outcome)) == {"this.jpg", "that.jpg", "nowhere.jpg", "round and round"}
    assert "leads back to itself" in reasons(outcome)["this.jpg"]
    assert reasons(await bring(library, card / "this.jpg")) == {"this.jpg": "a link that leads back to itself"}


async def test_things_that_are_no_files_are_not_waited_for(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"good.jpg": GOOD})
    os.mkfifo(card / "pipe.jpg")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(card / "socket.jpg"))
    try:
        outcome = await bring(library, card, Path("/dev/null"))
    finally:
        listener.close()
    assert outcome.imported == 1
    assert {name: reason.split(",")[0] for name, reason in reasons(outcome).items()} == {
        "pipe.jpg": "a pipe",
        "socket.jpg": "a socket",
        "null": "a device",
    }


async def test_a_file_that_becomes_a_pipe_is_not_waited_for(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"a.jpg": GOOD, "b.jpg": jpeg(seed=2)})

    def replace(found: Found) -> None:
        if found.path.name == "a.jpg":
            found.path.unlink()
            os.mkfifo(found.path)

    outcome = await bring(library, card, run_blocking=Around("identify_file", before=replace))
    assert outcome.imported == 1
    assert "isn't an ordinary file" in reasons(outcome)["a.jpg"]


async def test_names_that_are_not_there(library: Library, card: Path, autojump_clock: MockClock) -> None:
    write(card, {"good.jpg": GOOD})
    outcome = await bring(library, card / "gone", card / ("x" * 3000), card / "good.jpg")
    assert outcome.imported == 1
    assert [each.reason for each in outcome.skipped] == ["it isn't there", "its path is too long for this system"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_folders_and_files_without_permission_cost_only_themselves() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.peer.importing.as_ordinary_user"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
