"""The way between one device and one relay, or between two neighbours: how long things take on it, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from random import Random
from typing import Protocol

import trio

from relay.errors import UnreachableError

LOST_BYTES = 4.5
"""A connection that breaks does so within the next 10 to the power of this bytes, each order of magnitude as often as the others: so heads of requests,
answers and large bodies are all hit."""


class Way(Enum):
    """In which state a line is. *Hole*: what is sent vanishes, and nobody is told."""

    OPEN = "open"
    CUT = "cut"
    HOLE = "hole"


class Breakable(Protocol):
    """Something under way on a line."""

    def break_off(self) -> None:
        """Whoever waits for it is told at once."""

    def look_again(self) -> None:
        """The line has changed."""


class Line:
    """May be changed while the world runs.

    - ``latency``: seconds that a piece of bytes takes, drawn between these for each. What goes over one connection stays in order; what goes over several
      may overtake each other.
    - ``bytes_per_second``: no faster than that, in each direction of each connection; ``None``: as fast as it comes.
    - ``lose``: how likely a request, and by itself an answer, is to be the last on its connection, which breaks after some of its bytes or of those after it.
    - ``double``: how likely a whole request is to be delivered twice, as by a proxy that tries again: at once, or much later.
    - ``late``: how likely a request or its answer is to be held back for ``held`` seconds, while its client gives up.
    """

    def __init__(self, name: str, random: Random, story: Callable[[str], None]) -> None:
        self.name = name
        self.random = random
        self.latency = (0.002, 0.03)
        self.bytes_per_second: float | None = None
        self.lose = 0.0
        self.double = 0.0
        self.late = 0.0
        self.held = (60.0, 900.0)
        self.tell = story
        self._way = Way.OPEN
        self._under_way: dict[Breakable, None] = {}
        self._changed = trio.Event()

    def __repr__(self) -> str:
        return f"Line({self.name})"

    # The state of the line

    @property
    def way(self) -> Way:
        return self._way

    def cut(self, *, blackhole: bool = False) -> None:
        """Nobody gets through any more. With ``blackhole`` nobody is told either: open connections stay, and fall silent."""
        wanted = Way.HOLE if blackhole else Way.CUT
        if self._way is wanted:
            return
        self._way = wanted
        self.tell(f"the way between {self.name} {'swallows everything' if blackhole else 'is cut'}")
        if wanted is Way.CUT:
            self.break_off()
        self._look_again()

    def mend(self) -> None:
        """Everybody gets through again. What a hole has swallowed comes now, where somebody still waits for it."""
        if self._way is not Way.OPEN:
            self._way = Way.OPEN
            self.tell(f"the way between {self.name} is open again")
            self._look_again()

    def calm(self) -> None:
        """Nothing goes wrong on it from now on."""
        self.mend()
        self.latency, self.bytes_per_second = (0.002, 0.03), None
        self.lose = self.double = self.late = 0.0

    async def changes(self) -> None:
        """Returns when the line is cut or mended."""
        await self._changed.wait()

    def _look_again(self) -> None:
        self._changed.set()
        self._changed = trio.Event()
        for each in list(self._under_way):
            each.look_again()

    # What is under way

    @property
    def things(self) -> list[Breakable]:
        """The connections and calls that there are on it."""
        return list(self._under_way)

    def begins(self, thing: Breakable) -> None:
        self._under_way[thing] = None

    def ends(self, thing: Breakable) -> None:
        self._under_way.pop(thing, None)

    def break_off(self) -> None:
        """Everything that is under way breaks; new connections are another question."""
        for each in list(self._under_way):
            each.break_off()

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call without a connection (``direct``): ``UnreachableError`` as soon as the line breaks."""
        call = _Call()
        self.begins(call)
        try:
            with call.scope:
                yield
        finally:
            self.ends(call)
        if call.scope.cancelled_caught:
            raise UnreachableError("the connection to the node broke")

    # Luck

    def travel_time(self) -> float:
        return self.random.uniform(*self.latency)

    def hits(self, chance: float) -> bool:
        """Whether something that happens so often happens now."""
        return chance > 0 and self.random.random() < chance

    def holding_time(self) -> float:
        return self.random.uniform(*self.held)

    def bytes_until_break(self) -> int | None:
        """From the beginning of a request or an answer; ``None``: it doesn't break the connection."""
        return int(10 ** self.random.uniform(0, LOST_BYTES)) if self.hits(self.lose) else None


class _Call:
    def __init__(self) -> None:
        self.scope = trio.CancelScope()

    def break_off(self) -> None:
        self.scope.cancel()

    def look_again(self) -> None:
        """Who waits in a call looks at the line itself."""
