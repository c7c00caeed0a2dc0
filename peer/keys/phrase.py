"""The recovery phrase: 24 words of the English list of BIP 39, 256 bits and a checksum of 8."""

from __future__ import annotations

import unicodedata
from functools import cache

from mnemonic import Mnemonic

from peer.keys.errors import PHRASE_WORDS, UnknownWordError, WrongChecksumError, WrongWordCountError
from peer.seams import Randomness

ENTROPY_BYTES = 32


@cache
def _bip39() -> Mnemonic:
    return Mnemonic("english")


@cache
def _known_words() -> frozenset[str]:
    return frozenset(_bip39().wordlist)


def new_phrase(random: Randomness) -> str:
    """A new phrase: the words with single spaces between them."""
    return str(_bip39().to_mnemonic(random(ENTROPY_BYTES)))


def normalise_phrase(text: str) -> str:
    """The phrase that a person typed, in its one spelling: lower case, single spaces.

    Raises ``WrongWordCountError``, ``UnknownWordError`` (with the positions) or ``WrongChecksumError``.
    """
    words = unicodedata.normalize("NFKD", text).lower().split()
    if len(words) != PHRASE_WORDS:
        raise WrongWordCountError(len(words))
    unknown = tuple(position for position, word in enumerate(words, start=1) if word not in _known_words())
    if unknown:
        raise UnknownWordError(unknown)
    phrase = " ".join(words)
    if not _bip39().check(phrase):
        raise WrongChecksumError
    return phrase


def seed_of(phrase: str) -> bytes:
    """The 64 bytes of seed that a phrase stands for (BIP 39, empty passphrase). Raises like ``normalise_phrase``."""
    return Mnemonic.to_seed(normalise_phrase(phrase))
