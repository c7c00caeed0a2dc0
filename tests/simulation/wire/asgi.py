"""Requests that were read, asked again, and answers that were collected, in the terms of ASGI."""

from __future__ import annotations

import trio
from starlette.types import ASGIApp, Message, Receive, Scope


async def whole_body(receive: Receive) -> bytes | None:
    """The body of a request; ``None`` when its client went before it was whole."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def replayed(body: bytes, then: Receive | None) -> Receive:
    """A request with this body, from a client that stays; or whose leaving ``then`` tells."""
    has_come = False

    async def receive() -> Message:
        nonlocal has_come
        if not has_come:
            has_come = True
            return {"type": "http.request", "body": body, "more_body": False}
        if then is None:
            await trio.sleep_forever()
        else:
            return await then()
        raise AssertionError

    return receive


async def collected(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    """The whole answer to a request whose client stays."""
    answer: list[Message] = []

    async def collect(message: Message) -> None:
        answer.append(message)

    await app(dict(scope), replayed(body, None), collect)
    return answer
