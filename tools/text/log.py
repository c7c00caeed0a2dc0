"""`log` for people."""

from __future__ import annotations

from relay.sizes import spell_size
from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_entries, spell_time
from tools.text.dag_labels import what_it_did
from tools.text.screen import BAD, DIM, GOOD, WARN, Piece, Screen


def show_logs(documents: list[Document]) -> None:
    """A log with its entries, or a line for each log."""
    screen = Screen()
    if not documents:
        screen.line("No log is stored here yet.")
    elif documents[0]["entries"] is None:
        _show_all(screen, documents)
    else:
        for document in documents:
            _show_one(screen, document)


def _show_all(screen: Screen, documents: list[Document]) -> None:
    stored = sum(document["stored"] for document in documents)
    screen.line(f"{spell_entries(stored, None)} in {spell_count(len(documents), 'log')}.", *_verdict(documents))
    rows: list[tuple[Piece, ...]] = [
        (
            document["log"][:10],
            screen.device(short_device(document)),
            f"{document['stored']:,}",
            str(max((branch["to"] for branch in document["branches"]), default="")),
            str(len(document["branches"])),
            _state(document),
        )
        for document in documents
    ]
    screen.table(("log", "device", "entries", "to", "branches", ""), rows)


def _show_one(screen: Screen, document: Document) -> None:
    given_up = f", {document['stubs']:,} of them given up for a checkpoint" if document["stubs"] else ""
    early = f" {_detached(document)}." if document["detached"] else ""
    counted = f": {spell_entries(document['stored'], None)}{given_up}.{early}"
    screen.line(f"log {document['log'][:10]} of ", screen.device(short_device(document)), counted, *_verdict([document]))
    for branch in document["branches"] if len(document["branches"]) > 1 else ():
        before = branch["goes_on_from"]
        begins = f"goes on from entry {before['seq']} of branch {before['branch']}" if before else "from the beginning"
        begins = f"what it goes on from, {branch['from'] - 1}, isn't here" if before is None and branch["from"] else begins
        said = f"  branch {branch['branch']}: {branch['from']} to {branch['to']}, ends in {branch['tip'][:10]}, {begins}"
        screen.line((said, WARN if document["ends"] > 1 else ""))
    if document["left_out"]:
        screen.line((f"… {document['left_out']:,} older ones, not shown (--limit, --from, --to)", DIM))
    columns = ("seq", "made", "what", "size", "builds on")
    has_branches = len(document["branches"]) > 1
    screen.table(columns, [_row(entry, has_branches=has_branches) for entry in document["entries"]])


def _row(entry: Document, *, has_branches: bool) -> tuple[Piece, ...]:
    place = f"{entry['seq']} ({entry['branch']})" if has_branches and entry["branch"] is not None else str(entry["seq"])
    made = spell_time(entry["time"] or entry["received"])
    size = "" if entry["size"] is None else spell_size(entry["size"])
    remark = _remark(entry)
    what: Piece = (f"{what_it_did(entry)}; {remark}", WARN) if remark else what_it_did(entry)
    return place, made, what, size, " ".join(map(short_entry, entry["deps"]))


def _remark(entry: Document) -> str:
    if entry["damaged"]:
        return "damaged"
    if entry["detached"]:
        return "detached: what it builds on isn't here"
    if entry["verdict"] in (None, "applied"):
        return "stub" if entry["stub"] else ""
    return f"{entry['verdict']}: {entry['reason']}" if entry["reason"] else str(entry["verdict"])


def _verdict(documents: list[Document]) -> tuple[Piece, ...]:
    if documents[0]["verified"] is None:
        return ()
    wrong = sum(len(document["findings"]) + document["more_findings"] for document in documents)
    if all(document["verified"] for document in documents):
        return (" ", ("Verified: signatures, chain, numbers and deps are right.", GOOD))
    return (" ", (f"NOT right: {spell_count(max(wrong, 1), 'finding')}, listed below.", BAD))


def _state(document: Document) -> Piece:
    missing = sum(branch["missing"] for branch in document["branches"])
    if missing:
        return f"{missing:,} missing", BAD
    if document["findings"]:
        return spell_count(len(document["findings"]) + document["more_findings"], "finding"), BAD
    said = [f"forked, {document['ends']} ends"] if document["ends"] > 1 else []
    return ", ".join([*said, *([_detached(document)] if document["detached"] else [])]), WARN


def _detached(document: Document) -> str:
    return f"{document['detached']:,} more came before what {'it builds' if document['detached'] == 1 else 'they build'} on"
