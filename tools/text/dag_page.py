"""`dag --html`: what the page of ``tools.graph.page`` is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peer.commands.invocation import printable
from relay.sizes import spell_size
from tools.graph.page import page
from tools.looking.documents import Document, short_device, short_entry
from tools.looking.spelling import spell_count, spell_time
from tools.text.dag import summary
from tools.text.dag_labels import begins_beyond, each_change, remarks, what_it_did

_COLOURS = 8
_NAMED = 6


def dag_page(document: Document) -> str:
    """The page of a library's document (``tools.views.dag``)."""
    return page(_harmless(page_data(document)))


def page_data(document: Document) -> dict[str, Any]:
    """``title``, ``summary``, ``cut`` and ``record`` are texts; ``lanes`` have ``device``, ``name``, ``colour``; ``nodes`` what ``_node`` says."""
    devices = list(dict.fromkeys(lane["device"] for lane in document["lanes"]))
    colours = {device: number % _COLOURS for number, device in enumerate(devices)}
    record = "" if document["record"] is None else f"{document['kind']} {document['record'][:10]}"
    return {
        "title": f"Causal graph of {record}" if record else f"Causal graph of library {document['library'][:10]}",
        "summary": summary(document),
        "cut": _cut(document),
        "record": record,
        "lanes": [{"device": lane["device"], "name": short_device(lane), "colour": colours[lane["device"]]} for lane in document["lanes"]],
        "nodes": [_node(document, node, colours[node["device"]]) for node in document["nodes"]],
    }


def _node(document: Document, node: Document, colour: int) -> dict[str, Any]:
    """``before``: those right before it; ``lane`` and ``column``; ``mark``: void, waiting, stub or empty; ``beyond``: others come before it that aren't
    shown; ``facts``: name, value, and whether it is bad; ``values``: pairs of a field and what it reads from here on, or null."""
    device, place = short_device(node), short_entry(node)
    return {
        "before": node["after"],
        "lane": node["lane"],
        "column": node["column"],
        "colour": colour,
        "kind": node["kind"],
        "mark": _mark(node),
        "beyond": begins_beyond(document, node),
        "device": device,
        "place": place,
        "when": spell_time(node["time"] or node["received"]),
        "label": ", ".join([f"{device} {place}", what_it_did(node), *remarks(node)]),
        "search": f"{node['log']}:{node['seq']} {place} {node['name']} {device} {node['device'] or ''} {node['kind']}".lower(),
        "facts": list(_facts(node, document["nodes"])),
        "changes": list(each_change(node)),
        "values": list(node.get("values", {}).items()),
    }


def _mark(node: Document) -> str:
    if str(node["verdict"]).endswith("void"):
        return "void"
    if node["verdict"] in ("waiting", "detached"):
        return "waiting"
    return "stub" if node["stub"] else ""


def _facts(node: Document, nodes: list[Document]) -> Iterator[tuple[str, str, bool]]:
    yield "kind", node["kind"], False
    yield "entry", f"{node['log']}:{node['seq']}", False
    yield "name", node["name"], False
    yield "device", node["device"] or "unknown", False
    if node["time"]:
        yield "written", node["time"], False
    yield "received", node["received"], False
    if node["size"] is not None:
        yield "size", spell_size(node["size"]), False
    yield "builds on", _builds_on(node, nodes), bool(node["missing"])
    if node["stub"]:
        yield "bytes", "given up for a checkpoint", False
    if node["damaged"]:
        yield "bytes", "damaged", True
    if node["verdict"] is not None:
        yield "verdict", f"{node['verdict']}: {node['reason']}" if node["reason"] else node["verdict"], node["verdict"] != "applied"


def _builds_on(node: Document, nodes: list[Document]) -> str:
    named = [f"{short_device(nodes[number])} {short_entry(nodes[number])}" for number in node["after"]]
    parts = [*named[:_NAMED], *([f"{len(named) - _NAMED} others"] if len(named) > _NAMED else [])]
    if node["outside"]:
        parts.append(spell_count(node["outside"], "entry that isn't shown", "entries that aren't shown"))
    if node["missing"]:
        parts.append(spell_count(node["missing"], "entry that isn't stored", "entries that aren't stored"))
    return ", ".join(parts) or "nothing"


def _cut(document: Document) -> str:
    said = []
    if document["older"] or document["newer"]:
        said.append(f"{document['shown']:,} entries are shown; {document['older']:,} older and {document['newer']:,} newer ones are not.")
    if document["record"] and any(node["stub"] for node in document["nodes"]):
        said.append("Of what stubs wrote, values show only where they still stand.")
    return " ".join(said)


def _harmless(value: Any) -> Any:
    """With texts that no browser shows as anything but the characters that they are."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _harmless(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(each) for each in value]
    return value
