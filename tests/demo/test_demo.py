"""The demo holds what it says, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def run_demo(scratch: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TMPDIR": str(scratch)}
    command = [sys.executable, "-m", "tests.demo", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.process
@pytest.mark.timeout(300)
def test_everything_holds_and_nothing_is_left_behind(scratch: Path) -> None:
    done = run_demo(scratch)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digests equal" in done.stdout
    assert "kept on both" in done.stdout
    assert "NO" not in done.stdout.split()
    assert list(scratch.iterdir()) == []


@pytest.mark.process
def test_a_promise_that_does_not_hold_is_named_and_nothing_is_left_behind(tmp_path: Path, scratch: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "notes.txt").write_text("no photograph")
    done = run_demo(scratch, "--photos", str(photos))
    assert done.returncode == 1
    assert "No photo was imported." in done.stdout
    assert list(scratch.iterdir()) == []
