"""Sessions that are bound to connections: a session is that of the device whose key the connection proved, and a token is worth something there alone.

``calling`` says who makes the calls in a task; worker threads know it too, because trio gives them the context of who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from relay.accounts import Session, Sessions, TokenHash
from relay.errors import NotMemberError
from store.ids import DeviceId

_calling: ContextVar[bytes] = ContextVar("calling", default=b"")


@contextmanager
def calling(key: bytes) -> Iterator[None]:
    """What is called inside the block is called by the owner of this signing key."""
    before = _calling.set(key)
    try:
        yield
    finally:
        _calling.reset(before)


def is_call_over_connection() -> bool:
    """Whether the current call came over a connection, and not from within this process."""
    return bool(_calling.get())


class ConnectionSessions:
    """``Sessions`` for calls over connections that proved a key. ``key_of``: the signing key of a member."""

    def __init__(self, sessions: Sessions, key_of: Callable[[DeviceId], bytes | None]) -> None:
        self._sessions = sessions
        self._key_of = key_of

    def open(self, token: TokenHash, session: Session, *, nonce: bytes, nonce_until: int, now: int) -> bool:
        if not self._is_of_caller(session):
            raise NotMemberError("the session is for another device than the one that is connected")
        return self._sessions.open(token, session, nonce=nonce, nonce_until=nonce_until, now=now)

    def find(self, token: TokenHash, *, now: int) -> Session | None:
        session = self._sessions.find(token, now=now)
        if session is None or self._key_of(session.device) is None:
            return session  # of a device that is no member any more: whoever asks for it says so
        return session if self._is_of_caller(session) else None

    def close(self, token: TokenHash) -> None:
        self._sessions.close(token)

    def count(self, *, now: int) -> int:
        return self._sessions.count(now=now)

    def _is_of_caller(self, session: Session) -> bool:
        key = self._key_of(session.device)
        return key is not None and key == _calling.get()
