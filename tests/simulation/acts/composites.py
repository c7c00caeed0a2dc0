"""Photos of several files, whose parts come together or apart, in any order, on any device."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.fixtures.composites import camera_jpeg, camera_raw, live_film, live_still, xmp
from tests.fleet.imports import bring
from tests.simulation.acts.act import act

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

PHOTOS = 3
"""So many different ones of each kind: few, so that devices import parts of the same one."""

WRITTEN_NS = 1_700_000_000 * 1_000_000_000
"""When all of these files were written."""


def parts_of_photo(number: int, *, live: bool) -> Mapping[str, bytes]:
    """The files of a photo by their endings; the same number is the same photo on every machine."""
    if live:
        return {"JPG": live_still(number, size=(24, 16)), "MOV": live_film(number, seconds=0.3)}
    return {"JPG": camera_jpeg(number), "CR2": camera_raw(number)}


def _write(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, data in files.items():
        path = folder / name
        path.write_bytes(data)
        os.utime(path, ns=(WRITTEN_NS, WRITTEN_NS))
        paths.append(path)
    return paths


def _chosen(random: Random) -> dict[str, bytes]:
    """Some of the files of one photo, under a name of its own or another one."""
    number, live = random.randrange(PHOTOS), random.random() < 0.5
    parts = dict(parts_of_photo(number, live=live))
    stem = f"{'LIVE' if live else 'RAW'}_{number}" if random.random() < 0.8 else f"RENAMED_{random.randrange(PHOTOS)}"
    endings = random.sample(sorted(parts), random.randint(1, len(parts)))
    files = {f"{stem}.{ending}": parts[ending] for ending in endings}
    if random.random() < 0.3:
        files[f"{stem}.xmp"] = xmp(random.choice(("sea", "snow")), rating=random.randint(0, 5))
    return files


@act(6)
async def imports_parts(world: World, step: Step) -> None:
    """Some files of a photo, beside those that were imported on this machine before."""
    machine, random = world.person(step), step.random()
    files = _chosen(random)
    again = random.random() < 0.2
    paths = _write(world.root / "cards" / machine.name, files)
    world.tell(f"{machine.name} imports {', '.join(files)}{', deleted or not' if again else ''}")
    with world.at(machine) as library:
        outcome = await bring(library, *paths, bring_back=again, run_blocking=machine.run_blocking)
        for data in files.values():
            world.has_imported(machine, library, data, [*outcome.assets, *outcome.joined])
        world.tell(f"  … {len(outcome.assets)} new, {len(outcome.joined)} got more, {outcome.duplicates} there already")
    await world.tell_peer(machine, step)
