"""Register and set fields on several replicas, against a multi-value register and an add-wins set made of causal pasts.

Devices edit, hear of each other's entries in any causal order and more than once, are put back to an earlier state and cloned, and take over whole
canonical states. Every one of them shows, after each step, what the model makes of the entries that it has applied, no more and no less.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crdt import record
from crdt.asset import view_asset
from crdt.gate import Accepted
from crdt.record import EMPTY, Content, EngineError
from crdt.state import read_canonical, read_state
from store.ids import EntryHash
from tests.machines.bounds import bounded
from tests.unit.crdt.fleet import Device, FleetEntry, Op, World
from tests.unit.crdt.history import REGISTERS, SETS, YEAR_MS, add_op, assert_as_the_model_says, asset, change, remove_op, set_op
from tests.unit.crdt.model import Model, Standing

TARGET = asset(1)
MOST_DEVICES = 5
which = st.integers(0, 1000)
writes = st.one_of(
    *(st.builds(set_op, st.just(TARGET), st.just(field), st.sampled_from(values)) for field, values in REGISTERS.items()),
    *(
        st.builds(made, st.just(TARGET), st.just(name), st.sampled_from(elements))
        for name, elements in SETS.items()
        for made in (add_op, remove_op)
    ),
)
TRASHED = "trashed"


class Seen(World):
    """The part of a world that somebody has applied: what the model is asked about."""

    def __init__(self, world: World, applied: Iterable[EntryHash]) -> None:
        super().__init__(random=world.random, entries={name: world.entries[name] for name in applied}, _pasts=world._pasts)


class Fields(RuleBasedStateMachine):
    """One record on up to five devices."""

    @initialize(seed=st.integers(0, 2**32), skews=st.lists(st.sampled_from([0, 0, 1000, -YEAR_MS, 3 * YEAR_MS]), min_size=2, max_size=3))
    def begin(self, seed: int, skews: list[int]) -> None:
        self.world = World(random=Random(seed))
        self.devices = [self.world.device(skew_ms=skew) for skew in skews]
        self.backups: list[Device] = []
        self.trashings: dict[EntryHash, frozenset[str]] = {}

    def device(self, index: int) -> Device:
        return self.devices[index % len(self.devices)]

    # What people do

    @rule(who=which, ops=st.lists(writes, min_size=1, max_size=4, unique_by=lambda op: (op.field, op.element)))
    def edit(self, who: int, ops: list[Op]) -> None:
        """One entry. Taking out what isn't there writes nothing."""
        device = self.device(who)
        view = view_asset(device.content(TARGET))
        there = {*view.keywords, *view.names}
        if doing := [op for op in ops if op.kind != "remove" or op.element in there]:
            change(device, *doing)

    @rule(who=which, which_conflict=which, which_value=which)
    def settle_a_conflict(self, who: int, which_conflict: int, which_value: int) -> None:
        """With one of the values that are in conflict."""
        device = self.device(who)
        conflicts = [conflict for conflict in view_asset(device.content(TARGET)).conflicts if conflict.field != TRASHED]
        if conflicts:
            conflict = conflicts[which_conflict % len(conflicts)]
            cells = [conflict.winner, *conflict.others]
            change(device, set_op(TARGET, conflict.field, cells[which_value % len(cells)].value))
            assert conflict.field not in {each.field for each in view_asset(device.content(TARGET)).conflicts}

    @rule(who=which)
    def trash(self, who: int) -> None:
        device = self.device(who)
        live = self.observed(device)
        entry = device.commit({TARGET: lambda draft: draft.trash(device.last)}, ops=[set_op(TARGET, TRASHED, True)])
        self.trashings[entry.name] = live

    @rule(who=which)
    def restore(self, who: int) -> None:
        self.device(who).commit({TARGET: lambda draft: draft.restore()}, ops=[set_op(TARGET, TRASHED, None)])

    # What arrives

    @rule(who=which, choices=st.lists(which, min_size=1, max_size=5))
    def hear(self, who: int, choices: list[int]) -> None:
        device = self.device(who)
        for choice in choices:
            if ready := device.ready():
                device.receive(ready[choice % len(ready)])

    @rule(who=which, whom=which)
    def hear_all_that_another_has(self, who: int, whom: int) -> None:
        device, other = self.device(who), self.device(whom)
        while ready := [entry for entry in device.ready() if entry.name in other.applied]:
            device.receive(self.world.random.choice(ready))

    @rule(who=which, choice=which)
    def an_update_that_comes_again_changes_nothing(self, who: int, choice: int) -> None:
        device = self.device(who)
        entries = [self.world.entries[name] for name in sorted(device.applied) if self.world.entries[name].updates]
        if entries:
            self.is_refused_by_the_engine(device, entries[choice % len(entries)], twice=True)

    @rule(who=which, choice=which)
    def an_update_that_comes_too_early_changes_nothing(self, who: int, choice: int) -> None:
        device = self.device(who)
        entries = [
            e for name, e in sorted(self.world.entries.items()) if name not in device.applied and e not in device.ready() and e.updates
        ]
        if entries:
            self.is_refused_by_the_engine(device, entries[choice % len(entries)], twice=False)

    def is_refused_by_the_engine(self, device: Device, entry: FleetEntry, *, twice: bool) -> None:
        """What only deletes may come again; otherwise nothing may that was applied or whose past isn't here."""
        ((_, update),) = entry.updates
        verdict = next(each.verdicts[entry.name, TARGET] for each in self.devices_and_backups() if entry.name in each.applied)
        assert isinstance(verdict, Accepted), "nobody lies here"
        known = device.content(TARGET).vector
        writes_again = verdict.update.client in known if twice else False
        is_early = any(piece.end > known.get(piece.client, 0) for piece in verdict.update.deletes)
        if writes_again or is_early:
            with pytest.raises(EngineError):
                record.apply(device.states.get(TARGET), update, verdict.update)

    def devices_and_backups(self) -> list[Device]:
        return [*self.devices, *self.backups]

    # Copies

    @rule(who=which)
    def back_up(self, who: int) -> None:
        self.backups.append(self.device(who).backup())

    @precondition(lambda self: bool(getattr(self, "backups", ())))
    @rule(who=which, choice=which, is_clone=st.booleans())
    def put_back(self, who: int, choice: int, is_clone: bool) -> None:
        """An earlier state in place of a device, or beside it: both go on in the same log."""
        twin = self.backups[choice % len(self.backups)].backup()
        if is_clone and len(self.devices) < MOST_DEVICES:
            self.devices.append(twin)
        else:
            self.backups.append(self.device(who))  # somewhere its entries are kept, or they were never written
            self.devices[who % len(self.devices)] = twin

    @rule(one=which, other=which)
    def states_merge_as_entries_do(self, one: int, other: int) -> None:
        """What a device knows that takes over another's canonical state, as a checkpoint has it: the model's answer to both pasts."""
        first, second = self.device(one), self.device(other)
        states = [read_canonical(read_state(device.states[TARGET]).encode()) for device in (first, second) if TARGET in device.states]
        if len(states) < 2:
            return
        merged = states[0].merged_with(states[1])
        assert merged.encode() == states[1].merged_with(states[0]).encode()
        assert record.read(merged.encode()) == merged.content()
        self.shows(merged.content(), first.applied | second.applied)

    # What always holds

    def shows(self, content: Content, applied: set[EntryHash]) -> None:
        view = self.world.device()
        view.contents[TARGET] = content
        world = Seen(self.world, applied)
        assert_as_the_model_says(world, view, [TARGET])
        self.trash_is_right(content, Model(world))

    def trash_is_right(self, content: Content, model: Model) -> None:
        view = view_asset(content)
        standing = model.register(TARGET, TRASHED)
        if not standing or standing[0].op.value is None:
            assert (view.trashed, view.unseen) == (None, frozenset())
            return
        winner = standing[0].entry
        restorers = {each.entry.writer for each in standing if each.op.value is None}
        assert view.trashed is not None
        assert view.unseen == (live_writers(model) | restorers) - self.trashings[winner.name] - {winner.writer}

    def observed(self, device: Device) -> frozenset[str]:
        """Who wrote what stands on a device: what somebody who trashes there has seen."""
        return frozenset(live_writers(Model(Seen(self.world, device.applied))))

    @invariant()
    def every_device_shows_what_it_has_applied(self) -> None:
        for device in getattr(self, "devices", ()):
            content = device.content(TARGET)
            self.shows(content, device.applied)
            assert content == (record.read(device.states[TARGET]) if TARGET in device.states else EMPTY)
            assert device.digest == device.recomputed_digest()

    @invariant()
    def equal_knowledge_is_equal_bytes(self) -> None:
        by_knowledge: dict[frozenset[EntryHash], list[Device]] = {}
        for device in getattr(self, "devices", ()):
            by_knowledge.setdefault(frozenset(device.applied), []).append(device)
        for devices in by_knowledge.values():
            assert len({device.digest for device in devices}) == 1
            assert len({canonical_state(device) for device in devices}) == 1
        assert len({devices[0].digest for devices in by_knowledge.values()}) <= len(by_knowledge)

    def teardown(self) -> None:
        """In the end all hear of everything."""
        if hasattr(self, "devices"):
            self.world.deliver(self.devices)
            self.every_device_shows_what_it_has_applied()
            self.equal_knowledge_is_equal_bytes()


def live_writers(model: Model) -> set[str]:
    """The authors of all that stands in registers and sets, the trash left out."""
    fields: list[Standing] = [each for field in REGISTERS for each in model.register(TARGET, field)]
    for name, elements in SETS.items():
        for element in elements:
            fields += [each for each in standing_element(model, name, element) if each.op.kind == "add"]
    return {each.entry.writer for each in fields}


def standing_element(model: Model, name: str, element: str) -> list[Standing]:
    return model.standing(each for each in model.ops(TARGET, name) if each.op.element == element)


def canonical_state(device: Device) -> bytes:
    return read_state(device.states[TARGET]).encode() if TARGET in device.states else b""


TestFields = Fields.TestCase
TestFields.settings = bounded(examples=40, steps=30)
