"""What is said of one entry of the graph, in a line, a tooltip or a page."""

from __future__ import annotations

from collections.abc import Iterator

from relay.sizes import spell_size
from tools.looking.documents import Document
from tools.looking.spelling import spell_count, spell_time

SHOWN_PARTS = 4
TAKEN_AWAY = "(taken away)"
"""Stands for the fields of a change that set none."""


def what_it_did(node: Document) -> str:
    """What an entry changed, or what a control entry says; of what is sealed its size."""
    if node["says"]:
        return f"{node['kind']}: {node['says']}"
    if node.get("wrote"):
        return _listed(each_change(node), len(node["wrote"]))
    if node["changes"]:
        first = _change(node["changes"][0])
        return first if node["changed"] == 1 else f"{node['changed']:,} records, the first {first}"
    if node["changed"] == 0:
        return "takes up what it has seen, changes nothing"
    if node["damaged"]:
        return f"{node['kind']}, damaged"
    return node["kind"] if node["size"] is None else f"{node['kind']}, {spell_size(node['size'])}"


def remarks(node: Document) -> Iterator[str]:
    """What is unusual about it, or worth a mark."""
    if node["head"]:
        yield "head"
    if node["stub"]:
        yield "stub"
    if node["verdict"] not in (None, "applied"):
        yield f"{node['verdict']}: {node['reason']}" if node["reason"] else str(node["verdict"])
    if node["missing"]:
        yield f"{node['missing']} it builds on not stored"


def begins_beyond(document: Document, node: Document) -> bool:
    """Whether what comes before an entry isn't shown; of those that wrote a record only such entries are meant that did, too."""
    if node["after"]:
        return False
    return document["older"] > 0 if document["record"] else bool(node["outside"] or node["missing"])


def each_change(node: Document) -> list[str]:
    """What an entry changed, one thing each; what a control entry says."""
    if node.get("wrote"):
        return [_write(each) for each in node["wrote"]]
    if node["changes"]:
        rest = node["changed"] - len(node["changes"])
        return [*map(_change, node["changes"]), *([f"and {rest:,} more"] if rest else [])]
    return [node["says"]] if node["says"] else []


def _write(write: Document) -> str:
    match write["action"]:
        case "add":
            return f"adds {write['field']} {write['element']}"
        case "set":
            return f"{write['field']} = {write['value']}"
        case "replace":
            return f"replaces {spell_count(write['count'], 'earlier value')}"
        case "remove":
            return f"takes away {spell_count(write['count'], 'value')}"
        case _:
            return str(write["action"])


def _change(change: Document) -> str:
    record = f"{change['kind']} {change['record'][:10]}"
    if change["purged"]:
        return f"{record} purged"
    more = f" and {change['more']} more" if change["more"] else ""
    fields = "takes something away" if change["fields"] == [TAKEN_AWAY] else ", ".join(change["fields"])
    return f"{record}: {fields}{more}{' (void)' if change['void'] else ''}"


def _listed(parts: list[str], total: int) -> str:
    rest = total - min(len(parts), SHOWN_PARTS)
    return "; ".join(parts[:SHOWN_PARTS]) + (f"; and {rest:,} more" if rest else "")


def title(node: Document) -> str:
    """A tooltip of bounded length, in lines."""
    place = f"{node['log'][:10]}:{node['seq']}"
    lines = [
        f"{node['device_name'] or (node['device'] or 'unknown device')[:10]} {place}",
        what_it_did(node),
        f"received {spell_time(node['received'])}",
    ]
    return "\n".join([*lines, *remarks(node)])
