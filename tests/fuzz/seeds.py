"""What fuzzing begins from: the golden bytes, and what the corpus keeps: inputs that were found, each saying why it is kept.

A file of the corpus is text: an input a line, in hexadecimal digits; lines that begin with ``#`` are for people.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
GOLDEN = Path(__file__).parents[1] / "golden"


def kept(target: str) -> dict[str, bytes]:
    """The corpus of a target, by file name and number."""
    files = sorted((CORPUS / target).glob("*.hex"))
    return {f"{path.stem}-{number}": data for path in files for number, data in enumerate(inputs_in(path))}


def inputs_in(path: Path) -> list[bytes]:
    """The inputs that a file of the corpus holds."""
    return [bytes.fromhex(line) for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]


def golden_hex(*names: str) -> Callable[[], dict[str, bytes]]:
    """Golden files of hexadecimal text by their path without its ending."""

    def read() -> dict[str, bytes]:
        return {name.rpartition("/")[2]: bytes.fromhex((GOLDEN / f"{name}.hex").read_text("ascii")) for name in names}

    return read


def golden_json(name: str) -> Any:
    """A golden file of JSON."""
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


def fixed(**seeds: bytes) -> Callable[[], Mapping[str, bytes]]:
    """Seeds that are short enough to stand where they are used."""
    return lambda: seeds
