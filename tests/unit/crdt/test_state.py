"""Canonical states: one for each record, however a device came to it; merged as the engine merges; and hostile ones are refused."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc

from crdt import record
from crdt.clock import Stamp
from crdt.digest import record_digest
from crdt.gate import Accepted
from crdt.lib0 import MalformedUpdateError
from crdt.record import EMPTY, Changes
from crdt.state import MAX_CLOCKS, RecordState, read_canonical, read_state
from crdt.update import MAX_ITEMS, DecodedUpdate, DeleteRange, Item
from tests.unit.crdt.fleet import World
from tests.unit.crdt.history import asset, random_history
from tests.unit.crdt.raw_updates import varuint

seeds = st.integers(0, 1 << 32)
TARGETS = [asset(1), asset(2)]
STAMP = Stamp(bytes(7) + b"\1")


def reloaded(state: bytes) -> bytes:
    document: Doc[Any] = Doc()
    document.apply_update(state)
    return document.get_update()


@settings(max_examples=50)
@given(seeds)
def test_every_device_has_the_same_canonical_states_and_the_engine_reads_them(seed: int) -> None:
    random = Random(seed)
    world = World(random=random)
    devices = [world.device() for _ in range(3)]
    random_history(world, devices, 25, TARGETS)
    devices.append(world.device())
    world.deliver(devices)
    for target in devices[0].states:
        canonical = {
            read_state(each).encode() for device in devices for state in [device.states[target]] for each in (state, reloaded(state))
        }
        assert len(canonical) == 1
        (state,) = canonical
        content = devices[0].content(target)
        assert read_canonical(state).content() == content == record.read(state) == record.read(reloaded(state))
        assert read_state(reloaded(state)).encode() == state
        assert record_digest(target, record.read(state)) == record_digest(target, content)


@settings(max_examples=50)
@given(seeds)
def test_merging_two_states_is_what_applying_the_entries_of_both_is(seed: int) -> None:
    world = World(random=Random(seed))
    devices = [world.device() for _ in range(3)]
    random_history(world, devices, 20, TARGETS[:1])
    left, right = devices[0].states.get(TARGETS[0]), devices[1].states.get(TARGETS[0])
    if left is None or right is None:
        return
    both = world.device()
    union = devices[0].applied | devices[1].applied
    while ready := [entry for entry in both.ready() if entry.name in union]:
        both.receive(world.random.choice(ready))
    merged = read_state(left).merged_with(read_state(right))
    assert merged.content() == both.content(TARGETS[0])
    assert merged.encode() == read_state(right).merged_with(read_state(left)).encode() == read_state(both.states[TARGETS[0]]).encode()


@settings(max_examples=50)
@given(seeds)
def test_entries_that_come_after_a_canonical_state_do_what_they_do_everywhere(seed: int) -> None:
    """On the engine's state of a device that has everything, on a canonical one, and on plain data."""
    world = World(random=Random(seed))
    devices = [world.device() for _ in range(3)]
    random_history(world, devices, 20, TARGETS[:1])
    late = world.device()
    for name in [each for each in world.entries if each in devices[0].applied]:
        late.receive(world.entries[name])
    if TARGETS[0] not in late.states:
        return
    state = read_state(late.states[TARGETS[0]])
    late.states[TARGETS[0]] = state.encode()
    while ready := late.ready():
        entry = world.random.choice(ready)
        late.receive(entry)
        for target, _ in entry.updates:
            verdict = late.verdicts[entry.name, target]
            assert isinstance(verdict, Accepted)
            state = state.after(verdict.update)
    assert state.content() == late.content(TARGETS[0])
    assert state.encode() == read_state(late.states[TARGETS[0]]).encode()


def some_state() -> RecordState:
    written = record.write(None, 1000, STAMP, Changes(sets={"v/rating": 1, "v/caption": "x", "d/exif": {"b": [1.5], "a": b"\0"}}))
    keys = frozenset(key for key in written.content.live if "rating" in key)
    return read_state(record.write(written.state, 2000, STAMP, Changes(sets={"v/rating": 2}, deletes=keys)).state)


@pytest.mark.parametrize(
    "number", [2**31 - 1, 2**31, 5 * 10**9, 2**53 - 1, -(2**31), 1 - 2**53, 0.1, 5e-324, 1.5, 16_777_216.5, [{"size": 2**40}]]
)
def test_numbers_that_the_engine_writes_in_another_way_are_read_as_they_were_given(number: Any) -> None:
    """It saves whole numbers of more than 31 bits, as the length of a film or the budget of a device, as floating point."""
    written = record.write(None, 7, STAMP, Changes(sets={"d/exif": number}))
    state = read_state(written.state)
    assert [item.value for item in state.live()] == [number]
    assert [type(item.value) for item in state.live()] == [type(number)]
    assert state.content() == written.content
    assert read_canonical(state.encode()) == state


def test_the_form_is_pinned() -> None:
    assert some_state().encode().hex() == (
        "0203e807002801017210642f657869662f41414141414141506f017502740800000000000000017602016174010001627501"
        "7c3fc000002801017213762f63617074696f6e2f41414141414141506f01750274080000000000000001770178000101d00f"
        "002801017212762f726174696e672f414141414141416651017502740800000000000000017d0201e807010201"
    )


def test_a_state_that_was_cut_off_or_changed_anywhere_is_refused_or_another_one() -> None:
    state = some_state().encode()
    for end in range(len(state)):
        with pytest.raises(MalformedUpdateError):
            read_canonical(state[:end])
    for place in range(len(state)):
        for bit in range(8):
            changed = bytearray(state)
            changed[place] ^= 1 << bit
            try:
                read = read_canonical(bytes(changed))
            except MalformedUpdateError:
                continue
            assert read != some_state()
            assert record.read(bytes(changed)) == read.content()  # what passes, the engine reads alike


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    if noise != b"\0\0":
        with pytest.raises(MalformedUpdateError):
            read_canonical(noise)


HOSTILE = {
    "two entries under one key": RecordState({1: (Item("v/a/AAAAAAAAB", STAMP, 1),), 2: (Item("v/a/AAAAAAAAB", STAMP, 2),)}).encode(),
    "a run of billions": b"\x01\x01\x07\x00\x00\xff\xff\xff\xff\x0f\x00",
    "more items than an entry can make": b"\x01\x01\x07\x00\x00" + b"\x81\x20" + b"\x00",
    "clients by the billion": b"\xff\xff\xff\xff\x0f",
    "nested deep": b"\x01\x01\x07\x00\x28\x01\x01r\x01a\x01" + b"\x75\x01" * 16_000,
    "not deleted what is gone": b"\x01\x01\x07\x00\x00\x01\x00",
    "a run in two pieces": b"\x01\x02\x07\x00\x00\x01\x00\x01\x01\x07\x01\x00\x02",
}


@pytest.mark.parametrize("state", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_states_are_refused(state: bytes) -> None:
    with pytest.raises(MalformedUpdateError):
        read_canonical(state)


def test_a_small_state_with_very_long_runs_is_refused_before_they_are_spelled_out() -> None:
    """Twelve bytes say that 4,096 items of a client are gone; a state of 15 MB would name four billion."""
    entries = MAX_CLOCKS // MAX_ITEMS + 1
    state = varuint(entries) + b"".join(b"\x01" + varuint(client) + b"\x00\x00" + varuint(MAX_ITEMS) for client in range(entries))
    with pytest.raises(MalformedUpdateError, match="times"):
        read_canonical(state + b"\x00")


def test_an_update_that_came_too_early_or_twice_is_refused() -> None:
    state = some_state()
    with pytest.raises(MalformedUpdateError):
        state.after(DecodedUpdate(client=2000, items=(Item("v/a/AAAAAAAAB", STAMP, 1),), deletes=()))
    with pytest.raises(MalformedUpdateError):
        state.after(DecodedUpdate(client=None, items=(), deletes=(DeleteRange(3000, 0, 1),)))
    assert RecordState({}).content() == EMPTY
