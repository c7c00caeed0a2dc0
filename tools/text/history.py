"""`history` for people."""

from __future__ import annotations

from tools.looking.documents import Document
from tools.looking.spelling import spell_count
from tools.text.pasts import change_pieces, show_fields, write_pieces, wrote_words
from tools.text.screen import BAD, DIM, STRONG, WARN, Screen


def show_history(document: Document) -> None:
    """One line that says how much there is, then what each entry changed, oldest first."""
    screen = Screen()
    screen.line((_summary(document), STRONG))
    beginning = document["beginning"]
    if beginning["sentence"]:
        screen.line((beginning["sentence"], WARN))
        if document["base"]:
            show_fields(screen, document["base"])
    for write in document["covered"]:
        screen.line(*write_pieces(screen, write))
        screen.line((f"wrote {wrote_words(write['wrote']) or 'nothing new'}; what it changed is in the checkpoint", DIM), indent=4)
    hidden = document["total"] - len(document["changes"])
    if hidden:
        screen.line((f"… {spell_count(hidden, 'earlier change')}; --limit 0 shows all", DIM))
    for write in document["changes"]:
        screen.line(*write_pieces(screen, write))
        _show_changes(screen, write)


def _summary(document: Document) -> str:
    what = f"{document['kind']} {document['record']}"
    field = f" of {document['field']}" if document["field"] else ""
    state = ", purged" if document["purged"] else "" if document["exists"] else ", not there"
    return f"{what}{state}: {spell_count(document['total'], 'change')}{field} {_since(document)}"


def _since(document: Document) -> str:
    begins = document["beginning"]["begins_with"]
    return {"first entry": "from the first entry on", "checkpoint": "since a checkpoint"}.get(begins, "as far as the log reaches back")


def _show_changes(screen: Screen, write: Document) -> None:
    if write["purge"] and write["state"] == "applied":
        screen.line(("purged: the record is gone for good", BAD), indent=4)
    for change in write["changes"]:
        screen.line(*change_pieces(change), indent=4)
    if write["forgotten"]:
        screen.line((f"replaced {spell_count(write['forgotten'], 'value')} that the log doesn't tell any more", DIM), indent=4)
    if not write["changes"] and not write["purge"]:
        wrote = wrote_words(write["wrote"])
        reason = "without effect" if write["state"] != "applied" else "nothing reads otherwise"
        screen.line((f"{reason}; wrote {wrote}" if wrote else reason, DIM), indent=4)
