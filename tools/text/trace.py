"""`trace` for people: the way in one line, a row for each node, then files, later changes, and what is still to come."""

from __future__ import annotations

from collections.abc import Iterator

from peer.commands.invocation import printable
from relay.sizes import spell_size
from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_time
from tools.text.screen import DIM, GOOD, STRONG, WARN, Piece, Screen
from tools.tracing.spans import spell_after

_STEPS = ("written", "stored", "applied", "thumbnail", "preview", "original")
_SHOWN_WAITING = 40


def show_trace(document: Document) -> None:
    """All of it."""
    screen = Screen()
    written, *way = (one_line(part) for part in document["way"])
    screen.line((written, STRONG))
    for part in way:
        screen.line((f"· {part}", _style_of_part(part)), indent=2)
    screen.line("")
    steps = [name for name in _STEPS if any(node["steps"][name] for node in document["nodes"])]
    screen.table(("node", "", *steps), [tuple(_node_row(screen, node, steps)) for node in document["nodes"]])
    _show_notes(screen, document)
    if document["files"]:
        _show_files(screen, document)
    if len(document["entries"]) > 1:
        _show_later(screen, document)
    _show_waiting(screen, document["waiting_for"])


def one_line(text: str) -> str:
    """What comes from elsewhere makes no lines of its own."""
    return printable(text, lines=False)


def _style_of_part(part: str) -> str:
    return WARN if part.startswith("not ") or ": not " in part else GOOD


def _node_row(screen: Screen, node: Document, steps: list[str]) -> Iterator[Piece]:
    yield screen.device(one_line(node["name"]))
    marks = [
        mark
        for mark, holds in (("this device" if node["kind"] == "peer" else "this relay", node["this"]), ("asked", node["reached"]))
        if holds
    ]
    yield ", ".join([*marks, *(["not reached"] if node["reached"] is False else [])]), DIM
    for name in steps:
        step = node["steps"][name]
        yield "" if step is None else _cell(step, is_first=name == "written")


def _cell(step: Document, *, is_first: bool = False) -> Piece:
    """When, or in one word why not."""
    if step["state"] != "done":
        return step["state"], DIM if step["state"] in ("unknown", "unwanted") else WARN
    if step["time"] is None:
        return "yes", GOOD
    before = "by " if step["bound"] else ""
    if is_first or step["after_ms"] is None:
        return before + spell_time(step["time"]), GOOD
    return before + spell_after(step["after_ms"]), GOOD


def _show_notes(screen: Screen, document: Document) -> None:
    if document["asking"] is None and len(document["nodes"]) > 1:
        is_relay = any(node["this"] and node["kind"] == "relay" for node in document["nodes"])
        asks = "" if is_relay else "--ask asks the nodes in reach, "
        screen.line((f"As far as this folder knows: {asks}--also FOLDER reads another folder.", DIM))
    if document["asking"]:
        screen.line((document["asking"], WARN))
    for node in document["nodes"]:
        if node["reason"]:
            reason = one_line(node["reason"])
            screen.line(screen.device(one_line(node["name"])), f": {'not reached: ' if node['reached'] is False else ''}{reason}")
        if abs(node["clock_offset_ms"] or 0) >= 1000:
            ahead = node["clock_offset_ms"]
            screen.line(
                screen.device(one_line(node["name"])),
                f": its clock is {abs(ahead) / 1000:.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's; the times above are made equal",
            )
    if document["sealed"]:
        screen.line((f"Contents stay sealed: {document['sealed']}", WARN))


def _show_files(screen: Screen, document: Document) -> None:
    screen.line("")
    screen.heading("files")
    nodes = [node["name"] for node in document["nodes"]]
    screen.table(
        ("file", "size", "parts", *nodes),
        [
            (
                file["role"],
                "" if file["size"] is None else spell_size(file["size"]),
                str(len(file["blobs"])),
                *(_cell(each["step"]) for each in file["at"]),
            )
            for file in document["files"]
        ],
    )


def _show_later(screen: Screen, document: Document) -> None:
    screen.line("")
    screen.heading("other changes" + (f" ({document['earlier']} earlier ones aren't shown)" if document["earlier"] else ""))
    screen.table(
        ("entry", "device", "written", *(node["name"] for node in document["nodes"])),
        [
            (
                short_entry(entry),
                short_device(entry),
                spell_time(entry["written"]) if entry["written"] else "",
                *(_cell(_furthest(at)) for at in entry["at"]),
            )
            for entry in document["entries"][1:]
        ],
    )


def _furthest(at: Document) -> Document:
    """Whether it is applied on a device, stored on a relay."""
    step: Document = at["stored"] if at["applied"] is None else at["applied"]
    return step


def _show_waiting(screen: Screen, waiting: list[Document]) -> None:
    if not waiting:
        return
    screen.line("")
    screen.heading("still to come")
    for each in waiting[:_SHOWN_WAITING]:
        screen.line(
            f"{one_line(each['what'])} on {one_line(each['node'])}: {each['state']}",
            f", {one_line(each['reason'])}" if each["reason"] else "",
            f"; next try {spell_time(each['next_try'])}" if each["next_try"] else "",
            indent=2,
        )
    if len(waiting) > _SHOWN_WAITING:
        screen.line(f"and {len(waiting) - _SHOWN_WAITING} more", indent=2)
