"""The suite of ``relay.release_book``: inherit from it and give the fixture ``pair``."""

from __future__ import annotations

import pytest

from relay.accounts import PROMISE_MS, Libraries, TokenHash
from relay.release_book import ReleaseBook, Trashed
from store.ids import BlobId, DeviceId, EntryHash, LibraryId, LogId, StoreId
from store.releases import Wait, Witness
from tests.fleet.authors import NOW

ANNA, BERT = LibraryId(b"a" * 32), LibraryId(b"b" * 32)
BLOBS = [BlobId(bytes([n]) * 32) for n in range(1, 6)]
RELEASES = [EntryHash(bytes([n]) * 32) for n in range(11, 15)]
CLAIM = EntryHash(b"c" * 32)
CHECKPOINT = EntryHash(b"p" * 32)
LOG, DEVICE, OTHER = LogId(b"l" * 16), DeviceId(b"d" * 16), DeviceId(b"o" * 16)
STORE = StoreId(b"s" * 16)


class ReleaseBookConformance:
    """Libraries of 10 bytes a blob."""

    @pytest.fixture
    def pair(self) -> tuple[Libraries, ReleaseBook]:
        """Accounts and the book beside them."""
        raise NotImplementedError

    @pytest.fixture
    def libraries(self, pair: tuple[Libraries, ReleaseBook]) -> Libraries:
        libraries, book = pair
        book.begin(STORE)
        token = TokenHash.of("token")
        libraries.add_token(token, quota=1000, uses=2, now=NOW)
        for library in (ANNA, BERT):
            libraries.register(library, token, now=NOW)
        for blob in BLOBS[:3]:
            libraries.add_blob(ANNA, blob, 10, now=NOW)
        return libraries

    @pytest.fixture
    def book(self, pair: tuple[Libraries, ReleaseBook], libraries: Libraries) -> ReleaseBook:
        return pair[1]

    def test_running_time_adds_up(self, book: ReleaseBook) -> None:
        book.count(5)
        book.begin(STORE)
        book.count(7)
        assert book.running() == 12

    def test_a_release_of_what_is_held(self, book: ReleaseBook) -> None:
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        [noted] = book.open_releases(ANNA)
        assert (noted.name, noted.log, noted.author, noted.blobs, noted.cancelled) == (RELEASES[0], LOG, DEVICE, 3, 0)
        assert book.released(ANNA, BLOBS) == {*BLOBS[:3]}
        assert book.released(BERT, BLOBS) == frozenset()
        assert book.libraries() == [ANNA]
        found = book.blobs_of(ANNA, RELEASES[0], after=None, limit=2)
        assert [(each.blob, each.size, each.is_judged, each.wait) for each in found] == [(blob, 10, True, Wait()) for blob in BLOBS[:2]]
        assert [each.blob for each in book.blobs_of(ANNA, RELEASES[0], after=BLOBS[1], limit=2)] == [BLOBS[2]]

    def test_a_claim_cancels_releases_that_have_come(self, book: ReleaseBook) -> None:
        for name in RELEASES[:2]:
            book.add_release(ANNA, name, LOG, DEVICE, BLOBS)
        book.add_claim(ANNA, CLAIM, BLOBS[:2])
        assert book.released(ANNA, BLOBS) == {BLOBS[2]}
        assert book.cancelled(ANNA) == 4
        assert [(each.blobs, each.cancelled) for each in book.open_releases(ANNA)] == [(3, 2), (3, 2)]

    def test_a_release_that_comes_later_is_to_be_judged(self, book: ReleaseBook) -> None:
        book.add_claim(ANNA, CLAIM, BLOBS[:2])
        book.add_claim(BERT, CLAIM, BLOBS)
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        assert [each.is_judged for each in book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)] == [False, False, True]
        assert book.claims(ANNA, RELEASES[0]) == {blob: {CLAIM} for blob in BLOBS[:2]}
        book.judge(ANNA, RELEASES[0], BLOBS[:2], cancelled=BLOBS[:1])
        assert [(each.blob, each.is_judged) for each in book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)] == [
            (blob, True) for blob in BLOBS[1:3]
        ]
        assert book.claims(ANNA, RELEASES[0]) == {}
        assert book.cancelled(ANNA) == 1

    def test_a_detached_release_is_judged_once_it_has_its_place(self, book: ReleaseBook) -> None:
        book.add_release(ANNA, RELEASES[0], LOG, None, BLOBS)
        assert book.open_releases(ANNA)[0].author is None
        book.add_claim(ANNA, CLAIM, BLOBS[:1])
        book.want(ANNA, BLOBS[1:2], is_there=lambda _: True)
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        assert book.open_releases(ANNA)[0].author == DEVICE
        assert [(each.blob, each.is_judged) for each in book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)] == [
            (BLOBS[0], False),
            (BLOBS[2], True),
        ]

    def test_waits_are_kept(self, book: ReleaseBook) -> None:
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        book.wait(ANNA, RELEASES[0], {BLOBS[0]: Wait(3, 4), BLOBS[1]: Wait(3)})
        assert [each.wait for each in book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)] == [Wait(3, 4), Wait(3), Wait()]

    def test_into_the_trash_and_back(self, book: ReleaseBook, libraries: Libraries) -> None:
        for name in RELEASES[:2]:
            book.add_release(ANNA, name, LOG, DEVICE, BLOBS[:2])
        book.count(50)
        book.trash(ANNA, BLOBS[:2])
        assert book.open_releases(ANNA) == []
        assert book.trashed(ANNA) == Trashed(2, 20)
        assert libraries.held(ANNA, BLOBS) == {BLOBS[2]}
        assert book.released(ANNA, BLOBS) == {*BLOBS[:2]}
        account = libraries.account(ANNA)
        assert account is not None
        assert (account.blobs, account.blob_bytes) == (1, 10)
        book.want(ANNA, BLOBS, is_there=lambda blob: blob == BLOBS[0])
        assert libraries.held(ANNA, BLOBS) == {BLOBS[0], BLOBS[2]}
        assert (book.trashed(ANNA), book.released(ANNA, BLOBS)) == (Trashed(0, 0), frozenset())
        account = libraries.account(ANNA)
        assert account is not None
        assert (account.blobs, account.blob_bytes) == (2, 20)

    def test_out_of_the_trash_for_good(self, book: ReleaseBook, libraries: Libraries) -> None:
        libraries.add_blob(BERT, BLOBS[0], 10, now=NOW)
        book.count(50)
        book.trash(ANNA, BLOBS[:2])
        book.count(1)
        book.trash(BERT, BLOBS[:1])
        assert book.overdue(50, limit=9) == []
        assert book.overdue(51, limit=9) == [(ANNA, blob, 10) for blob in BLOBS[:2]]
        assert len(book.overdue(52, limit=-1)) == 3
        assert len(book.overdue(52, limit=1)) == 1
        assert [book.empty(ANNA, blob) for blob in BLOBS[:2]] == [False, True]
        assert book.empty(BERT, BLOBS[0])
        assert not book.empty(BERT, BLOBS[2])
        assert book.overdue(99, limit=9) == []

    def test_what_was_lost_is_in_no_trash(self, book: ReleaseBook, libraries: Libraries) -> None:
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS[:2])
        book.trash(ANNA, BLOBS[:1])
        assert libraries.forget_blob(BLOBS[0]) == []
        assert libraries.forget_blob(BLOBS[1]) == [ANNA]
        assert libraries.wanted(ANNA, limit=9) == [BLOBS[1]]
        book.add_release(ANNA, RELEASES[1], LOG, DEVICE, BLOBS[:2])
        assert libraries.wanted(ANNA, limit=9) == []
        assert book.released(ANNA, BLOBS) == frozenset()
        assert book.open_releases(ANNA) == []

    def test_who_was_heard(self, book: ReleaseBook) -> None:
        book.count(10)
        book.hear(ANNA, [DEVICE, OTHER], reported=False)
        book.count(10)
        book.hear(ANNA, [DEVICE, OTHER], reported=False)
        book.hear(ANNA, [OTHER], reported=True)
        assert book.witnesses(ANNA) == {DEVICE: Witness(10, False), OTHER: Witness(20, True)}

    def test_checkpoints_and_what_was_noted(self, book: ReleaseBook) -> None:
        book.count(10)
        book.add_checkpoint(ANNA, CHECKPOINT)
        book.count(10)
        book.add_checkpoint(ANNA, CHECKPOINT)
        assert book.checkpoints(ANNA) == {CHECKPOINT: 10}
        book.forget_checkpoint(ANNA, CHECKPOINT)
        assert book.checkpoints(ANNA) == {}
        assert book.noted(ANNA) is None
        book.note(ANNA, 7)
        assert (book.noted(ANNA), book.noted(BERT)) == (7, None)

    def test_promises_last_in_running_time_too(self, book: ReleaseBook, libraries: Libraries) -> None:
        book.count(10)
        libraries.keep(ANNA, BLOBS[:1], until=NOW)
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS[:2])
        found = book.blobs_of(ANNA, RELEASES[0], after=None, limit=9)
        assert [(each.kept_until, each.kept_running) for each in found] == [(NOW, 10 + PROMISE_MS), (0, 0)]
        assert book.age(ANNA, BLOBS[0]) == 10
        assert book.age(ANNA, BLOBS[4]) == 0

    def test_in_another_store_everything_begins_anew(self, book: ReleaseBook, libraries: Libraries) -> None:
        book.count(50)
        libraries.keep(ANNA, BLOBS[:1], until=NOW)
        book.trash(ANNA, BLOBS[2:3])
        book.add_release(ANNA, RELEASES[0], LOG, DEVICE, BLOBS)
        book.add_claim(ANNA, CLAIM, BLOBS[1:2])
        book.add_checkpoint(ANNA, CHECKPOINT)
        book.hear(ANNA, [DEVICE], reported=True)
        book.note(ANNA, 7)
        book.begin(StoreId(b"t" * 16))
        assert (book.running(), book.noted(ANNA), book.open_releases(ANNA), book.witnesses(ANNA)) == (0, None, [], {})
        assert (book.checkpoints(ANNA), book.trashed(ANNA)) == ({CHECKPOINT: 0}, Trashed(1, 10))
        assert book.overdue(0, limit=9) == []
        assert book.age(ANNA, BLOBS[0]) == 0
        book.add_release(ANNA, RELEASES[1], LOG, DEVICE, BLOBS[:2])
        found = book.blobs_of(ANNA, RELEASES[1], after=None, limit=9)
        assert [(each.kept_running, each.is_judged) for each in found] == [(PROMISE_MS, True), (0, False)]
