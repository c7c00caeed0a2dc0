"""The plan, run against a model of two nodes until it says that nothing is left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peer.engine.plan import Exchange, Step, next_step


def exchange(**changes: int | None) -> Exchange:
    facts: dict[str, int | None] = {"pulled_to": 0, "their_arrival": 0, "pushed_to": 0, "our_arrival": 0, "reported_to": 0, **changes}
    return Exchange(**facts)  # type: ignore[arg-type]


def test_nothing_is_left_when_both_have_the_same() -> None:
    assert next_step(exchange()) is None


def test_pulling_comes_before_pushing_and_reporting_last() -> None:
    start = exchange(their_arrival=3, our_arrival=5)
    assert next_step(start) is Step.PULL
    pulled = start.pulled(3)
    assert next_step(pulled) is Step.PUSH
    pushed = pulled.pushed(5, before=3, after=8)
    assert next_step(pushed) is Step.REPORT
    assert next_step(pushed.reported(5)) is None


def test_a_node_that_is_not_remembered_is_pulled_even_when_it_seems_empty() -> None:
    assert next_step(exchange(pulled_to=None)) is Step.PULL


def test_an_old_hint_changes_nothing() -> None:
    assert exchange(pulled_to=4, their_arrival=4).announced(2) == exchange(pulled_to=4, their_arrival=4)


def test_what_somebody_else_pushed_in_between_is_pulled() -> None:
    after_push = exchange(pulled_to=3, their_arrival=3, our_arrival=1).pushed(1, before=4, after=5)
    assert after_push.pulled_to == 3
    assert next_step(after_push) is Step.PULL


@given(st.lists(st.sampled_from(["we write", "they write", "other writes during our push", "hint", "step"]), max_size=60))
def test_whatever_happens_in_between_the_steps_lead_to_the_same_on_both_sides(happenings: list[str]) -> None:
    """Model: each side a list of entries by arrival; the plan's numbers are indexes into them."""
    ours: list[str] = []
    theirs: list[str] = []
    state = exchange()
    count = 0

    def step(during: bool = False) -> Step | None:
        nonlocal state
        state = state.seen_here(len(ours))
        chosen = next_step(state)
        if chosen is Step.PULL:
            assert state.pulled_to is not None
            ours.extend(entry for entry in theirs[state.pulled_to :] if entry not in ours)
            state = state.pulled(len(theirs))
        elif chosen is Step.PUSH:
            new = [entry for entry in ours[state.pushed_to :] if entry not in theirs]
            if during:
                theirs.append(f"other {len(theirs)}")
            before = len(theirs)
            theirs.extend(new)
            state = state.pushed(len(ours), before=before, after=len(theirs))
        elif chosen is Step.REPORT:
            state = state.reported(len(ours))
        return chosen

    for happening in happenings:
        count += 1
        match happening:
            case "we write":
                ours.append(f"ours {count}")
            case "they write":
                theirs.append(f"theirs {count}")
            case "hint":
                state = state.announced(len(theirs))
            case "other writes during our push":
                step(during=True)
            case _:
                step()
    state = state.announced(len(theirs))
    for _ in range(20):
        if step() is None:
            break
        state = state.announced(len(theirs))
    assert set(ours) == set(theirs)
    assert next_step(state) is None
