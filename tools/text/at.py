"""`at` for people."""

from __future__ import annotations

from tools.looking.documents import Document
from tools.looking.spelling import spell_count, spell_time
from tools.text.pasts import show_fields, write_pieces
from tools.text.screen import DIM, STRONG, WARN, Screen


def show_at(document: Document) -> None:
    """What it was in a line, its fields, and what wasn't known here then."""
    screen = Screen()
    screen.line((_summary(document), STRONG))
    if document["sentence"]:
        screen.line((document["sentence"], WARN))
    if document["fields"]:
        show_fields(screen, document["fields"])
    _show_surprises(screen, document)
    for label, write in (("last change before:", document["last"]), ("next change after:", document["next"])):
        if write is not None:
            screen.line((f"{label} ", DIM), *write_pieces(screen, write))


def _summary(document: Document) -> str:
    what, when = f"{document['kind']} {document['record']}", spell_time(document["time"])
    how = "made" if document["by"] == "made" else "here"
    if document["purged"]:
        return f"{what} was purged at {when}"
    if not document["exists"]:
        return f"{what} wasn't there at {when}" if document["whole"] else f"{what}: nothing that was there at {when} is known any more"
    conflicts = sum(bool(field["beside"]) for field in document["fields"])
    in_conflict = f", {spell_count(conflicts, 'field')} in conflict" if conflicts else ""
    return f"{what} at {when}, by what was {how} then: {spell_count(document['before'], 'change')}{in_conflict}"


def _show_surprises(screen: Screen, document: Document) -> None:
    if not document["surprises"]:
        return
    shown = "they are in what is shown" if document["by"] == "made" else "they aren't in what is shown"
    screen.line((f"Not known on this device then; made before, arrived later ({shown}):", WARN))
    for write in document["surprises"]:
        screen.line(*write_pieces(screen, write), indent=2)
