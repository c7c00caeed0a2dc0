"""`diff` for people: in one line what differs, then where."""

from __future__ import annotations

from tools.looking.documents import Document, short_device
from tools.looking.spelling import spell_count, spell_entries, spell_time
from tools.text.pasts import change_pieces, field_name, spell_side, titled, write_pieces
from tools.text.screen import BAD, DIM, GOOD, STRONG, WARN, Piece, Screen
from tools.views.diff_libraries import BEHIND, DIFFER

_MOST_LOGS = 10
_MOST_FIELDS = 12
_SORTS = {
    "differs": "in both",
    "only in A": "only in A",
    "only in B": "only in B",
    "purged in A": "purged in A",
    "purged in B": "purged in B",
}


def show_diff(document: Document) -> None:
    """Any of the four."""
    screen = Screen()
    match document["what"]:
        case "records":
            _show_records(screen, document)
        case "record at two times":
            _show_two_times(screen, document)
        case "library at two times":
            _show_library(screen, document)
        case _:
            _show_libraries(screen, document)


def _show_records(screen: Screen, document: Document) -> None:
    ours, theirs = (titled(document[label]) + (", purged" if document[label]["purged"] else "") for label in ("a", "b"))
    if not document["differing"]:
        screen.line((f"{ours} and {theirs} read the same: {spell_count(document['equal'], 'field')}.", GOOD))
        return
    equal = spell_count(document["equal"], "field")
    reads = "reads" if document["equal"] == 1 else "read"
    screen.line(
        (
            f"{spell_count(document['differing'], 'field')} {'differs' if document['differing'] == 1 else 'differ'}, {equal} {reads} the same.",
            STRONG,
        )
    )
    rows = [
        (field_name(each), spell_side(each["a"], each["element"]), spell_side(each["b"], each["element"])) for each in document["fields"]
    ]
    screen.table(("field", ours, theirs), [("field", ours, theirs), *rows] if not screen.is_terminal else rows)


def _show_two_times(screen: Screen, document: Document) -> None:
    stretch = _stretch(document)
    screen.line((f"{titled(document)}, {document['became']} {stretch}: {_counted(document)}", STRONG))
    _show_record_body(screen, document, indent=2)
    for write in document["changes"]:
        screen.line(*write_pieces(screen, write), indent=2)


def _show_library(screen: Screen, document: Document) -> None:
    touched, entries = spell_count(document["touched"], "record"), spell_entries(document["entries"], None)
    screen.line((f"{touched} written by {entries} {_stretch(document)}.", STRONG))
    if document["sentence"]:
        screen.line((document["sentence"], WARN))
    for record in document["records"]:
        devices = dict.fromkeys(short_device(write) for write in record["changes"])
        by = f" by {', '.join(devices)}" if devices else ""
        screen.line(titled(record), f" {record['became']}{by}: {_counted(record)}")
        _show_record_body(screen, record, indent=4)
    _show_rest(screen, document["touched"] - len(document["records"]))


def _show_record_body(screen: Screen, record: Document, *, indent: int) -> None:
    if record["sentence"]:
        screen.line((record["sentence"], WARN), indent=indent)
    _show_fields(screen, record["fields"], "before", "after", indent)


def _show_fields(screen: Screen, fields: list[Document], before: str, after: str, indent: int) -> None:
    for change in fields[:_MOST_FIELDS]:
        screen.line(*change_pieces(change, before, after), indent=indent)
    if len(fields) > _MOST_FIELDS:
        screen.line((f"and {spell_count(len(fields) - _MOST_FIELDS, 'more field')}", DIM), indent=indent)


def _show_libraries(screen: Screen, document: Document) -> None:
    screen.line(_verdict(document))
    for label in ("a", "b"):
        folder = document[label]
        amounts = f"{spell_entries(folder['entries'], None)}, {spell_count(folder['records'], 'record')}"
        screen.line(f"{label.upper()} is {folder['folder']}: {amounts}", indent=2)
    for label in ("a", "b"):
        _show_amount(screen, f"{label.upper()} lacks", document[f"{label}_lacks"])
        _show_amount(screen, f"{label.upper()} stores, and hasn't applied,", document[f"{label}_holds_back"])
    for sentence in document["entry_problems"]:
        screen.line((sentence, BAD), indent=2)
    for record in document["records"]:
        screen.line(titled(record), (f" {record['difference']}", STRONG))
        if record["difference"] == "differs":
            _show_fields(screen, record["fields"], "a", "b", 4)
            if not record["fields"]:
                screen.line(("reads the same in both; what they know of who wrote it differs", DIM), indent=4)
    _show_rest(screen, sum(document["counts"].values()) - len(document["records"]))


def _verdict(document: Document) -> Piece:
    differing = sum(document["counts"].values())
    parts = ", ".join(f"{count:,} {_SORTS[how]}" for how, count in document["counts"].items() if count)
    if not differing:
        lacking = document["a_lacks"]["entries"] or document["b_lacks"]["entries"]
        return f"All records agree{'; the entries behind them not yet' if lacking else ', and so do their entries'}.", GOOD
    counted = f"A and B differ in {spell_count(differing, 'record')} ({parts})"
    if document["state"] == DIFFER:
        return f"{counted}, although both have applied the same entries: a convergence problem.", BAD
    assert document["state"] == BEHIND
    return f"{counted}, because they haven't applied the same entries.", WARN


def _show_amount(screen: Screen, what: str, amount: Document) -> None:
    if not amount["entries"]:
        return
    screen.line(f"{what} {spell_entries(amount['entries'], amount['bytes'])}:", indent=2)
    for log in amount["logs"][:_MOST_LOGS]:
        places = f"{log['log'][:10]}:{log['from']}" + (f" to {log['to']}" if log["to"] != log["from"] else "")
        reason = f"  {log['reason']}" if log.get("reason") else ""
        screen.line(screen.device(short_device(log)), f"  {places}, {spell_entries(log['entries'], log['bytes'])}{reason}", indent=4)
    if len(amount["logs"]) > _MOST_LOGS:
        screen.line((f"and {spell_count(len(amount['logs']) - _MOST_LOGS, 'more log')}", DIM), indent=4)


def _show_rest(screen: Screen, hidden: int) -> None:
    if hidden > 0:
        screen.line((f"… and {spell_count(hidden, 'more record', 'more records')}; --limit 0 shows all", DIM))


def _counted(record: Document) -> str:
    fields = (
        "no field reads"
        if not record["fields"]
        else "1 field reads"
        if len(record["fields"]) == 1
        else f"{len(record['fields'])} fields read"
    )
    return f"{fields} otherwise, {spell_count(len(record['changes']), 'change')}"


def _stretch(document: Document) -> str:
    how = "made" if document["by"] == "made" else "arrived here"
    return f"between {spell_time(document['from'])} and {spell_time(document['to'])} ({how})"
