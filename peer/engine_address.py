"""Where the engine of a library listens, and a word to it (``peer.control`` has the rest).

Without trio, which takes longer to load than most commands to run: they change the library, say so, and end.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class EngineAddress:
    """Where an engine listens; the key stays out of every text."""

    port: int
    pid: int
    key: str

    def __repr__(self) -> str:
        return f"EngineAddress(port={self.port}, pid={self.pid})"


def read_address(path: Path) -> EngineAddress | None:
    """The address that a running engine wrote, or ``None``."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return EngineAddress(port=int(content["port"]), pid=int(content["pid"]), key=str(content["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_private_json(path: Path, content: Mapping[str, object]) -> None:
    """``content`` as a file of mode 0600 that appears whole."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    temporary.replace(path)


def poke(path: Path) -> None:
    """Tell the engine, if one runs, that this process wrote into the library. Never fails: without the word it notices a little later."""
    address = read_address(path)
    if address is None:
        return
    try:
        with socket.create_connection(("127.0.0.1", address.port), timeout=1) as connection:
            connection.sendall(json.dumps({"key": address.key, "do": "changed"}).encode() + b"\n")
    except OSError:
        return
