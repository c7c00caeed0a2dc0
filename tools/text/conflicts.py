"""`conflicts` for people."""

from __future__ import annotations

from typing import Any

from tools.looking.documents import Document, short_entry, short_value
from tools.looking.spelling import spell_count, spell_time
from tools.replaying.readings import RESTORED
from tools.text.screen import DIM, GOOD, STRONG, WARN, Piece, Screen

_ID = 10


def show_conflicts(documents: list[Document]) -> None:
    """How many, then each with its sides, what these had seen, and how to settle it."""
    screen = Screen()
    if not documents:
        screen.line(("No open conflicts.", GOOD))
        return
    records = spell_count(len({(each["record"], each["id"]) for each in documents}), "record")
    screen.line((f"{spell_count(len(documents), 'open conflict')} in {records}.", STRONG))
    for document in documents:
        _show(screen, document)


def _show(screen: Screen, document: Document) -> None:
    screen.line("")
    screen.line((f"{document['record']}:{document['id'][:_ID]} {document['field']}", STRONG), (f"  ({document['kind']})", DIM))
    screen.line((document["rule"], DIM), indent=2)
    sides = (("shown", document["winner"]), *(("beside", other) for other in document["others"]))
    screen.table(("", "value", "device", "made", "entry", "had seen"), [_side(screen, label, side) for label, side in sides])
    screen.line(("to settle it:", STRONG), indent=2)
    for command, does in {side["settle"]: _does(document, side) for _, side in sides if side["settle"] is not None}.items():
        screen.command(command, does, indent=6)
    if document["merged"] is not None:
        how = "" if document["merged_cleanly"] else ", with words side by side"
        command = f"calotype resolve {document['id'][:_ID]} {document['field']} --merge"
        screen.command(command, f"takes {short_value(document['merged'])}{how}", indent=6)


def _side(screen: Screen, label: str, side: dict[str, Any]) -> tuple[Piece, ...]:
    changed = f" ({', '.join(side['changed'])})" if side.get("changed") else ""
    return (
        (label, GOOD if label == "shown" else WARN),
        short_value(side["value"]) + changed,
        screen.device(side["device"] or "unknown"),
        spell_time(side["time"]),
        short_entry(side["entry"]),
        _seen(side),
    )


def _does(document: Document, side: dict[str, Any]) -> str:
    if document["kind"] == "trash":
        return "takes it out of the trash" if side["value"] == RESTORED else "leaves it in the trash"
    return f"takes {short_value(side['value'])}"


def _seen(side: dict[str, Any]) -> str:
    seen: list[dict[str, Any]] | None = side["seen"]
    if side.get("changed"):
        return "unseen by who trashed it"
    if seen is None:
        return "not known any more"
    return ", ".join(f"{short_value(each['value'])} by {each['device'] or 'unknown'}" for each in seen) or "no value"
