"""`entry LOG:SEQ` for people."""

from __future__ import annotations

from collections.abc import Iterator

from peer.commands.invocation import Invocation
from tools.looking.documents import Document, short_device, short_entry, short_value
from tools.looking.spelling import spell_time


def show_entries(invocation: Invocation, documents: list[Document]) -> None:
    """One after the other; where the log has branches that is said first."""
    if len(documents) > 1:
        invocation.say(f"The log has branches: {len(documents)} entries have this number.")
    for document in documents:
        _show_entry(invocation, document)


def _show_entry(invocation: Invocation, document: Document) -> None:
    invocation.say(f"{document['kind']} {document['log']}:{document['seq']}")
    for label, text in _envelope(document):
        invocation.say(f"  {label:<10} {text}")
    for name, value in (document.get("control") or {}).items():
        invocation.say(f"  {name.replace('_', ' ')}: {value if isinstance(value, str) else short_value(value)}")
    if "unreadable" in document:
        invocation.say(f"  The body can't be read: {document['unreadable']}.")
    if document.get("sealed"):
        invocation.say(f"  The body stays sealed: {document['sealed']}")
    if document.get("change"):
        _show_change(invocation, document["change"])


def _envelope(document: Document) -> Iterator[tuple[str, str]]:
    yield "library", document["library"]
    yield "name", document["name"]
    yield "previous", document["previous"] or "none"
    yield "deps", ", ".join(short_entry(dep) + ("" if dep["stored"] else " (NOT STORED)") for dep in document["deps"]) or "none"
    newest = "" if document["detached"] else ": it is the newest of its branch"
    yield "next", ", ".join(map(short_entry, document["followed_by"])) or f"none{newest}"
    yield "came", spell_time(document["received"])
    if document["epoch"]:
        yield "epoch", document["epoch"] + (", written under now" if document["written_under_now"] else "")
    if document["size"] is not None:
        unpacked = f", {document['plain_size']:,} unpacked" if document["plain_size"] else ""
        yield "size", f"{document['size']:,} bytes, {document['body_size']:,} of them body{unpacked}"
    signature = document["signature"]
    if signature["verified"] is None:
        yield "signature", f"can't be verified: {signature['reason']}"
    else:
        yield "signature", f"verified, {short_device(signature)}" if signature["verified"] else f"NOT VERIFIED: {signature['reason']}"
    if "verdict" in document:
        yield "verdict", document["verdict"] + (f": {document['reason']}" if document["reason"] else "")


def _show_change(invocation: Invocation, change: Document) -> None:
    for label, text in (
        ("time", spell_time(change["time"])),
        ("stamp", change["stamp"]),
        ("writer", change["writer"]),
        ("batch", change["batch"] or "none"),
    ):
        invocation.say(f"  {label:<10} {text}")
    for update in change["updates"]:
        verdict = f", void: {update['reason']}" if update["void"] else ""
        invocation.say(f"  {update['kind']} {update['record']}, {update['bytes']} bytes{verdict}")
        invocation.table(("", "key", "value"), _update_rows(update))
        if "unreadable" in update:
            invocation.say(f"    It can't be read: {update['unreadable']}.")
    for purge in change["purges"]:
        invocation.say(f"  purges {purge['kind']} {purge['record']}")


def _update_rows(update: Document) -> Iterator[tuple[str, str, str]]:
    for item in update["items"]:
        yield "sets", item["key"], short_value(item["value"])
    for piece in update["deletes"]:
        last = piece["clock"] + piece["length"] - 1
        clocks = str(piece["clock"]) if piece["length"] == 1 else f"{piece['clock']} to {last}"
        yield "deletes", f"clock {clocks} of client {piece['client']}", short_entry(piece["entry"])
        for deleted in piece["deleted"] or ():
            yield "  was", deleted["key"], short_value(deleted["value"])
