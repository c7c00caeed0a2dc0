"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import time
from pathlib import Path
from statistics import median

SYNCS = 30
BUSY = 0.5
"""More load than this before anything was started here: the figures are worse than the program."""


def describe_machine(scratch: Path) -> str:
    """Processor, cores, memory, system, and how long the disk takes to make a small file durable."""
    parts = [
        f"{os.cpu_count()} × {_processor()}",
        f"{_memory_gigabytes():.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"fsync {_sync_milliseconds(scratch):.2g} ms",
    ]
    load = os.getloadavg()[0]
    busy = f"; load {load:.1f} from other programs when this began: the figures are worse than the program" if load > BUSY else ""
    return ", ".join(parts) + busy


def _processor() -> str:
    names = re.findall(r"model name\s*:\s*(.+)", _text(Path("/proc/cpuinfo")))
    return names[0] if names else platform.processor() or platform.machine()


def _memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _sync_milliseconds(scratch: Path) -> float:
    path = scratch / "sync"
    seconds = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - start)
    path.unlink()
    return median(seconds) * 1000


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
