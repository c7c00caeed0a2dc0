"""`size` for people."""

from __future__ import annotations

from relay.sizes import spell_size
from tools.looking.documents import Document
from tools.looking.spelling import spell_count, spell_list
from tools.text.screen import DIM, WARN, Piece, Screen

SHOWN_TABLES = 8


def show_sizes(documents: list[Document]) -> None:
    """The sum first, then by kind, then what could go."""
    screen = Screen()
    if not documents:
        screen.line("No library is stored here yet.")
    shared = ", with what it shares with the other libraries here" if len(documents) > 1 else ""
    for document in documents:
        rows = _rows(document)
        total = sum(size for _, _, size, _ in rows)
        screen.line(f"library {document['library'][:10]}: {spell_size(total)} in all{shared}.")
        screen.table(
            ("what", "number", "size", ""), [(what, number, spell_size(size), (remark, DIM)) for what, number, size, remark in rows]
        )
        _show_inside(screen, document)
        for each in document["could_go"]:
            size = "" if each["bytes"] is None else f" ({spell_size(each['bytes'])})"
            screen.line(f"Could go: {each['what']}{size}, {each['when']}.")
        if document["held_back_by"]:
            screen.line((f"Held back by what these devices haven't reported to have seen: {spell_list(document['held_back_by'])}.", WARN))


def _rows(document: Document) -> list[tuple[str, str, int, str]]:
    """What adds up to the sum: what, number, size, remark."""
    if document["files"] is not None:
        files = [(*_KINDS.get(each["kind"], (each["kind"], "")), each) for each in document["files"]]
        listed = [(what, f"{each['count']:,}", each["bytes"], remark) for what, remark, each in files]
        return [*listed, ("database", "", document["database"]["bytes"], "log, records, listings, queues")]
    blobs = document["blobs"]
    quota = "" if blobs["quota"] is None else f"of a quota of {spell_size(blobs['quota'])}"
    return [
        ("blobs", f"{blobs['held']['count']:,}", blobs["held"]["bytes"], quota),
        ("blobs in the trash", f"{blobs['trash']['count']:,}", blobs["trash"]["bytes"], "their files stay for 30 days"),
        ("quarantine", f"{blobs['quarantine']['count']:,}", blobs["quarantine"]["bytes"], "of all libraries"),
        ("incoming", f"{blobs['incoming']['count']:,}", blobs["incoming"]["bytes"], "of all libraries"),
        ("database", "", document["database"]["bytes"], "of all libraries"),
    ]


_KINDS = {
    "original": ("originals", ""),
    "preview": ("previews", ""),
    "thumbnail": ("thumbnails", ""),
    "index": ("indexes", "of large files"),
    "checkpoint": ("checkpoints", ""),
    "carried": ("carried for others", "until relays have it"),
    "edited": ("edited pictures", "made again when they are lost"),
    "recovered": ("recovered", ""),
    "incoming": ("on their way in", ""),
    "dropped": ("on their way in from a browser", ""),
    "leaving": ("on their way out", ""),
}


def _show_inside(screen: Screen, document: Document) -> None:
    """What lies in the database."""
    log, records, tables = document["log"], document["records"], document["database"]["tables"]
    inside: list[tuple[Piece, ...]] = [
        (f"log: {each['kind']}", f"{each['count']:,}", spell_size(each["bytes"]), "")
        for each in sorted(log["kinds"], key=_bytes, reverse=True)
    ]
    if log["detached"]:
        inside.append(("log: detached", f"{log['detached']:,}", spell_size(log["detached_bytes"]), "came before what they build on"))
    if log["stubs"]:
        inside.append(("log: stubs", f"{log['stubs']:,}", "", f"{spell_size(log['pruned_bytes'])} were freed by pruning"))
    if records is not None:
        about = "about " if records["estimated"] else ""
        remark = f"of {spell_count(records['looked_at'], 'record')} looked at" if records["estimated"] else ""
        inside += [
            ("records", f"{records['count']:,}", spell_size(records["bytes"]), ""),
            ("  live values", f"{about}{records['live']:,}", f"{about}{spell_size(records['live_bytes'])}", remark),
            ("  deleted values", f"{about}{records['deleted']:,}", "", "their places stay"),
            ("  who wrote", "", f"{about}{spell_size(records['vector_bytes'])}", "stays"),
        ]
    inside += [(f"table {each['name']}", "", spell_size(each["bytes"]), "with its indexes") for each in (tables or [])[:SHOWN_TABLES]]
    screen.line()
    screen.heading("in the database")
    screen.table(("what", "number", "size", ""), inside)


def _bytes(each: Document) -> int:
    return int(each["bytes"])
