"""A three-way merge of short texts by words. Pure.

Two texts, ``a`` and ``b``, were both made of ``base``. The words of the base that both kept hold the rest in place; what lies between two such
anchors is looked at in all three (S. Khanna, K. Kunal, B. C. Pierce, *A Formal Investigation of Diff3*, 2007):

    both the same           that
    a as in the base        what b has
    b as in the base        what a has
    all different           both, marked: ``[lake | sea]``

So ``merge(base, a, a)`` is a, ``merge(base, base, b)`` is b, and no word that somebody wrote is ever left out. The order of ``a`` and ``b`` plays no part:
every device offers the same. A word is what stands between spaces; spaces and line ends are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

_TOKEN = re.compile(r"\s+|\S+")
_MOST_CELLS: Final = 1_000_000
"""Of the table that finds the words in common. What would need more is taken as changed as a whole."""

Tokens = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """``clean``: nothing was changed by both, so that nothing is marked."""

    text: str
    clean: bool


def merge(base: str, a: str, b: str) -> Merged:
    """What becomes of ``base`` when the changes of both are made."""
    words, first, second = (_TOKEN.findall(text) for text in (base, *sorted((a, b))))
    parts: list[str] = []
    clean = True
    for original, one, other in _regions(words, first, second):
        merged = _decided(original, one, other)
        if merged is None:
            clean = False
            merged = _marked(one, other)
        parts += merged
    return Merged(text="".join(parts), clean=clean)


def _regions(base: Tokens, a: Tokens, b: Tokens) -> Iterator[tuple[Tokens, Tokens, Tokens]]:
    """The texts cut at the words that both kept of the base; these words are regions of their own."""
    in_a, in_b = dict(_common(base, a)), dict(_common(base, b))
    start, start_a, start_b = 0, 0, 0
    for anchor in (index for index in range(len(base)) if index in in_a and index in in_b):
        yield base[start:anchor], a[start_a : in_a[anchor]], b[start_b : in_b[anchor]]
        yield [base[anchor]], [base[anchor]], [base[anchor]]
        start, start_a, start_b = anchor + 1, in_a[anchor] + 1, in_b[anchor] + 1
    yield base[start:], a[start_a:], b[start_b:]


def _decided(base: Tokens, a: Tokens, b: Tokens) -> list[str] | None:
    if a == b or b == base:
        return list(a)
    return list(b) if a == base else None


def _marked(a: Tokens, b: Tokens) -> list[str]:
    """Both, side by side; what they begin and end with alike stands outside."""
    start = _alike(a, b)
    end = _alike(a[start:][::-1], b[start:][::-1])
    texts = ["".join(a[start : len(a) - end]), "".join(b[start : len(b) - end])]
    sides = [text.strip() for text in texts if text.strip()]
    before = max((text[: len(text) - len(text.lstrip())] for text in texts), key=_longest)
    behind = max((text[len(text.rstrip()) :] for text in texts), key=_longest)
    middle = [before, f"[{' | '.join(sides)}]", behind] if sides else [before]
    return [*a[:start], *middle, *a[len(a) - end :]]


def _longest(text: str) -> tuple[int, str]:
    return len(text), text


def _alike(a: Tokens, b: Tokens) -> int:
    """With how many words both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _common(base: Tokens, other: Tokens) -> Iterator[tuple[int, int]]:
    """Places of a longest common subsequence, in both."""
    start = _alike(base, other)
    end = _alike(base[start:][::-1], other[start:][::-1])
    yield from ((index, index) for index in range(start))
    middle, opposite = base[start : len(base) - end], other[start : len(other) - end]
    if len(middle) * len(opposite) <= _MOST_CELLS:
        yield from ((start + i, start + j) for i, j in _longest_common(middle, opposite))
    yield from ((len(base) - index, len(other) - index) for index in range(end, 0, -1))


def _longest_common(a: Tokens, b: Tokens) -> Iterator[tuple[int, int]]:
    """By the table of the lengths that are possible from each pair of places on (R. A. Wagner, M. J. Fischer, 1974)."""
    lengths = [[0] * (len(b) + 1)]
    for word in reversed(a):
        below = lengths[-1]
        row = [0] * (len(b) + 1)
        for j in range(len(b) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if word == b[j] else max(below[j], row[j + 1])
        lengths.append(row)
    lengths.reverse()
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
