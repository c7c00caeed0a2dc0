"""Commands that somebody ends: nothing of them is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peer.layout import LibraryFolder
from tests.unit.tools.folders import Pair, change

STOPPED = """
import os, signal, sys
number = getattr(signal, sys.argv.pop())
import tools.commands.state as state
from tools.commands.main import run

def gather(inspected, **_):
    assert inspected.database.path.is_relative_to(os.environ["TMPDIR"]), "it looks at a copy"
    os.kill(os.getpid(), number)
    for _ in range(1000):
        pass
    print("went on")

state.gather_status = gather
run()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_whoever_ends_a_command_finds_no_copy_of_the_database(root: Path, pair: Pair, name: str) -> None:
    change(pair.laptop, lambda draft: draft.set("caption", "Sea"))
    copy = LibraryFolder(root / "copy")
    copy.create()
    database = pair.laptop.database.path
    for suffix in ("", "-wal"):  # without the index of the newest changes, so it takes a copy to read it
        (copy.database.with_name(copy.database.name + suffix)).write_bytes(database.with_name(database.name + suffix).read_bytes())
    temporary = root / "temporary"
    temporary.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED, "status", "--library", str(copy.root), name],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.lstrip().startswith("calotype-inspect: Stopped.")
    assert list(temporary.iterdir()) == []
