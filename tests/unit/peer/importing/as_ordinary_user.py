"""A program for ``test_bad_files``: an import by an ordinary user, whom permissions hold back, into a folder of its own.

What it needs is loaded before it stops being root, who may be the only one to read the installation.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import trio

from tests.fixtures.pictures import jpeg
from tests.fleet.imports import bring
from tests.fleet.libraries import make_library
from tests.unit.peer.importing.looking import assert_whole, reasons, write

NOBODY = 65534


async def main(root: Path) -> None:
    for name in ("warm up", "library"):
        library = make_library(root / name)
        card = write(root / f"card for {name}", {"good.jpg": jpeg(seed=1), "closed.jpg": jpeg(seed=2)})
        write(card / "closed", {"behind it.jpg": jpeg(seed=3)})
        if name == "library":
            (card / "closed.jpg").chmod(0)
            (card / "closed").chmod(0)
            found = reasons(outcome := await bring(library, card))
            (card / "closed").chmod(0o700)
            assert outcome.imported == 1, outcome
            assert found.keys() == {"closed.jpg", "closed"}, found
            assert found["closed"] == "no permission to read it", found
            assert "Permission denied" in found["closed.jpg"], found
        else:
            await bring(library, card)
            become_ordinary(root)
        assert_whole(library)
        library.close()


def become_ordinary(root: Path) -> None:
    if os.getuid():
        return
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        trio.run(main, Path(folder))
