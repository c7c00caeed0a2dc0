"""The service in process passes the suite of the sync API."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio

from relay.api import SyncApi
from relay.errors import NotMemberError, RefusedContentError, SessionInvalidError
from relay.messages import Registration
from relay.parts import Logs
from store.ids import DeviceId
from store.memory import MemoryLogStore
from store.roster import Roster
from tests.conformance.sync_api import LibrariesApartConformance, SyncApiConformance
from tests.conformance.sync_api_support import next_hint, open_session
from tests.fleet.authors import make_library
from tests.unit.relay.nodes import TOKEN, FakeClock, Node, make_parts, node_of, registration


class _InProcess:
    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        return node.service


class TestService(_InProcess, SyncApiConformance):
    pass


class TestLibrariesApart(_InProcess, LibrariesApartConformance):
    pass


class LogWithRemovals(MemoryLogStore):
    """A log whose roster forgets a device from some arrival number on, as a removal would make it."""

    removed: DeviceId | None = None
    from_arrival = 0

    def roster(self) -> Roster:
        roster = super().roster()
        if self.removed is None or self.arrival() < self.from_arrival:
            return roster
        return replace(roster, devices={device: member for device, member in roster.devices.items() if device != self.removed})


async def test_sessions_and_streams_of_the_removed_end_at_once() -> None:
    clock, library = FakeClock(), make_library("removal")
    node = node_of(make_parts(clock), clock, logs=Logs(LogWithRemovals))
    anna, bert = library.join("anna"), library.join("bert")
    await node.service.register(registration(library))
    token_of_anna, token_of_bert = [await open_session(node.service, node, library, device) for device in (anna, bert)]
    at_anna, at_bert = (node.service.library(library.id, token) for token in (token_of_anna, token_of_bert))
    log = node.parts.logs.of(library.id)
    assert isinstance(log, LogWithRemovals)
    async with at_bert.news() as of_bert, at_anna.news() as of_anna:
        await next_hint(of_bert)
        await next_hint(of_anna)
        log.removed, log.from_arrival = bert.device, log.arrival() + 1
        await at_anna.push(library.raws())
        with trio.fail_after(5):
            assert [hint async for hint in of_bert] == []
        await next_hint(of_anna)
    with pytest.raises(NotMemberError):
        await at_bert.heads()
    with pytest.raises(SessionInvalidError):
        await at_bert.heads()
    await at_anna.heads()


async def test_a_registration_whose_entries_need_others_is_refused_whole() -> None:
    clock, library = FakeClock(), make_library("registration")
    node = node_of(make_parts(clock), clock)
    library.join("anna")
    genesis, _, packages, *_ = library.raws()
    with pytest.raises(RefusedContentError) as caught:
        await node.service.register(Registration(token=TOKEN, genesis=genesis, entries=(packages,)))
    assert caught.value.name == "bad-chain"
    assert node.parts.libraries.accounts() == []
    assert node.parts.libraries.unused_tokens() == 1
