"""One port on all addresses of both kinds."""

from __future__ import annotations

import socket

import pytest
import trio

from peer.lan.listening import PortTakenError, listen


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def close(listeners: list[trio.SocketListener]) -> None:
    for listener in listeners:
        await listener.aclose()


async def test_all_addresses_on_one_port() -> None:
    listeners = await listen(None, 0)
    ports = {listener.socket.getsockname()[1] for listener in listeners}
    assert len(ports) == 1
    assert len(listeners) == (2 if has_ipv6() else 1)
    (port,) = ports
    for host in ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",):
        async with await trio.open_tcp_stream(host, port):
            pass
    await close(listeners)


async def test_one_address_alone() -> None:
    listeners = await listen("127.0.0.1", 0)
    assert [listener.socket.getsockname()[0] for listener in listeners] == ["127.0.0.1"]
    await close(listeners)


async def test_a_port_that_is_taken_is_a_sentence_and_leaves_nothing_open() -> None:
    taken = await listen("127.0.0.1", 0)
    port = taken[0].socket.getsockname()[1]
    for host in ("127.0.0.1", None):
        with pytest.raises(PortTakenError, match=str(port)):
            await listen(host, port)
    await close(taken)
    await close(await listen("127.0.0.1", port))
