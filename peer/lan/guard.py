"""Who may speak HTTP on the local network: TLS first, on both sides, behind one of the gates that are open.

A *door* is a gate, with those whom it lets in and what they are then: members of the library, or a guest, who has a ticket and came to join. Each
connection belongs to the signing key that it proved. Doors are replaced as a whole when the roster or the invitations change, and brought up to date
before each handshake; whoever couldn't come in by one of them any more is cut off at once.

Strangers cost little: a handshake has ten seconds, there are only so many at a time, and fewer still from one address.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import trio

from peer.lan.gates import Gate
from peer.lan.tls import choosing_context, signer_of
from relay.messages import BoxId
from relay.server import Admitted, Control, NotAdmittedError

CALLER = "caller"
"""Where the application finds who calls, in the state of a connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who proved the signing key ``key``. ``box``: of a guest, who may use that mailbox and nothing else; ``None`` for a member."""

    key: bytes = field(repr=False)
    box: BoxId | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """``context`` trusts the ``keys``, and nobody else."""

    gate: Gate
    context: ssl.SSLContext
    keys: frozenset[bytes]
    box: BoxId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """Connections, and seconds."""

    handshakes: int = 64
    handshakes_of_address: int = 16
    handshake_seconds: float = 10
    connections_of_key: int = 64


class LanGuard:
    """The ``Guard`` of a peer's server. ``freshen`` replaces the doors if they aren't what they should be."""

    def __init__(self, freshen: Callable[[], Awaitable[None]], limits: GuardLimits) -> None:
        self._freshen = freshen
        self._limits = limits
        self._doors: Mapping[ssl.SSLContext, Door] = MappingProxyType({})
        self._front = choosing_context(self._choose)
        self._handshakes: Counter[str] = Counter()
        self._open: dict[Control, Caller] = {}

    @property
    def callers(self) -> list[Caller]:
        """One for each connection whose client is still there."""
        return [caller for control, caller in self._open.items() if not control.client_left]

    def replace_doors(self, doors: Iterable[Door]) -> None:
        """From now on these are open, and no others. Who couldn't come in by one of them any more is cut off."""
        self._doors = MappingProxyType({door.context: door for door in doors})
        for control, caller in list(self._open.items()):
            if not any(caller.key in door.keys and caller.box == door.box for door in self._doors.values()):
                control.abort()

    @asynccontextmanager
    async def admit(self, stream: trio.SocketStream, control: Control) -> AsyncGenerator[Admitted]:
        with self._handshake_of(_address(stream)):
            await self._freshen()
            secured = trio.SSLStream(stream, self._front, server_side=True, https_compatible=True)
            caller = await self._met(secured)
        with self._connected(caller, control):
            yield Admitted(stream=secured, state={CALLER: caller})

    def _choose(self, name: str | None) -> ssl.SSLContext | None:
        return next((context for context, door in self._doors.items() if door.gate.opens_for(name)), None)

    async def _met(self, stream: trio.SSLStream[trio.SocketStream]) -> Caller:
        try:
            with trio.fail_after(self._limits.handshake_seconds):
                await stream.do_handshake()
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError) as error:
            raise NotAdmittedError from error
        door = self._doors.get(stream.context)
        key = None if door is None else signer_of(stream.getpeercert(binary_form=True), door.keys)
        if door is None or key is None:
            raise NotAdmittedError
        return Caller(key=key, box=door.box)

    @contextmanager
    def _handshake_of(self, address: str) -> Iterator[None]:
        if self._handshakes.total() >= self._limits.handshakes or self._handshakes[address] >= self._limits.handshakes_of_address:
            raise NotAdmittedError
        self._handshakes[address] += 1
        try:
            yield
        finally:
            self._handshakes[address] -= 1
            self._handshakes += Counter()  # forgets those at zero

    @contextmanager
    def _connected(self, caller: Caller, control: Control) -> Iterator[None]:
        if sum(each == caller for each in self._open.values()) >= self._limits.connections_of_key:
            raise NotAdmittedError
        self._open[control] = caller
        try:
            yield
        finally:
            del self._open[control]


def _address(stream: trio.SocketStream) -> str:
    try:
        return str(stream.socket.getpeername()[0])
    except OSError as error:
        raise NotAdmittedError from error
