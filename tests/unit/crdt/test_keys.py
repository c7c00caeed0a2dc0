"""The key grammar: one spelling for each key, everything else refused."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crdt.client import writer
from crdt.keys import Family, KeyFormatError, derived_stem, escape, parse_key, register_stem, set_stem, stem_of, unescape

W = writer(123_456_789)
names = st.from_regex(r"[a-z][a-z0-9_]{0,20}(:[A-Za-z0-9_-]{1,30})?", fullmatch=True)
file_names = st.binary(min_size=1, max_size=255).map(os.fsdecode)


@given(names)
def test_registers_and_derived_fields(name: str) -> None:
    assert parse_key(f"{register_stem(name)}/{W}") == (Family.REGISTER, name, None, W)
    assert parse_key(f"{derived_stem(name)}/{W}") == (Family.DERIVED, name, None, W)


@given(names, st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
@example("keyword", "a/b%2Fc\n\0☃")
def test_a_set_element_comes_back_normalised(name: str, element: str) -> None:
    key = f"{set_stem(name, element)}/{W}"
    assert parse_key(key) == (Family.SET, name, unicodedata.normalize("NFC", element), W)
    assert stem_of(key) == set_stem(name, element)


@given(file_names)
@example(os.fsdecode(b"\xff\xfe\xc3\xa9\xc3/%"))
@example(os.fsdecode(b"\x80" * 255))
@example("\U0001d160" * 63)
def test_every_file_name_fits_whatever_its_bytes_are(name: str) -> None:
    escaped = escape(name)
    assert len(escaped.encode()) <= 1024
    assert os.fsencode(unescape(escaped)) == os.fsencode(unicodedata.normalize("NFC", name))
    assert escape(unescape(escaped)) == escaped


@given(file_names, file_names)
def test_two_elements_never_share_a_spelling(one: str, other: str) -> None:
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert (escape(one) == escape(other)) == same


def test_both_unicode_forms_are_one_element() -> None:
    assert escape("Zoe\u0308") == escape("Zo\u00eb") == "Zo\u00eb"


@pytest.mark.parametrize("element", ["", "\ud800", "x" * 1025, "é" * 513, "/" * 342])
def test_elements_that_no_key_can_hold(element: str) -> None:
    with pytest.raises(KeyFormatError):
        set_stem("keyword", element)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "v/rating",
        f"x/rating/{W}",
        f"v//{W}",
        f"v/Rating/{W}",
        f"v/9lives/{W}",
        f"v/rating:/{W}",
        f"v/rating:a:b/{W}",
        f"v/role:é/{W}",
        f"v/rating/extra/{W}",
        f"d/exif/extra/{W}",
        f"s/keyword/{W}",
        f"s/keyword//{W}",
        f"s/keyword/a/b/{W}",
        f"v/rating/{W} ",
        f" v/rating/{W}",
        f"v/rating/{W}\n",
        f"v/rating/{W[:-1]}",
        f"v/rating/{W}A",
        "v/rating/gAAAAAAAA",
        f"v/{'a' * 65}/{W}",
        f"s/keyword/{'a' * 1025}/{W}",
        f"s/keyword/{'é' * 513}/{W}",
    ],
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_key(key)


@pytest.mark.parametrize("element", ["%", "%4", "%2f", "%41", "%20", "%C3%A9", "100%", "%ZZ", "%ff", "\udcff"])
def test_an_element_has_one_spelling_only(element: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_key(f"s/keyword/{element}/{W}")


def test_the_grammar_does_not_ask_for_nfc() -> None:
    """What is NFC depends on the program's Unicode tables, and a verdict must not."""
    assert parse_key(f"s/keyword/Zoe\u0308/{W}").element == "Zoe\u0308"


@pytest.mark.parametrize("name", ["", "A", "a" * 65, "a/b", "role:", "a\n"])
def test_names_that_no_field_has(name: str) -> None:
    for stem in (register_stem, derived_stem):
        with pytest.raises(KeyFormatError):
            stem(name)
