"""The causal buffer: whatever is offered in whatever order, everything comes out once, after what it needs, and nothing is stuck that could go."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from store.causal import BufferFullError, CausalBuffer
from tests.machines.bounds import bounded

MAX_ITEMS = 8
MAX_BYTES = 40
names = st.integers(0, 12)
needs = st.frozensets(names, max_size=3)
sizes = st.integers(0, 15)


class CausalBuffers(RuleBasedStateMachine):
    """The model is a list of all that was ever offered, in order, and sets of names: nothing is indexed, all is looked up anew.

    Names may need each other in circles, as names that somebody made up can: those wait for ever and harm nobody.
    """

    def __init__(self) -> None:
        super().__init__()
        self.there = {100}
        self.buffer: CausalBuffer[int, str] = CausalBuffer(max_items=MAX_ITEMS, max_bytes=MAX_BYTES, settled=self.there)
        self.offered: dict[int, tuple[frozenset[int], str, int]] = {}
        self.taken: list[int] = []
        self.refused: set[int] = set()

    def ready(self) -> list[int]:
        """What could be taken now, as offered. What was ready once stays so."""
        return [name for name in self.held() if self.offered[name][0] <= self.there]

    def held(self) -> list[int]:
        return [name for name in self.offered if name not in self.taken]

    @rule(name=names, needs=needs, size=sizes, root=st.booleans())
    def offer(self, name: int, needs: frozenset[int], size: int, root: bool) -> None:
        wanted = needs | {100} if root else needs
        self.offer_to_both(name, wanted, f"{name} as offered {len(self.offered)}th", size)

    @rule(name=names)
    def offer_again(self, name: int) -> None:
        if name in self.offered:
            self.offer_to_both(name, frozenset(), "a copy that says other things", 1)

    def offer_to_both(self, name: int, needs: frozenset[int], item: str, size: int) -> None:
        if name in self.offered or name in self.there:
            assert not self.buffer.offer(name, needs, item, size=size)
            return
        if len(self.held()) >= MAX_ITEMS or self.bytes_held() + size > MAX_BYTES:
            with pytest.raises(BufferFullError) as caught:
                self.buffer.offer(name, needs, item, size=size)
            assert caught.value.name == name
            return
        assert self.buffer.offer(name, needs, item, size=size)
        self.offered[name] = needs, item, size

    def bytes_held(self) -> int:
        return sum(self.offered[name][2] for name in self.held())

    @rule(is_good=st.booleans())
    def take(self, is_good: bool) -> None:
        """Whoever takes something stores it, or refuses it and says nothing."""
        expected = self.ready()
        taken = self.buffer.take()
        if not expected:
            assert taken is None
            return
        name = expected[0]
        assert taken == (name, self.offered[name][1])
        assert self.offered[name][0] <= self.there
        self.taken.append(name)
        if is_good:
            self.settle(name)
        else:
            self.refused.add(name)

    @rule(name=names)
    def settle(self, name: int) -> None:
        """Something came on another way, perhaps what waits here, or was refused."""
        self.buffer.settle(name)
        self.there.add(name)

    @rule()
    def drain(self) -> None:
        expected: list[int] = []
        there, held = set(self.there), self.held()
        while ready := [name for name in held if name not in expected and self.offered[name][0] <= there]:
            expected.append(ready[0])
            there.add(ready[0])
        assert [name for name, _ in self.buffer.drain()] == expected
        self.taken += expected
        self.there |= there

    @invariant()
    def what_waits_says_for_what(self) -> None:
        waiting = {name: self.offered[name][0] - self.there for name in self.held()}
        assert self.buffer.waiting() == {name: open_needs for name, open_needs in waiting.items() if open_needs}

    @invariant()
    def nothing_comes_twice(self) -> None:
        assert len(self.taken) == len(set(self.taken))

    def teardown(self) -> None:
        """Everything that is needed comes in the end: then nothing is left but what needs what was refused, or itself."""
        for name in range(13):
            if name not in self.offered:
                self.settle(name)
        self.drain()
        self.what_waits_says_for_what()
        for name in self.refused:
            self.settle(name)
        self.drain()
        assert all(self.offered[name][0] & set(self.held()) for name in self.held()), "only circles wait"


TestCausalBuffers = CausalBuffers.TestCase
TestCausalBuffers.settings = bounded(examples=60, steps=40)
