"""The world of one history: it begins, lives through the steps, comes to rest, and is judged."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from math import inf
from pathlib import Path
from random import Random
from unittest.mock import patch

import trio
from trio.testing import MockClock

from peer.engine.registering import membership_entries
from peer.errors import CalotypeError
from peer.groups import first_of
from peer.library.creating import create_library
from peer.library.library import Library
from peer.library.queries import Queries
from relay.api import LibraryApi, SyncApi
from relay.client import HttpNode
from relay.errors import SyncError, UnreachableError
from relay.messages import Registration
from store.errors import StoreError
from store.ids import DeviceId, FileHash, Id, LibraryId, RecordId
from store.log import Outcome, Status
from store.sqlite_log import SqliteLogStore
from tests.fleet.node import TOKEN
from tests.simulation.acts.act import ACTS, LONG, CantHappenError
from tests.simulation.acts.devices import let_in
from tests.simulation.clocks import MachineClock
from tests.simulation.disk import Disk, Disks, PowerCutError
from tests.simulation.history import History, Step
from tests.simulation.lan import Places
from tests.simulation.machine import Machine
from tests.simulation.oracle import Archive, Complaint, watch
from tests.simulation.relays import Relay
from tests.simulation.rest import come_to_rest, evidence_of, pass_judgement
from tests.simulation.running import Runs
from tests.simulation.story import Story
from tests.simulation.wire import Web

NAMES = (
    "anna",
    "bert",
    "cleo",
    "dora",
    "emil",
    "frida",
    "gustav",
    "hanna",
    "ivan",
    "jutta",
    "karl",
    "lena",
    "moritz",
    "nora",
    "otto",
    "paula",
)
MAX_LIVING = 8
STEP_SECONDS = 3_600.0
"""Of the world's time: what a person does ends within that."""

WATCH_EVERY = 8
"""Steps."""

COLLECT_SECONDS = 5.0


class World:
    """Everything there is. ``complaints``: what must never happen and did."""

    def __init__(self, history: History, root: Path, disks: Disks, clock: MockClock, follow: Callable[[str], None] | None = None) -> None:
        self.history = history
        self.root = root
        self.story = Story(clock.current_time, follow)
        self.tell = self.story.tell
        self.machines: list[Machine] = []
        self.relays: list[Relay] = []
        self.places = Places()
        self.archive = Archive()
        self.complaints: list[Complaint] = []
        self.phrase = ""
        self.secrets: list[bytes] = []
        self.counts: dict[str, int] = {}
        self.web = Web(self.random("web"), self.tell, http=history.http)
        self.nursery: trio.Nursery
        self.library: LibraryId
        self._clock = clock
        self._disks = disks
        self._names: dict[bytes, str] = {}
        self._numbers: dict[str, int] = {}

    def random(self, what: str) -> Random:
        """Randomness for one purpose, that no other purpose uses up."""
        return Random(f"{self.history.seed}/{what}")

    @property
    def seconds(self) -> float:
        """Since the world began."""
        return self._clock.current_time()

    # What it lives through

    async def live(self) -> None:
        """The whole history, and the judgement."""
        with self._append_watched():
            await self._live()

    async def _live(self) -> None:
        async with trio.open_nursery() as self.nursery:
            await self._begin()
            self.nursery.start_soon(self._keep_collecting)
            for step in self.history.steps:
                await trio.sleep(step.wait)
                await self.take(step)
            await come_to_rest(self)
            await pass_judgement(self)
            self.nursery.cancel_scope.cancel()

    @contextmanager
    def _append_watched(self) -> Iterator[None]:
        """The archive learns of each entry when a store takes it: some are given up again before anybody asks."""
        append = SqliteLogStore.append

        def watched(store: SqliteLogStore, raws: Sequence[bytes], *, now: int) -> list[Outcome]:
            outcomes = append(store, raws, now=now)
            self.archive.learn(raw for raw, outcome in zip(raws, outcomes, strict=True) if outcome.status is Status.STORED)
            return outcomes

        with patch.object(SqliteLogStore, "append", watched):
            yield

    async def _keep_collecting(self) -> None:
        """What is written and given up again between two steps is seen too."""
        while True:
            awake = [
                (machine.name, machine.library) for machine in self.machines if machine.library is not None and not machine.disk.is_dead
            ]
            for name, library in awake:
                self.archive.collect(name, library)
            await trio.sleep(COLLECT_SECONDS if awake else 60 * COLLECT_SECONDS)

    async def take(self, step: Step) -> None:
        """One step; what it meets is told, and only what nothing explains is a complaint."""
        has_happened = True
        try:
            with trio.fail_after(inf if step.act in LONG else STEP_SECONDS):
                await ACTS[step.act](self, step)
        except* CantHappenError:
            has_happened = False
        except* PowerCutError:
            self.tell("  … and the power goes off")
        except* (CalotypeError, SyncError, StoreError) as group:
            self.tell(f"  … refused ({type(first_of(group)).__name__})")
        except* trio.TooSlowError:
            self.complain("stuck", f"what was done ({step.act}) didn't end within an hour")
        if not has_happened:
            return
        self.counts[step.act] = self.counts.get(step.act, 0) + 1
        self.collect()
        if sum(self.counts.values()) % WATCH_EVERY == 0:
            self.complaints += watch(evidence_of(self))

    async def _begin(self) -> None:
        for number in range(1, self.history.relays + 1):
            relay = self._new_relay(number)
            relay.begin()
            await relay.switch_on(self.nursery)
        founder = self.new_machine()
        library, self.phrase = create_library(
            founder.folder, founder.name, clock=founder.clock, randomness=founder.random.randbytes, notes=founder.notes
        )
        self.secrets.append(self.phrase.encode())
        self.library = library.id
        self.call(library.device, founder.name)
        self.tell(f"{founder.name} begins a library")
        for relay in self.relays:
            genesis, members = membership_entries(library)
            async with self.reach(founder, relay.url) as node:
                await node.register(Registration(token=TOKEN, genesis=genesis, entries=tuple(members)))
            library.nodes.add(relay.url, relay.key)
        founder.close(library)
        await founder.switch_on(self.nursery)
        for _ in range(1, self.history.devices):
            newcomer = self.new_machine()
            self.tell(f"{founder.name} lets {newcomer.name} in")
            await let_in(self, founder, newcomer)
        await trio.sleep(10)
        self.collect()

    # Who there is

    @property
    def living(self) -> list[Machine]:
        """Machines that somebody can still work with."""
        return [machine for machine in self.machines if not machine.is_gone and machine.has_begun]

    def person(self, step: Step, *, other: bool = False) -> Machine:
        """The machine that a step means."""
        there = self.living
        if not there:
            raise CantHappenError
        return there[(step.other if other else step.who) % len(there)]

    def anything_on(self, step: Step) -> Runs:
        """A machine or relay that runs; the machines three times as likely."""
        on: list[Runs] = [runs for runs in (*self.living, *self.living, *self.living, *self.relays) if runs.is_on]
        if not on:
            raise CantHappenError
        return on[step.who % len(on)]

    def any_clock(self, step: Step) -> Runs:
        there: list[Runs] = [*self.living, *self.living, *self.relays]
        if not there:
            raise CantHappenError
        return there[step.who % len(there)]

    def any_relay(self, step: Step) -> Relay:
        if not self.relays:
            raise CantHappenError
        return self.relays[step.pick % len(self.relays)]

    def newcomer(self, step: Step) -> Machine:
        """A machine without a library: one whose joining was broken off, or a new one, if there may be one more."""
        begun = [machine for machine in self.machines if not machine.is_gone and not machine.has_begun]
        if begun:
            return begun[step.other % len(begun)]
        if len(self.living) >= MAX_LIVING or len(self.machines) >= len(NAMES):
            raise CantHappenError
        return self.new_machine()

    def new_machine(self) -> Machine:
        number = len(self.machines) + 1
        name = NAMES[number - 1]
        machine = Machine(
            number,
            name,
            self._new_disk(name),
            MachineClock(self._clock.current_time),
            self.random(name),
            self.web,
            self.places,
            tell=self.tell,
            failed=self.failed,
        )
        self.machines.append(machine)
        self.places.where[number] = 0
        return machine

    def _new_relay(self, number: int) -> Relay:
        name = f"relay {number}"
        clock = MachineClock(self._clock.current_time)
        relay = Relay(number, self._new_disk(name), clock, self.random(name), self.web, tell=self.tell, failed=self.failed)
        self.relays.append(relay)
        return relay

    def _new_disk(self, name: str) -> Disk:
        return self._disks.add(self.root / name.replace(" ", "-"), random=self.random(f"disk of {name}"))

    # What is done

    @contextmanager
    def at(self, machine: Machine) -> Iterator[Library]:
        """The library on a machine, for one command of its person, who switches it on for that if need be."""
        if machine.disk.is_dead:
            if machine.is_on:
                raise CantHappenError  # it is going down just now
            machine.disk.power_on()
        with machine.opened() as library:
            yield library

    async def tell_peer(self, machine: Machine, step: Step) -> None:
        """A command's last word; one in eight dies before, and the peer finds what it did by itself."""
        if step.seed % 8:
            await machine.poke()

    def card(self, files: Sequence[tuple[str, bytes]]) -> Path:
        """A camera's card with these files on it."""
        folder = self.root / "cards" / str(self._next("card"))
        folder.mkdir(parents=True)
        for name, content in files:
            (folder / name).write_bytes(content)
        return folder

    def has_imported(self, machine: Machine, library: Library, content: bytes, new: Collection[RecordId]) -> None:
        """A person was told that this file is in the library now. (Of one that was there already nobody looks whether it rotted since.)"""
        file = FileHash(hashlib.sha256(content).digest())
        for record in Queries(library.database).assets_with_file(file):
            if record in new:
                self.archive.imported(machine.name, file, content, record)
            if content not in self.secrets:
                self.secrets.append(content)

    def move(self, machine: Machine, place: int | None) -> None:
        self.places.where[machine.number] = place
        self.places.tell()

    def part(self, one: Machine, other: Machine) -> None:
        self.places.apart.add(frozenset((one.number, other.number)))
        self.places.tell()

    def join_all(self) -> None:
        self.places.apart.clear()
        self.places.tell()

    async def lose(self, machine: Machine) -> None:
        """It never comes back."""
        self.collect()
        machine.is_gone = True
        self.archive.destroyed(machine.name)
        machine.cut_power()
        await machine.ended()

    @asynccontextmanager
    async def a_way(self, newcomer: Machine, inviter: Machine, library: Library) -> AsyncIterator[LibraryApi]:
        """From a machine with a library that it is joining to what the inviter has: over the local network, else by a relay. ``UnreachableError``."""
        host = inviter.host
        if host is not None:
            guest = newcomer.guest(library)
            if self.places.joined(guest, host):
                async with guest.dial(host.places[0]) as way:
                    yield way.api
                return
        for relay in library.nodes.relays():
            async with AsyncExitStack() as stack:
                try:
                    connection = await stack.enter_async_context(newcomer.connect(library)(relay))
                except SyncError:
                    continue
                yield connection.api
                return
        raise UnreachableError("there is no way between them")

    def reach(self, machine: Machine, url: str) -> AbstractAsyncContextManager[SyncApi]:
        """The way from a machine to a relay."""
        return self._reached(machine, url)

    @asynccontextmanager
    async def _reached(self, machine: Machine, url: str) -> AsyncIterator[SyncApi]:
        if not self.history.http:
            yield self.web.direct(machine.name, url)
            return
        async with HttpNode(url, run_blocking=machine.run_blocking, backend=self.web.backend(machine.name)) as node:
            yield node

    # What is kept and told

    def collect(self) -> None:
        """Tell the archive what is new at those who run."""
        for machine in self.living:
            if machine.library is not None and not machine.disk.is_dead:
                self.archive.collect(machine.name, machine.library)
        for relay in self.relays:
            if relay.service is not None and not relay.disk.is_dead:
                self.archive.collect_relay(relay.name, relay.log(self.library), relay.blobs, now=relay.clock.now())

    def failed(self, name: str, error: Exception) -> None:
        """A program ended with an error."""
        self.complain("ended", f"the program of {name} ended with {told(error)}")

    def complain(self, kind: str, sentence: str) -> None:
        self.tell(f"!! {sentence}")
        self.complaints.append(Complaint(kind=kind, sentence=sentence))

    def call(self, device: DeviceId, name: str) -> None:
        """How the story calls a device; a machine that joins again is another device."""
        number = sum(each.split(" (")[0] == name for each in self._names.values())
        self._names[device] = name if not number else f"{name} ({number + 1})"

    def name(self, thing: Id) -> str:
        """What the story calls a record, device, log or entry: by number, in the order in which they are told of."""
        if thing not in self._names:
            kind = thing.kind.name.lower().replace("asset", "photo") if isinstance(thing, RecordId) else type(thing).__name__
            self._names[thing] = f"{kind} {self._next(kind)}"
        return self._names[thing]

    def names(self, things: Iterable[Id]) -> str:
        return ", ".join(map(self.name, things)) or "nothing"

    def field(self, field: str) -> str:
        """A field, without the ids that its name may have."""
        return field.partition(":")[0]

    def _next(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]


def told(error: BaseException) -> str:
    """What went wrong, and in which function."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(where.filename).stem}.{where.name}: {error}"
