"""The simulator itself: one seed is one story, a history survives being written down, and what fails is made short."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.acts import ACTS, FAULTS
from tests.simulation.clocks import MachineClock
from tests.simulation.history import History
from tests.simulation.keeping import keep, read_kept
from tests.simulation.profiles import CALM, ENDURANCE, ORDINARY, PROFILES
from tests.simulation.shrink import shrink

ROOT = Path(__file__).parents[3]


def story(*arguments: str, hash_seed: str) -> str:
    """What a process of its own tells of a run, without how long it took."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    ).stdout
    lines = told.splitlines()
    assert lines[-1].startswith("all is well")
    return "\n".join(lines[:-1])


@pytest.mark.parametrize("seed", ["16", "69"])
def test_one_seed_is_one_story_whatever_the_process(seed: str) -> None:
    first, second = (story("--seed", seed, hash_seed=hashes) for hashes in ("1", "2"))
    assert first == second
    assert len(first.splitlines()) > 20


def test_seeds_differ() -> None:
    assert len({ORDINARY.history(seed) for seed in range(20)}) == 20


def test_every_act_happens_in_some_ordinary_history() -> None:
    happening = {step.act for seed in range(400) for step in ORDINARY.history(seed).steps}
    assert happening == {name for name in ACTS if ORDINARY.weights[name]}


def test_nothing_breaks_in_a_calm_history() -> None:
    assert not any(step.act in FAULTS for seed in range(50) for step in CALM.history(seed).steps)


def test_endurance_has_a_fault_twice_a_day() -> None:
    steps = ENDURANCE.history(1).steps
    assert [step.act for step in steps].count("half_a_day") == 28
    helpful = {"power_comes_back", "relay_starts"}
    assert sum(step.act in FAULTS - helpful for step in steps) >= 20


@settings(max_examples=30)
@given(st.sampled_from(sorted(PROFILES)), st.integers(0, 2**64))
def test_a_history_that_was_kept_is_the_same(tmp_path_factory: pytest.TempPathFactory, profile: str, seed: int) -> None:
    path = tmp_path_factory.mktemp("kept") / "it.json"
    history = PROFILES[profile].history(seed)
    keep(path, history, "something was wrong")
    again = read_kept(path)
    assert (again.history, again.wrong, again.name) == (history, "something was wrong", "it")


@settings(max_examples=50)
@given(st.integers(0, 1000), st.data())
def test_the_shortest_history_has_what_matters_and_nothing_else(seed: int, data: st.DataObject) -> None:
    history = ORDINARY.history(seed)
    count = len(history.steps)
    needed = {history.steps[at] for at in data.draw(st.sets(st.integers(0, count - 1), max_size=3))}

    def fails(candidate: History) -> bool:
        return {replace(step, wait=0.0) for step in needed} <= {replace(step, wait=0.0) for step in candidate.steps}

    shortest = shrink(history, fails)
    assert {replace(step, wait=0.0) for step in needed} == set(shortest.steps)
    assert (shortest.relays, shortest.devices, shortest.http) == (0, 1, False)


def test_a_clock_keeps_its_time_when_its_pace_changes() -> None:
    time = 0.0
    clock = MachineClock(lambda: time)
    begun = clock.now()
    time = 10.0
    clock.run_at(-1.0)
    assert clock.now() - begun == 10_000
    time = 14.0
    assert clock.now() - begun == 6_000
    clock.jump(3600)
    assert clock.now() - begun == 3_606_000
    clock.put_right()
    assert clock.now() - begun == 14_000
