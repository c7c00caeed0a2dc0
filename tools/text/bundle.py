"""``bundle``, ``unbundle``: what was written, and what is in it."""

from __future__ import annotations

import shlex

from relay.sizes import spell_size
from tools.looking.documents import Document
from tools.looking.spelling import spell_count, spell_entries
from tools.text.screen import BAD, DIM, GOOD, WARN, Piece, Screen

_WHAT: dict[str, Piece] = {
    "anonymised": ("made again without anything private in it", GOOD),
    "with contents": ("WITH captions, keywords, names, places and times in it", BAD),
    "structure": ("the structure of the history alone", WARN),
}
_FOUND = (
    ("conflicts", "open conflict", "open conflicts"),
    ("contested", "contested in the trash", "contested in the trash"),
    ("purged", "purged", "purged"),
    ("void", "void", "void"),
    ("waiting", "entry that waits", "entries that wait"),
)


def show_bundle(document: Document) -> None:
    """Says first whether it may be shared."""
    screen = Screen()
    screen.line(f"{document['file']}: ", _WHAT[document["kind"]], f" ({spell_size(document['bytes'])})")
    if document["sealed"]:
        screen.line(f"No more could be told: {document['sealed']}.", indent=2)
    _counts(screen, document)
    for record in document["records"]:
        screen.line(f"taken along alone: {record}, as it is called in there", indent=2)
    if document["kind"] == "anonymised":
        screen.line(
            ("Names, words, places, times, ids and keys are others; the same values win, and the same things wait and are void.", DIM),
            indent=2,
        )
    screen.line((f"To look into it: `calotype-inspect unbundle {shlex.quote(document['file'])} FOLDER`", DIM), indent=2)


def show_unbundled(document: Document) -> None:
    """Says first whether it shows what it showed where it was made."""
    screen = Screen()
    same: Piece = (
        ("as it was where the bundle was made", GOOD) if document["as_made"] else ("NOT what it was where the bundle was made", BAD)
    )
    screen.line(f"{document['folder']}: ", same)
    _counts(screen, document)
    if document["kind"] != "structure":
        screen.line((f"To look into it: `calotype-inspect conflicts --library {shlex.quote(document['folder'])}`", DIM), indent=2)


def _counts(screen: Screen, document: Document) -> None:
    counts, shows = document["counts"], document["shows"]
    screen.line(
        f"{spell_entries(counts['entries'], None)} in {spell_count(counts['logs'], 'log')} of {spell_count(counts['devices'], 'device')}",
        indent=2,
    )
    if shows is not None:
        found = ", ".join(spell_count(shows[name], one, many) for name, one, many in _FOUND if shows[name])
        screen.line(
            f"{spell_count(shows['records'], 'record')} with {spell_count(shows['live_keys'], 'live key')}; ",
            found or "no conflict, nothing void, nothing waits",
            indent=2,
        )
