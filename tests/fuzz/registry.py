"""All targets by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    bodies,
    checkpoints,
    entries,
    intake,
    joining,
    media,
    messages,
    names,
    network,
    patches,
    pictures,
    records,
    rendering,
    sidecars,
    streams,
)

_AREAS = (
    entries,
    intake,
    bodies,
    records,
    joining,
    messages,
    streams,
    checkpoints,
    network,
    names,
    media,
    pictures,
    sidecars,
    rendering,
    patches,
)

TARGETS: Mapping[str, Target] = {target.name: target for area in _AREAS for target in area.TARGETS}
