"""Histories that once failed, kept with a sentence on what was wrong: each is lived through again in every test run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.history import History

FOLDER = Path(__file__).with_name("kept")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """``name``: of its file. ``wrong``: what was wrong, until it was repaired."""

    name: str
    wrong: str
    history: History


def kept() -> list[Kept]:
    """All of them, by name."""
    return [read_kept(path) for path in sorted(FOLDER.glob("*.json"))]


def read_kept(path: Path) -> Kept:
    document = json.loads(path.read_text("utf-8"))
    return Kept(name=path.stem, wrong=document["wrong"], history=History.from_document(document["history"]))


def keep(path: Path, history: History, wrong: str) -> None:
    """One line for each step, so that changes can be read."""
    document = {"wrong": wrong, "history": history.to_document()}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", "utf-8")
