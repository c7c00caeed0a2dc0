"""Pruning as garbage collection: a relay gives up bytes while devices write, report, settle checkpoints, fall silent, come and are removed.

The model keeps its own book of reports and says by the sentences of PROTOCOL section 3.5 what may go. What went was needed by nobody who is active; a
device that was away, and one that is new, get along with what is left; and the relay answers every question of descent, and judges every
entry, as a twin that never prunes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random

import trio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from relay.accounts import TokenHash
from relay.parts import Logs
from relay.pruning import prune_library
from store.bodies import Checkpoint, Settled, parse_control
from store.database import Database
from store.entries import Dep, Entry, EntryKind
from store.heads import Heads
from store.ids import BlobId, DeviceId, EntryHash
from store.log import Arrived, LogStore, Status
from store.memory import MemoryLogStore
from store.seen import SeenReport
from store.sqlite_log import LOG_SCHEMA, SqliteLogStore
from tests.fleet.authors import NOW, Author, dep_of, make_library
from tests.machines.bounds import bounded
from tests.unit.relay.nodes import TOKEN, FakeClock, make_parts

which = st.integers(0, 1000)
EVERYTHING = 2**40
DAY = 24 * 60 * 60_000
SILENT = 90 * DAY
MOST_DEVICES = 5


@dataclass(eq=False)
class Device:
    """``store`` has all its bytes, except of what it loaded. ``word``: the checkpoint that its reports name."""

    author: Author
    store: MemoryLogStore
    word: EntryHash | None = None
    stubs: set[EntryHash] = field(default_factory=set)

    @property
    def id(self) -> DeviceId:
        return self.author.device

    def deps(self) -> list[Dep]:
        return [dep for dep in self.store.heads().deps() if self.author.writer is None or dep.log != self.author.log]

    def write(self, kind: EntryKind, body: bytes, now: int) -> Entry:
        epoch = self.author.library.epoch if kind is EntryKind.CHANGE else None
        entry = self.author.end().write(kind, body, deps=self.deps(), epoch=epoch)
        self.store.append([entry.raw], now=now)
        return entry


def entries_of(store: LogStore) -> list[Entry]:
    return [each.entry for each in store.after(0, limit_bytes=EVERYTHING)]


class Pruning(RuleBasedStateMachine):
    """``book``: for each device the newest report that the relay took. ``now`` is everybody's clock."""

    @initialize(names=st.integers(2, 3), away=st.sets(which, max_size=1), is_rash=st.booleans(), has_blobs=st.booleans())
    def begin(self, names: int, away: set[int], is_rash: bool, has_blobs: bool) -> None:
        """Two or three devices have written something, and tried to settle a checkpoint."""
        self.clock = FakeClock(NOW)
        self.library = make_library("collecting")
        self.database = Database(":memory:", [LOG_SCHEMA])
        parts = make_parts(self.clock)
        self.parts = replace(parts, logs=Logs(lambda library: SqliteLogStore(self.database, library, trusts_settled=True)))
        self.relay = self.parts.logs.of(self.library.id)
        self.twin = MemoryLogStore(self.library.id, trusts_settled=True)
        self.parts.libraries.register(self.library.id, TokenHash.of(TOKEN), now=NOW)
        self.book: dict[DeviceId, SeenReport] = {}
        self.settled: set[EntryHash] = set()
        self.stubs: set[EntryHash] = set()
        self.devices: list[Device] = []
        for number in range(names):
            self.join(number)
        for number in range(names):
            self.pull(number)
            self.write(number, 2)
        self.agree(0, away, is_rash, has_blobs)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            try:
                for index, device in enumerate(self.devices):
                    self.push(index)
                    self.load(device)
                self.join(0)
            finally:
                self.database.close()

    def device(self, index: int) -> Device:
        return self.devices[index % len(self.devices)]

    @property
    def now(self) -> int:
        return self.clock.now()

    # What devices do

    @rule(who=which, count=st.integers(1, 3))
    def write(self, who: int, count: int) -> None:
        device = self.device(who)
        for _ in range(count):
            device.write(EntryKind.CHANGE, b"a change", self.now)

    @rule(who=which)
    def push(self, who: int) -> None:
        """All that it has, and its reports: the relay refuses nothing of it."""
        device = self.device(who)
        lacking = device.store.missing(self.relay.heads(), limit_bytes=EVERYTHING)
        self.relay_takes([each.entry.raw for each in lacking], [each for each in device.store.seen() if self.book.get(each.device) != each])

    def relay_takes(self, raws: list[bytes], reports: Iterable[SeenReport]) -> None:
        statuses = [[outcome.status for outcome in store.append(raws, now=self.now)] for store in (self.relay, self.twin)]
        assert statuses[0] == statuses[1]
        assert Status.REFUSED not in statuses[0]
        for report in reports:
            self.look_at_settlements()
            is_new = self.relay.put_seen(report.raw, now=self.now)
            assert self.twin.put_seen(report.raw, now=self.now) == is_new
            if is_new:
                self.book[report.device] = report
        self.look_at_settlements()

    @rule(who=which)
    def pull(self, who: int) -> None:
        """Whoever is active lacks nothing afterwards: what the relay gave up was here already. Whoever isn't may have to load a checkpoint first."""
        device = self.device(who)
        if device.id not in self.active():
            self.load(device)
            return
        self.take(device, self.relay.missing(device.store.heads(), limit_bytes=EVERYTHING))
        assert not self.relay.heads().unknown(device.store.has)

    def take(self, device: Device, page: Iterable[Arrived]) -> None:
        device.store.append([arrived.entry.raw for arrived in page], now=self.now)
        there = {report.device: report for report in device.store.seen()}
        for report in self.book.values():
            if there.get(report.device) != report and device.store.roster().known_key(report.device):
                device.store.put_seen(report.raw, now=self.now)

    def load(self, device: Device) -> None:
        """What a device does that is new or was away: control entries, the newest settled checkpoint if that is needed, and then the rest."""
        self.take(device, self.relay.control(0, limit_bytes=EVERYTHING))
        self.take(device, self.relay.missing(device.store.heads(), limit_bytes=EVERYTHING))
        newest = next(iter(self.relay.settled()), None)
        if newest is not None and newest.covered.unknown(device.store.has):
            skeleton = list(self.relay.skeleton(newest.covered))
            device.stubs |= {item.name for item in skeleton if not device.store.has(item.name)} & self.stubs
            device.store.adopt(skeleton, now=self.now)
            device.word = newest.checkpoint
        self.take(device, self.relay.missing(device.store.heads(), limit_bytes=EVERYTHING))
        assert not self.relay.heads().unknown(device.store.has), "what the relay gave up, the newest checkpoint has"

    @rule(by=which)
    def join(self, by: int) -> None:
        if len(self.devices) >= MOST_DEVICES:
            return
        author = self.library.author(f"device {len(self.library.entries)}")
        self.library.certify(author)
        self.relay_takes([entry.raw for entry in self.library.entries if entry.log == self.library.id.master_log()], ())
        device = Device(author, MemoryLogStore(self.library.id))
        self.load(device)
        opened = author.open_log(deps=device.deps())
        device.store.append([opened.raw], now=self.now)
        self.devices.append(device)
        self.push(len(self.devices) - 1)

    @rule(whom=which)
    def remove(self, whom: int) -> None:
        if len(self.devices) > 2:
            device = self.devices.pop(whom % len(self.devices))
            self.library.remove(device.author, pins=device.store.heads())
            self.relay_takes([self.library.entries[-1].raw], ())

    # Checkpoints

    @rule(who=which)
    def write_checkpoint(self, who: int) -> None:
        device = self.device(who)
        body = Checkpoint(heads=device.store.heads(), records=1, blobs=(BlobId.of(self.blob(device)),))
        device.word = device.write(EntryKind.CHECKPOINT, body.encode(), self.now).name
        self.report(who)

    def blob(self, device: Device) -> bytes:
        return b"sealed state %d" % device.store.count()

    @rule(who=which)
    def report(self, who: int) -> None:
        """After it compared the best checkpoint that it can compare, and agreed."""
        device = self.device(who)
        found = [entry for entry in entries_of(device.store) if self.may_compare(device, entry)]
        best = min(found, key=lambda entry: (-size_of(covered_by(entry)), entry.name), default=None)
        device.word = device.word if best is None else best.name
        report = device.author.report(device.store.heads(), checkpoint=device.word, time=self.now)
        device.store.put_seen(report.raw, now=self.now)

    def may_compare(self, device: Device, entry: Entry) -> bool:
        if entry.kind is not EntryKind.CHECKPOINT:
            return False
        covered = covered_by(entry)
        if covered.unknown(device.store.has) or any(entry.name == each.checkpoint for each in device.store.settled()):
            return False
        below = {item.name for item in device.store.skeleton(covered)}
        settled = [{item.name for item in device.store.skeleton(each.covered)} for each in device.store.settled()]
        return device.stubs.union(*settled[:1]) <= below and all(not below <= each for each in settled)

    @rule(who=which, is_rash=st.booleans())
    def settle(self, who: int, is_rash: bool) -> None:
        """When all that are active, as far as it knows, and at least two, have agreed. Who is rash has only its own word, and does it anyway."""
        device = self.device(who)
        if device.word is None:
            return
        self.report(who)
        members = device.store.roster().devices
        reports = [each for each in device.store.seen() if each.device in members]
        agreeing = {each.device for each in reports if each.checkpoint == device.word}
        active = {each.device for each in reports if each.time >= self.now - SILENT}
        if is_rash:
            reports = [each for each in reports if each.device == device.id]
        elif not active <= agreeing or len(agreeing) < 2:
            return
        device.write(EntryKind.SETTLED, Settled(checkpoint=device.word, reports=tuple(reports)).encode(), self.now)

    @rule(who=which, away=st.sets(which, max_size=1), is_rash=st.booleans(), has_blobs=st.booleans())
    def agree(self, who: int, away: set[int], is_rash: bool, has_blobs: bool) -> None:
        """A whole round: somebody writes a checkpoint, all who aren't away compare it and say so, and it is settled."""
        absent = {index % len(self.devices) for index in away}
        there = [index for index in range(len(self.devices)) if index not in absent]
        if who % len(self.devices) not in there:
            return
        self.write_checkpoint(who)
        for doing in (self.push, self.pull, self.report, self.push, self.pull):
            for index in there:
                doing(index)
        self.settle(who, is_rash)
        self.push(who)
        if has_blobs:
            self.bring_blobs(1)

    @rule(days=st.sampled_from([0.1, 1, 30, 91]))
    def pass_by(self, days: float) -> None:
        self.clock.time += int(days * DAY)

    @rule(who=which)
    def bring_blobs(self, who: int) -> None:
        """Those of the checkpoints that the relay knows of."""
        for entry in entries_of(self.relay):
            if entry.kind is EntryKind.CHECKPOINT and who % 2:
                body = parse_control(entry)
                assert isinstance(body, Checkpoint)
                for count in range(self.relay.count() + 50):
                    sealed = b"sealed state %d" % count
                    if BlobId.of(sealed) in body.blobs:
                        self.put_blob(sealed)

    def put_blob(self, sealed: bytes) -> None:
        self.parts.blobs.put(BlobId.of(sealed), sealed, now=self.now)
        self.parts.libraries.add_blob(self.library.id, BlobId.of(sealed), len(sealed), now=self.now)

    # What the relay does

    @rule()
    def prune(self) -> None:
        allowed = {checkpoint: covered for checkpoint, covered in self.settled_checkpoints().items() if self.may_prune(checkpoint)}
        may_go = {name for covered in allowed.values() for name in self.below(covered)}
        while trio.run(prune_library, self.parts, self.library.id).entries:
            pass
        there = {entry.name for entry in entries_of(self.relay)}
        gone = {entry.name for entry in entries_of(self.twin)} - there - self.stubs
        assert gone <= may_go
        for device in self.devices:
            if device.id in self.active():
                assert all(device.store.has(name) for name in gone), "an active device would still need it"
        for checkpoint, covered in allowed.items():
            assert checkpoint not in there or not self.relay.can_prune(covered) or not self.is_sure(checkpoint)
        self.stubs |= gone

    # The model

    def below(self, covered: Heads) -> set[EntryHash]:
        return {item.name for item in self.twin.skeleton(covered)}

    def active(self) -> set[DeviceId]:
        members = self.twin.roster().devices
        return {device for device, report in self.book.items() if device in members and report.time >= self.now - SILENT}

    def settlements(self) -> dict[EntryHash, Settled]:
        bodies = {entry.name: parse_control(entry) for entry in entries_of(self.twin) if entry.kind is EntryKind.SETTLED}
        return {name: body for name, body in bodies.items() if isinstance(body, Settled)}

    def settled_checkpoints(self) -> dict[EntryHash, Heads]:
        """Whose settlement was found good once, pruned or not."""
        bodies = self.settlements()
        checkpoints = {entry.name: entry for entry in entries_of(self.twin) if entry.kind is EntryKind.CHECKPOINT}
        return {bodies[name].checkpoint: covered_by(checkpoints[bodies[name].checkpoint]) for name in self.settled}

    def look_at_settlements(self) -> None:
        """What the relay finds settled now and didn't before: nobody may have been passed over who was active."""
        found = {each.settled for each in self.relay.settled()} - self.settled
        for name in found:
            body = self.settlements()[name]
            acknowledging = {each.device for each in body.reports if each.checkpoint == body.checkpoint}
            at = min(max(each.time for each in body.reports if each.device in acknowledging), self.now)
            words = [*body.reports, *self.book.values()]
            agreeing = acknowledging | {each.device for each in words if each.checkpoint == body.checkpoint}
            active = {each.device for each in words if each.time >= at - SILENT}
            assert active & self.twin.roster().devices.keys() <= agreeing
        self.settled |= found

    def words_on(self, checkpoint: EntryHash) -> list[set[DeviceId]]:
        """Who agrees with it: by each of the entries that settled it."""
        bodies = [body for name, body in self.settlements().items() if name in self.settled and body.checkpoint == checkpoint]
        return [{each.device for each in body.reports if each.checkpoint == checkpoint} for body in bodies]

    def is_agreed(self, checkpoint: EntryHash, embedded: set[DeviceId]) -> bool:
        """By every active member, now; and as long as that is one device alone, all others were heard once and have been silent since."""
        members = set(self.twin.roster().devices)
        agreeing = embedded | {device for device, report in self.book.items() if report.checkpoint == checkpoint}
        unheard = members - agreeing - self.book.keys() if len(agreeing & members) < 2 else set()
        return self.active() <= agreeing and not unheard

    def holds_blobs(self, checkpoint: EntryHash) -> bool:
        entry = next(entry for entry in entries_of(self.twin) if entry.name == checkpoint)
        body = parse_control(entry)
        return isinstance(body, Checkpoint) and all(self.parts.blobs.info(blob) is not None for blob in body.blobs)

    def may_prune(self, checkpoint: EntryHash) -> bool:
        return self.holds_blobs(checkpoint) and any(self.is_agreed(checkpoint, words) for words in self.words_on(checkpoint))

    def is_sure(self, checkpoint: EntryHash) -> bool:
        """However it was settled: then it must be pruned, too."""
        return self.holds_blobs(checkpoint) and all(self.is_agreed(checkpoint, words) for words in self.words_on(checkpoint))

    # What always holds

    @invariant()
    def it_answers_as_if_nothing_had_gone(self) -> None:
        if not hasattr(self, "twin"):
            return
        assert self.relay.heads() == self.twin.heads()
        assert self.relay.roster() == self.twin.roster()
        assert (self.relay.count(), self.relay.seen()) == (self.twin.count(), self.twin.seen())
        assert self.relay.figures().stubs == len(self.stubs)

    @rule(seed=st.integers(0, 2**32))
    def descent(self, seed: int) -> None:
        dice = Random(seed)
        for _ in range(20):
            one, other = dice.choice(self.library.entries), dice.choice(self.library.entries)
            assert self.relay.is_ancestor(one.name, dep_of(other)) == self.twin.is_ancestor(one.name, dep_of(other))
            assert self.relay.has(one.name) == self.twin.has(one.name)


def covered_by(entry: Entry) -> Heads:
    body = parse_control(entry)
    assert isinstance(body, Checkpoint)
    return body.heads


def size_of(heads: Heads) -> int:
    return sum(tip.seq + 1 for _, tip in heads.tips())


TestPruning = Pruning.TestCase
TestPruning.settings = bounded(examples=14, steps=25)
