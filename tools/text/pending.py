"""`pending` for people: each cause, who has it, what comes next, and what waits for it."""

from __future__ import annotations

from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_entries
from tools.text.screen import DIM, GOOD, WARN, Piece, Screen

SHOWN_ENTRIES = 5
SHOWN_CAUSES = 20
_ID = 10


def show_pending(documents: list[Document]) -> None:
    """Library by library."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    for document in documents:
        _show_library(screen, document)


def _show_library(screen: Screen, document: Document) -> None:
    held, causes = document["held_back"], document["causes"]
    if not held:
        screen.line((f"Nothing is held back in library {document['library'][:_ID]}.", GOOD))
    else:
        screen.line(
            (f"{spell_entries(held, None)} held back in library {document['library'][:_ID]}, by {spell_count(len(causes), 'cause')}.", WARN)
        )
    for cause in causes[:SHOWN_CAUSES]:
        _show_cause(screen, cause)
    if len(causes) > SHOWN_CAUSES:
        screen.line((f"and {spell_count(len(causes) - SHOWN_CAUSES, 'more cause')}; --json has them", DIM))
    if document["unseen"]:
        screen.line(f"{spell_entries(document['unseen'], None)} stored and not looked at yet: the peer does that when it runs.")
    for place in document["pinned"]:
        screen.line(f"A removal names {_named(place)} as an end, and it isn't here. Nothing waits for it.")


def _show_cause(screen: Screen, cause: Document) -> None:
    screen.heading(f"Waiting for {_what(cause)}")
    through = cause["entries"] - cause["direct"]
    counted = (
        f"{spell_entries(cause['entries'], None)}, {through:,} of them through others" if through else spell_entries(cause["entries"], None)
    )
    screen.line(f"{counted}; since {cause['ago']}", indent=2)
    if cause["kind"] in ("entry", "key"):
        has = ", ".join(f"{short_device(each)} ({each['how']}{'' if each['is_member'] else ', removed'})" for each in cause["holders"])
        screen.line(f"who has it: {has or 'nobody known'}", indent=2)
    screen.line(f"next: {cause['next']}", indent=2)
    screen.line(f"to do: {cause['remedy']}", indent=2)
    rows = [_row(each) for each in cause["waiting"][:SHOWN_ENTRIES]]
    screen.table(("  entry", "device", "since", "through", ""), rows)
    if cause["entries"] > SHOWN_ENTRIES:
        screen.line(
            (f"and {spell_count(cause['entries'] - SHOWN_ENTRIES, 'more entry', 'more entries')}; --json names some of them", DIM), indent=2
        )


def _what(cause: Document) -> str:
    match cause["kind"]:
        case "entry":
            return f"{_named(cause['missing'])}, which isn't here"
        case "key":
            return f"the key of epoch {cause['missing']['epoch']}"
        case "removed":
            return "a member to build on what a removed device wrote"
        case "engine":
            return "the engine, which failed on it"
        case "version":
            return "a newer version of the program"
        case "circle":
            return "each other, in a circle"
        case _:
            return "the next start of the peer"


def _named(place: Document) -> str:
    if place["log"] is None:
        return f"entry {place['name'][:_ID]}"
    return f"entry {short_entry(place)} ({place['name'][:_ID]}) of {short_device(place)}"


def _row(each: Document) -> tuple[Piece, ...]:
    own = f"  {short_entry(each) if each['log'] else each['name'][:_ID]}"
    return own, short_device(each), each["ago"], _way(each), ("detached" if each["detached"] else "", DIM)


def _way(each: Document) -> str:
    """``9c1f:3 → 9c1f:2 → …``, the entries between it and the cause."""
    steps = [short_entry(step) if step["log"] else step["name"][:_ID] for step in each["through"][:3]]
    return " → ".join([*steps, *(["…"] if each["steps"] > len(steps) else [])])
