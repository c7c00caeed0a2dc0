"""The rules of releases: causal pasts in random histories, and waits in random times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import store.releases
from store.heads import Heads, Tip
from store.ids import BlobId, DeviceId, EntryHash, LogId
from store.log import Lineage
from store.releases import (
    BETWEEN_PASSES_MS,
    HOUR_MS,
    STEP_MS,
    WAIT_MS,
    Circumstances,
    Obstacle,
    Released,
    Wait,
    Witness,
    cancelled_by,
    claims_in_past,
    obstacle_of_blob,
    obstacle_of_release,
)
from store.settlement import ACTIVE_MS
from tests.fleet.authors import NOW, make_library

DEVICE = DeviceId(b"d" * 16)
LOG = LogId(b"l" * 16)
BLOB = BlobId(b"b" * 32)
RELEASE = EntryHash(b"r" * 32)


def name(number: int) -> EntryHash:
    return EntryHash(number.to_bytes(32, "big"))


@st.composite
def histories(draw: st.DrawFn) -> dict[EntryHash, Lineage]:
    """Entries in a causal order; some that others need aren't here."""
    count = draw(st.integers(1, 25))
    needs = [draw(st.frozensets(st.integers(0, number - 1), max_size=3)) if number else frozenset() for number in range(count)]
    absent = draw(st.frozensets(st.integers(0, count - 1), max_size=2))
    return {
        name(number): Lineage(arrival=number + 1, author=DEVICE, needs=tuple(map(name, sorted(needs[number]))))
        for number in range(count)
        if number not in absent
    }


@given(histories(), st.data())
def test_the_past_by_the_sentence_in_the_protocol(history: dict[EntryHash, Lineage], data: st.DataObject) -> None:
    def past(of: EntryHash) -> set[EntryHash]:
        place = history.get(of)
        return set() if place is None else {of}.union(*map(past, place.needs))

    everything = [name(number) for number in range(26)]
    claims = data.draw(st.frozensets(st.sampled_from(everything), max_size=6))
    release = data.draw(st.sampled_from(everything))
    assert claims_in_past(release, claims, history.get) == past(release) & claims


def test_a_way_that_is_too_long_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    history = {name(n): Lineage(arrival=n + 1, author=DEVICE, needs=(name(n - 1),) if n else ()) for n in range(20)}
    assert claims_in_past(name(19), {name(0)}, history.get) == {name(0)}
    monkeypatch.setattr(store.releases, "MAX_STEPS_BACK", 10)
    assert claims_in_past(name(19), {name(0)}, history.get) == frozenset()


def test_nothing_is_walked_before_the_first_claim() -> None:
    history = {name(n): Lineage(arrival=n + 1, author=DEVICE, needs=(name(n - 1),) if n else ()) for n in range(1000)}
    asked: list[EntryHash] = []

    def find(wanted: EntryHash) -> Lineage | None:
        asked.append(wanted)
        return history.get(wanted)

    assert claims_in_past(name(999), {name(995)}, find) == {name(995)}
    assert len(asked) < 10


def test_every_claim_has_to_be_known() -> None:
    claims = {BLOB: {name(1), name(2)}, BlobId(bytes(32)): {name(1)}}
    assert cancelled_by(claims, {name(1)}) == {BLOB}
    assert cancelled_by(claims, {name(1), name(2), name(3)}) == frozenset()


@given(st.lists(st.tuples(st.integers(1, 30 * HOUR_MS), st.booleans()), max_size=30))
def test_a_wait_is_over_only_after_a_day_without_a_break_and_two_passes(passes: list[tuple[int, bool]]) -> None:
    wait, running, held_since = Wait(), 0, None
    agreeing: list[int] = []
    for elapsed, holds in passes:
        running += elapsed
        held_since = (running if held_since is None else held_since) if holds else None
        agreeing = [*agreeing, running] if held_since is not None and running - held_since >= WAIT_MS + STEP_MS else []
        is_over = holds and wait.is_over(running)
        assert is_over == (len(agreeing) > 1 and running - agreeing[0] >= BETWEEN_PASSES_MS)
        wait = wait.next(holds=holds, running=running)
        assert wait.left(running) <= WAIT_MS + STEP_MS


@given(st.integers(-2, 2), st.integers(0, 100), st.booleans(), st.booleans(), st.booleans())
def test_who_is_waited_for(years: int, days_running: int, has_report: bool, reported_here: bool, covers: bool) -> None:
    library = make_library("witness")
    anna = library.join("anna")
    report = anna.report(Heads({LOG: (Tip(3, RELEASE),)}))
    running = days_running * 24 * HOUR_MS
    witness = Witness(0, has_report and reported_here)
    circumstances = Circumstances(
        members={anna.device},
        reports=[report] if has_report else [],
        witnesses={anna.device: witness},
        kept=frozenset(),
        now=NOW + years * 365 * 24 * HOUR_MS,
        running=running,
        covers=lambda name, log, tip: covers and (name, log, tip) == (RELEASE, LOG, Tip(3, RELEASE)),
    )
    is_active = running < ACTIVE_MS + STEP_MS or (has_report and years <= 0)
    has_seen = has_report and reported_here and covers
    assert circumstances.unseen_by(RELEASE, LOG) == ({anna.device} if is_active and not has_seen else set())
    assert circumstances.unseen_by(RELEASE, LogId(bytes(16))) == ({anna.device} if is_active else set())


def test_obstacles() -> None:
    nothing = Circumstances(members={DEVICE}, reports=(), witnesses={}, kept=frozenset(), now=NOW, running=HOUR_MS, covers=lambda *_: False)
    assert obstacle_of_release(Released(RELEASE, None), nothing, ()) is Obstacle.DETACHED
    assert obstacle_of_release(Released(RELEASE, DeviceId(bytes(16))), nothing, ()) is Obstacle.AUTHOR
    assert obstacle_of_release(Released(RELEASE, DEVICE), nothing, {DEVICE}) is Obstacle.UNSEEN
    assert obstacle_of_release(Released(RELEASE, DEVICE), nothing, ()) is None

    def of_blob(*, kept: bool = False, is_judged: bool = True, until: int = 0, running: int = 0) -> Obstacle | None:
        circumstances = nothing._replace(kept={BLOB} if kept else frozenset())
        return obstacle_of_blob(BLOB, circumstances, is_judged=is_judged, promised_until=until, promised_running=running)

    assert of_blob() is None
    assert of_blob(is_judged=False) is Obstacle.CLAIMS
    assert of_blob(kept=True) is Obstacle.CHECKPOINT
    assert of_blob(until=NOW + 1) is Obstacle.PROMISE
    assert of_blob(until=NOW, running=HOUR_MS) is Obstacle.PROMISE
    assert of_blob(until=NOW, running=HOUR_MS - STEP_MS) is None
