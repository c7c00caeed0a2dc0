"""A replay ends in exactly what devices came to, whatever the order of arrival, and wherever it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.clock import Stamp
from crdt.gate import Accepted
from crdt.record import EMPTY
from crdt.update import DecodedUpdate, DeleteRange, Item, decode_update
from store.ids import RecordId
from tests.unit.crdt.fleet import Device, FleetEntry, World
from tests.unit.crdt.history import asset, random_history
from tools.replaying.replay import NOTHING, Standing, end_of, remains_of, replay

TARGETS = [asset(1), asset(2)]


@dataclass(frozen=True)
class Did:
    """What an entry did to one record."""

    update: DecodedUpdate | None
    is_purge: bool = False
    counts: bool = True


def made(seed: int) -> tuple[World, Device]:
    """A random history, and a device that has all of it."""
    world = World(random=Random(seed))
    devices = [world.device(skew_ms=skew) for skew in (0, -5_000, 400_000)]
    random_history(world, devices, 25, TARGETS)
    if seed % 3 == 0:
        devices[0].commit({}, purges=[TARGETS[1]])
    world.deliver(devices)
    return world, devices[0]


def in_causal_order(world: World, random: Random) -> list[FleetEntry]:
    ordered: list[FleetEntry] = []
    names: set[bytes] = set()
    while left := [entry for entry in world.entries.values() if entry.name not in names and world.past(entry.name) <= names]:
        ordered.append(entry := random.choice(left))
        names.add(entry.name)
    return ordered


def did(entries: Sequence[FleetEntry], device: Device, target: RecordId) -> list[Did]:
    found = []
    for entry in entries:
        found += [
            Did(decode_update(update), counts=isinstance(device.verdicts.get((entry.name, target)), Accepted))
            for record, update in entry.updates
            if record == target
        ]
        found += [Did(None, is_purge=True) for record in entry.purges if record == target]
    return found


@given(st.integers(0, 1 << 32))
@settings(max_examples=60, deadline=None)
def test_every_causal_order_ends_in_what_the_devices_came_to(seed: int) -> None:
    world, device = made(seed)
    for target in TARGETS:
        writes = did(in_causal_order(world, Random(seed + 1)), device, target)
        end = end_of(NOTHING, writes)
        assert end.is_purged == (target in device.purged)
        assert end.content == device.contents.get(target, EMPTY)
        assert sum(step.forgotten for step in replay(NOTHING, writes) if not step.before.is_purged) == 0


@given(st.integers(0, 1 << 32), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_it_may_begin_anywhere(seed: int, share: float) -> None:
    """From what a checkpoint says of the record, and from what remains of it today."""
    world, device = made(seed)
    target = TARGETS[0]
    writes = did(in_causal_order(world, Random(seed + 1)), device, target)
    cut = round(share * len(writes))
    earlier, later = writes[:cut], writes[cut:]
    whole = end_of(NOTHING, writes)
    assert end_of(end_of(NOTHING, earlier), later) == whole
    written = {write.update.client for write in later if write.update is not None and write.update.client is not None}
    remains = remains_of(whole.state, written)
    assert end_of(remains, later).content == whole.content
    known = {item.key for item in remains.state.live()}
    assert known <= {item.key for item in end_of(NOTHING, earlier).state.live()}, "nothing is shown that wasn't there"


def update(client: int, *keys: str, deletes: Sequence[DeleteRange] = ()) -> DecodedUpdate:
    items = tuple(Item(key, Stamp.of(client), client) for key in keys)
    return DecodedUpdate(client=client if items else None, items=items, deletes=tuple(deletes))


def test_what_has_no_effect_changes_nothing_and_has_a_step_all_the_same() -> None:
    first = Did(update(1, "v/rating/AAAAAAAAB"))
    steps = list(replay(NOTHING, [first, Did(update(2, "v/rating/AAAAAAAAC"), counts=False), Did(None), Did(None, is_purge=True), first]))
    assert [step.after.exists for step in steps] == [True, True, True, False, False]
    assert [step.after is step.before for step in steps] == [False, True, True, False, True]
    assert steps[-1].after.is_purged


def test_what_the_log_does_not_tell_is_counted() -> None:
    gone = Did(update(5, "v/rating/AAAAAAAAF", deletes=[DeleteRange(1, 0, 2), DeleteRange(2, 0, 1)]))
    (step,) = replay(NOTHING, [gone])
    assert step.forgotten == 3
    base = end_of(NOTHING, [Did(update(1, "v/caption/AAAAAAAAB", "v/rating/AAAAAAAAB"))])
    whole = end_of(base, [Did(update(5, "v/rating/AAAAAAAAF", deletes=[DeleteRange(1, 1, 1)]))])
    remains = remains_of(whole.state, {5})
    assert remains.faded == {1}
    assert [item.key for item in remains.state.live()] == ["v/caption/AAAAAAAAB"]
    (step,) = replay(remains, [Did(update(5, "v/rating/AAAAAAAAF", deletes=[DeleteRange(1, 1, 1)]))])
    assert (step.forgotten, step.after.content) == (1, whole.content)


def test_a_client_that_the_beginning_has_is_not_written_twice() -> None:
    base = Standing(state=end_of(NOTHING, [Did(update(1, "v/rating/AAAAAAAAB"))]).state)
    assert end_of(base, [Did(update(1, "v/rating/AAAAAAAAB"))]) == base


def test_clients_can_be_left_out() -> None:
    both = end_of(NOTHING, [Did(update(1, "v/rating/AAAAAAAAB")), Did(update(2, "v/caption/AAAAAAAAC"))])
    assert list(both.without(lambda client: client == 1).state.clients) == [2]
