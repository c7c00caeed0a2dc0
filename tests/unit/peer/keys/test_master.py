"""The master keys: the same phrase gives the same library, for ever."""

from __future__ import annotations

import hashlib

import pytest

from peer.keys.errors import PhraseError
from peer.keys.master import MasterKeys
from peer.keys.phrase import new_phrase, seed_of
from store.ids import MASTER
from store.signatures import is_signed
from tests.unit.peer.keys import reference
from tests.unit.peer.keys.seeded import PHRASE, Seeded, golden, master


def test_keys_and_library_id_are_pinned() -> None:
    pinned = golden("phrase")
    keys = MasterKeys.from_phrase(pinned["phrase"])
    assert keys.signing_key.hex() == pinned["signing_key"]
    assert keys.wrapping_key.hex() == pinned["wrapping_key"]
    assert keys.library.hex() == pinned["library"]
    assert keys.sign(b"message").hex() == pinned["signature"]


def test_private_keys_are_derived_as_the_protocol_says() -> None:
    keys, seed = master(), seed_of(PHRASE)
    assert keys.signing_private == reference.hkdf(seed, b"calotype master signing")
    assert keys.wrapping.private[:64] == reference.hkdf(seed, b"calotype master mlkem", 64)
    assert keys.wrapping.private[64:] == reference.hkdf(seed, b"calotype master x25519")


def test_the_library_id_is_the_fingerprint_of_the_public_keys() -> None:
    keys = master()
    assert keys.library == hashlib.sha256(b"calotype library" + keys.signing_key + keys.wrapping_key).digest()


def test_the_master_signs_and_is_named_as_master() -> None:
    keys = master()
    assert keys.id == MASTER
    assert is_signed(b"statement", keys.sign(b"statement"), keys.signing_key)


def test_another_phrase_is_another_library() -> None:
    assert MasterKeys.from_phrase(new_phrase(Seeded("another"))).library != master().library


def test_a_wrong_phrase_gives_no_keys() -> None:
    with pytest.raises(PhraseError):
        MasterKeys.from_phrase(PHRASE + " art")
