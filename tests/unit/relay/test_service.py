"""The service in process passes the suite of the sync API."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from relay.api import SyncApi
from relay.errors import NotMemberError, RefusedContentError, SessionInvalidError
from relay.library_service import PAGE_BYTES
from relay.messages import PullRequest, Registration
from relay.news import Subscription
from tests.conformance.sync_api import LibrariesApartConformance, SyncApiConformance
from tests.conformance.sync_api_support import open_session
from tests.fleet.authors import NOW, filler, make_library
from tests.unit.relay.nodes import TOKEN, FakeClock, Node, make_parts, node_of, registration


class _InProcess:
    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        return node.service


class TestService(_InProcess, SyncApiConformance):
    pass


class TestLibrariesApart(_InProcess, LibrariesApartConformance):
    pass


async def test_the_session_of_the_removed_is_closed_by_its_next_call() -> None:
    clock, library = FakeClock(), make_library("removal")
    node = node_of(make_parts(clock), clock)
    anna, bert = library.join("anna"), library.join("bert")
    await node.service.register(registration(library))
    token_of_anna, token_of_bert = [await open_session(node.service, node, library, device) for device in (anna, bert)]
    at_anna, at_bert = (node.service.library(library.id, token) for token in (token_of_anna, token_of_bert))
    library.remove(bert, by=anna)
    await at_anna.push(library.raws())
    with pytest.raises(NotMemberError):
        await at_bert.heads()
    with pytest.raises(SessionInvalidError):
        await at_bert.heads()


async def test_a_pull_by_the_removed_ends_with_the_page_that_is_on_its_way() -> None:
    clock, library = FakeClock(), make_library("removal")
    node = node_of(make_parts(clock), clock)
    anna, bert = library.join("anna"), library.join("bert")
    await node.service.register(registration(library))
    token_of_anna, token_of_bert = [await open_session(node.service, node, library, device) for device in (anna, bert)]
    for _ in range(6):
        anna.change(filler("much", PAGE_BYTES // 2))
    at_anna = node.service.library(library.id, token_of_anna)
    await at_anna.push(library.raws())
    async with node.service.library(library.id, token_of_bert).pull(PullRequest()) as stream:
        await anext(stream)
        await at_anna.push([library.remove(bert, by=anna).raw])
        with pytest.raises(NotMemberError):
            async for _ in stream:
                pass


async def test_a_stream_that_begins_while_its_device_is_removed_ends_too() -> None:
    """The removal is stored after the session was looked up and before the hub knows of the stream."""
    clock, library = FakeClock(), make_library("removal")
    anna, bert = library.join("anna"), library.join("bert")
    node = node_of(make_parts(clock), clock)
    await node.service.register(registration(library))
    token_of_bert = await open_session(node.service, node, library, bert)
    log = node.parts.logs.of(library.id)
    subscribed = node.parts.hub.subscribed

    def subscribed_late(subscription: Subscription) -> AbstractContextManager[Subscription]:
        library.remove(bert, by=anna)
        log.append(library.raws(), now=NOW)
        return subscribed(subscription)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node.parts.hub, "subscribed", subscribed_late)
        with pytest.raises(NotMemberError):
            async with node.service.library(library.id, token_of_bert).news():
                raise AssertionError


async def test_a_registration_whose_entries_need_others_is_refused_whole() -> None:
    clock, library = FakeClock(), make_library("registration")
    node = node_of(make_parts(clock), clock)
    library.join("anna")
    genesis, _, _, opened_by_nobody_known = library.raws()
    with pytest.raises(RefusedContentError) as caught:
        await node.service.register(Registration(token=TOKEN, genesis=genesis, entries=(opened_by_nobody_known,)))
    assert caught.value.name == "bad-chain"
    assert node.parts.libraries.accounts() == []
    assert node.parts.libraries.unused_tokens() == 1
