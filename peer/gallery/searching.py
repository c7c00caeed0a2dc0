"""What people type into the search field, as a condition on photos.

Every word has to be the beginning of a word in a photo's names, caption, keywords or camera, or in the title of an album that it is in; a time
(`2024`, `july 2024`, `2024-07-21`) has to be its own. So each word that is typed narrows what is shown. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from peer.library.texts import searchable
from store.ids import RecordId

MOST_WORDS = 12
MOST_ALBUMS = 200
SHORTEST_MONTH = 3
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?", re.ASCII)
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
"""Scripts that are written without spaces between words: there a part of a text is looked for, not the beginning of a word."""

_BY_INDEX = "record IN (SELECT record FROM search_row WHERE id IN (SELECT rowid FROM search_text WHERE search_text MATCH ?))"


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of a WHERE with its values. The text is ours, what people type is always a value."""

    text: str
    values: tuple[object, ...] = ()

    def and_(self, *others: Condition) -> Condition:
        """All of them."""
        every = (self, *others)
        return Condition(" AND ".join(each.text for each in every), tuple(value for each in every for value in each.values))


def matching(text: str, albums: Mapping[RecordId, str]) -> Condition:
    """What has to hold of a photo that is found by ``text``; everything for a text without words. ``albums``: their titles."""
    titles = {album: f" {searchable(title)}" for album, title in albums.items()}
    return Condition("TRUE").and_(*_conditions(searchable(text).split()[:MOST_WORDS], titles))


def _conditions(words: Sequence[str], titles: Mapping[RecordId, str]) -> Iterator[Condition]:
    position = 0
    while position < len(words):
        taken, condition = _time(words[position : position + 2], titles)
        if condition is not None:
            yield condition
        elif any(unicodedata.category(letter)[0] in "LN" for letter in words[position]):
            yield _word(words[position], titles)
        position += max(taken, 1)


def _time(words: Sequence[str], titles: Mapping[RecordId, str]) -> tuple[int, Condition | None]:
    """How many of the words are a time, and what that asks for: a year, a month (of a year, or of any), or a day. A month or a number by itself may
    also be a word: IMG_2024.JPG."""
    month, year_after = _month_named(words[0]), len(words) > 1 and _YEAR.fullmatch(words[1]) is not None
    if month is not None:
        if year_after:
            return 2, _in_month(words[1], month)
        return 1, _or(Condition("substr(moment, 6, 2) = ?", (f"{month:02d}",)), _word(words[0], titles))
    found = _DAY.fullmatch(words[0])
    if found is None:
        return 0, None
    year, *rest = found.groups()
    if not rest[0] and len(words) > 1 and (month := _month_named(words[1])) is not None:
        return 2, _in_month(year, month)
    prefix = "-".join([year, *(f"{int(part):02d}" for part in rest if part)])
    return 1, _or(Condition("moment BETWEEN ? AND ?", (prefix, f"{prefix}~")), _word(words[0], titles))


def _month_named(word: str) -> int | None:
    """By its English name, or at least three letters of it."""
    if len(word) < SHORTEST_MONTH:
        return None
    return next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(word)), None)


def _in_month(year: str, month: int) -> Condition:
    return Condition("substr(moment, 1, 7) = ?", (f"{year}-{month:02d}",))


def _word(word: str, titles: Mapping[RecordId, str]) -> Condition:
    """In the photo's own words, or at the beginning of a word of an album's title."""
    if _WITHOUT_SPACES.search(word):
        own, is_in = Condition("instr(search, ?)", (word,)), word
    else:
        quoted = '"' + word.replace('"', '""') + '"*'
        own, is_in = Condition(_BY_INDEX, (quoted,)), f" {word}"
    albums = tuple(album for album, title in titles.items() if is_in in title)[:MOST_ALBUMS]
    if not albums:
        return own
    places = ", ".join("?" * len(albums))
    return _or(own, Condition(f"record IN (SELECT asset_album.record FROM asset_album WHERE album IN ({places}))", albums))  # noqa: S608 - ours


def _or(one: Condition, other: Condition) -> Condition:
    return Condition(f"({one.text} OR {other.text})", one.values + other.values)
