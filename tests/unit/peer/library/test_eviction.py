"""Who goes first, and how much: the pure choice."""

from __future__ import annotations

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from crdt.facts import Policy
from peer.library.eviction import Candidate, choose, excess
from peer.library.free_space import GIB, DiskSpace
from peer.library.promises import DEVICES_ENOUGH, RELAYS_ENOUGH, Promise, is_enough
from store.ids import FileHash, StoreId

candidates = st.lists(
    st.builds(
        Candidate,
        file=st.integers(0, 50).map(lambda number: FileHash(number.to_bytes(32, "big"))),
        size=st.integers(1, 1000),
        used=st.integers(0, 20),
        is_precious=st.booleans(),
    ),
    unique_by=lambda each: each.file,
    max_size=12,
)


@given(candidates, st.integers(-100, 8000))
def test_as_few_go_as_make_room_and_those_in_order(lying: list[Candidate], too_many: int) -> None:
    ordered = sorted(lying, key=lambda each: each.order)
    chosen = list(choose(ordered, too_many))
    assert chosen == ordered[: len(chosen)]
    sizes = [each.size for each in chosen]
    if too_many <= 0:
        assert chosen == []
    else:
        assert sum(sizes) >= too_many or chosen == ordered
        assert sum(sizes[:-1]) < too_many


@given(candidates)
def test_what_nobody_treasures_goes_first_and_of_these_what_nobody_looked_at(lying: list[Candidate]) -> None:
    chosen = list(choose(sorted(lying, key=lambda each: each.order), inf))
    assert [each.is_precious for each in chosen] == sorted(each.is_precious for each in chosen)
    for precious in (False, True):
        used = [each.used for each in chosen if each.is_precious is precious]
        assert used == sorted(used)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_budget_is_kept_and_so_is_the_disks_reserve(budget: int, held: int, lacks: int) -> None:
    too_many = excess(Policy(keep="optimize", budget=budget), held=held, disk_lacks=lacks)
    assert held - too_many <= budget
    assert too_many >= lacks
    assert too_many in (0, lacks, held - budget)
    assert excess(Policy(keep="everything"), held=held, disk_lacks=lacks) == 0
    assert excess(Policy(keep="thumbnails"), held=held, disk_lacks=lacks) == inf


@given(st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_nothing_goes_below_the_number_of_holders(relays: int, devices: int, has_relays: bool) -> None:
    if is_enough(relays=relays, devices=devices, has_relays=has_relays):
        assert relays >= RELAYS_ENOUGH or (devices >= DEVICES_ENOUGH and not has_relays)
    assert not is_enough(relays=0, devices=1, has_relays=has_relays)
    assert not is_enough(relays=0, devices=devices, has_relays=True)


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(0, 10**13))
def test_no_clock_makes_a_promise_longer(verified: int, until: int, now: int) -> None:
    promise = Promise(file=FileHash(bytes(32)), node=1, store=StoreId(bytes(16)), verified=verified, until=until)
    assert promise.is_open(now) == (verified <= now < until)


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_the_reserve_is_a_gibibyte_or_two_percent_and_never_more_than_a_tenth(total: int, free: int) -> None:
    disk = DiskSpace(total=total, free=free)
    assert disk.reserve <= total / 10
    assert disk.reserve >= min(GIB, total // 10) - 1
    assert (disk.lacks == 0) == (free >= disk.reserve)
