"""Bodies that were made to hurt: CBOR as no honest encoder writes it, and honest bodies with a few bytes changed."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_DEEP = 100_000
_STRANGE = [
    b"",
    b"\x81" * _DEEP + b"\x00",
    b"\xa1\x00" * _DEEP + b"\x00",
    b"\x9f" * 1000 + b"\xff" * 1000,
    b"\xbf\x63ids\x80\xff",
    b"\x5f\x41\x00\xff",
    b"\x7f\x61a\xff",
    b"\xa2\x61a\x01\x61a\x02",
    b"\xa2\x63ids\x80\x63ids\x80",
    b"\xa1\x63ids\x9b" + b"\xff" * 8,
    b"\xa1\x63ids\xbb" + b"\x7f" * 8,
    b"\x5b" + b"\xff" * 8,
    b"\x7b\x00\x00\x00\x00\x7f\xff\xff\xff",
    b"\x9b\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\x18\x00",
    b"\xa1\x78\x03ids\x80",
    b"\xa1\x63\xff\xfe\xfd\x80",
    b"\xc2\x42\x01\x00",
    b"\xc0\x74" + b"9" * 20,
    b"\xd8\x23\x67(a+)+b$",
    b"\xd9\xd9\xf7\xa0",
    b"\xd8\x1c\x81\xd8\x1d\x00",
    b"\xd9\x01\x02\x80",
    b"\xfb\x7f\xf8" + bytes(6),
    b"\xf9\x7e\x00",
    b"\xf8\x00",
    b"\xff",
    b"\x00\x00",
    b"\xa1\xf6\xf6",
    b"\xa1\x80\x00",
    b"\xa1\xa0\x00",
    b"\x1c",
    b"\x3b" + b"\xff" * 8,
]

_FIELDS = st.sampled_from(
    ["ids", "claim", "nonce", "cursor", "heads", "limit", "seen", "control", "reports", "token", "genesis", "entries", "blobs"]
)


def _head(major: int, number: int) -> bytes:
    """The head of an item in its shortest form."""
    if number < 24:
        return bytes((major << 5 | number,))
    width = next(code for code, bits in enumerate((8, 16, 32, 64)) if number < 1 << bits)
    return bytes((major << 5 | 24 + width,)) + number.to_bytes(1 << width, "big")


def _arrays(elements: list[bytes]) -> bytes:
    return _head(4, len(elements)) + b"".join(elements)


def _maps(pairs: list[tuple[bytes, bytes]]) -> bytes:
    return _head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _head(3, len(encoded)) + encoded


_leaves = (
    st.sampled_from(_STRANGE[1:])
    | st.integers(0, 2**64 - 1).map(lambda number: _head(0, number))
    | st.binary(max_size=40).map(lambda octets: _head(2, len(octets)) + octets)
    | st.text(max_size=10).map(_text)
    | st.sampled_from([b"\xf4", b"\xf5", b"\xf6", b"\xf7"])
)
_keys = _FIELDS.map(_text) | _leaves
_structures: SearchStrategy[bytes] = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4).map(_arrays) | st.lists(st.tuples(_keys, inner), max_size=6).map(_maps),
    max_leaves=12,
)


@st.composite
def _changed(draw: st.DrawFn, bodies: SearchStrategy[bytes]) -> bytes:
    """An honest body with a piece replaced, repeated or cut off."""
    body = draw(bodies)
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 8)))
    between = draw(st.binary(max_size=9) | _leaves | st.just(body[start:end] * 2))
    return body[:start] + between + (body[end:] if draw(st.booleans()) else b"")


def hostile_bodies(honest: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Bodies for a call whose honest ones are known."""
    return st.sampled_from(_STRANGE) | _structures | _changed(honest) | st.binary(max_size=200)
