"""HPKE with the hybrid key: what others compute from the same description, and what doesn't open."""

from __future__ import annotations

import pytest
from cryptography.hazmat.backends.openssl.backend import backend
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.errors import MissingKemError, WrappingError
from peer.keys.wrapping import PRIVATE_BYTES, WRAPPING_OVERHEAD, WrappingKeys, check_public, wrap
from store.signatures import WRAPPING_KEY_BYTES
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import Seeded, flipped

KEYS = WrappingKeys.generate(Seeded("wrapping"))
WRAPPED = wrap(KEYS.public, b"a secret", b"use")


def test_sizes() -> None:
    assert len(KEYS.private) == PRIVATE_BYTES == 96
    assert len(KEYS.public) == WRAPPING_KEY_BYTES == 1216
    assert len(WRAPPED) == len(b"a secret") + WRAPPING_OVERHEAD


def test_the_same_private_bytes_are_the_same_key() -> None:
    assert WrappingKeys(KEYS.private).public == KEYS.public
    assert WrappingKeys.generate(Seeded("wrapping")).public == KEYS.public
    assert WrappingKeys.generate(Seeded("other")).public != KEYS.public


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_round_trip(plaintext: bytes, info: bytes) -> None:
    assert KEYS.unwrap(wrap(KEYS.public, plaintext, info), info) == plaintext


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_another_implementation_opens_it(plaintext: bytes, info: bytes) -> None:
    assert reference.unwrap(KEYS.private, wrap(KEYS.public, plaintext, info), info) == plaintext


def test_wrapping_twice_gives_different_bytes() -> None:
    assert wrap(KEYS.public, b"a secret", b"use") != WRAPPED


@given(st.integers(min_value=0, max_value=len(WRAPPED) * 8 - 1))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    with pytest.raises(WrappingError):
        KEYS.unwrap(flipped(WRAPPED, bit), b"use")


@given(st.binary(max_size=1300))
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WrappingError):
        KEYS.unwrap(data, b"use")


def test_another_use_or_key_is_refused() -> None:
    with pytest.raises(WrappingError):
        KEYS.unwrap(WRAPPED, b"another use")
    with pytest.raises(WrappingError):
        WrappingKeys.generate(Seeded("other")).unwrap(WRAPPED, b"use")


@pytest.mark.parametrize(
    "public", [b"", KEYS.public[:-1], KEYS.public + b"x", b"\xff" * 1216], ids=["empty", "short", "long", "no ML-KEM key"]
)
def test_what_is_no_key_is_refused(public: bytes) -> None:
    with pytest.raises(WrappingError):
        check_public(public)
    with pytest.raises(WrappingError):
        wrap(public, b"a secret", b"use")


def test_an_x25519_key_of_small_order_receives_nothing() -> None:
    with pytest.raises(WrappingError):
        wrap(KEYS.public[:1184] + bytes(32), b"a secret", b"use")


def test_a_message_with_an_ephemeral_key_of_small_order_is_refused() -> None:
    with pytest.raises(WrappingError):
        KEYS.unwrap(WRAPPED[:1088] + bytes(32) + WRAPPED[1120:], b"use")


def test_private_bytes_of_a_wrong_length_are_no_key() -> None:
    with pytest.raises(ValueError, match="96 bytes"):
        WrappingKeys(bytes(95))


def test_an_installation_without_ml_kem_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(backend), "mlkem_supported", lambda _: False)
    for attempt in (lambda: WrappingKeys(KEYS.private).public, lambda: check_public(KEYS.public)):
        with pytest.raises(MissingKemError, match="ML-KEM") as caught:
            attempt()
        assert "cryptography" in caught.value.hint
