"""What a session does next about entries, from what both sides have. Pure.

Pulling comes before pushing, so that what a device reports afterwards covers as much as possible; a report comes last, when it is true on
both sides. Arrival numbers say exactly what was exchanged with one node, branches of logs included: everything up to ``pulled_to`` of the
node's numbers is stored here, everything up to ``pushed_to`` of ours is stored there. Heads are compared only where there are no such
numbers, at the first meeting and after a node's stores were restored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Step(Enum):
    """One thing to do; the value is what ``status`` calls it."""

    PULL = "pulling entries"
    PUSH = "pushing entries"
    REPORT = "reporting what was seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Where the exchange of entries with one node stands. ``pulled_to`` is ``None`` when nothing is remembered of its stores."""

    pulled_to: int | None
    their_arrival: int
    pushed_to: int
    our_arrival: int
    reported_to: int

    @property
    def behind(self) -> int:
        """How many entries of the node aren't here yet, at most."""
        return self.their_arrival - (self.pulled_to or 0) if self.pulled_to is None or self.their_arrival > self.pulled_to else 0

    @property
    def ahead(self) -> int:
        """How many entries that are here the node may not have."""
        return max(self.our_arrival - self.pushed_to, 0)

    def announced(self, arrival: int) -> Exchange:
        """The node said that it has entries up to ``arrival``; a hint that is older than what is known changes nothing."""
        return replace(self, their_arrival=max(self.their_arrival, arrival))

    def seen_here(self, arrival: int) -> Exchange:
        """This device stores entries up to ``arrival``."""
        return replace(self, our_arrival=arrival)

    def reported(self, to: int) -> Exchange:
        """The node has a seen report that covers our entries up to ``to``."""
        return replace(self, reported_to=to)

    def pulled(self, to: int) -> Exchange:
        """Everything up to the node's number ``to`` is stored here."""
        return replace(self, pulled_to=to, their_arrival=max(self.their_arrival, to))

    def exhausted(self, announced: int) -> Exchange:
        """The node has given all that it has, although it had named numbers up to ``announced``: it has none of those that are higher than what was
        pulled. What it named after that counts."""
        return replace(self, their_arrival=self.pulled_to or 0) if self.their_arrival <= announced else self

    def pushed(self, to: int, *, before: int, after: int) -> Exchange:
        """A push ended: our entries up to ``to`` are there. When nobody else wrote in between (``before`` is where we had pulled
        to), what arrived there is what we sent, and need not be pulled."""
        pulled_to = after if self.pulled_to == before else self.pulled_to
        return replace(self, pushed_to=to, pulled_to=pulled_to, their_arrival=max(self.their_arrival, after))


def next_step(exchange: Exchange) -> Step | None:
    """The first of the steps that are left; ``None`` when both sides have the same and all was reported."""
    if exchange.pulled_to is None or exchange.their_arrival > exchange.pulled_to:
        return Step.PULL
    if exchange.our_arrival > exchange.pushed_to:
        return Step.PUSH
    if exchange.our_arrival > exchange.reported_to:
        return Step.REPORT
    return None
