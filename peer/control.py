"""How commands reach the engine that runs on their library.

A loopback TCP socket rather than a Unix socket: it works on every system and its name can't be too long. The port and a
random key are in ``engine.json`` (mode 0600), so only who may read the library can talk to its engine. One request a connection:
a JSON object on a line each way. ``peer.engine_address`` has what a command
needs that only says that something changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from functools import partial
from hmac import compare_digest
from pathlib import Path
from typing import Any, Protocol

import trio

from peer.engine_address import EngineAddress, write_private_json
from peer.errors import CalotypeError, UnreachableNodeError
from peer.seams import Randomness
from store.errors import StoreError

MAX_LINE = 1 << 20
REQUEST_SECONDS = 10
Reply = dict[str, Any]
SendReply = Callable[[Reply], Awaitable[None]]


class Handler(Protocol):
    """Answers one request by calling ``reply`` once, or not at all where nothing is asked."""

    async def __call__(self, request: Reply, reply: SendReply) -> None: ...


async def serve_control(
    path: Path, randomness: Randomness, handler: Handler, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
) -> None:
    """Listen until cancelled; the address file exists exactly as long."""
    key = randomness(32).hex()

    async def answer(stream: trio.SocketStream) -> None:
        try:
            with trio.fail_after(REQUEST_SECONDS):
                request = await _read_line(stream)
            if not isinstance(request, dict) or not compare_digest(str(request.pop("key", "")).encode(), key.encode()):
                return
            try:
                await handler(request, lambda reply: stream.send_all(json.dumps(reply).encode() + b"\n"))
            except (CalotypeError, StoreError) as error:
                await stream.send_all(json.dumps({"error": str(error)}).encode() + b"\n")
        except (trio.TooSlowError, trio.BrokenResourceError, trio.ClosedResourceError, ValueError):
            return  # the command went away or isn't one of ours: nobody is left to tell
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        write_private_json(path, {"port": port, "pid": os.getpid(), "key": key})
        task_status.started(port)
        try:
            await trio.sleep_forever()
        finally:
            path.unlink(missing_ok=True)  # noqa: ASYNC240 - one name of our own, removed while everything ends


async def _read_line(stream: trio.abc.ReceiveStream) -> Any:
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = await stream.receive_some(65536)
        if not chunk or len(line) + len(chunk) > MAX_LINE:
            raise ValueError("the request ended early or is too long")
        line += chunk
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("the request is nested too deep") from error


async def ask(address: EngineAddress, request: Reply) -> Reply:
    """Hand ``request`` to the engine and give its reply. ``UnreachableNodeError`` when it ends before it answers, or did long ago."""
    try:
        async with await trio.open_tcp_stream("127.0.0.1", address.port) as stream:
            await stream.send_all(json.dumps({"key": address.key, **request}).encode() + b"\n")
            reply = await _read_line(stream)
    except (OSError, trio.BrokenResourceError, ValueError) as error:
        raise UnreachableNodeError(
            "The running peer did not answer; nothing was lost.", hint="See whether it is being stopped, then run the command again."
        ) from error
    if not isinstance(reply, dict):
        raise UnreachableNodeError("The running peer gave an answer that can't be read; nothing was lost.", hint="Restart it.")
    return reply
