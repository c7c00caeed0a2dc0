"""What it costs to move photos in a large album: in the log, and in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final

from peer.layout import LibraryFolder
from peer.library.albums import Before, Target, ToIndex, add_to_album, create_album, move_in_album
from peer.library.creating import create_library
from peer.library.library import Library
from peer.library.undoing import newest, undo
from store.ids import RecordId
from tests.bench.figures import Figure
from tests.bench.many_assets import named_assets
from tests.bench.stage import Scale

METHOD = (
    "An album of 20,000 photos (2,000 with --quick). Photos are moved by name and by number, one and a hundred at once, and that is taken back. Counted are "
    "whole entries as they are sent, and the time from the call to the durable commit. Medians."
)
BLOCK: Final = 100


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    count, repetitions = scale.of(20_000, 2_000), scale.of(9, 3)
    library, _ = create_library(LibraryFolder(folder / "library"), "bench")
    with closing(library):
        photos = named_assets(library, count)
        album = create_album(library, "Everything")
        add_to_album(library, album, photos)

        def move(assets: list[RecordId], target: Target) -> None:
            move_in_album(library, album, assets, target)

        middle = photos[count // 2]
        block = photos[count // 4 : count // 4 + BLOCK]
        acts: dict[str, Callable[[int], object]] = {
            "one photo before another": lambda number: move([photos[-1 - number]], Before(middle)),
            "one photo to the front": lambda number: move([photos[-1 - number]], ToIndex(0)),
            "one photo to the middle, by number": lambda number: move([photos[-1 - number]], ToIndex(count // 2)),
            f"{BLOCK} photos, one drag": lambda number: move(block, ToIndex(number * 7)),
            f"{BLOCK} photos, taken back": lambda number: undo(library, newest(library)),
        }
        return [figure for name, act in acts.items() for figure in _figures(library, name, act, repetitions)]


def _figures(library: Library, name: str, act: Callable[[int], object], repetitions: int) -> list[Figure]:
    costs, seconds = [], []
    for number in range(repetitions):
        before, start = library.log.arrival(), time.perf_counter()
        act(number)
        seconds.append(time.perf_counter() - start)
        costs.append(sum(len(arrived.entry.raw) for arrived in library.log.after(before, limit_bytes=2**30)))
    return [Figure(name=name, value=median(costs), unit="B"), Figure(name=name, value=median(seconds) * 1000, unit="ms")]
