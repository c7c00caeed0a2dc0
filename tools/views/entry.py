"""`entry LOG:SEQ`: an entry from its envelope inwards, as far as the keys in the folder reach."""

from __future__ import annotations

import re
from functools import partial

from crdt.lib0 import MalformedUpdateError
from crdt.update import decode_update
from peer.errors import UsageError
from peer.library.instants import iso_utc
from peer.library.shown import plain
from store.entries import Entry, EntryKind, is_signed_by
from store.errors import RefusedError
from store.ids import NO_ENTRY, DeviceId, EntryHash, LibraryId, LogId, RecordId, RecordKind
from store.roster import Roster
from store.sqlite_rows import LibraryRows
from tools.looking.contents import Contents
from tools.looking.control_bodies import DescribeDevice, control_document
from tools.looking.documents import Document, device_document, entry_document
from tools.looking.folder import Inspected
from tools.looking.logged import LoggedEntry, logged_named, newest_detached, newest_logged
from tools.looking.lookup import find_log
from tools.looking.verdicts import verdict_of

MOST_BRANCHES = 100
MOST_DELETED = 500
"""Deleted values of an entry whose keys and values are looked up."""

_PLACE = re.compile(r"([0-9a-f]{1,32}):([0-9]{1,18})")


def gather_entries(inspected: Inspected, text: str) -> list[Document]:
    """A document for each entry at the place ``text``: several where the log has branches. Each has

    - ``library``, ``log``, ``seq``, ``name``, ``kind``, ``previous`` (null of the first, and where it isn't known), ``deps``: [{``log``, ``seq``, ``name``,
      ``stored``}], ``epoch`` (null of control entries), ``written_under_now``: whether devices write under that epoch
    - ``size``, ``body_size``, ``plain_size`` (of the opened body) in bytes, null where there are no bytes or no key; ``received``; ``stub``: its
      bytes were given up for a checkpoint; ``detached``: it came before what it builds on; ``followed_by``: the next entries of its log
    - ``signature``: ``{verified, device, device_name, reason}``; ``verified`` is null where there are no bytes to verify
    - in a device's folder, and of detached ones, ``arrival``, ``verdict``, ``reason``; of a change ``change`` (null, with ``sealed``, where it can't be
      opened): ``stamp``, ``time``, ``batch``, ``client``, ``writer``, ``purges``, ``updates``: of each ``record``, ``kind``, ``bytes``, ``void``,
      ``reason``, ``items``: [{``key``, ``value``, ``clock``, ``bytes``}] of the root map `r`, ``deletes``: [{``client``, ``clock``, ``length``,
      ``entry``, ``deleted``: [{``key``, ``value``}], null where the bytes that made them aren't here}]
    - of a control entry ``control``, its body, null with ``unreadable`` when it isn't one of its kind
    """
    match = _PLACE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} names no entry.", hint="Write LOG:SEQ, the beginning of a log's id and a number: 9c1f:12.")
    library, log = find_log(inspected, match[1])
    seq = int(match[2])
    found = newest_logged(inspected, library, log, first=seq, last=seq, limit=MOST_BRANCHES)
    found = newest_detached(inspected, library, log, first=seq, last=seq, limit=MOST_BRANCHES) + found
    if not found:
        raise UsageError(
            f"Log {log.short()} has no entry {seq}: {_why_missing(inspected, library, log, seq)}.",
            hint=f"`calotype-inspect log {log.short()} --verify` says what else is.",
        )
    contents = Contents.of(inspected, library)
    return [
        _stub(inspected, library, each) if each.entry is None else _entry(inspected, library, each, each.entry, contents)
        for each in reversed(found)
    ]


def _why_missing(inspected: Inspected, library: LibraryId, log: LogId, seq: int) -> str:
    with inspected.database.read() as connection:
        branches = LibraryRows(connection, library).branches_of(log).values()
    if not branches:
        return "what of it is here came before what it builds on"
    first, last = min(branch.first_seq for branch in branches), max(branch.last_seq for branch in branches)
    if seq > last:
        return f"it ends at {last}"
    return f"what is here of it begins at {first}" if seq < first else "it should be there, and is missing"


def _stub(inspected: Inspected, library: LibraryId, logged: LoggedEntry) -> Document:
    """What is left of an entry without its bytes: its place."""
    why = "its bytes are damaged" if logged.is_damaged else "its bytes were given up for a checkpoint"
    return {
        **_place(inspected, library, logged),
        "epoch": None,
        "written_under_now": None,
        "size": None,
        "body_size": None,
        "plain_size": None,
        "stub": not logged.is_damaged,
        "signature": {"verified": None, **device_document(logged.author, inspected.device_names()), "reason": why},
        "change": None,
        "sealed": why,
    }


def _place(inspected: Inspected, library: LibraryId, logged: LoggedEntry) -> Document:
    item = logged.item
    following = newest_logged(inspected, library, item.log, first=item.seq + 1, last=item.seq + 1, limit=MOST_BRANCHES)
    stored = inspected.log(library)
    return {
        "library": library.hex(),
        **entry_document(item.log, item.seq, item.name),
        "kind": item.kind.name.lower(),
        "previous": None if item.previous == NO_ENTRY else item.previous.hex(),
        "deps": [{**entry_document(dep.log, dep.seq, dep.name), "stored": stored.has(dep.name)} for dep in item.deps],
        "received": iso_utc(logged.received),
        "detached": logged.is_detached,
        "followed_by": [entry_document(each.item.log, each.item.seq, each.name) for each in following if each.item.previous == item.name],
    }


def _entry(inspected: Inspected, library: LibraryId, logged: LoggedEntry, entry: Entry, contents: Contents) -> Document:
    names, roster = inspected.device_names(), inspected.log(library).roster()
    plain_size = len(contents.plain(entry)) if entry.kind is EntryKind.CHANGE else 0
    document: Document = {
        **_place(inspected, library, logged),
        "epoch": None if entry.epoch is None else entry.epoch.hex(),
        "written_under_now": None if entry.epoch is None else entry.epoch in roster.write_epochs(),
        "size": len(entry.raw),
        "body_size": len(entry.body),
        "plain_size": plain_size or None,
        "stub": False,
        "signature": _signature(entry, roster, names),
    }
    if logged.is_detached:
        document |= {"arrival": logged.arrival, "verdict": "detached", "reason": "what it builds on isn't here"}
    elif inspected.library_folder is not None:
        document |= verdict_of(inspected.database, library, entry)
    if entry.kind is EntryKind.CHANGE:
        return document | _with_deleted(inspected, library, contents, contents.of_change(entry))
    return document | _control(entry, partial(device_document, names=names))


def _with_deleted(inspected: Inspected, library: LibraryId, contents: Contents, document: Document) -> Document:
    """With the keys and values that the deletes of a change took away."""
    left = MOST_DELETED
    for update in (document["change"] or {}).get("updates", ()):
        record = RecordId(bytes([RecordKind[update["kind"].upper()]]) + bytes.fromhex(update["record"]))
        for piece in update["deletes"]:
            piece["deleted"] = _deleted(inspected, library, contents, record, piece) if left > 0 else None
            left -= piece["length"]
    return document


def _deleted(inspected: Inspected, library: LibraryId, contents: Contents, record: RecordId, piece: Document) -> list[Document] | None:
    place = piece["entry"]
    logged = None if place is None else logged_named(inspected, library, EntryHash(bytes.fromhex(place["name"])))
    opened = None if logged is None or logged.entry is None else contents.opened(logged.entry)
    raw = None if opened is None else next((update for touched, update in opened.body.updates if touched == record), None)
    try:
        items = () if raw is None else decode_update(raw).items
    except MalformedUpdateError:
        return None
    found = items[piece["clock"] : piece["clock"] + piece["length"]]
    return [{"key": item.key, "value": plain(item.value)} for item in found] or None


def _control(entry: Entry, device: DescribeDevice) -> Document:
    try:
        return {"control": control_document(entry, device)}
    except RefusedError as error:
        return {"control": None, "unreadable": str(error)}


def _signature(entry: Entry, roster: Roster, names: dict[DeviceId, str]) -> Document:
    """Whether any who opened this log signed the entry, and who."""
    authors = roster.authors.get(entry.log, ())
    for author in authors:
        if is_signed_by(entry, roster.known_key(author) or b""):
            return {"verified": True, **device_document(author, names), "reason": ""}
    reason = "not signed by who opened the log" if authors else "nobody known here opened this log"
    return {"verified": False, **device_document(None, names), "reason": reason}
