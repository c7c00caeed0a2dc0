"""One way not to keep to the protocol, and what it has in hand: a question, and what an honest relay would answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from starlette.types import Message, Receive, Scope, Send

from relay.http import NodeApp
from relay.messages import Hint, ItemDecoder, frame_hint, parse_hint
from store.ids import DeviceId
from tests.simulation.wire.asgi import collected, replayed

LONGEST_HINT = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer. ``headers`` without the length, which follows from the body."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(cls, messages: list[Message]) -> Answer:
        headers = tuple((name, value) for name, value in messages[0]["headers"] if name != b"content-length")
        return cls(status=messages[0]["status"], headers=headers, body=b"".join(message.get("body", b"") for message in messages[1:]))

    def saying(self, body: bytes) -> Answer:
        """The same with another body."""
        return replace(self, body=body)

    async def give(self, send: Send) -> None:
        headers = [*self.headers, (b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(kw_only=True)
class Question:
    """A request to a hostile relay. ``device``: who asks, if it has a session."""

    call: str
    device: DeviceId | None
    scope: Scope = field(repr=False)
    receive: Receive = field(repr=False)
    body: bytes = field(repr=False)
    app: NodeApp = field(repr=False)

    async def honest(self) -> Answer:
        """What an honest relay answers, with all effects that this has there."""
        return Answer.of(await collected(self.app, self.scope, self.body))

    async def pass_on(self, send: Send) -> None:
        """Let the honest relay answer by itself."""
        await self.app(self.scope, replayed(self.body, self.receive), send)

    async def news(self, send: Send, change: Callable[[Hint], Hint | None]) -> None:
        """The honest stream of news, each hint changed, or left out."""
        decoder = ItemDecoder(longest=LONGEST_HINT)

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.body" and message.get("body"):
                hints = [parse_hint(tag, content) for tag, content in decoder.feed(message["body"])]
                new = [hint for old in hints if old is not None and (hint := change(old)) is not None]
                message = {**message, "body": b"".join(map(frame_hint, new))}
            await send(message)

        await self.pass_on(changed)


class Behaviour:
    """One way not to keep to the protocol. ``calls``: where it shows; empty: everywhere."""

    calls: frozenset[str] = frozenset()

    def __init__(self, random: Random) -> None:
        self.random = random

    def concerns(self, question: Question) -> bool:
        return not self.calls or question.call in self.calls

    async def answer(self, question: Question, send: Send) -> None:
        """By default an honest answer that ``change`` has changed; errors stay as they are."""
        honest = await question.honest()
        await (self.change(question, honest) if honest.status < 300 else honest).give(send)

    def change(self, question: Question, honest: Answer) -> Answer:
        return honest

    def mangle(self, data: bytes) -> bytes:
        """What goes over the connection instead of ``data``."""
        return data
