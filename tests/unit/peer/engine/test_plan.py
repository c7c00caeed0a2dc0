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


def test_a_node_that_has_less_than_it_announced_isn_t_asked_again_and_again() -> None:
    """Found by a simulated relay that showed some devices an older state: they pulled from it without a pause."""
    pulled = exchange(pulled_to=4, their_arrival=9).pulled(6)
    assert next_step(pulled) is Step.PULL
    assert next_step(pulled.exhausted(9)) is None
    assert next_step(pulled.announced(10).exhausted(9)) is Step.PULL
    assert next_step(pulled.exhausted(9).announced(7)) is Step.PULL


def test_what_somebody_else_pushed_in_between_is_pulled() -> None:
    after_push = exchange(pulled_to=3, their_arrival=3, our_arrival=1).pushed(1, before=4, after=5)
    assert after_push.pulled_to == 3
    assert next_step(after_push) is Step.PULL


class TwoNodes:
    """Each side a list of entries by arrival; the plan's numbers are indexes into them."""

    def __init__(self) -> None:
        self.ours: list[str] = []
        self.theirs: list[str] = []
        self.exchange = exchange()

    def step(self, *, others_write_meanwhile: bool = False) -> Step | None:
        self.exchange = self.exchange.seen_here(len(self.ours))
        chosen = next_step(self.exchange)
        if chosen is Step.PULL:
            assert self.exchange.pulled_to is not None
            self.ours.extend(entry for entry in self.theirs[self.exchange.pulled_to :] if entry not in self.ours)
            self.exchange = self.exchange.pulled(len(self.theirs))
        elif chosen is Step.PUSH:
            new = [entry for entry in self.ours[self.exchange.pushed_to :] if entry not in self.theirs]
            if others_write_meanwhile:
                self.theirs.append(f"other {len(self.theirs)}")
            before = len(self.theirs)
            self.theirs.extend(new)
            self.exchange = self.exchange.pushed(len(self.ours), before=before, after=len(self.theirs))
        elif chosen is Step.REPORT:
            self.exchange = self.exchange.reported(len(self.ours))
        return chosen

    def hint(self) -> None:
        self.exchange = self.exchange.announced(len(self.theirs))


@given(st.lists(st.sampled_from(["we write", "they write", "others write during a step", "hint", "step"]), max_size=60))
def test_whatever_happens_in_between_the_steps_lead_to_the_same_on_both_sides(happenings: list[str]) -> None:
    nodes = TwoNodes()
    for number, happening in enumerate(happenings):
        match happening:
            case "we write":
                nodes.ours.append(f"ours {number}")
            case "they write":
                nodes.theirs.append(f"theirs {number}")
            case "hint":
                nodes.hint()
            case _:
                nodes.step(others_write_meanwhile=happening != "step")
    nodes.hint()
    for _ in range(20):
        if nodes.step() is None:
            break
        nodes.hint()
    assert set(nodes.ours) == set(nodes.theirs)
    assert next_step(nodes.exchange) is None
