"""The suites of ``relay.accounts``: inherit from each and give its fixture."""

from __future__ import annotations

import pytest

from relay.accounts import MAIL_LIFETIME_MS, Libraries, Mailboxes, Session, Sessions, TokenHash
from relay.errors import NotFoundError, QuotaError, TokenInvalidError, TooManyError
from relay.messages import BoxId
from store.ids import BlobId, DeviceId, LibraryId
from tests.fleet.authors import NOW

ANNA, BERT = LibraryId(b"a" * 32), LibraryId(b"b" * 32)
TOKEN = TokenHash.of("token")
BLOBS = [BlobId(bytes([n]) * 32) for n in range(4)]


class LibrariesConformance:
    """Tokens, quotas, holdings."""

    @pytest.fixture
    def libraries(self) -> Libraries:
        raise NotImplementedError

    @pytest.fixture
    def registered(self, libraries: Libraries) -> Libraries:
        """One library with a quota of 100 bytes."""
        libraries.add_token(TOKEN, quota=100, uses=2, now=NOW)
        libraries.register(ANNA, TOKEN, now=NOW)
        return libraries

    def test_a_token_has_as_many_uses_as_were_given(self, libraries: Libraries) -> None:
        libraries.add_token(TOKEN, quota=5, uses=2, now=NOW)
        assert libraries.unused_tokens() == 1
        assert libraries.register(ANNA, TOKEN, now=NOW) == 5
        assert libraries.register(ANNA, TOKEN, now=NOW) == 5
        assert libraries.register(BERT, TOKEN, now=NOW) == 5
        assert libraries.unused_tokens() == 0
        with pytest.raises(TokenInvalidError):
            libraries.register(LibraryId(b"c" * 32), TOKEN, now=NOW)
        assert libraries.register(ANNA, TOKEN, now=NOW) == 5
        assert [each.library for each in libraries.accounts()] == [ANNA, BERT]

    def test_an_unknown_token_registers_nothing(self, registered: Libraries) -> None:
        for library in (ANNA, BERT):
            with pytest.raises(TokenInvalidError):
                registered.register(library, TokenHash.of("guess"), now=NOW)
        assert registered.account(BERT) is None

    def test_a_registered_library_keeps_its_quota_and_spares_another_token(self, registered: Libraries) -> None:
        other = TokenHash.of("other")
        registered.add_token(other, quota=999, uses=1, now=NOW)
        assert registered.register(ANNA, other, now=NOW) == 100
        assert registered.register(BERT, other, now=NOW) == 999

    def test_blobs_count_against_the_quota_once(self, registered: Libraries) -> None:
        assert registered.add_blob(ANNA, BLOBS[0], 60, now=NOW) is True
        assert registered.add_blob(ANNA, BLOBS[0], 60, now=NOW) is False
        with pytest.raises(QuotaError):
            registered.add_blob(ANNA, BLOBS[1], 41, now=NOW)
        assert registered.add_blob(ANNA, BLOBS[1], 40, now=NOW) is True
        account = registered.account(ANNA)
        assert account is not None
        assert (account.blobs, account.blob_bytes, account.quota) == (2, 100, 100)

    def test_holdings_belong_to_a_library(self, registered: Libraries) -> None:
        registered.register(BERT, TOKEN, now=NOW)
        registered.add_blob(ANNA, BLOBS[0], 1, now=NOW)
        registered.add_blob(BERT, BLOBS[1], 1, now=NOW)
        assert registered.held(ANNA, BLOBS) == {BLOBS[0]}
        assert registered.held(BERT, BLOBS) == {BLOBS[1]}
        assert registered.held(LibraryId(bytes(32)), BLOBS) == frozenset()
        assert registered.held(ANNA, []) == frozenset()

    def test_since_when_a_blob_is_held(self, registered: Libraries) -> None:
        registered.register(BERT, TOKEN, now=NOW)
        for number, blob in enumerate(BLOBS[:2]):
            registered.add_blob(ANNA, blob, 1, now=NOW + number)
        registered.add_blob(ANNA, BLOBS[0], 1, now=NOW + 9)
        registered.add_blob(BERT, BLOBS[0], 1, now=NOW + 5)
        assert registered.held_since(ANNA, BLOBS) == {BLOBS[0]: NOW, BLOBS[1]: NOW + 1}
        assert registered.held_since(BERT, BLOBS) == {BLOBS[0]: NOW + 5}
        registered.forget_blob(BLOBS[0])
        registered.add_blob(ANNA, BLOBS[0], 1, now=NOW + 7)
        assert registered.held_since(ANNA, BLOBS[:1]) == {BLOBS[0]: NOW + 7}
        assert registered.held_since(LibraryId(bytes(32)), BLOBS) == {}

    def test_a_library_that_isn_t_registered_holds_nothing(self, libraries: Libraries) -> None:
        with pytest.raises(NotFoundError):
            libraries.add_blob(ANNA, BLOBS[0], 1, now=NOW)

    def test_a_later_promise_wins(self, registered: Libraries) -> None:
        registered.add_blob(ANNA, BLOBS[0], 1, now=NOW)
        registered.keep(ANNA, BLOBS, until=20)
        registered.keep(ANNA, BLOBS[:1], until=10)
        assert [registered.kept_until(ANNA, blob) for blob in BLOBS[:2]] == [20, 0]

    def test_a_forgotten_blob_is_held_by_nobody(self, registered: Libraries) -> None:
        registered.register(BERT, TOKEN, now=NOW)
        for library in (BERT, ANNA):
            registered.add_blob(library, BLOBS[0], 7, now=NOW)
        assert registered.forget_blob(BLOBS[0]) == [ANNA, BERT]
        assert registered.forget_blob(BLOBS[0]) == []
        for account in registered.accounts():
            assert (account.blobs, account.blob_bytes) == (0, 0)
        assert (registered.wanted(ANNA, limit=9), registered.wanted(BERT, limit=0)) == ([BLOBS[0]], [])
        assert registered.add_blob(ANNA, BLOBS[0], 7, now=NOW) is True
        assert (registered.wanted(ANNA, limit=9), registered.wanted(BERT, limit=9)) == ([], [BLOBS[0]])

    def test_bytes_of_entries_add_up(self, registered: Libraries) -> None:
        with registered.atomic():
            registered.add_entry_bytes(ANNA, 30)
            registered.add_entry_bytes(ANNA, 12)
        account = registered.account(ANNA)
        assert account is not None
        assert account.entry_bytes == 42
        assert account.entry_quota > 42


class SessionsConformance:
    """Sessions and nonces."""

    @pytest.fixture
    def sessions(self) -> Sessions:
        raise NotImplementedError

    def test_a_session_is_found_until_it_expires(self, sessions: Sessions) -> None:
        session = self._open(sessions, nonce=b"1", expires=NOW + 10)
        assert sessions.find(TOKEN, now=NOW + 9) == session
        assert sessions.count(now=NOW + 9) == 1
        assert sessions.find(TOKEN, now=NOW + 10) is None
        assert sessions.count(now=NOW + 10) == 0
        assert sessions.find(TokenHash.of("other"), now=NOW) is None

    def test_a_closed_session_is_gone(self, sessions: Sessions) -> None:
        self._open(sessions, nonce=b"1", expires=NOW + 10)
        sessions.close(TOKEN)
        sessions.close(TOKEN)
        assert sessions.find(TOKEN, now=NOW) is None

    def test_a_nonce_opens_one_session_of_a_device(self, sessions: Sessions) -> None:
        first = Session(library=ANNA, device=DeviceId(bytes(16)), expires=NOW + 1000)
        other_device = Session(library=ANNA, device=DeviceId(b"x" * 16), expires=NOW + 1000)
        second = TokenHash.of("second")
        assert sessions.open(TOKEN, first, nonce=b"1", nonce_until=NOW + 5, now=NOW)
        assert not sessions.open(second, first, nonce=b"1", nonce_until=NOW + 5, now=NOW)
        assert sessions.find(second, now=NOW) is None
        assert sessions.open(second, other_device, nonce=b"1", nonce_until=NOW + 5, now=NOW)
        assert sessions.open(TokenHash.of("third"), first, nonce=b"1", nonce_until=NOW + 9, now=NOW + 5)
        assert sessions.find(TOKEN, now=NOW + 5) == first

    def _open(self, sessions: Sessions, *, nonce: bytes, expires: int) -> Session:
        session = Session(library=ANNA, device=DeviceId(bytes(16)), expires=expires)
        assert sessions.open(TOKEN, session, nonce=nonce, nonce_until=NOW + 5, now=NOW)
        return session


class MailboxesConformance:
    """Mail."""

    @pytest.fixture
    def mailboxes(self) -> Mailboxes:
        raise NotImplementedError

    def test_messages_keep_their_numbers_while_others_expire(self, mailboxes: Mailboxes) -> None:
        box = BoxId(bytes(16))
        for n in range(3):
            mailboxes.post(box, bytes([n]), now=NOW + n)
        assert mailboxes.messages(box, after=1, now=NOW + 3) == [b"\x01", b"\x02"]
        mailboxes.post(box, b"new", now=NOW + MAIL_LIFETIME_MS + 1)
        assert mailboxes.messages(box, after=0, now=NOW + MAIL_LIFETIME_MS + 1) == [b"\x02", b"new"]
        assert mailboxes.messages(box, after=3, now=NOW + MAIL_LIFETIME_MS + 1) == [b"new"]
        assert mailboxes.messages(box, after=0, now=NOW + 10 * MAIL_LIFETIME_MS) == []

    def test_a_box_is_full_after_eight(self, mailboxes: Mailboxes) -> None:
        box, other = BoxId(bytes(16)), BoxId(b"x" * 16)
        for n in range(8):
            mailboxes.post(box, bytes([n]), now=NOW)
        with pytest.raises(TooManyError):
            mailboxes.post(box, b"ninth", now=NOW)
        mailboxes.post(other, b"fine", now=NOW)
        mailboxes.post(box, b"after ten minutes", now=NOW + MAIL_LIFETIME_MS)

    def test_the_node_is_full_at_some_point(self, mailboxes: Mailboxes, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("relay.memory_accounts", "relay.sqlite_accounts"):
            monkeypatch.setattr(f"{module}.MAX_MAIL_AT_ONCE", 3)
        for n in range(3):
            mailboxes.post(BoxId(bytes([n]) * 16), b"message", now=NOW)
        with pytest.raises(TooManyError):
            mailboxes.post(BoxId(b"x" * 16), b"message", now=NOW)
