"""Who is logged in: one-time keys, and the sessions that browsers get for them. In memory, so a restart logs everybody out.

Keys and tokens are 32 random bytes; what is kept of them is their SHA-256, so that looking one up takes no time that tells anything.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from peer.seams import Clock, Randomness

KEY_MS = 24 * 3600_000
SESSION_MS = 30 * 24 * 3600_000
MOST_KEYS = 16
MOST_SESSIONS = 64
_BYTES = 32


@dataclass(slots=True)
class _Session:
    used: int


class Sessions:
    """One for a gallery."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._keys: dict[bytes, int] = {}
        self._sessions: dict[bytes, _Session] = {}

    def new_key(self) -> str:
        """A key that opens one session within a day. Of more than sixteen the oldest is forgotten."""
        now = self._clock.now()
        self._keys = {name: since for name, since in self._keys.items() if now - since < KEY_MS}
        while len(self._keys) >= MOST_KEYS:
            del self._keys[next(iter(self._keys))]
        key = self._random()
        self._keys[_name(key)] = now
        return key

    def log_in(self, key: str) -> str | None:
        """The token of a new session; ``None`` when the key is unknown, was used or is too old."""
        since = self._keys.pop(_name(key), None)
        now = self._clock.now()
        if since is None or not 0 <= now - since < KEY_MS:
            return None
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda name: self._sessions[name].used)]
        token = self._random()
        self._sessions[_name(token)] = _Session(now)
        return token

    def is_open(self, token: str | None) -> bool:
        """Whether ``token`` is that of a session that was used within thirty days; it counts as used now."""
        session = None if token is None else self._sessions.get(_name(token))
        if token is None or session is None:
            return False
        now = self._clock.now()
        if now - session.used >= SESSION_MS:
            del self._sessions[_name(token)]
            return False
        session.used = now
        return True

    def log_out(self, token: str | None) -> None:
        """End the session of ``token``, if there is one."""
        if token is not None:
            self._sessions.pop(_name(token), None)

    def _random(self) -> str:
        return urlsafe_b64encode(self._randomness(_BYTES)).decode().rstrip("=")


def _name(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
