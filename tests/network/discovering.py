"""A device's discovery as a program on a host: whom it finds, an event a line, as JSON with the time.

python -m tests.network.discovering KEY PORT        KEY: 32 bytes in hexadecimal; PORT: 0 announces nothing
"""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

import trio

from discovery.neighbourhood import Changed, Found, Lost
from discovery.service import Discovery, Event, Unavailable
from discovery.tags import DiscoveryKey
from peer.seams import SystemClock, run_in_thread, system_randomness


def to_json(event: Event) -> dict[str, Any]:
    document: dict[str, Any] = {"event": type(event).__name__, "time": time.monotonic()}
    match event:
        case Found(neighbour=neighbour) | Changed(neighbour=neighbour):
            document |= {"instance": neighbour.instance, "port": neighbour.port, "addresses": [str(each) for each in neighbour.addresses]}
        case Lost(instance=instance):
            document["instance"] = instance
        case Unavailable(reason=reason):
            document["reason"] = reason
    return document


def write(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def main(key: DiscoveryKey, port: int) -> None:
    discovery = Discovery(clock=SystemClock(), randomness=system_randomness, run_blocking=run_in_thread)
    discovery.set_keys([key])
    discovery.set_port(port or None)
    async with trio.open_nursery() as nursery:
        write({"event": "Started", "time": time.monotonic(), "instance": discovery.instance})
        await nursery.start(discovery.run)
        nursery.start_soon(follow, discovery)
        with trio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                break
        nursery.cancel_scope.cancel()


async def follow(discovery: Discovery) -> None:
    async for event in discovery.events():
        write(to_json(event))


if __name__ == "__main__":
    trio.run(main, DiscoveryKey(bytes.fromhex(sys.argv[1])), int(sys.argv[2]))
