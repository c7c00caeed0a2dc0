"""Programs that are killed again and again while they work, each time when all of them together got a little further."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from random import Random

import trio

from tests.fleet.programs import Device
from tests.process.pair import World, assert_whole, relay_problems, until

LOOK_SECONDS = 0.003
STILL_SECONDS = 2.0
"""Who gets no further for so long is killed nevertheless: it may be done."""

AFTER = (0.0, 0.0, 0.004, 0.02, 0.06)
"""So many seconds later than seen: a program is killed between the things that can be seen, too."""


def rounds(usual: int) -> int:
    """How often something is killed: as the variable ROUNDS says, else ``usual``."""
    return int(os.environ.get("ROUNDS", usual))


async def besiege(
    victims: Mapping[str, Callable[[], Awaitable[None]]], *, times: int, count: Callable[[], int], most: int, seed: int
) -> int:
    """Ends one of ``victims`` and lets it begin again, ``times`` in all, each when ``count`` rose by up to ``most``. How often it had risen by then."""
    random, order, risen = Random(seed), list[str](), 0
    for _ in range(times):
        if not order:
            order = random.sample(sorted(victims), len(victims))
        goal = count() + random.randrange(1, most + 1)
        with trio.move_on_after(STILL_SECONDS) as waiting:
            await until(lambda: count() >= goal, look=LOOK_SECONDS)  # noqa: B023 - called at once
        risen += not waiting.cancelled_caught
        await trio.sleep(random.choice(AFTER))
        await victims[order.pop()]()
    return risen


async def kill_peer(device: Device) -> None:
    """``kill -9``; what is left is whole, and the peer begins again."""
    assert device.peer is not None
    device.peer.kill()
    await device.stop()
    await assert_whole(device)
    await device.start()


async def kill_relay(made: World) -> None:
    """``kill -9``; what is left is whole, and the relay begins again."""
    made.relay.serving.kill()
    await made.relay.serving.stop()
    assert relay_problems(made.relay.data) == []
    await made.restart_relay()
