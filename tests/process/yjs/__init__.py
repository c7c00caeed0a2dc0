"""Yjs itself, installed for the tests from the versions that are pinned here, and asked through a small script."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from crdt.values import Value, canonical

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[3] / "build" / "yjs"
"""Where git doesn't look. One folder for each set of pinned versions."""
OLDEST_NODE = 18
PINNED = ("package.json", "package-lock.json")


class LackingError(Exception):
    """Yjs can't be had here; says why."""


@cache
def install() -> Path:
    """The folder that Yjs is installed in; ``LackingError`` where it can't be."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise LackingError(f"not installed: {', '.join(missing)} (Debian: apt-get install nodejs npm)")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int((re.match(r"v(\d+)", version) or ["", "0"])[1]) < OLDEST_NODE:
        raise LackingError(f"node {version.strip()} is older than {OLDEST_NODE}")
    pinned = json.loads((HERE / "package.json").read_text())
    folder = CACHE / str(pinned["dependencies"]["yjs"])
    if not (folder / "node_modules/yjs/package.json").is_file():
        _install_into(folder)
    return folder


def _install_into(folder: Path) -> None:
    """In a folder beside it that is then put in its place: two runs at once don't meet."""
    fresh = folder.with_name(f"{folder.name}-{os.getpid()}")
    fresh.mkdir(parents=True)
    try:
        for name in PINNED:
            shutil.copy(HERE / name, fresh)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(fresh)]
        done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=90, check=False)
        if done.returncode:
            raise LackingError(f"npm couldn't install Yjs: {done.stderr.strip()[-300:]}")
        if not folder.exists():
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A document as Yjs sees it. ``update``: what its last transaction sent, where it was to write."""

    keys: dict[str, Value]
    roots: list[str]
    is_pending: bool
    vector: dict[int, int]
    state: bytes
    update: bytes


@dataclass(frozen=True, kw_only=True)
class Written:
    """A transaction: values by key and keys to delete, by a client, over what ``updates`` say."""

    updates: Sequence[bytes] = ()
    client: int
    sets: dict[str, Value]
    deletes: Sequence[str] = ()


def ask(*requests: Sequence[bytes] | Written) -> list[Answer]:
    """What Yjs makes of updates, or of a transaction."""
    asked = [
        {"write": _request(request)} if isinstance(request, Written) else {"read": [update.hex() for update in request]}
        for request in requests
    ]
    done = subprocess.run(
        ["node", str(HERE / "records.mjs"), str(install())],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [_answer(each) for each in json.loads(done.stdout)]


def _request(written: Written) -> dict[str, Any]:
    return {
        "updates": [update.hex() for update in written.updates],
        "client": written.client,
        "sets": [[key, _typed(value)] for key, value in written.sets.items()],
        "deletes": list(written.deletes),
    }


def _answer(said: dict[str, Any]) -> Answer:
    return Answer(
        keys={key: _untyped(value) for key, value in said["keys"]},
        roots=said["roots"],
        is_pending=said["pending"],
        vector=dict(said["vector"]),
        state=bytes.fromhex(said["state"]),
        update=bytes.fromhex(said.get("update", "")),
    )


def _typed(value: Value) -> dict[str, Any]:
    match value:
        case None:
            return {"null": True}
        case bool():
            return {"boolean": value}
        case bytes():
            return {"bytes": value.hex()}
        case str():
            return {"text": value}
        case list():
            return {"list": [_typed(each) for each in value]}
        case dict():
            return {"map": [[key, _typed(each)] for key, each in value.items()]}
        case _:
            return {"number": struct.pack(">d", value).hex()}


def _untyped(said: dict[str, Any]) -> Value:
    ((kind, value),) = said.items()
    match kind:
        case "null":
            return None
        case "bytes":
            return bytes.fromhex(value)
        case "number":
            return canonical(struct.unpack(">d", bytes.fromhex(value))[0])
        case "list":
            return [_untyped(each) for each in value]
        case "map":
            return {key: _untyped(each) for key, each in value}
        case "boolean" | "text":
            return canonical(value)
    raise AssertionError(f"Yjs gave {kind}: {value}")
