"""The suite of ``relay.api`` about devices that were removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import trio

from relay.api import LibraryApi, SyncApi
from relay.errors import SyncError
from relay.messages import EntriesArrived, Hint
from store.log import Status
from tests.conformance.sync_api_support import SyncApiFixtures, assert_refused_everywhere, next_hint, open_session
from tests.fleet.authors import Author, FleetLibrary
from tests.unit.relay.nodes import Node


class RemovalConformance(SyncApiFixtures):
    """A removal shuts a device out at once, whoever brings it and in whatever order; what the device wrote is stored all the same."""

    @pytest.fixture
    def bert(self, library: FleetLibrary, anna: Author) -> Author:
        """Another member. Tests name it before ``signed_in``, so that the node knows it from the start."""
        return library.join("bert")

    @pytest.fixture
    async def of_bert(self, bert: Author, signed_in: LibraryApi, api: SyncApi, node: Node, library: FleetLibrary) -> LibraryApi:
        return api.library(library.id, await open_session(api, node, library, bert))

    async def test_sessions_and_streams_of_the_removed_end_at_once(
        self, bert: Author, signed_in: LibraryApi, of_bert: LibraryApi, api: SyncApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        async with of_bert.news() as for_bert, signed_in.news() as for_anna:
            await next_hint(for_bert)
            await next_hint(for_anna)
            result = await signed_in.push([library.remove(bert, by=anna).raw])
            await read_to_the_end(for_bert)
            assert await next_hint(for_anna) == EntriesArrived(arrival=result.after)
        await assert_refused_everywhere(of_bert, SyncError)
        with pytest.raises(SyncError):
            await open_session(api, node, library, bert, nonce=b"2")
        await signed_in.heads()

    async def test_a_removal_counts_before_what_it_builds_on_comes(
        self, bert: Author, signed_in: LibraryApi, of_bert: LibraryApi, library: FleetLibrary, anna: Author
    ) -> None:
        before = anna.change()
        removal = library.remove(bert, by=anna)
        async with of_bert.news() as for_bert:
            await next_hint(for_bert)
            [outcome] = (await signed_in.push([removal.raw])).outcomes
            assert outcome.status is Status.STORED
            await read_to_the_end(for_bert)
        with pytest.raises(SyncError):
            await of_bert.heads()
        assert {outcome.status for outcome in (await signed_in.push([before.raw])).outcomes} == {Status.STORED}
        assert (await signed_in.heads()).heads == library.heads()

    async def test_who_removes_itself_is_gone(self, bert: Author, of_bert: LibraryApi, library: FleetLibrary) -> None:
        await of_bert.push([library.remove(bert, by=bert).raw])
        with pytest.raises(SyncError):
            await of_bert.heads()

    async def test_others_pass_on_what_a_removed_device_wrote_but_none_of_its_reports(
        self, bert: Author, signed_in: LibraryApi, library: FleetLibrary, anna: Author
    ) -> None:
        await signed_in.push([library.remove(bert, by=anna).raw])
        late = bert.change()
        assert {outcome.status for outcome in (await signed_in.push([late.raw])).outcomes} == {Status.STORED}
        assert await signed_in.seen([bert.report().raw]) == 0
        assert (await signed_in.heads()).seen == ()


async def read_to_the_end(hints: AsyncIterator[Hint]) -> None:
    """The stream ends, soon, or is cut off."""
    with trio.fail_after(10), suppress(SyncError):
        async for _ in hints:
            pass
