"""The suites of ``relay.api`` about blobs: quota, promises, and libraries that know nothing of each other."""

from __future__ import annotations

import hashlib

import pytest

from relay.api import LibraryApi, SyncApi
from relay.errors import (
    MalformedRequestError,
    NotFoundError,
    QuotaError,
    RefusedContentError,
    TooLargeError,
)
from relay.messages import (
    BlobsArrived,
    BlobState,
    BlobsWanted,
    EntryTrace,
    PullRequest,
    Standing,
)
from relay.messages.limits import MAX_MANY_BYTES, MAX_STAT_IDS
from store.blobs import MAX_BLOB_BYTES
from store.ids import BlobId
from store.log import Status
from tests.conformance.sync_api_support import (
    SMALL,
    SyncApiFixtures,
    next_hint,
    put,
)
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import QUOTA, FakeClock, Node, make_node, registration, session_of

MINUTE = 60_000


class BlobsConformance(SyncApiFixtures):
    """Blobs and promises."""

    async def test_a_blob_is_put_and_got(self, signed_in: LibraryApi) -> None:
        blob = BlobId.of(SMALL)
        assert not await signed_in.has_blob(blob)
        assert await signed_in.put_blob(blob, SMALL) is True
        assert await signed_in.put_blob(blob, SMALL) is False
        assert await signed_in.has_blob(blob)
        assert await signed_in.get_blob(blob) == SMALL

    async def test_the_largest_blob_and_one_that_is_larger(self, signed_in: LibraryApi) -> None:
        sealed = filler("large", MAX_BLOB_BYTES)
        await put(signed_in, sealed)
        assert await signed_in.get_blob(BlobId.of(sealed)) == sealed
        with pytest.raises(TooLargeError):
            await put(signed_in, sealed + b"x")

    async def test_other_bytes_than_the_name_says(self, signed_in: LibraryApi) -> None:
        blob = BlobId.of(SMALL)
        with pytest.raises(RefusedContentError) as caught:
            await signed_in.put_blob(blob, b"other bytes")
        assert caught.value.name == "bad-hash"
        assert not await signed_in.has_blob(blob)
        with pytest.raises(NotFoundError):
            await signed_in.get_blob(blob)

    async def test_stat_answers_for_each(self, signed_in: LibraryApi) -> None:
        held, absent = await put(signed_in, SMALL), BlobId.of(b"absent")
        assert list(await signed_in.stat([held, absent, held])) == [BlobState.HELD, BlobState.ABSENT, BlobState.HELD]
        assert list(await signed_in.stat([], claim=True)) == []
        assert len(await signed_in.stat([absent] * MAX_STAT_IDS, claim=True)) == MAX_STAT_IDS
        with pytest.raises(TooLargeError):
            await signed_in.stat([absent] * (MAX_STAT_IDS + 1))

    async def test_a_promise_shows_that_the_blob_was_read(self, signed_in: LibraryApi, node: Node, library: FleetLibrary) -> None:
        held, absent, nonce = await put(signed_in, SMALL), BlobId.of(b"absent"), filler("nonce", 32)
        answer = await signed_in.hold([absent, held], nonce)
        assert list(answer.proofs) == [b"", hashlib.sha256(nonce + SMALL).digest()]
        assert answer.until == node.clock.now() + 7 * 24 * 60 * MINUTE
        assert node.parts.libraries.kept_until(library.id, held) == answer.until
        with pytest.raises(MalformedRequestError):
            await signed_in.hold([held], b"short")
        with pytest.raises(TooLargeError):
            await signed_in.hold([held] * 101, nonce)

    async def test_many_small_blobs_in_one_answer(self, signed_in: LibraryApi) -> None:
        sealed = [filler(f"thumbnail {n}", 2000 + n) for n in range(40)]
        blobs = [await put(signed_in, each) for each in sealed]
        async with signed_in.many([*blobs[:20], BlobId.of(b"absent"), *blobs[20:]]) as stream:
            got = [(each.blob, each.sealed) async for each in stream]
        assert got == list(zip(blobs, sealed, strict=True))
        async with signed_in.many([BlobId.of(b"absent")]) as stream:
            assert [each async for each in stream] == []
        with pytest.raises(TooLargeError):
            async with signed_in.many([blobs[0]] * 257):
                raise AssertionError

    async def test_many_stops_at_its_limit_and_gives_some(self, signed_in: LibraryApi) -> None:
        blob = await put(signed_in, filler("large", 4_000_000))
        async with signed_in.many([blob] * 10) as stream:
            count = len([each async for each in stream])
        assert count == MAX_MANY_BYTES // 4_000_000

    async def test_a_stream_may_be_left_early(self, signed_in: LibraryApi, library: FleetLibrary) -> None:
        blobs = [await put(signed_in, filler(f"blob {n}", 300_000)) for n in range(8)]
        async with signed_in.many(blobs) as stream:
            assert (await anext(aiter(stream))).blob == blobs[0]
        async with signed_in.pull(PullRequest()) as entries:
            assert await anext(aiter(entries)) == library.raws()[0]
        assert await signed_in.get_blob(blobs[1]) == filler("blob 1", 300_000)


class QuotaConformance(SyncApiFixtures):
    """Room that a relay gives, and blobs that it lost."""

    async def test_a_full_quota_stops_blobs_and_not_edits(
        self, signed_in: LibraryApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        size = 4 * 1024 * 1024
        for n in range(QUOTA // size):
            await put(signed_in, filler(f"blob {n}", size))
        with pytest.raises(QuotaError):
            await put(signed_in, SMALL)
        assert not await signed_in.has_blob(BlobId.of(SMALL))
        result = await signed_in.push([anna.change().raw])
        assert result.outcomes[0].status is Status.STORED
        account = node.parts.libraries.account(library.id)
        assert account is not None
        assert (account.blobs, account.blob_bytes) == (QUOTA // size, QUOTA)

    async def test_edits_have_a_bound_of_their_own(self, signed_in: LibraryApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        account = node.parts.libraries.account(library.id)
        assert account is not None
        assert account.entry_bytes == sum(map(len, library.raws()))
        node.parts.libraries.add_entry_bytes(library.id, account.entry_quota)
        with pytest.raises(QuotaError):
            await signed_in.push([anna.change().raw])

    async def test_a_damaged_blob_is_wanted_back(self, signed_in: LibraryApi, node: Node) -> None:
        blob = await put(signed_in, SMALL)
        node.parts.blobs.delete(blob)
        async with signed_in.news() as hints:
            await next_hint(hints)
            with pytest.raises(NotFoundError):
                await signed_in.get_blob(blob)
            assert await next_hint(hints) == BlobsWanted(blobs=(blob,))
        assert list(await signed_in.stat([blob])) == [BlobState.ABSENT]
        assert await signed_in.put_blob(blob, SMALL) is True
        assert await signed_in.get_blob(blob) == SMALL


class LibrariesApartConformance(SyncApiFixtures):
    """Two libraries on one node know nothing of each other."""

    @pytest.fixture
    def node(self, clock: FakeClock) -> Node:
        return make_node(clock, uses=2)

    async def test_ids_tell_nothing_about_other_libraries(
        self, signed_in: LibraryApi, api: SyncApi, node: Node, library: FleetLibrary
    ) -> None:
        blob = await put(signed_in, SMALL)
        other_library = make_library("other")
        otto = other_library.join("otto")
        await api.register(registration(other_library))
        other = session_of(api, other_library, otto, key=node.key, seed=9)
        assert list(await other.stat([blob])) == [BlobState.ABSENT]
        assert not await other.has_blob(blob)
        assert [each.state for each in (await other.trace([library.genesis.name], [blob])).blobs] == [BlobState.ABSENT]
        assert (await other.trace([library.genesis.name], [])).entries == (EntryTrace(standing=Standing.ABSENT),)
        assert list((await other.hold([blob], bytes(32))).proofs) == [b""]
        with pytest.raises(NotFoundError):
            await other.get_blob(blob)
        async with other.many([blob]) as stream:
            assert [each async for each in stream] == []
        async with other.news() as hints:
            await next_hint(hints)
            await put(signed_in, b"another")
            assert await other.put_blob(blob, SMALL) is True
            assert await next_hint(hints) == BlobsArrived(blobs=(blob,))
        assert await other.get_blob(blob) == SMALL
