"""What people do with photos."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Final

from PIL import Image

from crdt.draft import Draft
from crdt.values import Plain
from peer.library import edits
from peer.library.assignments import parse_assignments
from peer.library.authoring import Edit
from peer.library.conflicts import TheWinner, all_conflicts, resolve
from peer.library.library import Library
from peer.library.queries import Filter, Queries
from peer.library.trashing import restore_assets, trash_assets
from peer.library.wanting import want_originals
from store.ids import FileHash, RecordId
from tests.fleet.imports import bring
from tests.simulation.acts.act import CantHappenError, act

if TYPE_CHECKING:
    from tests.simulation.history import Step
    from tests.simulation.world import World

WORDS = ("sea", "lake", "snow", "harbour", "birch", "midsummer", "ferry", "lighthouse", "crayfish", "archipelago")
CAMERA_FILES = 12
"""So many different photos there are to import: few, so that two devices import the same one."""


def camera_file(number: int) -> bytes:
    """A small photograph; the same number is the same file on every machine."""
    image = Image.new("RGB", (24, 16), (number * 53 % 256, number * 101 % 256, number * 197 % 256))
    image.putpixel((number % 24, number // 24 % 16), (255, 255, 255))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70, comment=f"a secret photograph, number {number}".encode())
    return out.getvalue()


def chosen(world: World, library: Library, random: Random, *, trash: bool = False, most: int = 3) -> list[RecordId]:
    """Some photos that are shown on this device, or lie in its trash."""
    there = [row.record for row in Queries(library.database).assets(Filter(trash=trash))]
    if not there:
        raise CantHappenError
    there.sort(key=world.name)
    return random.sample(there, min(len(there), random.randint(1, most)))


@act(10)
async def imports(world: World, step: Step) -> None:
    """Some camera files, which other devices may import as well."""
    machine, random = world.person(step), step.random()
    numbers = sorted(random.sample(range(CAMERA_FILES), random.randint(1, 3)))
    card = world.card([(f"IMG_{number:04}.JPG", camera_file(number)) for number in numbers])
    again = random.random() < 0.2
    world.tell(f"{machine.name} imports {', '.join(f'IMG_{number:04}.JPG' for number in numbers)}{', deleted or not' if again else ''}")
    with world.at(machine) as library:
        outcome = await bring(library, card, bring_back=again, run_blocking=machine.run_blocking)
        for number in numbers:
            world.has_imported(machine, library, camera_file(number), outcome.assets)
        world.tell(f"  … {len(outcome.assets)} new, {outcome.duplicates} there already, {outcome.deleted_before} deleted before")
    await world.tell_peer(machine, step)


def _caption(random: Random) -> str:
    return f"caption=At the {random.choice(WORDS)} with {random.choice(WORDS)}"


ASSIGNMENTS: Final[tuple[Callable[[Random], str], ...]] = (
    lambda random: f"favorite={random.choice(('yes', 'no'))}",
    lambda random: f"hidden={random.choice(('yes', 'no'))}",
    lambda random: f"rating={random.randint(0, 5)}",
    _caption,
    _caption,
    lambda random: f"taken=2024-0{random.randint(1, 9)}-11T18:03:11+0{random.randint(0, 5)}:00",
    lambda random: f"location={random.randint(-89, 89)},{random.randint(-179, 179)}",
    lambda random: f"keyword+={random.choice(WORDS)}",
    lambda random: f"keyword+={random.choice(WORDS)}",
    lambda random: f"keyword-={random.choice(WORDS)}",
)


@act(20)
async def sets_fields(world: World, step: Step) -> None:
    """What ``calotype set`` does."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random)
        text = random.choice(ASSIGNMENTS)(random)
        if text.startswith("caption="):
            world.secrets.append(text.removeprefix("caption=").encode())
        world.tell(f"{machine.name} sets {text} for {world.names(photos)}")
        await machine.run_blocking(lambda: library.change([edits.set_fields(photo, parse_assignments([text])) for photo in photos]))
    await world.tell_peer(machine, step)


def _slider(random: Random) -> Plain:
    return random.choice((None, float(random.randint(-100, 100))))


EDITS: Final[Mapping[str, Callable[[Random], Plain]]] = {
    "edit:crop": lambda random: [0.0, 0.0, 1.0, random.randint(1, 9) / 10],
    "edit:rotate": lambda random: random.choice((None, 0, 90, 180, 270)),
    "edit:flip": lambda random: random.choice((None, "h", "v", "hv")),
    "edit:straighten": lambda random: float(random.randint(-45, 45)),
    "edit:exposure": _slider,
    "edit:contrast": _slider,
    "edit:saturation": _slider,
    "edit:temperature": _slider,
    "edit:filter": lambda random: random.choice((None, "noir", "warm")),
    "edit:grain": lambda random: random.randint(0, 9),
}


@act(8)
async def edits_photos(world: World, step: Step) -> None:
    """Some edit parameters at once, as a gallery writes them."""
    machine, random = world.person(step), step.random()
    values = {field: EDITS[field](random) for field in random.sample(sorted(EDITS), random.randint(1, 3))}

    def change(draft: Draft, _: object) -> None:
        for field, value in values.items():
            draft.set(field, value)

    with world.at(machine) as library:
        photos = chosen(world, library, random)
        world.tell(f"{machine.name} edits {world.names(photos)}: {', '.join(field.removeprefix('edit:') for field in values)}")
        await machine.run_blocking(lambda: library.change([Edit(photo, change) for photo in photos]))
    await world.tell_peer(machine, step)


@act(3)
async def adds_files(world: World, step: Step) -> None:
    """Another photo's file as the RAW or the version of one, and another name: fields that no command of this version writes."""
    machine, random = world.person(step), step.random()
    file = FileHash(hashlib.sha256(camera_file(random.randrange(CAMERA_FILES))).digest())

    def change(draft: Draft, _: object) -> None:
        if Queries(library.database).assets_with_file(file):
            draft.set(f"role:{random.choice(('raw', 'motion', 'sidecar'))}", bytes(file))
        draft.add("name", f"{random.choice(WORDS)}.jpg")

    with world.at(machine) as library:
        photos = chosen(world, library, random, most=1)
        world.tell(f"{machine.name} notes another file or name of {world.names(photos)}")
        await machine.run_blocking(lambda: library.change([Edit(photo, change) for photo in photos]))
    await world.tell_peer(machine, step)


@act(6)
async def trashes(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random)
        world.tell(f"{machine.name} puts {world.names(photos)} into the trash")
        await machine.run_blocking(trash_assets, library, photos)
    await world.tell_peer(machine, step)


@act(4)
async def restores_photos(world: World, step: Step) -> None:
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random, trash=True)
        world.tell(f"{machine.name} takes {world.names(photos)} out of the trash")
        await machine.run_blocking(restore_assets, library, photos)
    await world.tell_peer(machine, step)


@act(4)
async def resolves(world: World, step: Step) -> None:
    """Settles an open conflict by what is shown."""
    machine = world.person(step)
    with world.at(machine) as library:
        conflicts = sorted(all_conflicts(library), key=lambda conflict: (world.name(conflict.record), conflict.field))
        if not conflicts:
            raise CantHappenError
        conflict = conflicts[step.pick % len(conflicts)]
        world.tell(f"{machine.name} settles what {world.name(conflict.record)} is to have as {world.field(conflict.field)}")
        await machine.run_blocking(resolve, library, conflict.record, conflict.field, TheWinner())
    await world.tell_peer(machine, step)


@act(2)
async def fetches(world: World, step: Step) -> None:
    """Opens photos, so that their originals are wanted before others."""
    machine, random = world.person(step), step.random()
    with world.at(machine) as library:
        photos = chosen(world, library, random)
        world.tell(f"{machine.name} opens {world.names(photos)}")
        for photo in photos:
            await machine.run_blocking(want_originals, library, photo)
    await world.tell_peer(machine, step)
