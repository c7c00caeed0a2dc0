"""Sealing: deterministic, bound to key, purpose and associated data, and refused when a bit differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.change_body import ChangeBody
from peer.keys.epochs import Epoch
from peer.keys.errors import BodyError, UnsealError
from peer.keys.sealing import SEALING_OVERHEAD, open_body, open_sealed, seal, seal_body
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import epoch, flipped, golden

keys = st.binary(min_size=32, max_size=32)
small = st.binary(max_size=300)
purposes = st.sampled_from(["body", "seen", "earlier", "join"])


@given(keys, purposes, small, small)
def test_sealed_bytes_are_those_of_the_protocol(key: bytes, purpose: str, aad: bytes, plaintext: bytes) -> None:
    sealed = seal(key, purpose, aad, plaintext)
    assert sealed == reference.seal(key, purpose, aad, plaintext)
    assert len(sealed) == len(plaintext) + SEALING_OVERHEAD
    assert open_sealed(key, purpose, aad, sealed) == plaintext


@given(keys, purposes, small, st.lists(small, max_size=3), small)
def test_what_was_sealed_before_changes_nothing(key: bytes, purpose: str, aad: bytes, between: list[bytes], plaintext: bytes) -> None:
    first = seal(key, purpose, aad, plaintext)
    for other in between:
        seal(key, purpose, aad, other)
    assert seal(key, purpose, aad, plaintext) == first


@given(keys, small, small, st.binary(min_size=16, max_size=64), st.integers(min_value=0))
def test_no_two_plaintexts_share_a_key_stream(key: bytes, aad: bytes, other_aad: bytes, plaintext: bytes, bit: int) -> None:
    def stream(aad: bytes, plaintext: bytes) -> bytes:
        ciphertext = seal(key, "body", aad, plaintext)[32:-16]
        return bytes(a ^ b for a, b in zip(ciphertext, plaintext, strict=True))

    assert stream(aad, plaintext) != stream(aad, flipped(plaintext, bit))
    assert (stream(aad, plaintext) == stream(other_aad, plaintext)) == (aad == other_aad)


@given(keys, small, small, st.integers(min_value=0))
def test_any_flipped_bit_is_refused(key: bytes, aad: bytes, plaintext: bytes, bit: int) -> None:
    sealed = seal(key, "body", aad, plaintext)
    with pytest.raises(UnsealError):
        open_sealed(key, "body", aad, flipped(sealed, bit))
    with pytest.raises(UnsealError):
        open_sealed(flipped(key, bit), "body", aad, sealed)
    if aad:
        with pytest.raises(UnsealError):
            open_sealed(key, "body", flipped(aad, bit), sealed)


@given(keys, small, small)
def test_another_purpose_is_refused(key: bytes, aad: bytes, plaintext: bytes) -> None:
    with pytest.raises(UnsealError):
        open_sealed(key, "seen", aad, seal(key, "join", aad, plaintext))


@given(keys, small, small, st.integers(min_value=0, max_value=SEALING_OVERHEAD + 299))
def test_truncated_bytes_are_refused(key: bytes, aad: bytes, plaintext: bytes, length: int) -> None:
    sealed = seal(key, "body", aad, plaintext)
    with pytest.raises(UnsealError):
        open_sealed(key, "body", aad, sealed[: length % len(sealed)])


def test_the_border_between_associated_data_and_plaintext_is_bound() -> None:
    key = bytes(32)
    assert seal(key, "body", b"ab", b"c")[:32] != seal(key, "body", b"a", b"bc")[:32]


def test_a_ciphertext_under_a_foreign_siv_is_refused() -> None:
    """Valid for AES-GCM, but the siv isn't that of the plaintext: only a member could make it, and it would not be deterministic."""
    key, siv = bytes(32), bytes(range(32))
    forged = siv + reference.aes(reference.hkdf(key, b"calotype body" + siv), b"plaintext", b"aad")
    with pytest.raises(UnsealError):
        open_sealed(key, "body", b"aad", forged)


def test_sealed_bodies_are_pinned() -> None:
    pinned = golden("body")
    known, prefix = Epoch(bytes.fromhex(pinned["secret"])), bytes.fromhex(pinned["prefix"])
    for codec in ("plain", "zstd"):
        encoded, sealed = bytes.fromhex(pinned[codec]["encoded"]), bytes.fromhex(pinned[codec]["sealed"])
        assert open_body(known, prefix, sealed) == encoded
        body = ChangeBody.decode(encoded)
        assert body.stamp.hex() == pinned[codec]["stamp"]
        assert [[record.hex(), update.hex()] for record, update in body.updates] == pinned[codec]["updates"]
    assert seal_body(known, prefix, bytes.fromhex(pinned["plain"]["encoded"])).hex() == pinned["plain"]["sealed"]


@given(st.binary(max_size=2000), small)
def test_bodies_round_trip_under_their_epoch_only(plain: bytes, prefix: bytes) -> None:
    sealed = seal_body(epoch("1"), prefix, plain)
    assert open_body(epoch("1"), prefix, sealed) == plain
    assert seal_body(epoch("1"), prefix, plain) == sealed
    assert seal_body(epoch("2"), prefix, plain) != sealed
    with pytest.raises(UnsealError):
        open_body(epoch("2"), prefix, sealed)
    with pytest.raises(UnsealError):
        open_body(epoch("1"), prefix + b"x", sealed)


def test_a_body_of_a_member_with_a_bad_codec_is_refused() -> None:
    sealed = seal(epoch("1").log_key, "body", b"prefix", b"\x07plain")
    with pytest.raises(BodyError):
        open_body(epoch("1"), b"prefix", sealed)
