"""Epochs and the keyring."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.epochs import Epoch, Keyring
from peer.keys.errors import MissingEpochError, UnsealError
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import Seeded, epoch, golden

KEYS = ("log_key", "blob_key", "convergence_key", "discovery_key", "earlier_key")


def test_id_and_keys_are_pinned() -> None:
    pinned = golden("epoch")
    known = Epoch(bytes.fromhex(pinned["secret"]))
    assert {name: getattr(known, name).hex() for name in ("id", *KEYS)} == {name: pinned[name] for name in ("id", *KEYS)}


@given(st.binary(min_size=32, max_size=32))
def test_keys_are_derived_as_the_protocol_says(secret: bytes) -> None:
    known = Epoch(secret)
    assert known.id == hashlib.sha256(b"calotype epoch" + secret).digest()[:16]
    for name in KEYS:
        assert getattr(known, name) == reference.hkdf(secret, b"calotype " + name.removesuffix("_key").encode())


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_different_epochs_have_nothing_in_common(first: bytes, second: bytes) -> None:
    epochs = {Epoch(first), Epoch(second)}
    keys = {getattr(each, name) for each in epochs for name in KEYS}
    assert len(keys) == len(KEYS) * len(epochs)


def test_a_new_epoch_is_random() -> None:
    random = Seeded("epochs")
    assert Epoch.generate(random) != Epoch.generate(random)
    assert Epoch.generate(Seeded("epochs")) == Epoch.generate(Seeded("epochs"))


def test_a_secret_of_a_wrong_length_is_none() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Epoch(b"short")


def test_a_keyring_grows_into_another() -> None:
    first, second = epoch("1"), epoch("2")
    small = Keyring([first])
    large = small.with_epoch(second)
    assert set(small) == {first.id}
    assert dict(large) == {first.id: first, second.id: second}
    assert large.with_epoch(first) == large
    assert large.require(second.id) == second


def test_an_epoch_that_is_not_known_is_named() -> None:
    unknown = epoch("2")
    with pytest.raises(MissingEpochError, match=unknown.id.short()) as caught:
        Keyring([epoch("1")]).require(unknown.id)
    assert isinstance(caught.value, UnsealError)
