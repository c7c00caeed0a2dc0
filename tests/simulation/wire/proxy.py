"""What stands before a relay on the network: it counts calls, and now and then delivers a request twice, or late.

A request is delivered twice at once (the client gets the first answer or the second), or the second time some minutes later, when nobody expects it.
Late is a request that arrives after its client has given up, or an answer that does. What is on its way stays on its way when the client goes; it is
lost when the relay stops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import trio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.simulation.wire.asgi import collected, replayed, whole_body
from tests.simulation.wire.calls import name_of_call
from tests.simulation.wire.line import Line

ENDLESS = frozenset({"news", "messages"})
"""Calls that wait by themselves: they are neither doubled nor held."""


@dataclass
class Counts:
    """How often each call came, and how many bytes of bodies it took and gave."""

    calls: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)


class Proxy:
    """``app`` behind the network. ``line_of``: the line that a client's address belongs to. ``spawn``: starts what outlives its connection."""

    def __init__(self, app: ASGIApp, counts: Counts, line_of: Callable[[str], Line], spawn: Callable[..., None]) -> None:
        self._app = app
        self._counts = counts
        self._line_of = line_of
        self._spawn = spawn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = name_of_call(scope)
        self._counts.calls[call] += 1
        receive, send = self._counting(call, receive, send)
        line = self._line_of(scope["client"][0])
        if call not in ENDLESS and line.hits(line.double):
            await self._doubled(call, line, scope, receive, send)
        elif call not in ENDLESS and line.hits(line.late):
            await self._held(call, line, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _counting(self, call: str, receive: Receive, send: Send) -> tuple[Receive, Send]:
        async def counted_receive() -> Message:
            message = await receive()
            self._counts.received[call] += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            self._counts.sent[call] += len(message.get("body", b""))
            await send(message)

        return counted_receive, counted_send

    async def _doubled(self, call: str, line: Line, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        if body is None:
            return
        manner = line.random.choice(("first answer", "second answer", "again later"))
        if manner == "again later":
            line.tell(f"between {line.name} a request ({call}) will come again later")
            self._spawn(self._again_later, line, scope, body)
            await self._app(dict(scope), replayed(body, receive), send)
            return
        line.tell(f"between {line.name} a request ({call}) is delivered twice")
        first, second = await collected(self._app, scope, body), await collected(self._app, scope, body)
        for message in first if manner == "first answer" else second:
            await send(message)

    async def _again_later(self, line: Line, scope: Scope, body: bytes) -> None:
        await trio.sleep(line.holding_time())
        await collected(self._app, scope, body)

    async def _held(self, call: str, line: Line, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(receive)
        if body is None:
            return
        is_request = line.random.random() < 0.5
        line.tell(f"between {line.name} {'a request' if is_request else 'an answer'} ({call}) is held back")
        held = _Held()
        self._spawn(self._hold, line, scope, body, held, is_request)
        with trio.CancelScope() as waiting:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_until_gone, receive, waiting)
                await held.done.wait()
                nursery.cancel_scope.cancel()
        if held.done.is_set():
            for message in held.answer:
                await send(message)

    async def _hold(self, line: Line, scope: Scope, body: bytes, held: _Held, is_request: bool) -> None:
        if is_request:
            await trio.sleep(line.holding_time())
        held.answer = await collected(self._app, scope, body)
        if not is_request:
            await trio.sleep(line.holding_time())
        held.done.set()


class _Held:
    def __init__(self) -> None:
        self.answer: list[Message] = []
        self.done = trio.Event()


async def _until_gone(receive: Receive, waiting: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    waiting.cancel()
