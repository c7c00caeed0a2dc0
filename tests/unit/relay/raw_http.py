"""A client that sends whatever bytes it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import trio

from relay.messages import ErrorBody


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back until the server closed the connection."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """The name of the error that the body is."""
        return ErrorBody.decode(self.body).error


async def connect(url: str) -> trio.SocketStream:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return await trio.open_tcp_stream(parts.hostname, parts.port)


def head(method: str, path: str, *headers: str) -> bytes:
    """The beginning of a request that closes its connection."""
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def whole(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """A request with its body."""
    return head(method, path, f"Content-Length: {len(body)}", *headers) + body


async def read_all(stream: trio.SocketStream) -> bytes:
    """Everything until the server ends the connection, one way or the other."""
    received = bytearray()
    with trio.fail_after(10):
        try:
            async for chunk in stream:
                received += chunk
        except trio.BrokenResourceError:
            pass
    return bytes(received)


async def ask(url: str, *pieces: bytes) -> Reply:
    """Send the pieces and read the answer."""
    stream = await connect(url)
    async with stream:
        try:
            for piece in pieces:
                await stream.send_all(piece)
        except trio.BrokenResourceError:
            pass
        return parse_reply(await read_all(stream))


def parse_reply(received: bytes) -> Reply:
    """The first answer in ``received``; chunked bodies are joined."""
    top, _, body = received.partition(b"\r\n\r\n")
    first, *lines = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(body))
    return Reply(status=int(first.split()[1]), headers=headers, body=body)


def _chunks(body: bytes) -> Sequence[bytes]:
    chunks: list[bytes] = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        chunks.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return chunks
