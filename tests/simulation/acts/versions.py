"""Other programs rewrite files in watched folders, on several machines at once; people go back to earlier versions, and change originals by hand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from peer.importing.pipeline import Importer, Watcher
from peer.importing.redescribing import describe_original, show_version
from peer.library.queries import Filter, Queries
from peer.library.versions import versions_of
from store.ids import FileHash
from tests.fleet.imports import InThisProcess, in_this_process
from tests.simulation.acts.act import CantHappenError, act
from tests.simulation.acts.photos import camera_file

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

PHOTOS = 3
HEADERS = 4
"""So many photos are rewritten in so many ways: few, so that devices do the same, and go back to what was."""


def resaved(number: int, header: int) -> bytes:
    """The same photo with another header; 0 is the file as the camera wrote it."""
    data = camera_file(100 + number)
    text = f"a secret header, number {header}".encode() * 3
    return data if not header else data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]


@act(6)
async def resaves(world: World, step: Step) -> None:
    """A program writes a photo in a watched folder, or writes it again; the folder's watcher takes it."""
    machine, random = world.person(step), step.random()
    number, header = random.randrange(PHOTOS), random.randrange(HEADERS)
    folder = world.root / "watched" / machine.name
    folder.mkdir(parents=True, exist_ok=True)
    path, data = folder / f"EDITED_{number}.JPG", resaved(number, header)
    path.write_bytes(data)
    world.tell(f"{machine.name} has {path.name} rewritten with header {header}")
    with world.at(machine) as library:
        importer = Importer(library, machine.run_blocking, Watcher(), resaved=True, open_pool=in_this_process)
        outcome = await importer.run([path])
        if outcome.versions or outcome.assets:
            world.has_imported(
                machine, library, data, list(Queries(library.database).assets_with_file(FileHash(hashlib.sha256(data).digest())))
            )
        world.tell(
            f"  … {outcome.versions} versions, {len(outcome.assets)} new, {outcome.duplicates} there, {outcome.deleted_before} deleted before"
        )
    await world.tell_peer(machine, step)


@act(2)
async def restores_version(world: World, step: Step) -> None:
    """What ``calotype restore-version`` does with a version whose bytes are there."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        shown = [row.record for row in Queries(library.database).assets(Filter())]
        choices = sorted(
            ((record, each.file) for record in shown for each in versions_of(library, record) if each.here and each.role == "version"),
            key=lambda choice: (world.name(choice[0]), choice[1]),
        )
        if not choices:
            raise CantHappenError
        record, file = random.choice(choices)
        described = await describe_original(library, file, InThisProcess(), machine.run_blocking)
        if described is None:
            raise CantHappenError
        world.tell(f"{machine.name} shows another version of {world.name(record)}")
        await machine.run_blocking(show_version, library, record, described)
    await world.tell_peer(machine, step)
