"""A copy of the project, in which a bug can do no harm."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist")


@contextmanager
def copied_tree(mutant: Mutant | None) -> Iterator[Path]:
    """The root of a copy with the bug in it, or without any; gone after the block."""
    with tempfile.TemporaryDirectory(prefix="calotype-mutant-") as folder:
        root = Path(folder) / "tree"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        if mutant is not None:
            mutant.apply(root)
        yield root


def environment(root: Path) -> dict[str, str]:
    """For programs in the copy: modules come from there, also in processes that they start; so do no compiled ones, and notes of instances stay there."""
    return os.environ | {
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "CALOTYPE_STATE": str(root.parent / "state"),
        "TMPDIR": str(_made(root.parent / "tmp")),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
