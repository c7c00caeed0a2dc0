"""The suite of ``relay.api``: inherit from ``SyncApiConformance`` and give the fixture ``api``, an implementation over ``node``."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

import pytest
import trio
import trio.testing

from relay.api import LibraryApi, SyncApi
from relay.errors import (
    MalformedRequestError,
    NotFoundError,
    NotMemberError,
    QuotaError,
    RefusedContentError,
    SessionInvalidError,
    SyncError,
    TokenInvalidError,
    TooLargeError,
    TooManyError,
)
from relay.messages import (
    BlobsArrived,
    BlobState,
    BlobsWanted,
    BoxId,
    Cursor,
    EntriesArrived,
    Heartbeat,
    Hint,
    PullEnd,
    PullRequest,
    Registration,
    SeenChanged,
    SessionRequest,
    SessionStatement,
    hello_proof_message,
)
from relay.messages.limits import MAX_MAIL_BYTES, MAX_MAIL_MESSAGES, MAX_MANY_BYTES, MAX_PUSH_ENTRIES, MAX_STAT_IDS
from store.blobs import MAX_BLOB_BYTES
from store.encoding import encode
from store.entries import Dep
from store.heads import Heads
from store.ids import MASTER, BlobId, DeviceId, LibraryId, StoreId
from store.log import Status
from store.signatures import is_signed
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import QUOTA, TOKEN, FakeClock, Node, make_node, registration, session_of

BOX = BoxId(bytes(16))
MINUTE = 60_000
SMALL = b"some sealed bytes"


class _Fixtures:
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def node(self, clock: FakeClock) -> Node:
        """A node over memory stores with one token for one library."""
        return make_node(clock)

    @pytest.fixture
    async def api(self, node: Node) -> SyncApi:
        """An implementation over ``node``; overridden by each."""
        raise NotImplementedError

    @pytest.fixture
    def library(self) -> FleetLibrary:
        return make_library("conformance")

    @pytest.fixture
    def anna(self, library: FleetLibrary) -> Author:
        """A member."""
        return library.join("anna")

    @pytest.fixture
    async def signed_in(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> LibraryApi:
        """The library at the node, with everything written so far, for ``anna``."""
        await api.register(registration(library))
        session = session_of(api, library, anna, key=node.key)
        await session.push(library.raws())
        return session


class NodeConformance(_Fixtures):
    """Meeting a node: hello, registration, sessions, mail."""

    async def test_a_node_proves_its_key(self, api: SyncApi, node: Node) -> None:
        nonce = filler("nonce", 32)
        hello = await api.hello(nonce)
        assert (hello.kind, hello.key, hello.store, hello.time) == ("relay", node.key, node.parts.store, node.clock.now())
        assert is_signed(hello_proof_message(nonce), hello.proof, node.key)
        assert 1 in hello.versions

    async def test_without_a_nonce_there_is_no_proof(self, api: SyncApi) -> None:
        assert (await api.hello()).proof == b""

    async def test_a_nonce_of_another_length(self, api: SyncApi) -> None:
        with pytest.raises(MalformedRequestError):
            await api.hello(b"short")

    async def test_a_token_registers_one_library(self, api: SyncApi, library: FleetLibrary, anna: Author) -> None:
        first = await api.register(registration(library))
        assert (first.library, first.quota) == (library.id, QUOTA)
        assert await api.register(registration(library)) == first
        with pytest.raises(TokenInvalidError):
            await api.register(registration(make_library("another")))

    async def test_a_wrong_token(self, api: SyncApi, library: FleetLibrary) -> None:
        for token in ("wrong", "", "Ж" * 100):
            with pytest.raises(TokenInvalidError) as caught:
                await api.register(registration(library, token))
            assert TOKEN not in str(caught.value)

    async def test_a_refused_genesis_leaves_the_token_alone(self, api: SyncApi, library: FleetLibrary, anna: Author) -> None:
        for raw, kind in ((anna.change().raw, MalformedRequestError), (b"", MalformedRequestError), (filler("x", 50), SyncError)):
            with pytest.raises(kind):
                await api.register(Registration(token=TOKEN, genesis=raw))
        good = registration(library)
        with pytest.raises(RefusedContentError):
            await api.register(Registration(token=TOKEN, genesis=good.genesis, entries=(make_library("other").genesis.raw,)))
        assert (await api.register(good)).library == library.id

    async def test_a_stranger_gets_no_session(self, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        await api.register(registration(library))
        with pytest.raises(NotMemberError):
            await session_of(api, library, library.author("eve"), key=node.key).heads()

    async def test_an_unknown_library(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        with pytest.raises(NotFoundError):
            await session_of(api, library, anna, key=node.key).heads()

    async def test_the_master_signs_in(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        await api.register(registration(library))
        statement = _statement(node, library, MASTER)
        grant = await api.open_session(SessionRequest(statement=statement, signature=library.master_keys.sign(statement)))
        assert (await api.library(library.id, grant.token).heads()).arrival == len(registration(library).entries) + 1

    async def test_a_statement_counts_once(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        await api.register(registration(library))
        statement = _statement(node, library, anna.device)
        request = SessionRequest(statement=statement, signature=anna.keys.sign(statement))
        await api.open_session(request)
        with pytest.raises(SessionInvalidError):
            await api.open_session(request)

    @pytest.mark.parametrize("expiry", [-1, 0, 120_001, 10**12])
    async def test_a_statement_that_expired_or_lasts_too_long(
        self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author, expiry: int
    ) -> None:
        await api.register(registration(library))
        statement = _statement(node, library, anna.device, expiry=expiry)
        with pytest.raises(SessionInvalidError):
            await api.open_session(SessionRequest(statement=statement, signature=anna.keys.sign(statement)))

    async def test_a_statement_for_another_node_or_by_another_device(
        self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        bert = library.join("bert")
        await api.register(registration(library))
        elsewhere = _statement(node, library, anna.device, node_key=bytes(32))
        with pytest.raises(MalformedRequestError):
            await api.open_session(SessionRequest(statement=elsewhere, signature=anna.keys.sign(elsewhere)))
        statement = _statement(node, library, anna.device)
        with pytest.raises(RefusedContentError, match="signed"):
            await api.open_session(SessionRequest(statement=statement, signature=bert.keys.sign(statement)))
        with pytest.raises(MalformedRequestError):
            await api.open_session(SessionRequest(statement=b"\x80", signature=bytes(64)))

    async def test_mail_is_numbered_and_kept_in_order(self, api: SyncApi) -> None:
        for message in (b"one", b"two", b"three"):
            await api.post_message(BOX, message)
        assert list(await api.messages(BOX)) == [b"one", b"two", b"three"]
        assert list(await api.messages(BOX, after=2)) == [b"three"]
        assert list(await api.messages(BOX, after=3)) == []
        assert list(await api.messages(BoxId(b"another box 1234"))) == []

    async def test_mail_is_kept_for_ten_minutes(self, api: SyncApi, clock: FakeClock) -> None:
        await api.post_message(BOX, b"early")
        clock.time += 9 * MINUTE
        await api.post_message(BOX, b"late")
        clock.time += 1 * MINUTE
        assert list(await api.messages(BOX)) == [b"late"]
        assert list(await api.messages(BOX, after=1)) == [b"late"]

    async def test_a_box_holds_eight_messages_of_eight_kilobytes(self, api: SyncApi, clock: FakeClock) -> None:
        with pytest.raises(TooLargeError):
            await api.post_message(BOX, bytes(MAX_MAIL_BYTES + 1))
        for _ in range(MAX_MAIL_MESSAGES):
            await api.post_message(BOX, bytes(MAX_MAIL_BYTES))
        with pytest.raises(TooManyError):
            await api.post_message(BOX, b"one too many")
        assert len(await api.messages(BOX)) == MAX_MAIL_MESSAGES
        clock.time += 10 * MINUTE
        await api.post_message(BOX, b"there is room again")

    async def test_whoever_waits_for_mail_gets_it_at_once(self, api: SyncApi) -> None:
        found: list[Sequence[bytes]] = []

        async def wait() -> None:
            found.append(await api.messages(BOX, after=0, wait=20))

        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked(0.01)
                await api.post_message(BOX, b"hello")
        assert [list(each) for each in found] == [[b"hello"]]


class EntriesConformance(_Fixtures):
    """Heads, push, pull, seen reports, news."""

    async def test_what_was_pushed_is_pulled_in_order(self, signed_in: LibraryApi, library: FleetLibrary) -> None:
        entries, end = await pull(signed_in, PullRequest())
        assert entries == library.raws()
        assert not end.more
        heads = await signed_in.heads()
        assert heads.heads == library.heads()
        assert heads.arrival == end.cursor.arrival == len(entries)

    async def test_each_pushed_entry_has_its_answer(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        known = library.raws()[-1]
        first, second = anna.change(), anna.change()
        skipped, waiting = anna.change(), anna.change()
        result = await signed_in.push([known, second.raw, first.raw, waiting.raw])
        assert [each.status for each in result.outcomes] == [Status.KNOWN, Status.STORED, Status.STORED, Status.WAITING]
        assert result.after == result.before + 2 == (await signed_in.heads()).arrival
        result = await signed_in.push([skipped.raw, waiting.raw])
        assert [each.status for each in result.outcomes] == [Status.STORED, Status.STORED]

    async def test_refused_entries_are_named_and_hurt_nobody(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        before = library.raws()
        good = anna.fork().change()
        bad = bad_entries(library, anna)
        result = await signed_in.push([*(raw for raw, _ in bad), good.raw])
        assert [each.error for each in result.outcomes] == [*(name for _, name in bad), ""]
        assert result.outcomes[-1].status is Status.STORED
        assert (await pull(signed_in, PullRequest()))[0] == [*before, good.raw]

    async def test_more_than_a_push_may_hold(self, signed_in: LibraryApi) -> None:
        with pytest.raises(TooLargeError):
            await signed_in.push([b"x"] * (MAX_PUSH_ENTRIES + 1))
        with pytest.raises(TooLargeError):
            await signed_in.push([bytes(1024 * 1024)] * 9)
        assert (await signed_in.push([])).outcomes == ()

    async def test_a_cursor_leads_to_what_came_after_it(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        _, end = await pull(signed_in, PullRequest())
        change = anna.change()
        await signed_in.push([change.raw])
        entries, again = await pull(signed_in, PullRequest(cursor=end.cursor))
        assert entries == [change.raw]
        assert await pull(signed_in, PullRequest(cursor=again.cursor)) == ([], again)

    async def test_heads_lead_to_what_they_lack(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        heads = library.heads()
        foreign = Cursor(store=StoreId(bytes(16)), arrival=10**6)
        change = anna.change()
        await signed_in.push([change.raw])
        entries, end = await pull(signed_in, PullRequest(cursor=foreign, heads=heads))
        assert entries == [change.raw]
        assert end.cursor.arrival == (await signed_in.heads()).arrival
        assert (await pull(signed_in, PullRequest(heads=library.heads())))[0] == []

    async def test_a_cursor_beyond_the_end_counts_for_nothing(self, signed_in: LibraryApi, node: Node, library: FleetLibrary) -> None:
        entries, end = await pull(signed_in, PullRequest(cursor=Cursor(store=node.parts.store, arrival=10**9)))
        assert entries == library.raws()
        assert end.cursor.arrival == len(entries)

    async def test_a_long_pull_goes_on_where_it_ended(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        await signed_in.push([anna.change(filler(f"body {n}", 1000)).raw for n in range(50)])
        for first in (PullRequest(limit=10_000), PullRequest(limit=10_000, heads=Heads())):
            entries, end = await pull(signed_in, first)
            assert sum(map(len, entries)) < 12_000
            while end.more:
                more, end = await pull(signed_in, PullRequest(cursor=end.cursor, limit=10_000))
                assert more
                entries += more
            assert entries == library.raws()

    async def test_seen_reports_travel(self, signed_in: LibraryApi, anna: Author) -> None:
        report = anna.report()
        assert await signed_in.seen([report.raw]) == 1
        assert await signed_in.seen([report.raw]) == 0
        assert (await signed_in.heads()).seen == (report.raw,)
        assert (await pull(signed_in, PullRequest()))[1].seen == (report.raw,)
        assert (await pull(signed_in, PullRequest(seen=False)))[1].seen == ()

    async def test_a_bad_report_is_refused_and_the_good_one_kept(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        good, stranger = anna.report(), library.author("eve").report()
        with pytest.raises(RefusedContentError) as caught:
            await signed_in.seen([stranger.raw, good.raw])
        assert caught.value.name == "not-allowed-author"
        assert (await signed_in.heads()).seen == (good.raw,)

    async def test_news_begin_with_the_newest_number(self, signed_in: LibraryApi, library: FleetLibrary) -> None:
        async with signed_in.news() as hints:
            assert await next_hint(hints) == EntriesArrived(arrival=len(library.entries))

    async def test_news_tell_what_came(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        async with signed_in.news() as hints:
            await next_hint(hints)
            result = await signed_in.push([anna.change().raw])
            assert await next_hint(hints) == EntriesArrived(arrival=result.after)
            await signed_in.seen([anna.report().raw])
            assert await next_hint(hints) == SeenChanged()
            blob = await put(signed_in, SMALL)
            assert await next_hint(hints) == BlobsArrived(blobs=(blob,))

    async def test_news_are_told_to_every_reader(self, signed_in: LibraryApi, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        bert = library.join("bert")
        await signed_in.push(library.raws())
        other = session_of(api, library, bert, key=node.key, seed=8)
        async with signed_in.news() as hints, other.news() as hints_of_bert:
            await next_hint(hints)
            await next_hint(hints_of_bert)
            result = await other.push([bert.change().raw])
            assert await next_hint(hints) == await next_hint(hints_of_bert) == EntriesArrived(arrival=result.after)

    async def test_news_end_with_the_session(
        self, api: SyncApi, signed_in: LibraryApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        token = await open_session(api, node, library, anna)
        async with api.library(library.id, token).news() as hints:
            await next_hint(hints)
            await api.close_session(token)
            with trio.fail_after(10), pytest.raises(StopAsyncIteration):
                await anext(hints)

    async def test_calls_need_a_session_of_this_library(
        self, api: SyncApi, signed_in: LibraryApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        token = await open_session(api, node, library, anna)
        await api.library(library.id, token).heads()
        for bad in (api.library(LibraryId(bytes(32)), token), api.library(library.id, "wrong"), api.library(library.id, "")):
            await assert_refused_everywhere(bad, SessionInvalidError)

    async def test_a_closed_or_expired_session(
        self, api: SyncApi, signed_in: LibraryApi, node: Node, library: FleetLibrary, anna: Author, clock: FakeClock
    ) -> None:
        closed, expired = [await open_session(api, node, library, anna, nonce=n) for n in (b"1", b"2")]
        await api.close_session(closed)
        await api.close_session("never was one")
        with pytest.raises(SessionInvalidError):
            await api.library(library.id, closed).heads()
        clock.time += 60 * MINUTE
        await assert_refused_everywhere(api.library(library.id, expired), SessionInvalidError)


class BlobsConformance(_Fixtures):
    """Blobs, quota, promises."""

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


class LibrariesApartConformance(_Fixtures):
    """Two libraries on one node know nothing of each other."""

    @pytest.fixture
    def node(self, clock: FakeClock) -> Node:
        return make_node(clock, uses=2)

    async def test_ids_tell_nothing_about_other_libraries(self, signed_in: LibraryApi, api: SyncApi, node: Node) -> None:
        blob = await put(signed_in, SMALL)
        other_library = make_library("other")
        otto = other_library.join("otto")
        await api.register(registration(other_library))
        other = session_of(api, other_library, otto, key=node.key, seed=9)
        assert list(await other.stat([blob])) == [BlobState.ABSENT]
        assert not await other.has_blob(blob)
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


class SyncApiConformance(NodeConformance, EntriesConformance, BlobsConformance):
    """All of it."""


async def pull(api: LibraryApi, request: PullRequest) -> tuple[list[bytes], PullEnd]:
    """The entries and the end of a pull."""
    async with api.pull(request) as stream:
        items = [item async for item in stream]
    end = items.pop()
    assert isinstance(end, PullEnd)
    entries = [item for item in items if isinstance(item, bytes)]
    assert len(entries) == len(items)
    return entries, end


async def put(api: LibraryApi, sealed: bytes) -> BlobId:
    blob = BlobId.of(sealed)
    await api.put_blob(blob, sealed)
    return blob


async def next_hint(hints: AsyncIterator[Hint]) -> Hint:
    """The next hint that isn't a heartbeat, soon."""
    with trio.fail_after(10):
        while True:
            hint = await anext(hints)
            if hint != Heartbeat():
                return hint


async def open_session(api: SyncApi, node: Node, library: FleetLibrary, author: Author, *, nonce: bytes = b"n") -> str:
    """The token of a new session."""
    statement = _statement(node, library, author.device, nonce=nonce * 32)
    return (await api.open_session(SessionRequest(statement=statement, signature=author.keys.sign(statement)))).token


async def assert_refused_everywhere(api: LibraryApi, error: type[SyncError]) -> None:
    """Every call of a library answers with the same error."""
    blob = BlobId.of(SMALL)
    for call in (
        api.heads(),
        api.push([]),
        api.seen([]),
        api.stat([]),
        api.hold([blob], bytes(32)),
        api.get_blob(blob),
        api.has_blob(blob),
        api.put_blob(blob, SMALL),
    ):
        with pytest.raises(error):
            await call
    for stream in (api.pull(PullRequest()), api.news(), api.many([blob])):
        with pytest.raises(error):
            async with stream:
                raise AssertionError


def bad_entries(library: FleetLibrary, author: Author) -> list[tuple[bytes, str]]:
    """Entries that a node refuses, each with the name that it refuses it by. The author's log doesn't go on with any of them."""
    good = author.fork().change()
    flipped = bytes([good.signature[0] ^ 1]) + good.signature[1:]
    version_2 = encode([encode([2, 0]), hashlib.sha256(b"").digest(), 0])
    misplaced = Dep(library.id.master_log(), 10**6, library.genesis.name)
    return [
        (b"", "malformed"),
        (filler("noise", 300), "malformed"),
        (good.raw[:-1], "malformed"),
        (encode([good.header, flipped, good.body]), "bad-signature"),
        (encode([good.header, good.signature, b"another body"]), "bad-hash"),
        (author.fork().change(deps=[misplaced]).raw, "bad-chain"),
        (make_library("other").genesis.raw, "other-library"),
        (encode([version_2, bytes(64), b""]), "unknown-version"),
        (library.author("eve").open_log(deps=[]).raw, "not-allowed-author"),
        (b"\x81" * 200 + b"\x00", "too-deep"),
        (encode([good.header, good.signature, bytes(2 * 1024 * 1024)]), "too-large"),
    ]


def _statement(
    node: Node, library: FleetLibrary, device: DeviceId, *, nonce: bytes = b"n" * 32, expiry: int = 60_000, node_key: bytes = b""
) -> bytes:
    return SessionStatement(
        node_key=node_key or node.key, library=library.id, device=device, nonce=nonce, expiry=node.clock.now() + expiry
    ).encode()
