"""Randomness that is the same in each run, and a few keys made of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from peer.keys.device import DeviceKeys
from peer.keys.epochs import Epoch
from peer.keys.master import MasterKeys

PHRASE = " ".join(["abandon"] * 23 + ["art"])
GOLDEN = Path(__file__).parents[3] / "golden" / "keys"


class Seeded:
    """``Randomness`` from a label: the same calls give the same bytes."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._calls = 0

    def __call__(self, count: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(f"{self._label} {self._calls}".encode()).digest(count)


def device(label: str) -> DeviceKeys:
    return DeviceKeys.generate(Seeded(f"device {label}"))


def epoch(label: str) -> Epoch:
    return Epoch.generate(Seeded(f"epoch {label}"))


def master() -> MasterKeys:
    return MasterKeys.from_phrase(PHRASE)


def golden(name: str) -> dict[str, Any]:
    """A golden file: JSON, bytes in hexadecimal."""
    content = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def flipped(data: bytes, bit: int) -> bytes:
    """``data`` with one bit changed; ``bit`` counts round."""
    index = bit % (len(data) * 8)
    changed = bytearray(data)
    changed[index // 8] ^= 1 << (index % 8)
    return bytes(changed)
