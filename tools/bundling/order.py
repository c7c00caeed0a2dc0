"""In which order entries can be made again: each after all whose names it holds. Pure.

An entry holds the names of its predecessor and deps; in a control body those of pins, checkpoints, releases and what reports cover; and inside a change
the client ids of those whose keys it deletes or names as seen. A client id follows from the entry's predecessor, so that one has to be there. None of
them can hold a name that follows from it, so there is such an order.
"""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from crdt.client import client_of
from crdt.keys import KeyFormatError, parse_key
from crdt.lib0 import MalformedUpdateError
from crdt.update import Item, decode_update
from crdt.values import Value
from store.bodies import Checkpoint, Claim, ControlBody, Remove, Settled, parse_control
from store.entries import EntryKind
from store.ids import NO_ENTRY, EntryHash
from tools.bundling.errors import CannotBeMadeAgainError
from tools.bundling.story import Story, Told


def in_order(story: Story) -> list[Told]:
    """All entries of ``story``, in an order in which they can be made."""
    by_name = {told.entry.name: told for told in story.told}
    of_client = {told.opened.client: told for told in story.told if told.opened is not None}
    sorter: TopologicalSorter[EntryHash] = TopologicalSorter()
    for told in story.told:
        clients = {of_client[client].entry.previous for client in clients_in(story, told) if client in of_client}
        names = {*told.entry.needs, *names_in(told), *clients} - {told.entry.name, NO_ENTRY}
        sorter.add(told.entry.name, *(name for name in names if name in by_name))
    try:
        return [by_name[name] for name in sorter.static_order()]
    except CycleError as error:
        raise CannotBeMadeAgainError("entries name each other in a circle") from error


def names_in(told: Told) -> Iterator[EntryHash]:
    """The names of entries in a control body."""
    if told.entry.kind is not EntryKind.CHANGE:
        yield from _names(parse_control(told.entry))


def clients_in(story: Story, told: Told) -> Iterator[int]:
    """The client ids in a change, but for its own."""
    for _, raw in story.updates(told):
        try:
            decoded = decode_update(raw)
        except MalformedUpdateError:
            continue
        yield from (piece.client for piece in decoded.deletes)
        yield from () if decoded.client is None else (decoded.client,)
        for item in decoded.items:
            yield from _clients(item)


def _names(body: ControlBody) -> Iterator[EntryHash]:
    match body:
        case Remove():
            yield from (tip.name for _, tip in body.pins.tips())
        case Checkpoint():
            yield from (tip.name for _, tip in body.heads.tips())
        case Settled():
            yield body.checkpoint
            for report in body.reports:
                yield from (tip.name for _, tip in report.heads.tips())
                yield from () if report.checkpoint is None else (report.checkpoint,)
        case Claim():
            yield from body.releases
        case _:
            return


def _clients(item: Item) -> Iterator[int]:
    try:
        yield client_of(parse_key(item.key).writer)
    except KeyFormatError:
        return
    yield from _seen(item.value)


def _seen(value: Value) -> Iterator[int]:
    """Those that a trashing names (``crdt.trash``)."""
    seen = value.get("seen") if isinstance(value, dict) else None
    for writer in seen if isinstance(seen, list) else ():
        try:
            yield client_of(writer) if isinstance(writer, str) else -1
        except ValueError:
            continue
