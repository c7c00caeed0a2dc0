"""Other words for what people wrote: equal for equal, different for different. Pure.

A text becomes letters that say nothing, from a keyed hash, with what rules and programs may look at: whether it is written in capitals, whether it has
letters that Unicode can spell in two ways and in which of these it spells them, whether it has spaces, line ends or bytes that are no UTF-8, and its
length as a power of two.
Texts that differ only in case, or only in that spelling, become texts that differ only in that. There are no vowels among the letters, so that no word of
any language comes out by chance.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Sequence

from crdt.keys import MAX_ELEMENT_BYTES

_LETTERS = "bcdfghjklmnpqrtvwxz"
_SHORTEST = 10
_WORD = 8
"""Letters between two spaces, in a text that has any."""
_ACCENT = "é"
_STRAY = "\udce9"
"""A byte that is no UTF-8, as Python holds it in a file's name (PEP 383)."""

_STRAYS = range(0xDC80, 0xDD00)


class Words:
    """Replaces texts with a secret key. ``extensions``: of file names, in lower case, that stay."""

    def __init__(self, key: bytes, extensions: Collection[str] = ()) -> None:
        self._key = key
        self._extensions = frozenset(extensions)
        self._of: dict[str, str] = {}
        self._taken: set[str] = set()
        self._chosen: dict[str, int] = {}

    def replaced(self, text: str) -> str:
        """Another text; the empty one stays. Where ``text`` fits into a key as an element of a set, the other does."""
        if not text:
            return text
        known = self._of.get(text)
        if known is None:
            known = self._of[text] = self._new(text)
        return known

    def name(self, name: str) -> str:
        """Another name for a file, with the same extension if that is a known one."""
        stem, dot, extension = name.rpartition(".")
        if not (stem and dot and extension.lower() in self._extensions):
            return self.replaced(name)
        return f"{self.replaced(stem)}.{extension}"

    def label(self, text: str) -> str:
        """A name for something that has to be spelled in small letters; without any other likeness to ``text``."""
        return self._letters("label", text, _SHORTEST)

    def one_of(self, choices: Sequence[str], text: str) -> str:
        """One of these, another for each text as long as there are any left."""
        return choices[self._chosen.setdefault(text, len(self._chosen)) % len(choices)]

    def _new(self, text: str) -> str:
        length = max(_SHORTEST, _power_of_two(len(text)))
        if len(text) <= MAX_ELEMENT_BYTES:
            length = min(length, MAX_ELEMENT_BYTES // 2)
        for attempt in range(1 << 16):
            made = self._dressed(self._letters(f"text {attempt}", _plainest(text), length), text)
            if made not in self._taken:
                self._taken.add(made)
                return made
        raise ValueError("there are more texts of one kind than can be told apart")

    def _dressed(self, letters: str, text: str) -> str:
        """``letters`` with what ``text`` looks like."""
        if any(character.isspace() for character in text):
            letters = _spaced(letters, "\n" if "\n" in text else " ")
        letters = self._cased(letters, text)
        if unicodedata.normalize("NFC", text) != unicodedata.normalize("NFD", text):
            accent = _ACCENT if text != text.upper() else _ACCENT.upper()
            letters += accent if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFD", accent)
        return letters + _STRAY if any(ord(character) in _STRAYS for character in text) else letters

    def _cased(self, letters: str, text: str) -> str:
        if text == text.lower():
            return letters
        if text == text.upper():
            return letters.upper()
        if text == text.capitalize():
            return letters.capitalize()
        bits = self._bytes("case", text, len(letters))
        return "".join(letter.upper() if bit & 1 else letter for letter, bit in zip(letters, bits, strict=True))

    def _letters(self, purpose: str, text: str, count: int) -> str:
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in self._bytes(purpose, text, count))

    def _bytes(self, purpose: str, text: str, count: int) -> bytes:
        seed = hmac.digest(self._key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
        return hashlib.shake_256(seed).digest(count)


def _plainest(text: str) -> str:
    """What texts have in common that differ only in case or in their Unicode spelling."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _power_of_two(length: int) -> int:
    """The largest that isn't above."""
    return 1 << (length.bit_length() - 1)


def _spaced(letters: str, space: str) -> str:
    return "".join(space if index % (_WORD + 1) == _WORD and index + 1 < len(letters) else letter for index, letter in enumerate(letters))
