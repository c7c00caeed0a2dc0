from __future__ import annotations

from collections import Counter
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.library.word_merge import Merged, merge

WORDS = st.lists(st.sampled_from(["the", "sea", "at", "noon", "boat", "red"]), max_size=10).map(" ".join)
TEXTS = st.one_of(WORDS, st.text("a \n[]|å", max_size=20))


@pytest.mark.parametrize(
    ("base", "a", "b", "text", "clean"),
    [
        ("at the sea", "at the blue sea", "at the sea in May", "at the blue sea in May", True),
        ("at the sea", "the sea", "at the lake", "the lake", True),
        ("at the sea", "at the lake", "at the ocean", "at the [lake | ocean]", False),
        ("", "lake", "sea", "[lake | sea]", False),
        ("at sea", "at blue sea", "at cold sea", "at [blue | cold] sea", False),
        ("the old boat", "the boat", "the new boat", "the [new] boat", False),
        ("one\ntwo", "one\ntwo\nthree", "zero\none\ntwo", "zero\none\ntwo\nthree", True),
        ("a b", "a  b", "a b c", "a  b c", True),
    ],
)
def test_merges(base: str, a: str, b: str, text: str, clean: bool) -> None:
    assert merge(base, a, b) == merge(base, b, a) == Merged(text=text, clean=clean)


@given(TEXTS, TEXTS)
def test_what_only_one_changed_or_both_alike_is_taken_as_it_is(base: str, changed: str) -> None:
    assert merge(base, changed, changed) == Merged(text=changed, clean=True)
    assert merge(base, base, changed) == Merged(text=changed, clean=True)
    assert merge(base, changed, base) == Merged(text=changed, clean=True)


@given(TEXTS, TEXTS, TEXTS)
def test_the_order_plays_no_part(base: str, a: str, b: str) -> None:
    assert merge(base, a, b) == merge(base, b, a)


@given(WORDS, WORDS, WORDS)
@settings(max_examples=200)
def test_no_word_that_somebody_wrote_is_left_out(base: str, a: str, b: str) -> None:
    merged = Counter(merge(base, a, b).text.replace("[", " ").replace("]", " ").split())
    for text in (a, b):
        assert not (Counter(text.split()) - Counter(base.split())) - merged


@given(WORDS, WORDS, WORDS)
def test_what_both_kept_stays_where_nothing_is_marked(base: str, a: str, b: str) -> None:
    merged = merge(base, a, b)
    words = Counter(merged.text.split())
    if merged.clean and set(base.split()) <= set(a.split()) & set(b.split()) and base in a and base in b:
        assert set(base.split()) <= set(words)


def test_long_texts_take_no_time() -> None:
    base = "the sea " * 8_000
    start = perf_counter()
    merged = merge(base, base + "and the lake", "By " + base)
    assert merged == Merged(text="By " + base + "and the lake", clean=True)
    hostile = merge("a b " * 8_000, "b a " * 8_000, "a a b " * 5_000)
    assert not hostile.clean
    assert perf_counter() - start < 5
