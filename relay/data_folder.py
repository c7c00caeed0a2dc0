"""A relay's folder, and what it costs to open it.

relay.db            entries, libraries, sessions, mail (SQLite)
blobs/ab/abcd…      sealed blobs by name
quarantine/         blobs that were found damaged
incoming/           blobs on their way in; safe to lose
node.key            the relay's private key, mode 0600
serve.lock          held by the one process that serves
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filelock import FileLock, Timeout

from relay.command_errors import RelayCommandError
from relay.seams import Randomness
from relay.sqlite_accounts import RELAY_SCHEMA
from store.database import Database
from store.durable import make_folders, sync_folder
from store.sqlite_log import LOG_SCHEMA

KEY_BYTES = 32


@dataclass(frozen=True)
class DataFolder:
    """The folder of one relay."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "relay.db"

    @property
    def key(self) -> Path:
        return self.root / "node.key"

    @property
    def lock(self) -> Path:
        return self.root / "serve.lock"

    def create(self) -> None:
        """The folder, closed to other users. An empty folder becomes one; one with other things in it is left alone."""
        if self.root.is_dir() and not self.database.exists() and any(path != self.lock for path in self.root.iterdir()):
            raise RelayCommandError(
                f"{self.root} holds something that isn't a relay's.", hint="Name an empty folder, or one that doesn't exist yet."
            )
        make_folders(self.root, mode=0o700)
        self.root.chmod(0o700)

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """The database, made if need be. Several processes may have it open."""
        self.create()
        with closing(Database(self.database, (LOG_SCHEMA, RELAY_SCHEMA))) as database:
            yield database

    @contextmanager
    def opened_as_it_is(self) -> Iterator[Database]:
        """The database of a relay that exists."""
        if not self.database.exists():
            raise RelayCommandError(f"There is no relay in {self.root}.", hint="`calotype-relay token create` or `serve` begins one.")
        with self.opened() as database:
            yield database

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process serves a folder."""
        self.create()
        lock = FileLock(self.lock)
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise RelayCommandError(f"Another relay serves {self.root} already.", hint="Stop it first, or name another folder.") from error
        try:
            yield
        finally:
            lock.release()

    def node_key(self, randomness: Randomness) -> Ed25519PrivateKey:
        """The relay's key, made when it is asked for first. Devices pin it: it must survive, and is no part of a restored store."""
        if not self.key.exists():
            write_private(self.key, randomness(KEY_BYTES).hex().encode() + b"\n")
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.key.read_text("ascii").strip()))
        except ValueError as error:
            raise RelayCommandError(
                f"{self.key} doesn't hold the relay's key.",
                hint="Put the key back from a backup; with another key no device would connect.",
            ) from error


def write_private(path: Path, content: bytes) -> None:
    """A file of mode 0600 that appears whole and survives a power cut."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
