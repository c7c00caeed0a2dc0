"""A cable on which everything takes its time: multicast, handshakes and data alike.

The kernel's own way (``netem``) isn't in every kernel. Here a tap device on the host and another on the bridge are the ends of the cable,
and this process carries the frames between them. Taps get whole, checksummed frames of at most 1,500 bytes, as a wire would.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from tests.network.hosts import Cable, Host, Network
from tests.network.namespaces import inside

SET_INTERFACE = 0x400454CA
"""``TUNSETIFF`` of linux/if_tun.h."""
TAP_WITHOUT_HEADER = 0x0002 | 0x1000
FRAME_BYTES = 2048
FRAMES_ON_THE_WAY = 5000


@asynccontextmanager
async def plugged_far_away(host: Host, network: Network, seconds: float) -> AsyncIterator[Cable]:
    """A cable on which every frame takes ``seconds``, each way."""
    number = network.plug()
    cable = Cable(network=network, port=f"port{number}", namespace=host.namespace, interface=f"eth{len(host.cables)}", ipv4="", ipv6="")
    near, far = _tap(cable.namespace, cable.interface), _tap(network.namespace, cable.port)
    try:
        await host.bring_up(cable, number)
        async with trio.open_nursery() as nursery:
            for source, sink in ((near, far), (far, near)):
                sender, receiver = trio.open_memory_channel[tuple[float, bytes]](FRAMES_ON_THE_WAY)
                nursery.start_soon(_take_in, source, sender, seconds)
                nursery.start_soon(_give_out, receiver, sink)
            yield cable
            nursery.cancel_scope.cancel()
    finally:
        os.close(near)
        os.close(far)


def _tap(namespace: str, name: str) -> int:
    """A tap device of that name; it exists as long as the descriptor is open."""
    with inside(namespace):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, SET_INTERFACE, struct.pack("16sH22x", name.encode(), TAP_WITHOUT_HEADER))
    return descriptor


async def _take_in(source: int, sender: trio.MemorySendChannel[tuple[float, bytes]], seconds: float) -> None:
    while True:
        await trio.lowlevel.wait_readable(source)
        try:
            sender.send_nowait((trio.current_time() + seconds, os.read(source, FRAME_BYTES)))
        except (BlockingIOError, trio.WouldBlock):
            continue  # read by then, or the cable is full and the frame is lost


async def _give_out(receiver: trio.MemoryReceiveChannel[tuple[float, bytes]], sink: int) -> None:
    async for due, frame in receiver:
        await trio.sleep_until(due)
        try:
            os.write(sink, frame)
        except OSError:
            continue  # the other end is down, or its queue is full: the frame is lost
