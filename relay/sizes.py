"""Sizes as people write them. Pure."""

from __future__ import annotations

import re

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))? *([A-Za-z]*)", re.ASCII)
MAX_SIZE = 2**60


def parse_size(text: str) -> int:
    """Bytes of ``100GB``, ``1.5 TiB`` or ``4096``; ``ValueError`` for anything else."""
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[3].upper()) if match else None
    if match is None or unit is None:
        raise ValueError(f"{text!r} is not a size")
    whole, fraction = int(match[1]), match[2] or ""
    size = whole * unit + int(fraction or 0) * unit // (1, 10, 100, 1000)[len(fraction)]
    if not 0 < size <= MAX_SIZE:
        raise ValueError(f"{text!r} is not a sensible size")
    return size


def spell_size(size: int) -> str:
    """``size`` with three digits and a decimal unit."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB", "PB", "EB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.3g} {unit}"
    return f"{value:.0f} EB"
