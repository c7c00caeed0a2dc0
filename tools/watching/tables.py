"""A sample as tables of text, for the screen. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from relay.sizes import spell_size
from store.releases import STEP_MS
from tools.looking.documents import Document
from tools.looking.spelling import spell_age, spell_count, spell_entries, spell_span, spell_time

_ID = 10
Row = tuple[str, ...]


_FLOWS = (
    ("made", "entries_made", "entry_bytes_made"),
    ("received", "entries_received", "entry_bytes_received"),
    ("sent", "entries_sent", ""),
    ("blobs up", "blobs_sent", "blob_bytes_sent"),
    ("files down", "files_received", "file_bytes_received"),
    ("entries", "entries", "entry_bytes"),
    ("blobs", "blobs", "blob_bytes"),
)
"""Label, counter of items, counter of their bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """``cells``: of a row, and of the document that it is in."""

    title: str
    columns: Row
    cells: Callable[[Document, Document], Row]
    nothing: str


def rates_line(document: Document) -> str:
    """What flows, in a line; ``…`` before there are two samples."""
    rates: Mapping[str, float] | None = document["rates"]
    if rates is None:
        return "…"
    flows = [
        f"{label} {rates[items]:.4g}/s" + (f" ({spell_size(round(rates[size]))}/s)" if size else "")
        for label, items, size in _FLOWS
        if items in rates
    ]
    return "   ".join(flows)


def state_line(document: Document) -> str:
    """What is there, in a line."""
    if document["folder"] == "relay":
        libraries = spell_count(len(document["libraries"]), "library", "libraries")
        blobs = f"{spell_count(document['blobs'], 'blob')} ({spell_size(document['blob_bytes'])})"
        return f"relay: {libraries}, {spell_entries(document['entries'], None)}, {blobs}, {spell_count(document['sessions'], 'session')}"
    name = document["device_name"] or "device"
    conflicts = spell_count(document["conflicts_count"], "conflict")
    return f"{name}: {spell_count(document['assets'], 'photo')}, {spell_entries(document['entries'], None)}, {conflicts} open"


def _node(node: Document, document: Document) -> Row:
    lacks = "not known" if node["ahead"] is None else spell_entries(node["ahead"], node["ahead_bytes"]) if node["ahead"] else "nothing"
    uploads = f"{node['uploads']:,} ({spell_size(node['upload_bytes'])})" if node["uploads"] else ""
    return f"{node['kind']} {node['name']}", node["state"], lacks, uploads, spell_age(node["as_of"], now=document["time"]), node["reason"]


def _queue(queue: Document, _: Document) -> Row:
    size = "" if queue["bytes"] is None else spell_size(queue["bytes"])
    failing = f"{queue['failing']:,}" if queue["failing"] else ""
    return queue["queue"], f"{queue['items']:,}", size, failing, queue["reason"]


def _conflict(conflict: Document, _: Document) -> Row:
    return f"{conflict['kind']} {conflict['record'][:_ID]}", conflict["name"], f"{conflict['count']:,}"


def _problem(problem: Document, document: Document) -> Row:
    since = problem.get("since")
    return problem["what"], f"{problem['count']:,}", problem["reason"], spell_age(since, now=document["time"]) if since else ""


def _library(library: Document, _: Document) -> Row:
    rates = library["rates"] or {}
    room = (
        f"{spell_size(library['blob_bytes'])} of {spell_size(library['quota'])}" if library["quota"] else spell_size(library["blob_bytes"])
    )
    flow = f"{rates.get('entries', 0):.4g}/s", f"{spell_size(round(rates.get('blob_bytes', 0) + rates.get('entry_bytes', 0)))}/s"
    return library["library"][:_ID], f"{library['entries']:,}", f"{library['blobs']:,}", room, *flow


def _device(device: Document, document: Document) -> Row:
    session = f"until {spell_time(device['session_until'])}" if device["session_until"] else ""
    reported = "reported" if device["has_reported"] else "no report"
    wrote, heard = spell_age(device["newest_entry"], now=document["time"]), f"< {spell_span(device['heard_ms'] + STEP_MS)} ago"
    return device["library"][:_ID], device["device"][:_ID], wrote, heard, reported, session


SHAPES: Mapping[str, TableShape] = {
    "nodes": TableShape(
        title="Devices and relays",
        columns=("node", "state", "lacks", "to upload", "as of", "reason"),
        cells=_node,
        nothing="no relay is configured and no other device was met",
    ),
    "queues": TableShape(title="Queues", columns=("queue", "items", "bytes", "failing", "reason"), cells=_queue, nothing="all empty"),
    "conflicts": TableShape(title="Conflicts", columns=("record", "name", "conflicts"), cells=_conflict, nothing="none open"),
    "problems": TableShape(title="Problems", columns=("what", "count", "reason", "since"), cells=_problem, nothing="none"),
    "libraries": TableShape(
        title="Libraries", columns=("library", "entries", "blobs", "bytes", "entries/s", "bytes/s"), cells=_library, nothing="none so far"
    ),
    "devices": TableShape(
        title="Devices, heard last first",
        columns=("library", "device", "wrote", "heard", "report", "session"),
        cells=_device,
        nothing="none heard so far",
    ),
}


def rows_of(table: str, document: Document) -> Sequence[Row]:
    """The rows of one table."""
    return [SHAPES[table].cells(row, document) for row in document[table]]
