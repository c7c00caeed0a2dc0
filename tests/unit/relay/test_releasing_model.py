"""Random histories of devices that follow the protocol, and one relay that deletes what they release.

A device of the model has applied some entries. An entry adds uses of blobs, or takes away uses that its author knew: a device needs a blob while it
knows a use of it that nobody took away. Devices write offline and are away for months; they release what they need no longer, claim what they need
when they apply a release of it, and confirm (PUT, or ``stat`` with ``claim``) at the relay what an entry of theirs needs, once the relay has that
entry. Meanwhile the relay's clock jumps, checkpoints come, and members are removed.

- **Safe**: what any member needs that isn't away for more than 90 days, and whose use was confirmed, is held, after every step.
- **Live**: in the end, when all have met and released what nobody needs, and time has passed, the relay holds just what is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from relay.messages import BlobState
from relay.parts import NodeParts
from store.bodies import Checkpoint, Claim, Release, parse_control
from store.entries import Entry, EntryKind
from store.ids import BlobId, EntryHash
from store.releases import HOUR_MS
from tests.fleet.authors import Author, FleetLibrary, make_library
from tests.fleet.libraries import IN_MEMORY
from tests.unit.relay.nodes import FakeClock, make_parts
from tests.unit.relay.releasing import Stage, parts_in

SEALED = [f"photo {number}".encode() for number in range(6)]
CONTENT = {BlobId.of(sealed): sealed for sealed in SEALED}
BLOBS = list(CONTENT)
STEPS = 70
DAY_MS = 24 * HOUR_MS

Use = tuple[EntryHash, BlobId]
"""The entry that adds it, and of what."""


class Device:
    """``uses`` and ``taken``: by what it has applied. ``to_confirm``: what its own entries need that the relay wasn't asked for since."""

    def __init__(self, author: Author, meaning: dict[EntryHash, tuple[frozenset[BlobId], frozenset[Use]]]) -> None:
        self.author = author
        self.meaning = meaning
        self.uses: set[Use] = set()
        self.taken: set[Use] = set()
        self.outbox: list[Entry] = []
        self.released: dict[BlobId, set[EntryHash]] = {}
        self.applied = 0
        self.to_confirm: set[BlobId] = set()
        self.unconfirmed: set[EntryHash] = set()
        self.met_at = 0

    def needed(self) -> set[BlobId]:
        return {blob for _, blob in self.uses - self.taken}

    def write(self, added: frozenset[BlobId], taken: frozenset[Use]) -> None:
        entry = self.author.change()
        self.meaning[entry.name] = added, taken
        self.outbox.append(entry)
        self.to_confirm |= added
        self.unconfirmed.add(entry.name)
        for blob in added:
            self.released.pop(blob, None)  # to confirm it at the relay is as good as a claim
        self.apply(entry)

    def apply(self, entry: Entry) -> None:
        added, taken = self.meaning.get(entry.name, (frozenset(), frozenset()))
        self.uses |= {(entry.name, blob) for blob in added}
        self.taken |= taken
        body = parse_control(entry) if entry.kind in (EntryKind.RELEASE, EntryKind.CLAIM) else None
        if isinstance(body, Release):
            for blob in body.blobs:
                self.released.setdefault(blob, set()).add(entry.name)
        elif isinstance(body, Claim):
            for blob in body.blobs:
                self.released.pop(blob, None)

    def control(self, kind: EntryKind, body: Release | Claim | Checkpoint) -> None:
        entry = self.author.control(kind, body)
        self.outbox.append(entry)
        self.apply(entry)

    def claim(self) -> None:
        """What it needs of all that was released and that nobody claimed since."""
        blobs = sorted(self.needed() & {*self.released})
        if blobs:
            releases = sorted({name for blob in blobs for name in self.released[blob]})
            self.control(EntryKind.CLAIM, Claim(blobs=tuple(blobs), releases=tuple(releases)))


class World(Stage):
    """The relay, the devices, and what was confirmed there."""

    def __init__(self, parts: NodeParts, library: FleetLibrary, random: Random, count: int) -> None:
        super().__init__(parts, library)
        self.random = random
        self.meaning: dict[EntryHash, tuple[frozenset[BlobId], frozenset[Use]]] = {}
        authors = [library.join(f"device {number}") for number in range(count)]
        self.anna = authors[0]
        self.devices = [Device(author, self.meaning) for author in authors]
        self.confirmed: set[EntryHash] = set()
        self.true_time = 0

    # What devices do

    def step(self) -> Device:
        return self.random.choice(self.devices)

    async def use(self, device: Device) -> None:
        """An import, or an edit that needs something; perhaps the blob was asked for before, as an upload does."""
        blobs = frozenset(self.random.sample(BLOBS, self.random.randint(1, 2)))
        if self.random.random() < 0.5:
            await self._confirm(device, blobs)
        device.write(blobs, frozenset())

    async def take_away(self, device: Device) -> None:
        known = sorted(device.uses - device.taken)
        if known:
            blob = self.random.choice(known)[1]
            device.write(frozenset(), frozenset(use for use in known if use[1] == blob))

    async def release(self, device: Device) -> None:
        unneeded = sorted(set(BLOBS) - device.needed())
        if unneeded:
            blobs = self.random.sample(unneeded, self.random.randint(1, len(unneeded)))
            device.control(EntryKind.RELEASE, Release(blobs=tuple(sorted(blobs))))

    async def checkpoint(self, device: Device) -> None:
        if device.needed():
            device.control(EntryKind.CHECKPOINT, Checkpoint(heads=self.log.heads(), records=1, blobs=tuple(sorted(device.needed()))))

    async def meet(self, device: Device) -> None:
        """Pull and apply, claim, push, confirm, report: in this order."""
        while page := self.log.after(device.applied, limit_bytes=2**30):
            for arrived in page:
                self._apply(device, arrived.entry)
            device.applied = page[-1].arrival
        device.claim()
        sent, device.outbox = device.outbox, []
        if sent:
            await self.push(*sent, by=device.author)
        if self.random.random() < 0.15:
            return  # the connection breaks; what it needs confirmed waits
        await self._confirm(device, frozenset(device.to_confirm))
        device.to_confirm.clear()
        self.confirmed |= device.unconfirmed
        device.unconfirmed.clear()
        heads = self.log.heads()  # nobody else is there while these steps are taken: it has applied all that is stored
        await self.session(device.author).seen([device.author.report(heads, time=self.clock.time).raw])
        device.met_at = self.true_time

    def _apply(self, device: Device, entry: Entry) -> None:
        if entry.log == device.author.log:
            return
        device.author.sees(entry)
        device.apply(entry)

    async def _confirm(self, device: Device, blobs: frozenset[BlobId]) -> None:
        asked = sorted(blobs)
        states = await self.session(device.author).stat(asked, claim=True)
        assert BlobState.RELEASED not in states
        for blob, state in zip(asked, states, strict=True):
            if state is BlobState.ABSENT or self.random.random() < 0.2:
                await self.session(device.author).put_blob(blob, CONTENT[blob])

    # What happens to the relay

    async def run_on(self, _: Device) -> None:
        self._pass_by(self.random.choice([1, 6, 12, 26]))

    async def run_long(self, _: Device) -> None:
        self._pass_by(24 * self.random.choice([3, 20, 40]))

    def _pass_by(self, hours: int) -> None:
        self.true_time += hours * HOUR_MS
        self.hours(hours, every=min(hours, 6))

    async def jump(self, _: Device) -> None:
        self.clock.time += self.random.choice([-400, -1, 1, 400]) * DAY_MS

    async def look(self, _: Device) -> None:
        self.make_pass()

    async def remove(self, device: Device) -> None:
        others = [each for each in self.devices if each is not device]
        if len(others) < 2 or self.random.random() < 0.7:
            return
        await self.meet(device)
        self.devices = others
        by = others[0]
        await self.meet(by)
        by.outbox.append(self.library.remove(device.author, by=by.author, recipients=[each.author.device for each in others]))
        await self.meet(by)

    # What has to hold

    def check(self) -> None:
        for device in self.devices:
            if self.true_time - device.met_at > 89 * DAY_MS:
                continue
            for name, blob in device.uses - device.taken:
                if name in self.confirmed:
                    assert self.is_held(blob), f"{device.author.name} needs {blob.short()}"
        for blob in BLOBS:
            if self.is_held(blob):
                assert self.has_file(blob)

    async def end(self) -> None:
        """All meet; one releases what nobody needs; time passes."""
        self._pass_by(24 * 100)
        self.check()
        for _ in range(4):
            for device in self.devices:
                await self.meet(device)
        needed = self.devices[0].needed()
        for device in self.devices:
            assert device.needed() == needed
        self._pass_by(24 * 95)  # what is under way is over, and who never came back is inactive
        for device in self.devices:
            await self.meet(device)
        releasing = self.devices[-1]
        await self.release_all(releasing)
        for _ in range(4):
            for device in self.devices:
                await self.meet(device)
        self._pass_by(24 * 5)
        assert {blob for blob in BLOBS if self.is_held(blob)} == needed
        self._pass_by(24 * 31)
        assert {blob for blob in BLOBS if self.has_file(blob)} == needed

    async def release_all(self, device: Device) -> None:
        unneeded = sorted(set(BLOBS) - device.needed())
        if unneeded:
            device.control(EntryKind.RELEASE, Release(blobs=tuple(unneeded)))


async def history(parts: NodeParts, seed: int) -> None:
    random = Random(seed)
    library = make_library(f"history {seed}")
    world = World(parts, library, random, random.randint(2, 4))
    await world.begin()
    kinds = [
        *[world.use] * 4,
        *[world.take_away] * 4,
        *[world.release] * 4,
        *[world.meet] * 10,
        *[world.run_on] * 4,
        *[world.look] * 2,
        world.run_long,
        world.jump,
        world.checkpoint,
        world.remove,
    ]
    for _ in range(STEPS):
        await random.choice(kinds)(world.step())
        world.check()
    await world.end()


@pytest.mark.parametrize("first", range(0, 60, 10))
async def test_random_histories(first: int) -> None:
    for seed in range(first, first + 10):
        await history(make_parts(FakeClock()), seed)


@contextmanager
def on_disk() -> Iterator[NodeParts]:
    with TemporaryDirectory(dir=IN_MEMORY) as folder, parts_in(Path(folder) / "relay") as parts:
        yield parts


@pytest.mark.parametrize("seed", range(1000, 1004))
async def test_over_sqlite_and_files(seed: int) -> None:
    with on_disk() as parts:
        await history(parts, seed)
