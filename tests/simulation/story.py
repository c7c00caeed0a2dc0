"""What happened, one line after the other, in words. The same on any machine: no ids, hashes, paths, or sizes of things that libraries pack."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.clocks import DAY_SECONDS


class Story:
    """Lines with the time at which they happened. ``follow`` is told each at once."""

    def __init__(self, world: Callable[[], float], follow: Callable[[str], None] | None = None) -> None:
        self._world = world
        self._follow = follow
        self.lines: list[str] = []

    def tell(self, sentence: str) -> None:
        seconds = self._world()
        day, rest = divmod(seconds, DAY_SECONDS)
        line = f"day {int(day) + 1:>2}  {int(rest // 3600):02}:{int(rest % 3600 // 60):02}:{rest % 60:06.3f}  {sentence}"
        self.lines.append(line)
        if self._follow is not None:
            self._follow(line)

    def __str__(self) -> str:
        return "\n".join(self.lines)
