"""``python -m tests.process.checkpoint_steps STEP FOLDER``: one step of a checkpoint in a process of its own, so that it can be killed."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from peer.layout import LibraryFolder
from peer.library.checkpoints.loading import checkpoint_to_load, load
from peer.library.checkpoints.pruning import tidy
from peer.library.checkpoints.writing import write_checkpoint
from peer.library.library import Library
from tests.fleet.checkpoints import EAGER


def write_one(library: Library) -> None:
    write_checkpoint(library)


def load_newest(library: Library) -> None:
    checkpoint = checkpoint_to_load(library)
    assert checkpoint is not None
    load(library, checkpoint)


def prune_below(library: Library) -> None:
    """Without asking whether it may: in small portions, so that there is a moment between any two."""
    (settled,) = library.log.settled()
    while library.log.prune(settled.covered, limit=5).more:
        pass
    tidy(library, EAGER)


STEPS = {"write": write_one, "load": load_newest, "prune": prune_below}

if __name__ == "__main__":
    with closing(Library.open(LibraryFolder(Path(sys.argv[2])))) as opened:
        STEPS[sys.argv[1]](opened)
