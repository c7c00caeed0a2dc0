"""The suite of ``relay.api``: inherit from ``SyncApiConformance``, or ``PeerApiConformance`` for a node that nobody registers at, and give the
fixture ``api``, an implementation over ``node``."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
import trio.testing

from relay.api import LibraryApi, SyncApi
from relay.errors import (
    MalformedRequestError,
    NotFoundError,
    NotMemberError,
    RefusedContentError,
    SessionInvalidError,
    SyncError,
    TokenInvalidError,
    TooLargeError,
    TooManyError,
)
from relay.messages import (
    BlobsArrived,
    BoxId,
    Cursor,
    EntriesArrived,
    PullRequest,
    Registration,
    SeenChanged,
    SessionRequest,
    hello_proof_message,
)
from relay.messages.limits import MAX_MAIL_BYTES, MAX_MAIL_MESSAGES, MAX_PUSH_ENTRIES
from store.entries import EntryKind
from store.heads import Heads
from store.ids import MASTER, LibraryId, StoreId
from store.log import Status
from store.signatures import is_signed
from tests.conformance.sync_api_blobs import BlobsConformance, LibrariesApartConformance, QuotaConformance
from tests.conformance.sync_api_removal import RemovalConformance
from tests.conformance.sync_api_support import (
    SMALL,
    SyncApiFixtures,
    assert_refused_everywhere,
    bad_entries,
    make_statement,
    next_hint,
    open_session,
    pull,
    put,
)
from tests.conformance.sync_api_trace import TraceConformance
from tests.fleet.authors import Author, FleetLibrary, filler, make_library
from tests.unit.relay.nodes import QUOTA, TOKEN, FakeClock, Node, registration, session_of

__all__ = ["LibrariesApartConformance", "PeerApiConformance", "SyncApiConformance"]

BOX = BoxId(bytes(16))
MINUTE = 60_000


class NodeConformance(SyncApiFixtures):
    """Meeting a node: hello, sessions, mail."""

    async def test_a_node_proves_its_key(self, api: SyncApi, node: Node) -> None:
        nonce = filler("nonce", 32)
        hello = await api.hello(nonce)
        assert (hello.kind, hello.key, hello.store, hello.time) == (node.parts.kind, node.key, node.parts.store, node.clock.now())
        assert is_signed(hello_proof_message(nonce), hello.proof, node.key)
        assert 1 in hello.versions

    async def test_without_a_nonce_there_is_no_proof(self, api: SyncApi) -> None:
        assert (await api.hello()).proof == b""

    async def test_a_nonce_of_another_length(self, api: SyncApi) -> None:
        with pytest.raises(MalformedRequestError):
            await api.hello(b"short")

    async def test_a_stranger_gets_no_session(self, api: SyncApi, node: Node, library: FleetLibrary) -> None:
        await self.bring_home(api, node, library)
        with pytest.raises(NotMemberError):
            await session_of(api, library, library.author("eve"), key=node.key).heads()

    async def test_the_master_signs_in(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        await self.bring_home(api, node, library)
        statement = make_statement(node, library, MASTER)
        grant = await api.open_session(SessionRequest(statement=statement, signature=library.master_keys.sign(statement)))
        assert (await api.library(library.id, grant.token).heads()).arrival == len(registration(library).entries) + 1

    async def test_a_statement_counts_once(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        await self.bring_home(api, node, library)
        statement = make_statement(node, library, anna.device)
        request = SessionRequest(statement=statement, signature=anna.keys.sign(statement))
        await api.open_session(request)
        with pytest.raises(SessionInvalidError):
            await api.open_session(request)

    @pytest.mark.parametrize("expiry", [-1, 0, 120_001, 10**12])
    async def test_a_statement_that_expired_or_lasts_too_long(
        self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author, expiry: int
    ) -> None:
        await self.bring_home(api, node, library)
        statement = make_statement(node, library, anna.device, expiry=expiry)
        with pytest.raises(SessionInvalidError):
            await api.open_session(SessionRequest(statement=statement, signature=anna.keys.sign(statement)))

    async def test_a_statement_for_another_node_or_by_another_device(
        self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author
    ) -> None:
        bert = library.join("bert")
        await self.bring_home(api, node, library)
        elsewhere = make_statement(node, library, anna.device, node_key=bytes(32))
        with pytest.raises(MalformedRequestError):
            await api.open_session(SessionRequest(statement=elsewhere, signature=anna.keys.sign(elsewhere)))
        statement = make_statement(node, library, anna.device)
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


class RegistrationConformance(SyncApiFixtures):
    """A library comes to a relay."""

    async def test_an_unknown_library(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        with pytest.raises(NotFoundError):
            await session_of(api, library, anna, key=node.key).heads()

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

    async def test_a_device_that_was_certified_late(self, api: SyncApi, node: Node, library: FleetLibrary, anna: Author) -> None:
        """Who certified it, and its own certificate, are enough, however much was written before."""
        for _ in range(100):
            anna.change()
        bert = library.join("bert", by=anna)
        chain = [entry.raw for entry in library.entries if entry.kind in (EntryKind.CERTIFICATE, EntryKind.OPEN)]
        registered = await api.register(Registration(token=TOKEN, genesis=library.genesis.raw, entries=tuple(chain)))
        assert registered.library == library.id
        session = session_of(api, library, bert, key=node.key)
        assert {outcome.status for outcome in (await session.push(library.raws())).outcomes} == {Status.STORED, Status.KNOWN}
        assert (await session.heads()).heads == library.heads()


class EntriesConformance(SyncApiFixtures):
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

    async def test_a_cursor_of_other_stores_counts_for_nothing(self, signed_in: LibraryApi, library: FleetLibrary) -> None:
        """Though they had as many entries: a relay that was restored has others under these numbers."""
        entries, _ = await pull(signed_in, PullRequest(cursor=Cursor(store=StoreId(bytes(16)), arrival=1)))
        assert entries == library.raws()

    async def test_a_cursor_beyond_the_end_counts_for_nothing(self, signed_in: LibraryApi, node: Node, library: FleetLibrary) -> None:
        entries, end = await pull(signed_in, PullRequest(cursor=Cursor(store=node.parts.store, arrival=10**9)))
        assert entries == library.raws()
        assert end.cursor.arrival == len(entries)

    async def test_control_entries_alone(self, signed_in: LibraryApi, library: FleetLibrary, anna: Author) -> None:
        changes = [anna.change() for _ in range(3)]
        library.certify(library.author("bert"), by=anna)
        await signed_in.push(library.raws())
        expected = [entry.raw for entry in library.entries if entry not in changes]
        entries, end = await pull(signed_in, PullRequest(control=True, heads=library.heads()))
        assert (entries, end.more) == (expected, False)
        assert end.cursor.arrival == (await signed_in.heads()).arrival
        found, end = await pull(signed_in, PullRequest(control=True, limit=1500))
        while end.more:
            entries, end = await pull(signed_in, PullRequest(control=True, cursor=end.cursor, limit=1500))
            found += entries
        assert found == expected
        carla = library.certify(library.author("carla"), by=anna)
        await signed_in.push([anna.change().raw, carla.raw])
        assert (await pull(signed_in, PullRequest(control=True, cursor=end.cursor)))[0] == [carla.raw]

    async def test_a_control_entry_counts_and_travels_before_what_it_builds_on(
        self, signed_in: LibraryApi, library: FleetLibrary, anna: Author
    ) -> None:
        _, end = await pull(signed_in, PullRequest())
        heads = (await signed_in.heads()).heads
        change, certificate = anna.change(), library.certify(library.author("bert"), by=anna)
        result = await signed_in.push([certificate.raw])
        assert [each.status for each in result.outcomes] == [Status.STORED]
        assert (await signed_in.heads()).heads == heads
        entries, end = await pull(signed_in, PullRequest(cursor=end.cursor))
        assert entries == [certificate.raw]
        await signed_in.push([change.raw])
        assert (await pull(signed_in, PullRequest(cursor=end.cursor)))[0] == [change.raw, certificate.raw]
        assert (await signed_in.heads()).heads == library.heads()

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


class PeerApiConformance(NodeConformance, EntriesConformance, RemovalConformance, BlobsConformance, TraceConformance):
    """What every node does."""


class SyncApiConformance(PeerApiConformance, RegistrationConformance, QuotaConformance):
    """What a relay does."""
