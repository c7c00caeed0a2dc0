"""The room that is left on the disk: when it gets low, originals stop coming and what the policy allows is given up."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3
RESERVE_BYTES = GIB
RESERVE_SHARE = 0.02
LARGEST_SHARE = 0.1
"""Of small disks: the reserve is never more than a tenth of the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Bytes of a disk, and those of them that this user may still fill."""

    total: int
    free: int

    @property
    def reserve(self) -> int:
        """What is left to everything else: 1 GiB or 2 %, whichever is more, but at most a tenth."""
        return int(min(max(RESERVE_BYTES, self.total * RESERVE_SHARE), self.total * LARGEST_SHARE))

    @property
    def lacks(self) -> int:
        """How many bytes are missing from the reserve."""
        return max(self.reserve - self.free, 0)


def disk_space(folder: Path) -> DiskSpace:
    """Of the disk that ``folder`` lies on. One that can't say how much room it has (some network file systems) is taken to have enough."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return DiskSpace(total=0, free=0)
    return DiskSpace(total=usage.total, free=usage.free)
