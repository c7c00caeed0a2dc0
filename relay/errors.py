"""What can go wrong between a client and a node, split by whose fault it is; one tree for both ends.

SyncError
├── ClientFaultError              what was asked can't be done as it was asked
│   ├── MalformedRequestError     bytes that don't decode, an id of the wrong length
│   ├── RefusedContentError       an entry, report or blob that is refused; `name` says why
│   ├── TokenInvalidError         the registration token is wrong or used up
│   ├── SessionInvalidError       no session, or one that expired or was revoked: open another
│   ├── NotMemberError            the library's roster doesn't have this device
│   ├── NotFoundError             no such library, blob or route
│   ├── TooLargeError             over a limit of the protocol
│   ├── TooSlowError              the body came slower than the node waits for
│   ├── TooManyError              over a rate limit
│   ├── QuotaError                the library's quota is used up
│   └── AddressError              not an address that a client connects to (clients only)
├── NodeFaultError                the node can't or doesn't do its part
│   ├── NodeFullError             its disk is full
│   ├── InternalNodeError         a fault in it; nothing was acknowledged
│   ├── UnavailableError          stopping, starting or overloaded: try again
│   ├── ProtocolViolationError    it answered with bytes that break the protocol (seen by clients only)
│   └── WrongNodeKeyError         it doesn't have the key that was pinned (clients only)
└── NetworkFaultError             nobody answered (clients only)
    ├── UnreachableError          no connection, or it broke
    └── TimedOutError             a step took longer than it may

`name` and `status` are those of PROTOCOL.md section 7. Messages never hold a token, key or ticket.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import ClassVar

from store.errors import DamagedError, NoSpaceError, RefusedError, refusing

MAX_MESSAGE_CHARACTERS = 500


class SyncError(Exception):
    """Base of everything that a call of the sync API raises on purpose."""

    name: str = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        """Seconds after which trying again may help, when the node said so."""


class ClientFaultError(SyncError):
    """The request is at fault; the same request again will fail again."""

    name = "malformed"
    status = 400


class MalformedRequestError(ClientFaultError):
    """Bytes that don't decode, or an id of the wrong length."""


class RefusedContentError(ClientFaultError):
    """An entry, report or blob that is refused by name; nothing else suffers."""

    status = 422

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class TokenInvalidError(ClientFaultError):
    """The registration token is wrong or used up."""

    name = "token-invalid"
    status = 401


class SessionInvalidError(ClientFaultError):
    """No, a wrong, an expired or a revoked session token; opening another helps."""

    name = "session-invalid"
    status = 401


class NotMemberError(ClientFaultError):
    """The roster doesn't have this device."""

    name = "not-a-member"
    status = 403


class NotFoundError(ClientFaultError):
    """No such library, blob or route."""

    name = "not-found"
    status = 404


class TooLargeError(ClientFaultError):
    """Over a limit of the protocol."""

    name = "too-large"
    status = 413


class TooSlowError(ClientFaultError):
    """The body came slower than the node waits for; nothing was stored."""

    name = "too-slow"
    status = 408


class TooManyError(ClientFaultError):
    """Over a rate limit; ``retry_after`` says when to come back."""

    name = "too-many"
    status = 429


class QuotaError(ClientFaultError):
    """The library's quota is used up; nothing was stored."""

    name = "quota"
    status = 507


class AddressError(ClientFaultError):
    """Not the address of a node, or one that would send everything in the clear."""


class NodeFaultError(SyncError):
    """The node can't do its part now."""


class NodeFullError(NodeFaultError):
    """The node's disk is full; nothing was stored."""

    name = "no-space"
    status = 507


class InternalNodeError(NodeFaultError):
    """A fault in the node; nothing was acknowledged."""


class UnavailableError(NodeFaultError):
    """Stopping, starting or overloaded; try again."""

    name = "unavailable"
    status = 503


class ProtocolViolationError(NodeFaultError):
    """The node's answer breaks the protocol; nothing was taken from it."""


class WrongNodeKeyError(NodeFaultError):
    """Whoever answers under this address can't prove that it has the pinned key."""


class NetworkFaultError(SyncError):
    """Nobody answered; whether the request arrived is unknown, and every request may be repeated."""


class UnreachableError(NetworkFaultError):
    """No connection could be made, or it broke."""


class TimedOutError(NetworkFaultError):
    """A step took longer than it may."""


_BY_NAME: dict[str, type[SyncError]] = {
    kind.name: kind
    for kind in (
        MalformedRequestError,
        TokenInvalidError,
        SessionInvalidError,
        NotMemberError,
        NotFoundError,
        TooLargeError,
        TooSlowError,
        TooManyError,
        QuotaError,
        NodeFullError,
        InternalNodeError,
        UnavailableError,
    )
}
REFUSALS = frozenset({"bad-signature", "bad-hash", "bad-chain", "other-library", "unknown-version", "not-allowed-author", "too-deep"})
"""Names of refused content that have no class of their own."""

STATUSES: Mapping[str, int] = MappingProxyType(
    {name: kind.status for name, kind in _BY_NAME.items()} | dict.fromkeys(sorted(REFUSALS), RefusedContentError.status)
)
"""The status of each name that goes over the wire."""


def error_named(name: str, message: str, *, status: int, retry_after: float | None = None) -> SyncError:
    """The error that a node reported; a name that this version doesn't know counts by its status."""
    message = message[:MAX_MESSAGE_CHARACTERS]
    if name in REFUSALS:
        return RefusedContentError(message, name=name)
    known = _BY_NAME.get(name)
    if known is None:
        known = InternalNodeError if status >= 500 else MalformedRequestError
    return known(message, retry_after=retry_after)


@contextmanager
def errors_translated() -> Iterator[None]:
    """The errors of stores and decoders as ours."""
    try:
        with refusing("what was sent"):
            yield
    except RefusedError as error:
        raise error_named(error.code, str(error), status=422) from error
    except NoSpaceError as error:
        raise NodeFullError("the node's disk is full; nothing was stored") from error
    except DamagedError as error:
        raise InternalNodeError("what the node stored is damaged") from error
