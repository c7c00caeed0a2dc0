"""Folding the updates of a record, each judged by what its author had seen."""

from __future__ import annotations

from crdt.client import writer
from crdt.clock import Stamp
from crdt.update import DeleteRange, Item, encode_update
from tools.proving.folding import Step, folded

LAPTOP, PHONE = 1, 2
"""Branches."""


def step(arrival: int, branch: int, seq: int, *, past: dict[int, int], deletes: tuple[DeleteRange, ...] = (), value: int = 0) -> Step:
    client, stamp = 1000 + arrival, Stamp.of(arrival)
    update = encode_update(client, [Item(f"v/rating/{writer(client)}", stamp, value)], deletes)
    return Step(arrival=arrival, branch=branch, seq=seq, client=client, stamp=stamp, past=past, update=update)


def test_a_delete_counts_when_its_author_had_seen_what_it_deletes() -> None:
    first = step(1, LAPTOP, 4, past={}, value=1)
    deletes = (DeleteRange(first.client, 0, 1),)
    seen = step(2, PHONE, 7, past={LAPTOP: 4}, deletes=deletes, value=2)
    made = folded(None, {}, [first, seen])
    assert made.voids == ()
    assert made.state is not None
    assert [item.value for item in made.state.live()] == [2]

    unseen = step(2, PHONE, 7, past={LAPTOP: 3}, deletes=deletes, value=2)
    made = folded(None, {}, [first, unseen])
    assert [arrival for arrival, _ in made.voids] == [2]
    assert made.state is not None
    assert [item.value for item in made.state.live()] == [1]


def test_what_a_checkpoint_gives_has_its_makers_too() -> None:
    first = step(1, LAPTOP, 4, past={}, value=1)
    base = folded(None, {}, [first]).state
    assert base is not None
    deletes = (DeleteRange(first.client, 0, 1),)
    for past, live in (({LAPTOP: 4}, [2]), ({}, [1])):
        made = folded(base.encode(), {first.client: (LAPTOP, 4)}, [step(2, PHONE, 0, past=past, deletes=deletes, value=2)])
        assert made.state is not None
        assert [item.value for item in made.state.live()] == live


def test_a_second_update_under_one_client_id_is_void() -> None:
    first = step(1, LAPTOP, 4, past={}, value=1)
    made = folded(None, {}, [first, first._replace(arrival=2, branch=PHONE)])
    assert [arrival for arrival, _ in made.voids] == [2]
