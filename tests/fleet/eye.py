"""What a device shows at this moment, without a command that would have to start first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from store.database import read_only_uri
from tests.fleet.programs import Device

LOOK_SECONDS = 0.0005
PATIENCE_SECONDS = 60.0


class Eye:
    """Looks into a device's database as any other program on that device could. Processes can't wait for each other's commits, so it looks often."""

    def __init__(self, device: Device) -> None:
        self._connection = sqlite3.connect(
            read_only_uri(device.folder.database), uri=True, check_same_thread=False, isolation_level=None, timeout=PATIENCE_SECONDS
        )

    def value(self, query: str, *arguments: object) -> object:
        """The first column of the first row; ``None`` when there is no row."""
        row = self._connection.execute(query, arguments).fetchone()
        return None if row is None else row[0]

    def wait(self, expected: object, query: str, *arguments: object) -> float:
        """``time.perf_counter()`` when the value was seen to be ``expected``."""
        return self.wait_until(lambda value: value == expected, query, *arguments)

    def wait_until(self, fits: Callable[[object], bool], query: str, *arguments: object) -> float:
        """``time.perf_counter()`` when a value was seen that ``fits``; ``TimeoutError`` when none comes."""
        end = time.perf_counter() + PATIENCE_SECONDS
        while not fits(self.value(query, *arguments)):
            if time.perf_counter() > end:
                raise TimeoutError(f"what was expected of {query!r} didn't come within {PATIENCE_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
        return time.perf_counter()

    def close(self) -> None:
        self._connection.close()
