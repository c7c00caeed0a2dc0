"""Listening on the local network: all addresses of both kinds, on one port."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

import trio

from peer.errors import UsageError

BACKLOG = 128
_TRIES = 16
"""That a free IPv4 port is free for IPv6 too is likely and not sure."""

_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})


class PortTakenError(UsageError):
    """Neighbours can't be served on the port that was asked for."""

    hint = "Choose another one with --port, or none: then the system chooses."


async def listen(host: str | None, port: int) -> list[trio.SocketListener]:
    """Listeners on ``port`` (0: any that is free) of one address, or of all with ``host`` ``None``. ``PortTakenError``."""
    families = [socket.AF_INET, socket.AF_INET6] if host is None else [socket.AF_INET6 if ":" in host else socket.AF_INET]
    for attempt in range(_TRIES):
        try:
            return await _listen(host, port, families)
        except OSError as error:
            if port or attempt == _TRIES - 1 or error.errno != errno.EADDRINUSE:
                raise PortTakenError(f"This device can't listen on port {port or 'any'}: {error.strerror or error}.") from error
    raise AssertionError


async def _listen(host: str | None, port: int, families: Sequence[socket.AddressFamily]) -> list[trio.SocketListener]:
    listeners: list[trio.SocketListener] = []
    try:
        for family in families:
            try:
                listener = trio.SocketListener(await _bind(host, port, family))
            except OSError as error:
                if listeners and error.errno in _NO_IPV6:
                    continue
                raise
            listeners.append(listener)
            port = listener.socket.getsockname()[1]
    except BaseException:
        for listener in listeners:
            listener.socket.close()
        raise
    return listeners


async def _bind(host: str | None, port: int, family: socket.AddressFamily) -> trio.socket.SocketType:
    bound = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows it would share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        await bound.bind((host or ("::" if family == socket.AF_INET6 else "0.0.0.0"), port))  # noqa: S104 - who may speak, TLS decides
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound
