"""What of the original can still be found in what was made: nothing may. Looked for in the opened contents of the made folder, not in what was meant to be
written. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crdt.keys import Family, KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.trash import TRASHED
from crdt.update import Item, decode_update
from crdt.values import Value
from tools.bundling.fields import VOCABULARY, without_extension
from tools.bundling.story import Story, Told

SHORTEST = 4
"""Characters, or bytes, from which on a piece of the original counts as one."""

_IDS = frozenset({"version", "source", "album"})
"""Sets whose elements are ids."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Texts, which are looked for as parts of others, too; and ids, keys and other bytes, in which a short word may stand by chance."""

    texts: set[str] = field(default_factory=set)
    octets: set[bytes] = field(default_factory=set)


def pieces_of(story: Story) -> Pieces:
    """All but words that every library has."""
    pieces = Pieces()
    for told in story.told:
        pieces.octets.update((told.entry.name, told.entry.log, told.author, told.entry.body))
        if told.opened is not None:
            body = told.opened.body
            pieces.octets.update(
                (body.random, body.batch, *(bytes(record[1:]) for record in (*body.purges, *(each for each, _ in body.updates))))
            )
        for item in _items(story, told):
            _add_item(pieces, item)
    pieces.octets.difference_update([piece for piece in pieces.octets if len(piece) < SHORTEST or not any(piece)])
    return pieces


def found_again(original: Pieces, made: Pieces) -> int:
    """How many pieces of the original stand in what was made, texts also as parts of others, and whatever their case and Unicode form."""
    begins: dict[str, set[str]] = {}
    for text in map(_folded, original.texts):
        if len(text) >= SHORTEST:
            begins.setdefault(text[:SHORTEST], set()).add(text)
    found = {each for text in made.texts for each in _within(_folded(text), begins)}
    return len(found) + len(original.octets & made.octets)


def _within(text: str, begins: dict[str, set[str]]) -> Iterator[str]:
    for start in range(len(text) - SHORTEST + 1):
        for candidate in begins.get(text[start : start + SHORTEST], ()):
            if text.startswith(candidate, start):
                yield candidate


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _items(story: Story, told: Told) -> Iterator[Item]:
    for _, raw in story.updates(told):
        try:
            yield from decode_update(raw).items
        except MalformedUpdateError:
            continue


def _add_item(pieces: Pieces, item: Item) -> None:
    try:
        key = parse_key(item.key)
    except KeyFormatError:
        pieces.texts.add(item.key)
        return
    if key.family is Family.REGISTER and key.name.startswith("position:"):
        return  # numbers in their order, the same for everybody
    pieces.octets.add(key.writer.encode())
    if key.name in _IDS and key.element is not None:
        pieces.octets.add(key.element.encode("utf-8", "surrogateescape"))
    elif key.element is not None and key.element not in VOCABULARY:
        pieces.texts.add(without_extension(key.element))
    for part in _parts(item.value):
        if isinstance(part, bytes):
            pieces.octets.add(part)
        elif isinstance(part, str) and part not in VOCABULARY:
            if key.name == TRASHED.name:
                pieces.octets.add(part.encode())
            else:
                pieces.texts.add(part)


def _parts(value: Value) -> Iterable[Value]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)
    else:
        yield value
