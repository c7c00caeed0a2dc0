"""Random devices, random histories, random causal orders: the same result on all, and the one that the reference model gives."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map

from crdt import record
from crdt.draft import Draft
from store.ids import RecordId
from tests.unit.crdt.fleet import World
from tests.unit.crdt.history import YEAR_MS, assert_as_the_model_says, assert_converged, asset, random_history

seeds = st.integers(0, 1 << 32)
TARGETS = [asset(1), asset(2)]


@settings(max_examples=50)
@given(seeds)
def test_all_devices_show_what_the_model_says(seed: int) -> None:
    """With clocks that are wrong by years, forks, clones and old backups that come back."""
    random = Random(seed)
    world = World(random=random)
    devices = [world.device(skew_ms=random.choice([0, 0, 1_000, -YEAR_MS, 3 * YEAR_MS])) for _ in range(random.randrange(2, 4))]
    random_history(world, devices, 25, TARGETS)
    devices.append(world.device())
    world.deliver(devices)
    assert_converged(world, devices)
    assert_as_the_model_says(world, devices[0], TARGETS)


@settings(max_examples=25)
@given(seeds)
def test_purges_filter_whatever_comes_before_or_after(seed: int) -> None:
    random = Random(seed)
    world = World(random=random)
    devices = [world.device() for _ in range(3)]
    random_history(world, devices, 8, TARGETS)
    random.choice(devices).commit({}, purges=[TARGETS[0]])
    random_history(world, devices, 12, TARGETS)
    world.deliver(devices)
    assert_converged(world, devices)
    assert_as_the_model_says(world, devices[0], TARGETS)
    assert devices[0].purged == {TARGETS[0]}


@settings(max_examples=25)
@given(seeds)
def test_merging_two_full_states_gives_what_all_entries_give(seed: int) -> None:
    """What loading a checkpoint will rely on."""
    world = World(random=Random(seed))
    devices = [world.device() for _ in range(3)]
    random_history(world, devices, 15, TARGETS[:1])
    left, right = devices[0].states.get(TARGETS[0]), devices[1].states.get(TARGETS[0])
    if left is None or right is None:
        return
    merged: Doc[Map[object]] = Doc()
    merged.apply_update(left)
    merged.apply_update(right)
    both = world.device()
    union = devices[0].applied | devices[1].applied
    while ready := [entry for entry in both.ready() if entry.name in union]:
        both.receive(world.random.choice(ready))
    assert record.read(merged.get_update()) == both.content(TARGETS[0])


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Updates are made by our own encoder, so not even the engine's hash seeds show in them."""

    def names() -> list[bytes]:
        world = World(random=Random(5))
        device = world.device()

        def fill(draft: Draft) -> None:
            draft.derive("exif", {f"member{n}": n for n in range(12)})

        device.commit({asset(1): fill})
        random_history(world, [device, world.device()], 15, TARGETS)
        return list(world.entries)

    assert names() == names()


def test_an_entry_may_touch_many_records() -> None:
    world = World(random=Random(1))
    one, two = world.device(), world.device()

    def fill(draft: Draft) -> None:
        draft.set("rating", 5)

    entry = one.commit({asset(n): fill for n in range(100)})
    two.receive(entry)
    assert two.digest == one.digest
    assert {content.vector[entry.client] for content in two.contents.values()} == {1}
    assert all(isinstance(target, RecordId) for target in two.contents)
