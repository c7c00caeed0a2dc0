"""Calls an ASGI application without a server, so that trio's virtual time can pass in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import trio
from starlette.types import ASGIApp, Message

from relay.messages import ErrorBody


@dataclass
class Call:
    """A request whose body comes in pieces, ``pause`` seconds apart, and what was answered."""

    app: ASGIApp
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = ()
    pause: float = 0
    leaves_after: float | None = None
    """Seconds after its body until the client goes; ``None``: it stays."""
    query: str = ""
    sent: list[Message] = field(default_factory=list)

    async def run(self, *, address: str = "192.0.2.1") -> Call:
        scope: dict[str, Any] = {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "query_string": self.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "client": (address, 1234),
        }
        self._messages = iter([*({"type": "http.request", "body": piece, "more_body": True} for piece in self.pieces), None])
        self._has_ended = False
        await self.app(scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        if self._has_ended:
            await trio.sleep(float("inf") if self.leaves_after is None else self.leaves_after)
            return {"type": "http.disconnect"}
        await trio.sleep(self.pause)
        message = next(self._messages)
        self._has_ended = message is None
        return message or {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers_sent(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def is_complete(self) -> bool:
        """Whether the answer was sent to its end."""
        return bool(self.sent) and not self.sent[-1].get("more_body", self.sent[-1]["type"] == "http.response.start")

    @property
    def error(self) -> str:
        return ErrorBody.decode(self.body).error
