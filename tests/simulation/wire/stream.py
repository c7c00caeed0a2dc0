"""A connection in memory: bytes travel for as long as its line says, in order, and nobody has to carry them.

There are no tasks behind a connection. A piece that was sent lies in its pipe with the time at which it arrives, and whoever receives waits for that
time. So nothing is left running when a device or a relay dies, and nothing has to be cleaned up.

What TCP does is done alike: a sender that is far ahead of its receiver waits; what falls into a hole is sent again and arrives after the line was mended,
unless that took so long that the sender gave up; the other side of a connection that was closed gets what was sent, then the end; who sends to somebody
who has closed is told that the connection broke.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import trio

from tests.simulation.wire.line import Line, Way

WINDOW_BYTES = 256 * 1024
PIECE_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
GIVE_UP_SECONDS = 900.0
"""For how long something is sent again and again. Linux does it for 924 seconds at least."""
DRIP_SECONDS = 0.25

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Piece:
    data: bytes
    sent: float
    arrives: float


class _Pipe:
    """One direction of a connection."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._pieces: deque[_Piece] = deque()
        self._until_break: int | None = None
        self._is_others_turn = True
        self._free_at = 0.0
        self._last_arrival = 0.0
        self._changed = trio.Event()
        self.unread = 0
        self.ends_at: float | None = None

    def put(self, data: bytes) -> None:
        if self._is_others_turn and self._until_break is None:
            self._until_break = self._line.bytes_until_break()
        self._is_others_turn = False
        if self._until_break is not None:
            data = data[: self._until_break]
            self._until_break -= len(data)
        if data:
            now = trio.current_time()
            self._last_arrival = max(self._last_arrival, now + self._line.travel_time())
            self._pieces.append(_Piece(data, now, self._last_arrival))
            self.unread += len(data)
        self.wake()

    def hand_over(self) -> None:
        """The other direction has its turn: what comes here next is another request, or another answer."""
        self._is_others_turn = True

    def end(self) -> None:
        """Nothing more will be sent."""
        if self.ends_at is None:
            self.ends_at = max(self._last_arrival, trio.current_time() + self._line.travel_time())
            self.wake()

    @property
    def is_exhausted(self) -> bool:
        """The byte was taken after which the connection breaks."""
        return self._until_break == 0 and not self._pieces

    @property
    def waiting_since(self) -> float:
        """When the oldest piece was sent that nobody has taken; endless if there is none."""
        return self._pieces[0].sent if self._pieces else inf

    def ready_at(self) -> float:
        """When there will be something to take."""
        if self._pieces:
            return max(self._pieces[0].arrives, self._free_at)
        return inf if self.ends_at is None else self.ends_at

    def take(self, most: int) -> bytes:
        """What has arrived, and is let through by now; empty at the end."""
        now, rate = trio.current_time(), self._line.bytes_per_second
        if rate is not None:
            most = min(most, max(1, int(rate * DRIP_SECONDS)))
        taken: list[bytes] = []
        size = 0
        while size < most and self._pieces and self._pieces[0].arrives <= now:
            piece = self._pieces.popleft()
            if size + len(piece.data) > most:
                self._pieces.appendleft(_Piece(piece.data[most - size :], piece.sent, piece.arrives))
            taken.append(piece.data[: most - size])
            size += len(taken[-1])
        if rate is not None:
            self._free_at = now + size / rate
        self.unread -= size
        self.wake()
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def change(self, *, until: float) -> None:
        """Returns when something happened, at ``until`` at the latest."""
        with trio.move_on_at(until):
            await self._changed.wait()


class Connection:
    """Two ends, and the line between them. ``mangle``: what the server's end sends instead of what it is given."""

    def __init__(self, line: Line, client: Address, server: Address, *, mangle: Callable[[bytes], bytes] = bytes) -> None:
        self.line = line
        self.is_broken = False
        self._is_silent = False
        there, back = _Pipe(line), _Pipe(line)
        self.client = End(self, there, back, client, server)
        self.server = End(self, back, there, server, client, mangle)
        self._pipes = (there, back)
        line.begins(self)

    @property
    def is_in_hole(self) -> bool:
        return self._is_silent or self.line.way is Way.HOLE

    def break_off(self) -> None:
        if not self.is_broken:
            self.is_broken = True
            self.line.ends(self)
        self.look_again()

    def vanish(self) -> None:
        """One side is gone without a word."""
        self._is_silent = True
        self.look_again()

    def look_again(self) -> None:
        for pipe in self._pipes:
            pipe.wake()

    def end_when_closed(self) -> None:
        if self.client.is_closed and self.server.is_closed:
            self.line.ends(self)


class _Socket:
    """What a server asks of the socket under a stream."""

    family = socket.AF_INET

    def __init__(self, end: End, own: Address, other: Address) -> None:
        self._end = end
        self._own = own
        self._other = other

    def getsockname(self) -> Address:
        return self._own

    def getpeername(self) -> Address:
        return self._other

    def close(self) -> None:
        self._end.close()


class End:
    """One side of a connection: a byte stream as trio has them."""

    def __init__(
        self,
        connection: Connection,
        outgoing: _Pipe,
        incoming: _Pipe,
        own: Address,
        other: Address,
        mangle: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self.connection = connection
        self._outgoing = outgoing
        self._incoming = incoming
        self._mangle = mangle
        self.is_closed = False
        self.socket = _Socket(self, own, other)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        while True:
            self._check()
            now = trio.current_time()
            if self._ready_at() <= now:
                return self._incoming.take(max_bytes or READ_BYTES)
            await self._incoming.change(until=min(self._ready_at(), now + GIVE_UP_SECONDS))

    async def send_all(self, data: bytes | memoryview) -> None:
        await trio.lowlevel.checkpoint()
        view = memoryview(self._mangle(bytes(data)))
        for start in range(0, len(view), PIECE_BYTES):
            self._check()
            if self._other_has_left():
                raise trio.BrokenResourceError("the other side has closed the connection")
            self._outgoing.put(bytes(view[start : start + PIECE_BYTES]))
            self._incoming.hand_over()
            while self._outgoing.unread > WINDOW_BYTES:
                await self._outgoing.change(until=trio.current_time() + GIVE_UP_SECONDS)
                self._check()
                if self._other_has_left():
                    break

    async def send_eof(self) -> None:
        self._check()
        self._outgoing.end()
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """The other side gets what was sent, then the end. Whoever waits on this side is told."""
        if not self.is_closed:
            self.is_closed = True
            self._outgoing.end()
            self.connection.end_when_closed()
            self._incoming.wake()

    @property
    def is_readable(self) -> bool:
        """Whether ``receive_some`` would return or raise at once."""
        return self.connection.is_broken or self._incoming.is_exhausted or self._ready_at() <= trio.current_time()

    def _ready_at(self) -> float:
        return inf if self.connection.is_in_hole else self._incoming.ready_at()

    def _other_has_left(self) -> bool:
        """It has closed, and that is known here."""
        gone = self._other.is_closed and self._incoming.ends_at is not None and self._incoming.ends_at <= trio.current_time()
        return gone and not self.connection.is_in_hole

    @property
    def _other(self) -> End:
        return self.connection.server if self is self.connection.client else self.connection.client

    def _check(self) -> None:
        if self.is_closed:
            raise trio.ClosedResourceError("this side has closed the connection")
        if self._incoming.is_exhausted or self._outgoing.is_exhausted:
            if not self.connection.is_broken:
                self.connection.line.tell(f"a connection between {self.connection.line.name} breaks")
            self.connection.break_off()
        if self.connection.is_in_hole and trio.current_time() - self._outgoing.waiting_since >= GIVE_UP_SECONDS:
            self.connection.break_off()
        if self.connection.is_broken:
            raise trio.BrokenResourceError("the connection broke")
