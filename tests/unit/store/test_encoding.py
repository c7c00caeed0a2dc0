"""Deterministic CBOR: what goes in comes out, and nothing else comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.encoding import MalformedError, TooDeepError, TooLongError, decode, encode

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=10) | st.binary(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(plain)
def test_round_trip(value: object) -> None:
    assert decode(encode(value), limit=10_000) == value


@given(plain, st.data())
def test_other_bytes_are_another_value_or_refused(value: object, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(raw), limit=10_000)
    except MalformedError:
        return
    assert encode(other) == raw


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_canonical(raw: bytes) -> None:
    try:
        value = decode(raw, limit=60)
    except MalformedError:
        return
    assert encode(value) == raw


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        ("", "nothing"),
        ("8101ff", "bytes after the end"),
        ("1800", "a number that is longer than it must be"),
        ("9f01ff", "an array of indefinite length"),
        ("5f4101ff", "bytes of indefinite length"),
        ("a2616101616102", "the same key twice"),
        ("a2616201616102", "keys out of order"),
        ("a10102", "a key that is no text"),
        ("c11a514b67b0", "a date"),
        ("c249010000000000000000", "a big number"),
        ("d8236161", "a regular expression"),
        ("d81c80", "a shared value"),
        ("d81d00", "a reference"),
        ("d9010280", "a set"),
        ("d9d9f701", "the tag that means CBOR"),
        ("d9ffff00", "a tag without a meaning"),
        ("62c328", "text that isn't UTF-8"),
        ("9b7fffffffffffffff", "an array that claims to be endless"),
        ("5b7fffffffffffffff", "bytes that claim to be endless"),
        ("fb3ff8000000000000", "a float that fits in fewer bytes"),
    ],
)
def test_what_encode_never_writes_is_refused(raw: str, what: str) -> None:
    with pytest.raises(MalformedError):
        pytest.fail(f"{what}: {decode(bytes.fromhex(raw), limit=100)!r}")


def test_limits() -> None:
    assert decode(b"\x81" * 16 + b"\x01", limit=100) is not None
    with pytest.raises(TooDeepError):
        decode(b"\x81" * 17 + b"\x01", limit=100)
    with pytest.raises(TooDeepError):
        decode(b"\xa1\x61a" * 17 + b"\x01", limit=100)
    with pytest.raises(TooLongError):
        decode(encode(bytes(99)), limit=100)
