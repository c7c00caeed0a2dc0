"""The recovery phrase: official vectors, what people type, and what errors may not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.keys.errors import PhraseError, UnknownWordError, WrongChecksumError, WrongWordCountError
from peer.keys.phrase import new_phrase, normalise_phrase, seed_of
from tests.unit.peer.keys.seeded import PHRASE, golden

entropy = st.binary(min_size=32, max_size=32)

# From the test vectors of BIP 39, entropy to words.
VECTORS = [
    ("00" * 32, PHRASE),
    ("7f" * 32, "legal winner thank year wave sausage worth useful " * 2 + "legal winner thank year wave sausage worth title"),
    ("ff" * 32, "zoo " * 23 + "vote"),
]


@pytest.mark.parametrize(("given_entropy", "words"), VECTORS)
def test_official_vectors(given_entropy: str, words: str) -> None:
    assert new_phrase(lambda count: bytes.fromhex(given_entropy)[:count]) == words


def test_the_seed_is_pinned() -> None:
    pinned = golden("phrase")
    assert seed_of(pinned["phrase"]).hex() == pinned["seed"]


@given(entropy)
def test_what_is_shown_can_be_typed_in_again(random_bytes: bytes) -> None:
    phrase = new_phrase(lambda _: random_bytes)
    assert len(phrase.split()) == 24
    assert normalise_phrase(phrase) == phrase


@given(st.sampled_from([" ", "  ", "\n", "\t", " \r\n"]), st.booleans())
def test_case_and_white_space_do_not_matter(space: str, upper: bool) -> None:
    typed = space + space.join(PHRASE.split()) + space
    assert normalise_phrase(typed.upper() if upper else typed) == PHRASE
    assert seed_of(typed) == seed_of(PHRASE)


@pytest.mark.parametrize("count", [0, 1, 12, 23, 25])
def test_a_wrong_number_of_words_says_how_many(count: int) -> None:
    with pytest.raises(WrongWordCountError, match=str(count)) as caught:
        normalise_phrase(" ".join(["abandon"] * count))
    assert caught.value.count == count


def test_unknown_words_are_named_by_position_only() -> None:
    words = PHRASE.split()
    words[6] = "xylophonist"
    words[20] = "café"
    with pytest.raises(UnknownWordError, match="7, 21") as caught:
        normalise_phrase(" ".join(words))
    assert caught.value.positions == (7, 21)
    assert "xylophonist" not in f"{caught.value!r} {caught.value}"
    assert "abandon" not in f"{caught.value!r} {caught.value} {caught.value.hint}"


def test_swapped_words_are_noticed() -> None:
    words = PHRASE.split()
    words[22], words[23] = words[23], words[22]
    with pytest.raises(WrongChecksumError):
        normalise_phrase(" ".join(words))


@given(st.text(max_size=400))
def test_any_text_is_a_phrase_or_a_phrase_error(text: str) -> None:
    with pytest.raises(PhraseError):
        normalise_phrase(text)
