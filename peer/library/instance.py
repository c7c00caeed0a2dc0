"""Whether this folder is the one that this machine wrote last: clones and old backups give themselves away here.

A folder that was copied to another place or machine, or put back from a backup, holds the keys and the log of a device that may have gone on
elsewhere. Writing on in that log would fork it. A fork loses nothing, but it is avoided where it can be: beside the database, which is
copied with the folder, a *note* outside the folder says which database this machine knows here.

- The database holds a random token, new with each log that this device begins. The note holds the same token, and the newest own entry.
- No note, or one with another token: the folder was copied or moved here, or put back. A note of a newer entry than the database
  has: it was put back. Then this device begins a new log before it writes again, and takes back from others what it wrote itself.
- The note is written before the token's database commits, and names the token before it too; so a crash in between changes nothing.
- Where no note can be written (no folder for it) nothing is concluded from its absence; what other nodes show of this device's log
  still says it (``Library.receive``).

A whole disk put back, or a virtual machine, brings the note back too. Then the log forks until another node shows its other half.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_state_path

from peer.engine_address import write_private_json
from peer.layout import LibraryFolder
from peer.library.meta import Meta
from peer.seams import Randomness
from store.heads import Tip

STATE_VARIABLE = "CALOTYPE_STATE"
"""Names the folder for notes instead of the user's folder for state."""

TOKEN_BYTES = 16
_TOKEN = "instance"  # noqa: S105 - the name of a row, not a secret
_STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What this machine knows of a folder: its token, the one before, and the number of this device's newest entry in its log."""

    token: bytes
    before: bytes
    newest: int


def state_folder() -> Path:
    """Where notes are kept: by the environment, else the user's folder for state."""
    return Path(os.environ.get(STATE_VARIABLE) or user_state_path("calotype"))


class Instance:
    """The note of one library folder, and the token in its database."""

    def __init__(self, folder: LibraryFolder, meta: Meta, notes: Path) -> None:
        place = hashlib.sha256(os.fsencode(folder.root.resolve())).hexdigest()[:32]
        self._path = notes / "instances" / f"{place}.json"
        self._meta = meta
        self._lent_store = b""

    @property
    def token(self) -> bytes | None:
        """The database's token: ``None`` before the first log, empty where no note can be kept."""
        return self._meta.get(_TOKEN)

    def store(self, randomness: Randomness, *, is_elsewhere: bool) -> bytes:
        """16 bytes by which others know the stores of this database; inside a transaction. ``is_elsewhere``: another log is to be begun, and as
        long as none was, the stores are known by others, that are forgotten with this object."""
        if is_elsewhere:
            self._lent_store = self._lent_store or randomness(TOKEN_BYTES)
            return self._lent_store
        store = self._meta.get(_STORE)
        if store is None:
            store = randomness(TOKEN_BYTES)
            self._meta.put(_STORE, store)
        return store

    def why_new_log(self, newest: Tip | None) -> str:
        """A sentence when another log has to begin before this device writes; empty when all is as it was left. ``newest``: its own newest entry."""
        token = self.token
        if not token:
            return ""
        note = self._read()
        if note is None or token not in (note.token, note.before):
            return "the folder was copied, moved or put back from a backup"
        if token == note.token and note.newest > (-1 if newest is None else newest.seq):
            return "the folder was put back from a backup"
        return ""

    def renew(self, randomness: Randomness) -> None:
        """Another token, for a log that begins; inside its transaction. Nodes that knew this device's stores are to forget them."""
        token = randomness(TOKEN_BYTES)
        kept = self._write(Note(token=token, before=self.token or b"", newest=-1))
        self._meta.put(_TOKEN, token if kept else b"")
        self._meta.put(_STORE, randomness(TOKEN_BYTES))

    def note(self, newest: Tip | None) -> None:
        """Remember outside how far this device's log goes. Never writes less than is noted, and nothing into a note of another database."""
        note, seq = self._read(), -1 if newest is None else newest.seq
        if note is not None and note.token == self.token and (note.newest < seq or note.before):
            self._write(Note(token=note.token, before=b"", newest=max(seq, note.newest)))

    def _read(self) -> Note | None:
        try:
            content = json.loads(self._path.read_text("utf-8"))
            return Note(token=bytes.fromhex(content["token"]), before=bytes.fromhex(content["before"]), newest=int(content["newest"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a note that can't be read says as little as none

    def _write(self, note: Note) -> bool:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private_json(self._path, {"token": note.token.hex(), "before": note.before.hex(), "newest": note.newest})
        except OSError:
            return False
        return True
