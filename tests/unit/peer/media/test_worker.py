"""Decoders as processes: what one costs, what its death costs, and that none stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from peer.media.examination import examine
from peer.media.findings import Verdict
from peer.media.limits import DecodeLimits
from peer.media.messages import READY, framed
from peer.media.types import TYPES
from peer.media.worker import Decoders, DecodersUnavailableError, decoder_command, open_decoders
from tests.fixtures import pictures

pytestmark = pytest.mark.process

GREET = f"import os, sys, time; os.write(1, {framed(READY)!r}); "
DIES_ON_WORK = GREET + "sys.stdin.buffer.read(4); os.kill(os.getpid(), 11)"
NEVER_ANSWERS = GREET + "time.sleep(600)"
TALKS_NONSENSE = GREET + "sys.stdin.buffer.read(4); os.write(1, bytes([0, 0, 0, 5]) + b'hello'); time.sleep(600)"


def playing(script: str) -> list[str]:
    return [sys.executable, "-c", script]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "ä \udcff\n🙂.jpg"
    path.write_bytes(pictures.jpeg(3000, 200, shot=pictures.Shot(orientation=6)))
    return path


def processes(decoders: Decoders) -> list[int]:
    return [decoder._process.pid for decoder in decoders._idle]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_decoder_finds_what_this_process_finds(photo: Path) -> None:
    async with open_decoders(1) as decoders:
        assert await decoders.examine(photo, TYPES["JPEG"], want_preview=True) == examine(photo, TYPES["JPEG"], want_preview=True)


async def test_decoders_are_started_when_needed_kept_and_ended(photo: Path) -> None:
    async with open_decoders(2) as decoders:
        assert processes(decoders) == []
        await decoders.examine(photo, TYPES["JPEG"])
        first = processes(decoders)
        await decoders.examine(photo, TYPES["JPEG"])
        assert processes(decoders) == first
        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(decoders.examine, photo, TYPES["JPEG"])
        both = processes(decoders)
        assert len(both) == 2
    assert not any(is_running(pid) for pid in both)


async def test_bad_files_cost_no_decoder(tmp_path: Path, photo: Path) -> None:
    bomb, cut, gone = tmp_path / "bomb.png", tmp_path / "cut.jpg", tmp_path / "gone.jpg"
    bomb.write_bytes(pictures.huge_png())
    cut.write_bytes(pictures.truncated(pictures.jpeg()))
    async with open_decoders(1) as decoders:
        await decoders.examine(photo, TYPES["JPEG"])
        before = processes(decoders)
        assert (await decoders.examine(bomb, TYPES["PNG"])).problem == "too many pixels: 20000 × 20000"
        assert (await decoders.examine(cut, TYPES["JPEG"])).verdict is Verdict.BROKEN
        assert (await decoders.examine(gone, TYPES["JPEG"])).verdict is Verdict.BROKEN
        assert (await decoders.examine(photo, TYPES["JPEG"])).verdict is Verdict.DRAWN
        assert processes(decoders) == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's private memory")
async def test_a_picture_that_needs_too_much_memory_is_kept_without_a_picture(tmp_path: Path, photo: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(pictures.huge_png(12_000))
    async with open_decoders(1, limits=DecodeLimits(memory=150 * 1024 * 1024)) as decoders:
        found = await decoders.examine(bomb, TYPES["PNG"])
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "it needs more memory than a decoder may use")
        assert (await decoders.examine(photo, TYPES["JPEG"])).verdict is Verdict.DRAWN


async def test_a_decoder_that_was_ended_from_outside_costs_no_file(photo: Path) -> None:
    async with open_decoders(1) as decoders:
        await decoders.examine(photo, TYPES["JPEG"])
        (pid,) = processes(decoders)
        os.kill(pid, signal.SIGKILL)
        assert (await decoders.examine(photo, TYPES["JPEG"])).verdict is Verdict.DRAWN
        assert processes(decoders) != [pid]


@pytest.mark.parametrize(("script", "ending"), [(DIES_ON_WORK, "signal 11"), (TALKS_NONSENSE, "signal 9")])
async def test_a_file_that_kills_every_decoder_is_to_blame(photo: Path, script: str, ending: str) -> None:
    async with open_decoders(1, command=playing(script)) as decoders:
        found = await decoders.examine(photo, TYPES["JPEG"])
    assert found.verdict is Verdict.UNDRAWABLE
    assert found.problem == f"the decoder was ended by {ending} while it worked on it"


async def test_a_file_that_takes_too_long_is_given_up(photo: Path) -> None:
    async with open_decoders(1, limits=DecodeLimits(seconds=0.2), command=playing(NEVER_ANSWERS)) as decoders:
        found = await decoders.examine(photo, TYPES["JPEG"])
        assert (found.verdict, found.problem) == (Verdict.UNDRAWABLE, "it takes longer than 0.2 seconds to decode")
        assert processes(decoders) == []


async def test_cancelling_ends_the_decoder_and_frees_its_place(photo: Path) -> None:
    async with open_decoders(1, command=playing(NEVER_ANSWERS)) as decoders:
        with trio.move_on_after(0.2) as scope:
            await decoders.examine(photo, TYPES["JPEG"])
        assert scope.cancelled_caught
        assert decoders._places.borrowed_tokens == 0
        assert processes(decoders) == []


@pytest.mark.parametrize(
    "command", [["/no/such/program"], playing("raise SystemExit(3)"), playing(f"import os; os.write(1, {framed(b'other')!r})")]
)
async def test_an_installation_that_cannot_decode_says_so_and_blames_no_file(photo: Path, command: list[str]) -> None:
    async with open_decoders(1, command=command) as decoders:
        with pytest.raises(DecodersUnavailableError) as caught:
            await decoders.examine(photo, TYPES["JPEG"])
    assert caught.value.hint


def test_a_decoder_ends_with_its_input_and_keeps_libraries_off_its_output() -> None:
    finished = subprocess.run(decoder_command(DecodeLimits()), input=b"", capture_output=True, timeout=60, check=True)
    assert finished.stdout == framed(READY)


@pytest.mark.skipif(sys.platform == "win32", reason="no alarms")
def test_a_decoder_that_hangs_without_an_owner_ends_itself() -> None:
    script = "import time; from peer.media.limits import end_after; end_after(0.05); time.sleep(60)"
    assert subprocess.run([sys.executable, "-P", "-c", script], timeout=30, check=False).returncode == -signal.SIGALRM


def test_a_decoder_does_not_import_from_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    (tmp_path / "PIL.py").write_text("raise SystemExit('taken over')")
    finished = subprocess.run(decoder_command(DecodeLimits()), input=b"", capture_output=True, timeout=60, check=True, cwd=tmp_path)
    assert finished.stdout == framed(READY)


def test_the_program_itself_loads_no_decoder() -> None:
    script = "import sys, peer.media.worker; sys.exit('PIL' in sys.modules or 'pillow_heif' in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", script], timeout=60, check=True)
