"""How wide the columns of a table are where it has more to say than a line has room for. Pure.

Ids, times, sizes and addresses say nothing once they are cut in two. So each column has room for its longest word first, as long as that is no longer than such
things are, and for what is short. What is left goes to as many of the columns as it makes whole, and then to the others alike: long texts wrap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

GAP = 2
ADDRESS, ENTRY = 28, 14
"""Characters of the longest words that stay whole: addresses, where there is room for that; ids of entries and all that is shorter in any case."""
SHORT = 22
"""A text of at most so many characters, like a time, isn't wrapped for the sake of longer ones."""


def column_widths(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """For each column its width; ``None`` where not even short words fit. ``rows``: the names of the columns among them; ``room``: of all columns."""
    columns = list(zip(*rows, strict=True))
    whole = [max(map(cell_len, column)) for column in columns]
    words = [max(map(_longest_word, column)) for column in columns]
    for least in _leasts(whole, words):
        rest = room - sum(least) - GAP * len(columns)
        if rest >= 0:
            return _filled(least, whole, rest)
    return None


def _leasts(whole: list[int], words: list[int]) -> Iterator[list[int]]:
    """What columns are given before all else, less each time."""
    few = [min(width, ENTRY) for width in whole]
    yield [max(least, word) if word <= ADDRESS else least for least, word in zip(few, words, strict=True)]
    yield few
    yield [min(word, ENTRY) for word in words]


def _filled(least: list[int], whole: list[int], rest: int) -> list[int]:
    widths = list(least)
    places = sorted(range(len(widths)), key=lambda place: whole[place] - least[place])
    for place in places:
        if whole[place] <= SHORT and whole[place] - least[place] <= rest:
            rest -= whole[place] - least[place]
            widths[place] = whole[place]
    for done, place in enumerate(places):
        more = min(whole[place] - widths[place], rest // (len(places) - done))
        widths[place] += more
        rest -= more
    return widths


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
