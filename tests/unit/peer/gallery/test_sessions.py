"""Keys open one session each, and sessions end."""

from __future__ import annotations

from random import Random

import pytest

from peer.gallery.sessions import KEY_MS, MOST_KEYS, MOST_SESSIONS, SESSION_MS, Sessions
from tests.fleet.libraries import MovedClock


@pytest.fixture
def sessions(clock: MovedClock) -> Sessions:
    return Sessions(clock, Random(1).randbytes)


def token_of(sessions: Sessions) -> str:
    token = sessions.log_in(sessions.new_key())
    assert token is not None
    return token


def test_a_key_works_once(sessions: Sessions) -> None:
    key = sessions.new_key()
    token = sessions.log_in(key)
    assert token is not None
    assert token != key
    assert sessions.is_open(token)
    assert sessions.log_in(key) is None
    assert sessions.is_open(token)


def test_a_key_gets_too_old(sessions: Sessions, clock: MovedClock) -> None:
    young, old = sessions.new_key(), sessions.new_key()
    clock.pass_by(KEY_MS - 1)
    assert sessions.log_in(young) is not None
    clock.pass_by(1)
    assert sessions.log_in(old) is None


@pytest.mark.parametrize("key", ["", "x", "\ud800", "a" * 10_000])
def test_what_is_no_key(sessions: Sessions, key: str) -> None:
    sessions.new_key()
    assert sessions.log_in(key) is None
    assert not sessions.is_open(key)
    assert not sessions.is_open(None)


def test_a_session_lasts_as_long_as_it_is_used(sessions: Sessions, clock: MovedClock) -> None:
    token = token_of(sessions)
    for _ in range(3):
        clock.pass_by(SESSION_MS - 1)
        assert sessions.is_open(token)
    clock.pass_by(SESSION_MS)
    assert not sessions.is_open(token)


def test_logging_out(sessions: Sessions) -> None:
    token, other = token_of(sessions), token_of(sessions)
    sessions.log_out(token)
    sessions.log_out(None)
    assert not sessions.is_open(token)
    assert sessions.is_open(other)


def test_there_are_never_too_many(sessions: Sessions, clock: MovedClock) -> None:
    keys = [sessions.new_key() for _ in range(MOST_KEYS + 1)]
    assert sessions.log_in(keys[0]) is None
    assert sessions.log_in(keys[1]) is not None
    first = token_of(sessions)
    for _ in range(MOST_SESSIONS):
        clock.pass_by()
        token_of(sessions)
    assert not sessions.is_open(first)


def test_no_secret_is_kept(sessions: Sessions) -> None:
    key = sessions.new_key()
    token = token_of(sessions)
    assert key not in repr(vars(sessions))
    assert token not in repr(vars(sessions))
