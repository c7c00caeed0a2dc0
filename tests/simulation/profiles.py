"""The kinds of histories that there are."""

from __future__ import annotations

from tests.simulation.acts import FAULTS, WEIGHTS
from tests.simulation.history import Profile

ORDINARY = Profile(
    name="ordinary",
    steps=(20, 90),
    devices=(2, 4),
    relays=(0, 3),
    weights=WEIGHTS,
    faults=frozenset(FAULTS),
)
"""Everything that there is, in many mixtures."""

CALM = Profile(
    name="calm",
    steps=(20, 60),
    devices=(2, 5),
    relays=(0, 2),
    weights={name: weight for name, weight in WEIGHTS.items() if name not in FAULTS},
    faults=frozenset(),
)
"""Nothing breaks; people only do much at once."""

ENDURANCE = Profile(
    name="endurance",
    steps=(0, 0),
    devices=(4, 4),
    relays=(1, 2),
    weights=WEIGHTS,
    faults=frozenset(FAULTS),
    days=14,
)
"""Two weeks of four devices, and twice a day something breaks."""

BRIEF = Profile(
    name="brief",
    steps=(25, 45),
    devices=(2, 3),
    relays=(0, 2),
    weights={name: weight for name, weight in WEIGHTS.items() if name != "sleeps"} | {"writes_checkpoint": 4},
    faults=frozenset(FAULTS),
    waits=((8, 0.0, 1.0), (3, 1.0, 30.0), (0.2, 30.0, 400.0)),
)
"""Small and soon over: for the hunt for deliberate bugs."""

PROFILES = {profile.name: profile for profile in (ORDINARY, CALM, ENDURANCE, BRIEF)}
