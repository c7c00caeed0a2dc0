"""Other words: equal for equal, different for different, and as alike as the old ones where rules look."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crdt.keys import MAX_ELEMENT_BYTES
from tools.bundling.words import Words

KEY = b"k" * 32
texts = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["Familie", "familie", "FAMILIE", "Ä", "A\u0308", "ä", "x" * 5000]
)


@given(some=st.lists(texts, max_size=20))
def test_different_texts_stay_different_and_equal_ones_equal(some: list[str]) -> None:
    words = Words(KEY)
    made = [words.replaced(text) for text in some]
    assert made == [words.replaced(text) for text in some]
    assert len({*made}) == len({*some})


@given(text=texts.filter(lambda text: len(text) >= 4))
def test_nothing_of_a_text_stays(text: str) -> None:
    made = Words(KEY).replaced(text)
    assert not any(text[start : start + 4] in made for start in range(len(text) - 3))


@given(text=texts)
def test_what_fits_into_a_key_still_does(text: str) -> None:
    made = Words(KEY).replaced(text)
    if len(text.encode()) <= MAX_ELEMENT_BYTES:
        assert len(made.encode()) <= MAX_ELEMENT_BYTES
    assert len(made) <= max(2 * len(text), 16)


def test_texts_that_differ_in_case_alone_still_do() -> None:
    words = Words(KEY)
    small, capital, title = map(words.replaced, ("strand", "STRAND", "Strand"))
    assert (small.upper(), small.capitalize()) == (capital, title)


def test_texts_that_differ_in_their_unicode_form_alone_still_do() -> None:
    words = Words(KEY)
    composed, decomposed = words.replaced("Stra\u00dfe \u00e4"), words.replaced("Stra\u00dfe a\u0308")
    assert composed != decomposed
    assert unicodedata.normalize("NFC", decomposed) == composed
    assert unicodedata.is_normalized("NFD", decomposed)


def test_another_key_gives_other_words() -> None:
    assert Words(KEY).replaced("Strand") != Words(b"l" * 32).replaced("Strand")


def test_known_extensions_of_file_names_stay() -> None:
    words = Words(KEY, {"jpg"})
    assert words.name("IMG_4711.JPG").endswith(".JPG")
    assert words.name("IMG_4711.JPG").removesuffix("JPG") == words.name("IMG_4711.jpg").removesuffix("jpg")
    assert "secret" not in words.name("letter.secret")
    assert words.name("Zeugnis\udce9.jpg").endswith("\udce9.jpg")
