"""The verdict of the gate is the same on every device, in every causal order, whatever members write.

Verdicts rest on the causal past alone. Whoever judged by what it happens to hold would accept a delete of an item that the author
could not know, where it had arrived already, and refuse it where it hadn't.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crdt.asset import view_asset
from crdt.client import writer
from crdt.gate import Accepted, Void
from crdt.update import Item, encode_update
from store.ids import RecordId
from tests.unit.crdt.adversary import Forger
from tests.unit.crdt.fleet import Device, World
from tests.unit.crdt.history import assert_converged, asset, change, random_op, set_op

TARGETS = [asset(1), asset(2)]


def adversarial_history(seed: int) -> tuple[World, list[Device]]:
    random = Random(seed)
    world = World(random=random)
    devices = [world.device() for _ in range(3)]
    for _ in range(30):
        device = random.choice(devices)
        what = random.random()
        if what < 0.35:
            target = random.choice(TARGETS)
            forger = Forger(random, device, target, devices)
            device.publish(forger.stamp, forger.nonce, [(target, forger.update())])
        elif what < 0.65:
            change(device, random_op(random, device, TARGETS))
        else:
            for _ in range(random.randrange(1, 4)):
                if ready := device.ready():
                    device.receive(random.choice(ready))
    devices.append(world.device())
    world.deliver(devices)
    return world, devices


@settings(max_examples=50)
@given(st.integers(0, 1 << 32))
def test_the_verdict_is_the_same_in_every_causal_order(seed: int) -> None:
    world, devices = adversarial_history(seed)
    for device in devices[1:]:
        assert device.verdicts == devices[0].verdicts
    assert_converged(world, devices)
    for target in TARGETS:
        assert keys_by_verdicts(world, devices[0], target) == set(devices[0].content(target).live)


def keys_by_verdicts(world: World, device: Device, target: RecordId) -> set[str]:
    """A key lives when an accepted update set it and none deleted it."""
    made: dict[tuple[int, int], str] = {}
    deleted: set[tuple[int, int]] = set()
    for (_, record), verdict in device.verdicts.items():
        if record == target and isinstance(verdict, Accepted):
            made |= {(verdict.update.client or 0, clock): item.key for clock, item in enumerate(verdict.update.items)}
            deleted |= {(piece.client, clock) for piece in verdict.update.deletes for clock in range(piece.clock, piece.end)}
    return {key for item, key in made.items() if item not in deleted}


def test_the_histories_hold_every_kind_of_verdict() -> None:
    """Else the property above would say nothing."""
    reasons: Counter[str] = Counter()
    for seed in range(40):
        _, devices = adversarial_history(seed)
        for verdict in devices[0].verdicts.values():
            reasons[verdict.reason if isinstance(verdict, Void) else "accepted"] += 1
    assert reasons["accepted"] > 300
    assert reasons["a delete names an item that nothing in its entry's causal past made"] > 20
    assert len(reasons) > 10


def test_a_void_update_mutes_neither_its_author_nor_the_rest_of_its_entry() -> None:
    world = World(random=Random(3))
    author, other = world.device(), world.device()
    forger = Forger(world.random, author, TARGETS[0], [])
    good = encode_update(forger.client, [Item(f"v/rating/{writer(forger.client)}", forger.stamp, 4)], [])
    author.publish(forger.stamp, forger.nonce, [(TARGETS[0], forger.gap()), (TARGETS[1], good)])
    change(author, set_op(TARGETS[0], "caption", "still here"))
    world.deliver([author, other])
    assert_converged(world, [author, other])
    assert view_asset(other.content(TARGETS[0])).caption == "still here"
    assert view_asset(other.content(TARGETS[1])).rating == 4
    assert [type(verdict) for verdict in other.verdicts.values()] == [Void, Accepted, Accepted]
