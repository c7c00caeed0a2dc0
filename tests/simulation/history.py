"""A history: how a world begins, and the steps that it lives through. Plain data, made from a seed before anything runs.

A step says what and who by numbers that are taken modulo what there is when its time comes. So each step means something whatever was
left out before it, and a history that fails can be shortened step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Self

NUMBERS = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``act``: its name; ``wait``: seconds of the world's time before it; ``who``, ``other``, ``pick``: which device, which other, which thing;
    ``seed``: for what else is drawn."""

    act: str
    wait: float
    who: int
    other: int
    pick: int
    seed: int

    def random(self) -> Random:
        return Random(f"step {self.seed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """``seed``: of all that isn't a step. ``http``: whether devices speak HTTP with relays, byte by byte, or call them directly."""

    seed: str
    devices: int
    relays: int
    http: bool
    steps: tuple[Step, ...] = field(default=())

    def to_document(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The history that ``to_document`` made this of."""
        return cls(**{**document, "steps": tuple(Step(**step) for step in document["steps"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What kind of histories there are. ``weights``: how often each act happens; ``faults``: those that break something, of which each history has
    only some (swarm testing: Groce et al., ISSTA 2012: a fault that is left out lets others go further)."""

    name: str
    steps: tuple[int, int]
    devices: tuple[int, int]
    relays: tuple[int, int]
    weights: Mapping[str, float]
    faults: frozenset[str]
    waits: Sequence[tuple[float, float, float]] = ((7, 0.0, 1.0), (3, 1.0, 60.0), (0.4, 60.0, 1_800.0))
    """(weight, from, to) in seconds."""
    days: int | None = None
    """So many days, instead of a number of steps."""

    def history(self, seed: int) -> History:
        """The history of a seed."""
        random = Random(f"calotype {self.name} {seed}")
        devices, relays = random.randint(*self.devices), random.randint(*self.relays)
        http = random.random() < 0.25
        chosen = {fault for fault in sorted(self.faults) if random.random() < 0.4}
        acts = [act for act in sorted(self.weights) if self.weights[act] and (act not in self.faults or act in chosen)]
        weights = [self.weights[act] * random.choice((0.3, 1, 1, 2)) for act in acts]
        chain = random.choices(acts, weights, k=random.randint(*self.steps)) if self.days is None else self._days(random, self.days)
        steps = tuple(self._step(random, act) for act in chain)
        return History(seed=f"{self.name} {seed}", devices=devices, relays=relays, http=http, steps=steps)

    def _days(self, random: Random, days: int) -> list[str]:
        """Twice a day people do some things, and one thing breaks; then all lids are closed."""
        calm = sorted(self.weights.keys() - self.faults - {"half_a_day", "sleeps"})
        weights = [self.weights[act] for act in calm]
        chain: list[str] = []
        for _ in range(2 * days):
            done = [*random.choices(calm, weights, k=random.randint(6, 12)), random.choice(sorted(self.faults))]
            random.shuffle(done)
            chain += [*done, "power_comes_back", "relay_starts", "half_a_day"]
        return chain

    def _step(self, random: Random, act: str) -> Step:
        _, shortest, longest = random.choices(self.waits, [weight for weight, *_ in self.waits])[0]
        wait = round(random.uniform(shortest, longest), 3)
        who, other, pick, own = (random.randrange(NUMBERS) for _ in range(4))
        return Step(act=act, wait=wait, who=who, other=other, pick=pick, seed=own)
