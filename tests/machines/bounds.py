"""How long machines run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

TIMES = settings().max_examples // settings.get_profile("calotype").max_examples
"""As many as the profile in use has more examples than the usual one."""

SECONDS = 120
"""After so long a machine hangs, usually."""


def bounded(*, examples: int, steps: int) -> settings:
    """Usually so many lives, each of at most so many steps."""
    return settings(max_examples=examples * TIMES, stateful_step_count=steps, deadline=None, suppress_health_check=[HealthCheck.too_slow])
