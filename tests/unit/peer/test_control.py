"""The socket through which commands reach a running engine."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import trio

from peer.control import Reply, SendReply, ask, serve_control
from peer.engine_address import EngineAddress, poke, read_address
from peer.errors import UnreachableNodeError, UsageError
from peer.seams import system_randomness


class Handler:
    def __init__(self) -> None:
        self.requests: list[Reply] = []
        self.came = trio.Event()

    async def __call__(self, request: Reply, reply: SendReply) -> None:
        self.requests.append(request)
        self.came.set()
        if request.get("do") == "fail":
            raise UsageError("that can't be done")
        await reply({"asked": request["do"]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.json"


async def test_a_request_is_answered(path: Path) -> None:
    handler = Handler()
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve_control(path, system_randomness, handler, task_status=task_status))
        address = read_address(path)
        assert address is not None
        assert await ask(address, {"do": "x", "wait": 3}) == {"asked": "x"}
        nursery.cancel_scope.cancel()
    assert handler.requests == [{"do": "x", "wait": 3}]


async def test_the_address_is_private_and_ends_with_the_engine(path: Path) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve_control(path, system_randomness, Handler(), task_status=task_status))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600  # noqa: ASYNC240
        nursery.cancel_scope.cancel()
    assert read_address(path) is None


async def test_whoever_lacks_the_key_is_not_heard(path: Path) -> None:
    handler = Handler()
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve_control(path, system_randomness, handler, task_status=task_status))
        address = read_address(path)
        assert address is not None
        with pytest.raises(UnreachableNodeError):
            await ask(EngineAddress(port=address.port, pid=address.pid, key="0" * 64), {"do": "x"})
        hostile = (b'{"key": "\\u00e9"}\n', b'{"key": "\\ud800"}\n', b"[" * 500_000 + b"\n", b'{"key": 1' + b"0" * 10_000 + b"}\n")
        for garbage in (b"\n", b"[]\n", b"{", b"x" * 100 + b"\n", b'{"key": 5}\n', *hostile):
            async with await trio.open_tcp_stream("127.0.0.1", address.port) as stream:
                await stream.send_all(garbage)
                await stream.send_eof()
                assert await stream.receive_some() == b""
        nursery.cancel_scope.cancel()
    assert handler.requests == []


async def test_an_error_of_a_request_ends_neither_the_engine_nor_others(path: Path) -> None:
    handler = Handler()
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve_control(path, system_randomness, handler, task_status=task_status))
        address = read_address(path)
        assert address is not None
        assert await ask(address, {"do": "fail"}) == {"error": "that can't be done"}
        assert await ask(address, {"do": "x"}) == {"asked": "x"}
        nursery.cancel_scope.cancel()


async def test_a_poke_reaches_the_engine_and_never_fails(path: Path) -> None:
    poke(path)
    handler = Handler()
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: serve_control(path, system_randomness, handler, task_status=task_status))
        await trio.to_thread.run_sync(poke, path)
        with trio.fail_after(10):
            await handler.came.wait()
        nursery.cancel_scope.cancel()
    assert handler.requests == [{"do": "changed"}]
    path.write_text(json.dumps({"port": 1, "pid": 1, "key": "gone"}))  # noqa: ASYNC240
    poke(path)


async def test_an_engine_that_is_gone_is_a_sentence(path: Path) -> None:
    with pytest.raises(UnreachableNodeError, match="did not answer"):
        await ask(EngineAddress(port=1, pid=1, key="gone"), {"do": "x"})


def test_the_key_is_in_no_text() -> None:
    assert "secret" not in repr(EngineAddress(port=1, pid=2, key="secret"))
