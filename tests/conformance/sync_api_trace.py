"""The suite of ``relay.api`` about where entries and blobs have got to."""

from __future__ import annotations

import pytest

from relay.api import LibraryApi, SyncApi
from relay.errors import TooLargeError
from relay.messages import BlobState, BlobTrace, EntryTrace, Standing
from relay.messages.limits import MAX_TRACE_IDS
from store.ids import BlobId, EntryHash
from tests.conformance.sync_api_support import SMALL, SyncApiFixtures, put
from tests.fleet.authors import Author
from tests.unit.relay.nodes import FakeClock, Node


class TraceConformance(SyncApiFixtures):
    """Since when a node has what."""

    async def test_since_when_an_entry_is_stored(
        self, api: SyncApi, signed_in: LibraryApi, node: Node, clock: FakeClock, anna: Author
    ) -> None:
        before, absent = anna.change(), EntryHash(b"absent".ljust(32))
        await signed_in.push([before.raw])
        came = clock.now()
        clock.time += 5_000
        later = anna.change()
        await signed_in.push([later.raw])
        clock.time += 1_000
        answer = await signed_in.trace([later.name, absent, before.name], [])
        assert answer.time == clock.now()
        assert [each.stored for each in answer.entries] == [came + 5_000, None, came]
        assert answer.entries[1] == EntryTrace(standing=Standing.ABSENT)
        assert answer.blobs == ()
        is_relay = (await api.hello()).kind == "relay"
        assert all(
            (each.standing is Standing.STORED and each.applied is None) == is_relay for each in (answer.entries[0], answer.entries[2])
        )

    async def test_since_when_a_blob_is_held(self, signed_in: LibraryApi, clock: FakeClock) -> None:
        blob, came = await put(signed_in, SMALL), clock.now()
        clock.time += 2_000
        await put(signed_in, SMALL)
        answer = await signed_in.trace([], [blob, BlobId.of(b"absent"), blob])
        held = BlobTrace(state=BlobState.HELD, stored=came)
        assert answer.blobs == (held, BlobTrace(state=BlobState.ABSENT), held)
        assert answer.entries == ()

    async def test_as_many_as_may_be_asked_at_once(self, signed_in: LibraryApi) -> None:
        name, blob = EntryHash(bytes(32)), BlobId.of(b"absent")
        answer = await signed_in.trace([name] * MAX_TRACE_IDS, [blob] * MAX_TRACE_IDS)
        assert (len(answer.entries), len(answer.blobs)) == (MAX_TRACE_IDS, MAX_TRACE_IDS)
        with pytest.raises(TooLargeError):
            await signed_in.trace([name] * (MAX_TRACE_IDS + 1), [])
        with pytest.raises(TooLargeError):
            await signed_in.trace([], [blob] * (MAX_TRACE_IDS + 1))
