"""`verify` for people: what was proven first, then what wasn't, then how much it was."""

from __future__ import annotations

from relay.sizes import spell_size
from tools.looking.documents import Document, short_device, short_entry, short_value
from tools.looking.spelling import spell_count, spell_entries, spell_time
from tools.text.screen import BAD, DIM, GOOD, WARN, Screen
from tools.views.verify import AGREE, BEHIND, DIFFER

_MOST_LOGS = 8
_BECAME = {"missing": "not stored", "waiting": "held back"}


def show_verify(document: Document) -> None:
    """One folder, or two and whether they agree."""
    screen = Screen()
    agreement = document["agreement"]
    if agreement is None:
        _show_folder(screen, document, "")
        return
    _show_agreement(screen, document)
    for label in ("a", "b"):
        screen.line("")
        _show_folder(screen, document[label], f"{label.upper()}, ")


def _show_folder(screen: Screen, folder: Document, label: str) -> None:
    if not folder["libraries"]:
        screen.line("No library is stored here yet.")
    for library in folder["libraries"]:
        _show_library(screen, folder, library, label)


def _show_library(screen: Screen, folder: Document, library: Document, label: str) -> None:
    found = sum(library["found"].values())
    where = f"{label}{folder['folder']}"
    if found:
        screen.line((f"{where}: {spell_count(found, 'finding')}", BAD), f" in library {library['library'][:10]}, listed below.")
    elif not folder["verified"] and not any(each["findings"] for each in folder["libraries"]):
        screen.line((f"{where}: damaged; of what could be read: {_proven(library)}.", BAD))
    else:
        screen.line((f"{where}: {_proven(library)}.", GOOD))
    screen.line(
        f"{spell_count(library['entries'], 'entry', 'entries')}, {spell_size(library['entry_bytes'])}{_of_these(library)}", indent=2
    )
    if library["records"] is not None:
        screen.line(f"{spell_count(library['records'], 'record')}, digest {library['digest']}", indent=2)
    if library["replay"] is not None:
        screen.line(_replay(library["replay"]), indent=2)
    elif library["unproven"] and folder["kind"] == "library":
        screen.line((f"Records weren't made again from entries: {_clause(library['unproven'])}.", WARN), indent=2)
    if library["listings_compared"] is False:
        screen.line(
            ("Listings were made by an older version, so they weren't compared; this one makes them anew when it opens the library.", WARN),
            indent=2,
        )
    if library["blobs"] is not None:
        how = "hashed" if library["blobs"]["hashed"] else "by their sizes; --deep hashes them"
        screen.line(f"{spell_count(library['blobs']['held'], 'blob')}, {spell_size(library['blobs']['bytes'])}, {how}", indent=2)
    elif folder["kind"] == "relay":
        screen.line(("Blobs aren't in this folder, so they weren't looked at.", WARN), indent=2)


def _proven(library: Document) -> str:
    if library["replay"] is not None:
        return f"proven: replaying the log gives exactly what is stored{' and listed' if library['listings_compared'] else ''}"
    if library["records"] is not None:
        return f"entries{', records and listings' if library['listings_compared'] else ' and records'} are whole"
    return "the envelopes of all entries are whole; what is in them stays sealed"


def _of_these(library: Document) -> str:
    parts = [f"{library[name]:,} {said}" for name, said in _SORTS if library[name]]
    return f" ({', '.join(parts)})" if parts else ""


_SORTS = (("stubs", "given up for a checkpoint"), ("detached", "before what they build on"), ("waiting", "held back or set aside"))


def _replay(replay: Document) -> str:
    begins = replay["begins"]
    if begins is None:
        back = "from the first entry on"
    else:
        at = f", {begins['entry']}, here since {spell_time(begins['received'])}" if begins["entry"] else ""
        back = f"from a checkpoint over {spell_count(begins['covered_entries'], 'entry', 'entries')} on{at}: what was before that can't be replayed"
    return f"{spell_count(replay['updates'], 'update')} of {spell_count(replay['entries'], 'entry', 'entries')} replayed, {back}"


def _show_agreement(screen: Screen, document: Document) -> None:
    agreement = document["agreement"]
    sentence, style = _verdict(agreement)
    screen.line((sentence, style))
    for label in ("a", "b"):
        _show_amount(screen, f"{label.upper()} lacks", agreement[f"{label}_lacks"])
        _show_amount(screen, f"{label.upper()} holds back", agreement[f"{label}_holds_back"])
    if agreement["reason"]:
        screen.line((f"Records weren't compared: {agreement['reason']}.", WARN), indent=2)
    if agreement["record"] is not None:
        _show_record(screen, agreement["record"])
    if agreement["blobs"] is not None:
        damaged = sum(library["found"].get("blob", 0) for label in ("a", "b") for library in document[label]["libraries"])
        _show_blobs(screen, agreement["blobs"], damaged=damaged)


def _verdict(agreement: Document) -> tuple[str, str]:
    digests = agreement["digests"]
    differing = agreement["differing_records"] or 0
    match agreement["state"]:
        case state if state == AGREE:
            return ("A and B agree: same entries" + (f", same digest {digests['a']}." if digests["equal"] else "."), GOOD)
        case state if state == DIFFER:
            if differing:
                return f"A and B differ in {spell_count(differing, 'record')}, although both have applied what made them.", BAD
            if agreement["differing_entries"]:
                return f"A and B differ in the bytes of {spell_count(agreement['differing_entries'], 'entry', 'entries')}.", BAD
            return "A and B differ in their digests, although both have applied the same.", BAD
        case state if state == BEHIND:
            who = [
                label
                for label in "AB"
                if agreement[f"{label.lower()}_lacks"]["entries"] or agreement[f"{label.lower()}_holds_back"]["entries"]
            ]
            rest = "" if agreement["differing_records"] is None else " What both have is the same."
            lacking = f"{who[0]} is behind the other" if len(who) == 1 else "A and B lack something of each other"
            return f"{lacking}.{rest} That is no damage: {_what_follows(agreement, len(who))}.", WARN
        case _:
            return "Whether A and B agree can't be told.", WARN


def _what_follows(agreement: Document, behind: int) -> str:
    removed = " and ".join(label.upper() for label in agreement["removed"])
    if removed:
        return f"{removed} was removed from the library, so it gets nothing new, and what it went on writing doesn't count"
    return "it has still to sync" if behind == 1 else "they have still to sync"


def _show_amount(screen: Screen, what: str, amount: Document) -> None:
    if not amount["entries"]:
        return
    screen.line(f"{what} {spell_entries(amount['entries'], amount['bytes'])}", indent=2)
    screen.table(
        ("log", "device", "numbers", "entries", "size", ""),
        [
            (
                log["log"][:10],
                screen.device(short_device(log)),
                str(log["from"]) if log["from"] == log["to"] else f"{log['from']} to {log['to']}",
                f"{log['entries']:,}",
                spell_size(log["bytes"]),
                log.get("reason", ""),
            )
            for log in amount["logs"][:_MOST_LOGS]
        ],
    )
    if len(amount["logs"]) > _MOST_LOGS:
        screen.line((f"and {spell_count(len(amount['logs']) - _MOST_LOGS, 'more log')}", DIM), indent=2)


def _show_record(screen: Screen, record: Document) -> None:
    name = f"{short_value(record['name'])[1:-1]}, " if record["name"] else ""
    screen.line(f"The first is {name}{record['kind']}:{record['record']}", indent=2)
    for label in ("a", "b"):
        if not record["stored"][label]:
            screen.line(f"{label.upper()} doesn't have it", indent=2)
    screen.table(("field", "in A", "in B"), [(each["field"], _values(each["a"]), _values(each["b"])) for each in record["fields"]])
    entry = record["entry"]
    if entry is None:
        screen.line("No entry explains it: one of the two doesn't store what its entries say.", indent=2)
        return
    became = ", ".join(f"{_BECAME.get(entry[label], entry[label])} in {label.upper()}" for label in ("a", "b"))
    screen.line(
        f"They part at {short_entry(entry)} by ", screen.device(short_device(entry)), f" at {spell_time(entry['time'])}: {became}", indent=2
    )
    if entry["a"] == entry["b"] == "applied":
        screen.line("Both applied it, so one of them doesn't store what its entries say; see below.", indent=2)


def _values(values: list[object]) -> str:
    return " | ".join(map(short_value, values)) or "nothing"


def _show_blobs(screen: Screen, blobs: Document, *, damaged: int) -> None:
    if damaged:
        screen.line((f"The relay doesn't hold all that it lists: {spell_count(damaged, 'finding')} about blobs, see below.", BAD), indent=2)
    if not blobs["missing"]:
        if not damaged:
            screen.line(f"The relay holds all blobs that the records name ({blobs['needed']:,}).", indent=2)
        return
    queued = f", {blobs['uploading']:,} of them still to be uploaded by this device" if blobs["uploading"] else ""
    screen.line(
        (f"The relay lacks {blobs['missing']:,} of {spell_count(blobs['needed'], 'blob')} that the records name{queued}.", WARN), indent=2
    )


def _clause(sentence: str) -> str:
    return sentence.rstrip(".")
