"""`dag`: the causal graph of entries, or of those that wrote one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crdt.keys import KeyFormatError, parse_key
from peer.errors import UsageError
from peer.library.instants import iso_utc
from store.ids import LibraryId, LogId
from store.sqlite_rows import LibraryRows
from tools.graph.causal import CausalGraph
from tools.graph.layout import Layout, lay_out
from tools.looking.contents import Contents
from tools.looking.documents import Document, device_document, short_device, short_value
from tools.looking.elements import SETS, spoken_element
from tools.looking.folder import Inspected
from tools.looking.lookup import find_log, find_record
from tools.looking.writes import RecordWrites, Write, Writes
from tools.replaying.readings import spoken
from tools.replaying.replay import NOTHING, Standing, remains_of
from tools.replaying.stored import stored_state
from tools.views.dag_nodes import NodeMaker, Verdicts
from tools.views.dag_overall import describe_library
from tools.views.dag_relations import Link, relate, relate_unbroken
from tools.views.dag_selection import Asked, Selection, select, select_writes
from tools.views.dag_values import values_after

LIMIT = 10_000
"""Most entries that are drawn at once."""
LOOKED_THROUGH = 5_000
"""In a library with no more entries, those that only took something away from a record are looked for without being asked."""

_EXISTS = "SELECT 1 FROM log_entry WHERE name = ? AND library = ?"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What `dag` is asked. ``record`` and ``log``: beginnings of ids, or empty. ``since`` and ``until``: milliseconds since 1970, when entries came here.
    ``complete``: entries that only took something away from the record, too, however many bodies have to be opened."""

    record: str = ""
    log: str = ""
    since: int | None = None
    until: int | None = None
    limit: int = 40
    complete: bool = False


def gather_dag(inspected: Inspected, question: Question, *, now: int) -> list[Document]:
    """A document for each library:

    - ``library``; ``at`` (when it was looked at); ``entries``, ``devices``, ``logs``, ``stubs``, ``detached``: how many of each are stored;
    - ``sealed``: why bodies stay sealed, or empty;
    - ``heads``: the entries that no other comes after, each ``log``, ``seq``, ``name``, ``device``, ``device_name``: several are concurrent;
    - ``checkpoint``: the newest one: ``log``, ``seq``, ``name``, ``covers`` (stored entries), ``records``, ``settled``; null without one;
    - ``record``, ``kind``, ``complete`` when a record was asked for, else null: ``complete`` says whether entries that only take away were looked for;
    - ``shown``, ``older``, ``newer``: how many entries are in ``nodes``, and how many more came before and after them;
    - ``width``: the largest number of shown entries of which any two are concurrent;
    - ``lanes``: where a picture has its rows: ``device``, ``device_name``, ``log`` of each;
    - ``nodes``, in a causal order: ``log``, ``seq``, ``name``, ``kind``, ``device``, ``device_name``; ``arrival``, ``received`` (by this node's clock);
      ``time`` (its stamp; null where it is sealed, and of control entries); ``size`` in bytes, null of a stub; ``stub``, ``damaged``, ``detached``;
      ``verdict`` (applied, void, partly void, waiting, unseen, detached; null on a relay) and ``reason``; ``says``: what a control entry does;
      ``changes``: the records that it changed, at most 8 of ``changed``, each with ``record``, ``kind``, ``fields``, ``more``, ``purged``, ``void``, null
      where it is sealed; ``after``: the numbers, within ``nodes``, of those right before it (the reduction of the whole graph to these);
      ``outside`` and ``missing``: how many entries it names that are stored and not shown, and that aren't stored; ``head``; ``parts``: whether
      several come right after it; ``concurrent``: how many of the shown it is concurrent with; ``lane``, ``column``; for a record also ``wrote``
      (``_wrote``) and ``values``: the fields that read otherwise after it (``dag_values``), null for one that is gone.
    """
    log = None
    libraries: Sequence[LibraryId] = inspected.libraries
    if question.log:
        library, log = find_log(inspected, question.log)
        libraries = [library]
    return [_library(inspected, library, question, log, now) for library in libraries]


def _library(inspected: Inspected, library: LibraryId, question: Question, log: LogId | None, now: int) -> Document:
    contents = Contents.of(inspected, library)
    asked = Asked(log=log, since=question.since, until=question.until, limit=question.limit)
    found: RecordWrites | None = None
    if question.record:
        found = _find_writes(inspected, library, contents, question)
        selection = select_writes(inspected, library, found, asked)
    else:
        selection = select(inspected, library, asked)
    nodes, links = _nodes(inspected, library, contents, selection)
    graph = relate_unbroken(links) if selection.is_unbroken else relate(inspected, library, links)
    layout = lay_out(graph, [(node["device"] or "", node["log"]) for node in nodes])
    _place(inspected, library, nodes, links, graph, layout)
    if found is not None:
        _add_values(inspected, nodes, found)
    called = {node["log"]: node["device_name"] for node in nodes}
    return {
        "library": library.hex(),
        "at": iso_utc(now),
        **describe_library(inspected, library),
        "sealed": contents.reason,
        "record": None if found is None else found.record.body.hex(),
        "kind": None if found is None else found.record.kind.name.lower(),
        "complete": None if found is None else found.is_complete,
        "shown": len(nodes),
        "older": selection.older,
        "newer": selection.newer,
        "width": graph.width(),
        "lanes": [{"device": device or None, "device_name": called[log], "log": log} for device, log in layout.owners],
        "nodes": nodes,
    }


def _find_writes(inspected: Inspected, library: LibraryId, contents: Contents, question: Question) -> RecordWrites:
    if not contents.keyring:
        raise UsageError(
            f"What entries wrote stays sealed here: {contents.reason}.",
            hint="`calotype-inspect dag` without a RECORD shows the envelopes of all entries.",
        )
    record = find_record(inspected.database, question.record)
    with inspected.database.read() as connection:
        is_small = LibraryRows(connection, library).count <= LOOKED_THROUGH
    return Writes(inspected, library, contents).of(record, complete=question.complete or is_small)


def _nodes(inspected: Inspected, library: LibraryId, contents: Contents, selection: Selection) -> tuple[list[Document], list[Link]]:
    """Of each entry its document and what it names; no entry's bytes are kept."""
    nodes: list[Document] = []
    links: list[Link] = []
    maker = NodeMaker(inspected, library, contents, Verdicts.of_all(inspected))
    for logged in selection.entries:
        nodes.append(maker.document(logged))
        links.append(Link(arrival=logged.arrival, name=logged.name, needs=logged.item.needs))
    return nodes, links


def _place(inspected: Inspected, library: LibraryId, nodes: list[Document], links: list[Link], graph: CausalGraph, layout: Layout) -> None:
    """Adds to each node what is before and after it, and where it stands."""
    here = {link.name for link in links}
    with inspected.database.read() as connection:
        key = LibraryRows(connection, library).key
        for number, (node, link) in enumerate(zip(nodes, links, strict=True)):
            others = [name for name in link.needs if name not in here]
            stored = sum(connection.execute(_EXISTS, (name, key)).fetchone() is not None for name in others)
            node |= {
                "after": list(_own_lane_first(graph.reduced[number], number, layout)),
                "outside": stored,
                "missing": len(others) - stored,
                "head": not graph.children[number],
                "parts": len(graph.children[number]) > 1,
                "concurrent": graph.count_concurrent(number),
                "lane": layout.lanes[number],
                "column": layout.columns[number],
            }


def _own_lane_first(parents: Sequence[int], number: int, layout: Layout) -> list[int]:
    return sorted(parents, key=lambda parent: (layout.lanes[parent] != layout.lanes[number], -parent))


def _add_values(inspected: Inspected, nodes: list[Document], found: RecordWrites) -> None:
    """What each entry wrote into the record, and how the record reads after it."""
    authors = {write.client: write.logged.author for write in found.writes}
    names = inspected.device_names()

    def who(client: int) -> str:
        return short_device(device_document(authors.get(client), names))

    values = values_after(_base(inspected, found), found.writes, found.record.kind, who)
    after = {write.logged.arrival: changed for write, changed in zip(found.writes, values, strict=True)}
    writes = {write.logged.arrival: write for write in found.writes}
    first = nodes[0]["arrival"] if nodes else 0
    earlier: Document = {}
    for arrival, changed in after.items():
        earlier |= changed if arrival < first else {}
    for number, node in enumerate(nodes):
        write = writes.get(node["arrival"])
        node |= {
            "wrote": [] if write is None else _wrote(write),
            "values": (earlier if number == 0 else {}) | after.get(node["arrival"], {}),
        }


def _base(inspected: Inspected, found: RecordWrites) -> Standing:
    """What the replay begins with: nothing, or what still stands of what entries wrote that aren't known here."""
    stored = stored_state(inspected, found.record)
    if stored is None or (found.is_complete and not found.stubs):
        return NOTHING
    return remains_of(stored, {write.client for write in found.writes})


def _wrote(write: Write) -> list[Document]:
    """``action``: set (``field``, ``value``), add (``field``, ``element``), replace or remove (``count`` of earlier values), purged, unreadable."""
    if write.update is None:
        return [{"action": "purged" if write.is_purge else "unreadable"}]
    found: list[Document] = []
    for item in write.update.items:
        try:
            key = parse_key(item.key)
        except KeyFormatError:
            continue
        if key.element is not None:
            found.append({"action": "add", "field": key.name, "element": short_value(spoken_element(SETS.get(key.name), key.element))})
        else:
            found.append({"action": "set", "field": key.name, "value": short_value(spoken(key.name, item.value))})
    taken = sum(piece.length for piece in write.update.deletes)
    return [*found, *([{"action": "replace" if found else "remove", "count": taken}] if taken else [])]
