"""Relays that don't keep to the protocol: devices stay well, don't hurry, and converge when the relay is honest again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from peer.engine.connecting import session_of
from peer.library.upload_planning import AUDIT_MS
from peer.library.verifying import verify
from relay.api import LibraryApi
from relay.client import HttpNode
from relay.errors import SyncError
from relay.messages import PullRequest
from relay.service import SESSION_MS
from tests.fleet.node import URL, call_directly
from tests.simulation.wire import BEHAVIOURS
from tests.unit.simulation.wire_pair import pair

BACK_SECONDS = SESSION_MS / 1000 + 400
"""What a lie hides is found when the next session begins; or when a node that was away is tried again."""

CALLS_A_MINUTE = 60
"""Of both devices together: nobody is called more often for answering nonsense."""

BELIEVED = {"claims blobs that it hasn't", "forgets what it acknowledged"}
"""Lies about blobs that only another look at everything finds out."""


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
async def test_all_converge_when_the_relay_is_honest_again(tmp_path: Path, autojump_clock: MockClock, behaviour: str) -> None:
    async with pair(tmp_path) as both:
        await both.write("anna")
        await both.until_converged(60)
        calls = both.web.counts.calls.total()
        both.hostile.begin(behaviour)
        for line in both.lines:
            line.break_off()
        for device in ("anna", "ben"):
            await both.write(device)
            await trio.sleep(90)
        assert both.web.counts.calls.total() - calls < 3 * CALLS_A_MINUTE
        both.hostile.end()
        if behaviour in BELIEVED:
            both.clock.time += AUDIT_MS
        await both.until_converged(BACK_SECONDS)
        for library in both.libraries.values():
            assert not verify(library, deep=True).problems


async def test_hostility_is_spoken_in_http_also_where_devices_call_directly(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with pair(tmp_path, http=False) as both:
        await both.write("anna")
        await both.until_converged(60)
        assert not both.web.counts.sent
        both.hostile.begin("speaks no HTTP")
        await both.write("anna")
        await trio.sleep(60)
        assert {state.state for engine in both.engines.values() for state in engine.progress.nodes.values()} == {"away"}
        both.hostile.end()
        await both.until_converged(BACK_SECONDS)


async def _heads(api: LibraryApi) -> None:
    await api.heads()


async def _pull(api: LibraryApi) -> None:
    async with api.pull(PullRequest()) as items:
        async for _ in items:
            pass


async def _stat(api: LibraryApi) -> None:
    await api.stat(())


async def _many(api: LibraryApi) -> None:
    async with api.many([]) as blobs:
        async for _ in blobs:
            pass


@pytest.mark.parametrize("behaviour", ["never ends an answer", "drips", "never answers", "gives too much"])
async def test_a_call_to_who_never_ends_does(tmp_path: Path, autojump_clock: MockClock, behaviour: str) -> None:
    """Within the client's patience: a minute, 30 seconds between two pieces, and for whole answers the time that their limit takes at 16 KiB a second."""
    patience: list[tuple[Callable[[LibraryApi], Awaitable[None]], float]] = [(_stat, 70), (_heads, 580), (_pull, 95), (_many, 95)]
    async with pair(tmp_path) as both, HttpNode(URL, backend=both.web.backend("carl"), run_blocking=call_directly) as node:
        await both.write("anna")
        await both.until_converged(60)
        api = session_of(both.anna, node, both.anna.nodes.all()[0])
        await api.heads()
        both.hostile.begin(behaviour)
        for call, seconds in patience:
            start = trio.current_time()
            with pytest.raises(SyncError):
                await call(api)
            assert trio.current_time() - start < seconds
