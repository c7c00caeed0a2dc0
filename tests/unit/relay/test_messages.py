"""Messages: pinned bytes, and nothing but exactly those bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.messages import (
    HeadsAnswer,
    Heartbeat,
    Hint,
    ItemDecoder,
    PullRequest,
    Registration,
    SessionGrant,
    StatRequest,
    frame_hint,
    parse_hint,
)
from relay.messages.limits import MAX_HINT_ITEM, MAX_STAT_IDS, SMALL_BODY
from store.encoding import MalformedError, TooDeepError, TooLongError, decode, encode
from tests.golden.relay.cases import BLOBS, HINTS, MESSAGES, golden

WRONG_VALUES: tuple[Any, ...] = ({}, -1, 1.5, "\0" * 5000, b"x" * 5, [[[[1]]]], None, True)
each_message = pytest.mark.parametrize("message", MESSAGES.values(), ids=list(MESSAGES))


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_bytes_of_messages(name: str) -> None:
    assert MESSAGES[name].encode() == golden()[name]
    assert type(MESSAGES[name]).decode(golden()[name]) == MESSAGES[name]


@pytest.mark.parametrize("name", HINTS)
def test_golden_bytes_of_hints(name: str) -> None:
    assert frame_hint(HINTS[name]) == golden()[name]
    assert read_hint(golden()[name]) == HINTS[name]


def test_every_golden_message_has_a_case() -> None:
    assert golden().keys() == MESSAGES.keys() | HINTS.keys()


@each_message
def test_truncated_and_trailing_bytes(message: Any) -> None:
    raw = message.encode()
    for bad in (raw[:-1], raw + b"\x00", b"", b"\xff"):
        with pytest.raises(MalformedError):
            type(message).decode(bad)


@each_message
def test_missing_and_superfluous_fields(message: Any) -> None:
    fields = decode(message.encode(), limit=SMALL_BODY)
    if not isinstance(fields, dict):
        return
    needed = fields.keys() - {"control"}  # a mark, that a message may go without
    bad = [{**fields, "more": 1}, *({key: value for key, value in fields.items() if key != name} for name in needed)]
    for content in bad:
        with pytest.raises(MalformedError):
            type(message).decode(encode(content))


@each_message
def test_fields_of_other_types(message: Any) -> None:
    fields = decode(message.encode(), limit=SMALL_BODY)
    places = fields if isinstance(fields, dict) else range(len(fields))
    for place in places:
        for wrong in WRONG_VALUES:
            content: Any = dict(fields) if isinstance(fields, dict) else list(fields)
            content[place] = wrong
            try:
                other = type(message).decode(encode(content))
            except MalformedError:
                continue
            assert other.encode() == encode(content)


@each_message
def test_a_hostile_byte_anywhere_is_malformed_or_another_message(message: Any) -> None:
    raw = message.encode()
    for position in range(len(raw)):
        for bit in (1, 0x20, 0x80):
            changed = bytearray(raw)
            changed[position] ^= bit
            try:
                other = type(message).decode(bytes(changed))
            except MalformedError:
                continue
            assert other.encode() == bytes(changed)


@given(st.binary(max_size=200))
@example(b"\xa1\x63ids" + b"\x81" * 10_000)
def test_noise(noise: bytes) -> None:
    for message in MESSAGES.values():
        with pytest.raises(MalformedError):
            type(message).decode(noise)


def test_limits() -> None:
    with pytest.raises(TooLongError):
        StatRequest.decode(encode({"ids": [BLOBS[0]] * (MAX_STAT_IDS + 1), "claim": False}))
    with pytest.raises(TooLongError):
        SessionGrant.decode(bytes(SMALL_BODY + 1))
    with pytest.raises(TooDeepError):
        PullRequest.decode(b"\x81" * 50 + b"\x00")


def test_secrets_are_not_shown() -> None:
    shown = repr((Registration(token="hush-hush", genesis=b"hush-hush"), SessionGrant(token="hush-hush", expires=1)))
    assert "hush" not in shown


def test_a_large_library_fits_into_its_answer() -> None:
    answer = HeadsAnswer(heads=MESSAGES["heads"].heads, arrival=2**60, seen=(bytes(200_000),) * 15)
    assert HeadsAnswer.decode(answer.encode()) == answer


def test_hints_of_later_versions_are_skipped() -> None:
    assert parse_hint(200, b"whatever") is None


@pytest.mark.parametrize(
    ("tag", "content"), [(0, b""), (0, encode({"arrival": -1})), (1, encode({"blobs": [b"x"]})), (2, encode({})), (3, b"x"), (4, b"x")]
)
def test_malformed_hints(tag: int, content: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_hint(tag, content)


def read_hint(framed: bytes) -> Hint:
    ((tag, content),) = ItemDecoder(longest=MAX_HINT_ITEM).feed(framed)
    hint = parse_hint(tag, content)
    assert hint is not None
    assert (hint == Heartbeat()) == (framed == frame_hint(Heartbeat()))
    return hint
