"""How a device's HTTP client gets at relays: ``httpcore``'s network, made of the lines of a web."""

# ruff: noqa: ASYNC109 - the interface of httpcore

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import httpcore
import trio

from tests.simulation.wire.stream import End


class ClientStream(httpcore.AsyncNetworkStream):
    """The client's end of a connection."""

    def __init__(self, end: End) -> None:
        self._end = end

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _errors(httpcore.ReadTimeout, httpcore.ReadError, timeout):
            return await self._end.receive_some(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _errors(httpcore.WriteTimeout, httpcore.WriteError, timeout):
            await self._end.send_all(buffer)

    async def aclose(self) -> None:
        await self._end.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._end.is_readable if info == "is_readable" else None


class Backend(httpcore.AsyncNetworkBackend):
    """``dial``: opens a connection to a host and port, or raises ``BrokenResourceError``."""

    def __init__(self, dial: Callable[[str, int], Awaitable[End]]) -> None:
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        with _errors(httpcore.ConnectTimeout, httpcore.ConnectError, timeout):
            return ClientStream(await self._dial(host, port))

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


@contextmanager
def _errors(too_slow: type[Exception], broken: type[Exception], seconds: float | None) -> Iterator[None]:
    try:
        with trio.fail_after(inf if seconds is None else seconds):
            yield
    except trio.TooSlowError as error:
        raise too_slow("it took too long") from error
    except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
        raise broken(str(error)) from error
